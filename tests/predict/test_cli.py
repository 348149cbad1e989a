"""The program as its users start it: from a shell, in a pipe, over a folder, interrupted and gone on with."""

from __future__ import annotations

import gzip
import os
import random
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from predict import Classifier, __version__
from predict.classifier import DEFAULT_POLICY
from predict.table import SHORT_LABEL
from tests.program import PAGE, Run, command, environment, jsonl, numbered_pages, one_line, posix, read_jsonl

# --- one page --------------------------------------------------------------------------------------------------------


def test_a_text_page_becomes_a_table_for_people(newsieve: Run, page: str) -> None:
    done = newsieve("classify", page)
    lines = done.stdout.decode().splitlines()
    assert (done.returncode, done.stderr) == (0, b"")
    assert all(len(line) <= 80 for line in lines)
    assert "\x1b" not in done.stdout.decode()
    assert [line for line in lines if "Council votes to keep the night bus" in line]
    assert sum(bool(re.match(rf" *\d+ ({'|'.join(SHORT_LABEL.values())}) ", line)) for line in lines) == 10


def test_a_text_page_becomes_one_record_for_programs(
    newsieve: Run, page: str, shipped: Classifier, tmp_path: Path
) -> None:
    done = newsieve("classify", page, "--json", "--title", "Night bus stays")
    (record,) = read_jsonl(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (record["id"], record["title"], record["text"]) == ("page", "Night bus stays", PAGE)
    expected = shipped.classify(PAGE, "Night bus stays")
    assert [(p["start"], p["end"], p["kind"]) for p in record["paragraphs"]] == [
        (p.start, p.end, str(p.kind)) for p in expected
    ]
    assert "probabilities" not in record["paragraphs"][0]
    newsieve("classify", page, "-o", "page.json", "--title", "Night bus stays")
    assert (tmp_path / "page.json").read_bytes() == done.stdout


def test_clean_prints_what_remains_of_a_text(newsieve: Run, page: str, shipped: Classifier) -> None:
    done = newsieve("clean", page)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == shipped.classify(PAGE).journalism + "\n"


def test_the_policy_says_how_much_is_kept(newsieve: Run, page: str, shipped: Classifier) -> None:
    sure = shipped.classify(PAGE)
    for name, least in shipped.model.policies.items():
        kept = [text for text, keep in zip(sure.texts, sure.kept(least)) if keep]
        assert newsieve("clean", page, "--policy", name).stdout.decode().splitlines() == kept
    default = newsieve("clean", page).stdout
    share = DEFAULT_POLICY.removeprefix("keep-")
    assert newsieve("clean", page, "--keep-journalism", share).stdout == default
    unknown = newsieve("clean", page, "--keep-journalism", "0.5")
    assert unknown.returncode == 2
    assert share in one_line(unknown.stderr)
    assert DEFAULT_POLICY in one_line(newsieve("clean", page, "--policy", "lax").stderr)


def test_explain_names_what_weighed_most(newsieve: Run, page: str, pages: str) -> None:
    done = newsieve("explain", page)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "donate" in done.stdout.decode()
    assert newsieve("explain", pages).stdout.decode().count("Advertisement") == 40


def test_report_counts_and_quotes(newsieve: Run, page: str, tmp_path: Path) -> None:
    assert "1 page, 10 paragraphs" in newsieve("report", page).stdout.decode()
    given = [{"id": i, "outlet": outlet, "text": PAGE} for i, outlet in enumerate("abab")]
    (tmp_path / "pages.jsonl").write_bytes(jsonl(given) + b"[]\n")
    for jobs in (1, 2):
        done = newsieve("report", "pages.jsonl", "--by", "outlet", "--json", "--jobs", jobs)
        assert done.returncode == 1
        assert done.stderr.decode().splitlines()[-1] == "read 5 = counted 4 + set aside 1"
        publishers = orjson.loads(done.stdout)["publishers"]
        assert [(each["publisher"], each["pages"]) for each in publishers] == [("a", 2), ("b", 2)]


def test_a_report_over_a_broken_file_counts_what_could_be_read(newsieve: Run, tmp_path: Path) -> None:
    whole = gzip.compress(jsonl([{"text": random.Random(i).randbytes(500).hex()} for i in range(4000)]))
    (tmp_path / "a.jsonl.gz").write_bytes(whole[:-9])
    (tmp_path / "b.jsonl").write_bytes(jsonl([{"text": PAGE}]))
    done = newsieve("report", "a.jsonl.gz", "b.jsonl", "--json")
    assert done.returncode == 1
    pages = orjson.loads(done.stdout)["publishers"][0]["pages"]
    assert pages > 1000
    assert done.stderr.decode().splitlines()[-1] == f"read {pages + 1} = counted {pages} + set aside 1"


def test_version_and_help(newsieve: Run) -> None:
    assert newsieve("--version").stdout.decode() == f"newsieve {__version__}\n"
    assert b"classify" in newsieve().stdout
    assert b"--keep-journalism" in newsieve("clean", "--help").stdout


# --- streams ---------------------------------------------------------------------------------------------------------


def test_standard_input_is_records_if_it_begins_like_one_and_text_if_not(newsieve: Run, page: str) -> None:
    assert newsieve("clean", "-", stdin=PAGE.encode()).stdout == newsieve("clean", page).stdout
    done = newsieve("clean", "-", stdin=b'\xef\xbb\xbf\n  {"text": ""}\n')
    assert read_jsonl(done.stdout)[0]["text"] == ""
    assert done.stderr == b"read 1 = written 1 + set aside 0\n"


def test_other_fields_pass_through_in_place(newsieve: Run) -> None:
    line = b'{"url":"http://a.example/","text":"Home","paragraphs":null,"meta":{"b":[1,2.5,null],"a":"\\u00e9"},"id":1}'
    record = read_jsonl(newsieve("classify", "-", stdin=line).stdout)[0]
    assert list(record) == ["url", "text", "paragraphs", "meta", "id"]
    assert {**record, "paragraphs": None} == orjson.loads(line)


def test_as_many_paragraphs_come_out_as_were_given(newsieve: Run) -> None:
    given = ["Home", "", {"text": " \n ", "tag": "p"}, {"tag": "h1", "text": "Two\nlines"}, "Home"]
    (record,) = read_jsonl(newsieve("classify", "-", stdin=jsonl([{"paragraphs": given}])).stdout)
    assert [p["text"] for p in record["paragraphs"]] == ["Home", "", " \n ", "Two\nlines", "Home"]
    assert [p.get("tag") for p in record["paragraphs"]] == [None, None, "p", "h1", None]
    assert not any("start" in p for p in record["paragraphs"])


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_output_is_compressed_as_its_name_says_and_always_the_same(
    newsieve: Run, pages: str, tmp_path: Path, suffix: str
) -> None:
    if suffix == ".zst":
        pytest.importorskip("zstandard")
    expected = newsieve("clean", pages).stdout
    first = tmp_path / f"a.jsonl{suffix}"
    newsieve("clean", pages, "-o", first.name)
    time.sleep(1.1 if suffix == ".gz" else 0)  # the time in a gzip file has steps of one second
    again = newsieve("clean", pages, "-o", f"b.jsonl{suffix}")
    assert again.stdout == b""
    assert (tmp_path / f"b.jsonl{suffix}").read_bytes() == first.read_bytes()
    newsieve("clean", first.name, "-o", "plain.jsonl")
    assert [r["id"] for r in read_jsonl((tmp_path / "plain.jsonl").read_bytes())] == [
        r["id"] for r in read_jsonl(expected)
    ]
    if suffix == ".gz":
        assert gzip.decompress(first.read_bytes()) == expected


def test_bad_records_go_to_a_file_with_place_reason_and_line(newsieve: Run, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b'{"text":"a"}\n[1]\n{"text":"b"}\n{"id":"\xff"}\n' + b"{}\n" * 20)
    done = newsieve("clean", "x.jsonl", "--errors", "bad.jsonl", "-o", "out.jsonl")
    assert done.returncode == 1
    assert one_line(done.stderr) == "read 24 = written 2 + set aside 22"
    bad = read_jsonl((tmp_path / "bad.jsonl").read_bytes())
    assert bad[0] == {"file": "x.jsonl", "line": 2, "reason": "not a JSON object but a list", "raw": "[1]"}
    assert bad[1] == {"file": "x.jsonl", "line": 4, "reason": "not UTF-8 at byte 7", "raw": '{"id":"\\xff"}'}
    assert [each["line"] for each in bad[2:]] == list(range(5, 25))
    lines = newsieve("clean", "x.jsonl", "-o", "out.jsonl").stderr.decode().splitlines()
    assert lines[0] == "newsieve: x.jsonl:2: not a JSON object but a list"
    assert lines[-2:] == [
        "newsieve: 12 more set aside; --errors FILE lists them all",
        "read 24 = written 2 + set aside 22",
    ]
    assert len(lines) == 12


def test_several_jobs_write_the_same_bytes_as_one(newsieve: Run, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(jsonl(numbered_pages(3000)) + b"no\n")
    one = newsieve("classify", "x.jsonl", "--probabilities")
    two = newsieve("classify", "x.jsonl", "--probabilities", "--jobs", 2)
    assert one.stdout == two.stdout
    assert one.stderr == two.stderr
    assert (one.returncode, two.returncode) == (1, 1)


# --- the terminal ----------------------------------------------------------------------------------------------------


def _on_terminal(stream: str, *arguments: object, cwd: Path, **more: str) -> str:
    """What the program writes to a terminal as its `stream`."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    streams: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: theirs}
    process = subprocess.Popen(command(*arguments), cwd=cwd, env=environment(TERM="xterm", **more), **streams)
    os.close(theirs)
    seen = b""
    try:
        while block := os.read(ours, 1 << 16):
            seen += block
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(ours)
    assert process.wait(30) == 0
    return seen.decode()


@posix
def test_a_table_is_coloured_on_a_terminal_unless_that_is_not_wanted(page: str, tmp_path: Path) -> None:
    coloured = _on_terminal("stdout", "classify", page, cwd=tmp_path)
    plain = _on_terminal("stdout", "classify", page, cwd=tmp_path, NO_COLOR="1")
    assert "\x1b[" in coloured
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain


@posix
def test_a_long_run_shows_its_progress_on_a_terminal_only(newsieve: Run, pages: str, tmp_path: Path) -> None:
    (tmp_path / pages).write_bytes(jsonl(numbered_pages(3000)))
    seen = _on_terminal("stderr", "clean", pages, "-o", "out.jsonl", cwd=tmp_path)
    assert "pages/s" in seen
    assert seen.splitlines()[-1].endswith("read 3000 = written 3000 + set aside 0")
    assert newsieve("clean", pages).stderr == b"read 3000 = written 3000 + set aside 0\n"


def test_classifying_starts_without_what_it_does_not_need(page: str, tmp_path: Path) -> None:
    code = (
        "import sys; from predict.cli import main; sys.argv = ['newsieve', 'classify', 'page.txt']\n"
        "try: main()\n"
        "finally: sys.stderr.write(' '.join(sys.modules))"
    )
    python = command()[0]
    done = subprocess.run([python, "-c", code], capture_output=True, cwd=tmp_path, env=environment(), check=False)
    loaded = set(done.stderr.decode().split())
    assert "predict.table" in loaded
    assert not loaded & {
        "sklearn",
        "scipy",
        "pandas",
        "joblib",
        "tqdm",
        "zstandard",
        "pyarrow",
        "multiprocessing",
        "predict.html.markup",
        "train",
    }
