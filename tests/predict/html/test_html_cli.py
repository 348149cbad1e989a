"""A page of HTML is a file like any other to the program."""

from __future__ import annotations

import gzip
from pathlib import Path

import orjson
import pytest

from tests.predict.html.pages import PAGE, TEXTS
from tests.program import Run, one_line, read_jsonl

STORY = "The town council of Harrowmere voted on Tuesday to keep the night bus. Protests had gone on for weeks."


@pytest.fixture
def html(tmp_path: Path) -> str:
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    return "page.html"


def test_classify_shows_a_table(newsieve: Run, html: str) -> None:
    done = newsieve("classify", html)
    assert done.returncode == 0
    assert b"Local news" in done.stdout
    assert not done.stderr


def test_classify_gives_a_record_with_title_and_language(newsieve: Run, html: str) -> None:
    record = orjson.loads(newsieve("classify", "--json", html).stdout)
    assert [p["text"] for p in record["paragraphs"]] == TEXTS
    assert (record["id"], record["lang"]) == ("page", "en")
    assert record["title"] == "Council votes to keep the night bus"
    assert orjson.loads(newsieve("classify", "--json", "--title", "Bus", html).stdout)["title"] == "Bus"


def test_clean_gives_text(newsieve: Run, html: str) -> None:
    lines = newsieve("clean", html).stdout.decode().splitlines()
    assert STORY in lines
    assert "Home" not in lines
    assert set(lines) < set(TEXTS)


def test_compressed_and_piped_pages_are_read_alike(newsieve: Run, html: str, tmp_path: Path) -> None:
    (tmp_path / "page.html.gz").write_bytes(gzip.compress(PAGE.encode()))
    wanted = newsieve("clean", html).stdout
    assert newsieve("clean", "page.html.gz").stdout == wanted
    assert newsieve("clean", "-", stdin=PAGE.encode()).stdout == wanted
    assert newsieve("clean", "-", stdin=b"\n  " + PAGE.upper().encode()).returncode == 0


def test_explain_names_what_decided(newsieve: Run, html: str) -> None:
    done = newsieve("explain", html)
    assert done.returncode == 0
    assert done.stdout.count(b"own words:") == len(TEXTS)


def test_a_folder_of_pages_becomes_a_folder_of_records_or_of_text(newsieve: Run, tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("a.html", "deep/b.htm"):
        (tmp_path / "in" / name).write_text(PAGE, encoding="utf-8")
    (tmp_path / "in" / "c.txt").write_text(STORY, encoding="utf-8")
    assert newsieve("classify", "in", "-o", "records", "--jobs", 2).returncode == 0
    assert newsieve("clean", "in", "-o", "clean").returncode == 0
    (record,) = read_jsonl((tmp_path / "records" / "deep" / "b.jsonl").read_bytes())
    assert [p["text"] for p in record["paragraphs"]] == TEXTS
    assert STORY in (tmp_path / "clean" / "a.txt").read_text(encoding="utf-8")
    assert (tmp_path / "clean" / "deep" / "b.txt").exists()


def test_two_pages_that_would_become_one_file_are_refused(newsieve: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.html").write_text(PAGE)
    (tmp_path / "in" / "a.txt").write_text(STORY)
    done = newsieve("clean", "in", "-o", "out")
    assert done.returncode == 2
    assert "would both be written" in one_line(done.stderr)


def test_report_counts_pages_of_html(newsieve: Run, html: str) -> None:
    assert newsieve("report", html).returncode == 0
