"""What docs/recipes.md and docs/frameworks.md show runs as it stands, and makes what `newsieve clean` makes."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from predict import Classifier
from tests.integrations.test_spark import needs_java
from tests.program import PAGE, ROOT, environment, read_jsonl

pytestmark = pytest.mark.frameworks
DOCUMENTS = {name: (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("recipes", "frameworks")}
LINES = PAGE.splitlines()
_BODY = "".join(f"<p>{line}</p>" for line in LINES)
HTML = f"<html><head><title>{LINES[2]}</title></head><body><article>{_BODY}</article></body></html>"
PAGES = read_jsonl((ROOT / "examples" / "pages.jsonl").read_bytes())


def section(document: str, title: str) -> str:
    """What stands under a heading."""
    return DOCUMENTS[document].split(f"\n## {title}\n")[1].split("\n## ")[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the documents say is in the reader's folder."""
    shutil.copy(ROOT / "examples" / "pages.jsonl", tmp_path)
    (tmp_path / "page.html").write_text(HTML, encoding="utf-8")
    return tmp_path


def run(folder: Path, *words: str, **options: Any) -> str:
    """Run a program there as the reader does, and return what it printed."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {"HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "1", "PYSPARK_PYTHON": sys.executable, "PATH": programs}
    done = subprocess.run(
        words, cwd=folder, env=environment(**own), capture_output=True, encoding="utf-8", check=False, **options
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_code(folder: Path, document: str, title: str) -> str:
    """Run the block of a section, which is one program."""
    (code,) = re.findall(r"```python\n(.*?)```", section(document, title), re.DOTALL)
    (folder / "program.py").write_text(code, encoding="utf-8")
    return run(folder, sys.executable, "program.py")


@pytest.fixture
def clean(shipped: Classifier) -> dict[str, str]:
    """What remains of each example page, by id."""
    return {page["id"]: shipped.classify(page["text"], page["title"]).journalism for page in PAGES}


def texts_of(path: Path) -> dict[str, str]:
    """The texts of a file of records, by id."""
    return {record["id"]: record["text"] for record in read_jsonl(path.read_bytes())}


def test_every_section_is_run() -> None:
    run_here = {
        "recipes": ["trafilatura", "pandas", "Polars", "Hugging Face datasets"],
        "frameworks": ["scikit-learn", "datatrove", "Dolma", "Spark"],
    }
    assert {name: re.findall(r"^## (.*)$", text, re.MULTILINE) for name, text in DOCUMENTS.items()} == run_here


APPEAL = next(line for line in LINES if "donate" in line)
STORY = [line for line in LINES if "Harrowmere voted" in line or "nurse" in line]


def test_trafilatura(folder: Path) -> None:
    import trafilatura

    kept = run_code(folder, "recipes", "trafilatura").splitlines()
    assert APPEAL in trafilatura.extract(HTML, favor_recall=True).splitlines()
    assert APPEAL not in kept
    assert set(STORY) <= set(kept) <= set(LINES)


def test_trafilatura_on_the_command_line(folder: Path) -> None:
    (command,) = re.findall(r"`(trafilatura .*)`", section("recipes", "trafilatura"))
    # Not the program `newsieve`, lest the test should meet one that is installed from elsewhere.
    words = command.replace("newsieve", shlex.join([sys.executable, "-m", "predict"]))
    kept = run(folder, "bash", "-o", "pipefail", "-c", words).splitlines()
    assert APPEAL not in kept
    assert set(STORY) <= set(kept) <= set(LINES)


def test_pandas(folder: Path, shipped: Classifier, clean: dict[str, str]) -> None:
    printed = run_code(folder, "recipes", "pandas")
    written = read_jsonl((folder / "clean.jsonl").read_bytes())
    assert {record["id"]: record["clean"] for record in written} == clean
    header, *_ = printed.splitlines()
    labels = {str(p.label) for page in PAGES for p in shipped.classify(page["text"], page["title"])}
    assert header.split() == ["label", *sorted(labels)]


def test_polars(folder: Path, clean: dict[str, str]) -> None:
    import polars

    run_code(folder, "recipes", "Polars")
    written = polars.read_parquet(folder / "clean.parquet")
    assert dict(zip(written["id"], written["text"])) == clean
    assert written.columns == list(PAGES[0])


def test_hugging_face_datasets(folder: Path, clean: dict[str, str]) -> None:
    run_code(folder, "recipes", "Hugging Face datasets")
    assert texts_of(folder / "clean.jsonl") == {name: text for name, text in clean.items() if len(text) >= 250}


def test_scikit_learn(folder: Path) -> None:
    assert run_code(folder, "frameworks", "scikit-learn").splitlines() == [
        f"{len(PAGES)} pages",
        "['ui_residue' 'fundraising']",
    ]


def test_datatrove(folder: Path, clean: dict[str, str]) -> None:
    run_code(folder, "frameworks", "datatrove")
    kept, dropped = (
        {name: text for path in (folder / part).rglob("*.jsonl") for name, text in texts_of(path).items()}
        for part in ("clean", "dropped")
    )
    assert kept.keys() | dropped.keys() == clean.keys()
    for name, text in kept.items():  # the blocks take titles from the metadata, where the reader puts other fields
        assert text == clean[name]


def test_dolma(folder: Path) -> None:
    (command,) = re.findall(r"^    python (-m predict\S+ .*)$", section("frameworks", "Dolma"), re.MULTILINE)
    (folder / "documents").mkdir()
    shutil.move(folder / "pages.jsonl", folder / "documents")
    run(folder, sys.executable, *shlex.split(command))
    lines = read_jsonl((folder / "attributes" / "newsieve" / "pages.jsonl").read_bytes())
    assert [line["id"] for line in lines] == [page["id"] for page in PAGES]
    shown = set(re.findall(r"newsieve__newsieve__\w+", section("frameworks", "Dolma")))
    assert len(shown) == 3
    assert all(shown <= line["attributes"].keys() for line in lines)


@needs_java
def test_spark(folder: Path, shipped: Classifier) -> None:
    import pyarrow.parquet as pq

    printed = run_code(folder, "frameworks", "Spark")
    written = pq.read_table(folder / "clean").to_pylist()
    pages = {page["id"]: shipped.classify(page["text"], page["title"]) for page in PAGES}
    assert {row["id"]: row["text"] for row in written} == {name: page.journalism for name, page in pages.items()}
    asks = sum(p.label == "fundraising" and not keep for page in pages.values() for p, keep in zip(page, page.kept()))
    assert re.search(rf"\|\s*{len(PAGES)}\|\s*{asks}\|", printed)
