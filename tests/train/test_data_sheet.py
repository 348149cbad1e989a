"""The data sheet: its figures are those of the files, and one command brings them up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from predict.errors import NewsieveError
from tests.program import ROOT, Run, one_line
from tests.train.test_corpus import PAGE, SINGLE, write
from train.data_sheet import BEGIN, END, count_folder, data_sheet_counts, replace_counts

DATA = ROOT / "data"
PROSE = f"# Our data\r\n\nWritten by us.\n\n{BEGIN}\nold figures\n{END}\n\nThat is all.\n"


def data_folder(folder: Path, *singles: object) -> Path:
    """One page of two paragraphs, one held-out page of one, and single paragraphs."""
    flagged = {"text": "Run by Quay Ltd", "kind": "self_description", "flags": ["ownership"]}
    shown = {**PAGE, "paragraphs": [*PAGE["paragraphs"], flagged]}
    write(folder / "pages" / "en.jsonl", shown)
    write(folder / "pages" / "test.jsonl", {**PAGE, "id": "test-1", "paragraphs": [{"text": "Menu"}]})
    write(folder / "paragraphs" / "en.jsonl", SINGLE, *singles)
    (folder / "README.md").write_bytes(PROSE.encode())
    return folder


def test_the_figures_of_this_projects_data_sheet_are_those_of_its_files() -> None:
    sheet = (DATA / "README.md").read_bytes().decode()
    block = data_sheet_counts(count_folder(DATA))
    assert sheet == replace_counts(sheet, block, "README.md"), "out of date: python -m train check data --sheet"


def test_learned_and_held_out_paragraphs_are_counted_apart(tmp_path: Path) -> None:
    mirror: dict[str, object] = {"text": "Читайте на зеркале", "lang": "ru", "kind": "interface"}
    mirror |= {"flags": ["designation"], "designation": {"status": "blocked", "state": "RU"}}
    block = data_sheet_counts(count_folder(data_folder(tmp_path, mirror)))
    rows = block.splitlines()
    assert "| en | 1 | 2 | 1 | 1 | 1 |" in rows
    assert "| ru | 0 | 0 | 0 | 0 | 1 |" in rows
    assert "| all | 1 | 2 | 1 | 1 | 2 |" in rows
    assert "| story | 1 | 0 | 0 |" in rows
    assert "| (context) | 0 | 1 | 0 |" in rows
    assert "| ownership | 1 | 0 | 0 |" in rows
    assert "| blocked | 0 | 0 | 1 |" in rows
    assert "| en | 1 | 0 | 0 | 0 | 1 | 0 | 1 | 0 | 1 | 0 |" in rows


def test_the_check_writes_the_figures_and_leaves_the_prose(trainer: Run, tmp_path: Path) -> None:
    data = data_folder(tmp_path / "data")
    done = trainer("check", "data", "--sheet")
    assert done.returncode == 0
    assert one_line(done.stderr) == f"wrote the counts into {Path('data') / 'README.md'}"
    sheet = (data / "README.md").read_bytes().decode()
    before, after = PROSE.split("old figures\n")
    assert sheet == before + data_sheet_counts(count_folder(data)) + "\n" + after


def test_unsound_data_leaves_the_sheet_as_it_is(trainer: Run, tmp_path: Path) -> None:
    data = data_folder(tmp_path / "data", {"text": "Chip in", "lang": "en"})
    done = trainer("check", "data", "--sheet")
    assert done.returncode == 2
    assert one_line(done.stderr) == f'{Path("data/paragraphs/en.jsonl")}:2: "kind" is missing'
    assert (data / "README.md").read_bytes() == PROSE.encode()


def test_a_folder_without_a_sheet_is_told_so(trainer: Run, tmp_path: Path) -> None:
    (data_folder(tmp_path / "data") / "README.md").unlink()
    done = trainer("check", "data", "--sheet")
    assert done.returncode == 2
    assert one_line(done.stderr) == f"train: {Path('data') / 'README.md'}: No such file or directory"


@pytest.mark.parametrize("sheet", ["", BEGIN, END, f"{END} {BEGIN}"])
def test_a_sheet_without_both_markers_is_told_so(sheet: str) -> None:
    with pytest.raises(NewsieveError, match=r"^mine\.md: no place for the counts; put <!-- counts --> and "):
        replace_counts(sheet, "figures", "mine.md")
