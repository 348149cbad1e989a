"""The wheel: whoever installs it has the program, its types, its tables and its model, and needs no checkout.

Nothing is downloaded: the wheel is built with the build backend that is installed here, and the fresh environment
borrows this one's NumPy and the like.
"""

from __future__ import annotations

import email
import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pytest

from predict import __version__
from predict.model_file import default_model_folder
from tests.program import PAGE, ROOT


class Installed(NamedTuple):
    """A fresh environment with the wheel in it, and a folder far from the checkout."""

    python: Path
    program: Path
    elsewhere: Path


def _clean_environment() -> dict[str, str]:
    """No PYTHONPATH that would let the checkout in by the back door."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def _run(*command: object, cwd: Path) -> str:
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=_clean_environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel, installed."""
    folder = tmp_path_factory.mktemp("fresh")
    reaches = int(version("pip").split(".")[0]) >= 23  # an older pip installs only where it is itself
    venv.create(folder / "env", with_pip=not reaches)
    names = {"base": str(folder / "env"), "platbase": str(folder / "env")}
    scripts = Path(sysconfig.get_path("scripts", "venv", names))
    packages = Path(sysconfig.get_path("purelib", "venv", names))
    python = scripts / Path(sys.executable).name
    pip = [sys.executable, "-m", "pip", "--python", python] if reaches else [python, "-m", "pip"]
    options = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    _run(*pip, "install", *options, wheel, cwd=folder)
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "borrowed.pth").write_text("\n".join(sorted(borrowed)), encoding="utf-8")
    (folder / "elsewhere").mkdir()
    return Installed(python, scripts / f"newsieve{Path(sys.executable).suffix}", folder / "elsewhere")


def test_the_wheel_holds_the_model_the_types_and_the_table(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        model = {path.name: archive.read(f"predict/default_model/{path.name}") for path in _shipped()}
        (about,) = (archive.read(name) for name in names if name.endswith(".dist-info/METADATA"))
    assert {"predict/py.typed", "train/py.typed", "predict/codepoints.npy", "predict/cli.py", "train/cli.py"} <= names
    assert model == {path.name: path.read_bytes() for path in _shipped()}
    assert {name.split("/")[0].split("-")[0] for name in names} == {"predict", "train", "newsieve"}
    fields = email.message_from_bytes(about)
    assert (fields["Name"], fields["Version"]) == ("newsieve", __version__)
    assert not any("scikit" in need and "extra ==" not in need for need in fields.get_all("Requires-Dist", []))


def _shipped() -> list[Path]:
    return sorted(default_model_folder().iterdir())


def test_the_wheel_is_light(wheel: Path) -> None:
    assert wheel.stat().st_size < 8_000_000


def test_a_page_is_classified_in_another_folder(installed: Installed) -> None:
    code = (
        "import json, sys, predict\n"
        "page = predict.Classifier.load().classify(sys.stdin.buffer.read().decode())\n"
        "print(json.dumps({'file': predict.__file__, 'kinds': [p.kind for p in page]}))"
    )
    done = subprocess.run(
        [installed.python, "-c", code],
        input=PAGE.encode(),
        cwd=installed.elsewhere,
        env=_clean_environment(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    answer = json.loads(done.stdout)
    assert Path(answer["file"]).is_relative_to(installed.elsewhere.parent)
    assert len(answer["kinds"]) == len(PAGE.splitlines())
    assert "story" in answer["kinds"]


def test_the_program_is_there_under_its_name(installed: Installed) -> None:
    (installed.elsewhere / "page.txt").write_text(PAGE, encoding="utf-8")
    said = _run(installed.program, "classify", "page.txt", "--json", cwd=installed.elsewhere)
    record = json.loads(said)
    assert [paragraph["text"] for paragraph in record["paragraphs"]] == PAGE.splitlines()
    assert __version__ in _run(installed.program, "--version", cwd=installed.elsewhere)
