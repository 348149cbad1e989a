"""Every command and every line of Python in the README does what a reader expects: it runs."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [line.split("#")[0].strip() for line in re.findall(r"^    (newsieve .*)$", README, re.MULTILINE)]


def test_the_readme_shows_each_command() -> None:
    assert {shlex.split(command)[1] for command in COMMANDS} == {"classify", "clean", "report", "explain"}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(command: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    words = [sys.executable, "-m", "predict", *shlex.split(command)[1:]]
    env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout or (tmp_path / "clean.jsonl").stat().st_size


def test_the_python_examples_run() -> None:
    code = "".join(re.findall(r"```python\n(.*?)```", README, re.DOTALL))
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "The council cut two buses on Monday" in done.stdout.splitlines()[0]
    assert "fundraising" in done.stdout
    assert "['Home', 'Buses cut', 'The council cut two buses on Monday.']" in done.stdout


def test_every_kind_of_the_readme_is_answered_as_the_table_says() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| \*(.+)\* \|$", README, re.MULTILINE)
    assert len(rows) == 7
    code = (
        "import sys; from predict import Classifier\n"
        "for p in Classifier.load().classify(sys.stdin.read()): print(p.kind, p.label)"
    )
    page = "\n".join(text for _, _, text in rows)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, input=page, capture_output=True, text=True, timeout=60
    )
    answers = [tuple(line.split()) for line in done.stdout.splitlines()]
    assert answers == [(kind, label) for kind, label, _ in rows]


def test_the_example_of_the_page_on_html_runs() -> None:
    text = (ROOT / "docs" / "html.md").read_text(encoding="utf-8")
    code = "".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "['Home', 'Ferry late', 'The ferry was an hour late on Monday.']" in done.stdout
    assert "The ferry was an hour late on Monday." in done.stdout.splitlines()[-1]
