"""The program as its users start it: from a shell, in a pipe, over a folder, interrupted and gone on with."""

from __future__ import annotations

import gzip
import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from predict import Classifier, __version__
from predict.classifier import DEFAULT_POLICY
from tests.program import PAGE, Run, command, environment, jsonl, numbered_pages, one_line, read_jsonl

posix = pytest.mark.skipif(os.name != "posix", reason="signals and terminals of POSIX")


@pytest.fixture
def page(tmp_path: Path) -> str:
    (tmp_path / "page.txt").write_text(PAGE, encoding="utf-8")
    return "page.txt"


@pytest.fixture
def pages(tmp_path: Path) -> str:
    (tmp_path / "pages.jsonl").write_bytes(jsonl(numbered_pages(40)))
    return "pages.jsonl"


def _everything(folder: Path) -> dict[str, bytes]:
    """All files below a folder, hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- one page --------------------------------------------------------------------------------------------------------


def test_a_text_page_becomes_a_table_for_people(newsieve: Run, page: str) -> None:
    done = newsieve("classify", page)
    lines = done.stdout.decode().splitlines()
    assert (done.returncode, done.stderr) == (0, b"")
    assert all(len(line) <= 80 for line in lines)
    assert "\x1b" not in done.stdout.decode()
    assert [line for line in lines if "Council votes to keep the night bus" in line]
    assert sum(line.split()[0].isdigit() for line in lines[:-1]) == 10


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


@posix
def test_a_reader_that_has_enough_ends_the_program_quietly(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(jsonl(numbered_pages(2000)))
    for jobs in (1, 2):
        with _started("clean", "x.jsonl", "--jobs", jobs, cwd=tmp_path) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert orjson.loads(process.stdout.readline())["id"] == "p0"
            process.stdout.close()
            assert _ended(process) == 0
            assert process.stderr.read() == b""


# --- folders ---------------------------------------------------------------------------------------------------------


def _fill(folder: Path) -> None:
    (folder / "sub").mkdir(parents=True)
    for i in range(8):
        (folder / f"t{i}.txt").write_text(f"{PAGE}{i}\n" * (1 + i), encoding="utf-8")
    for i in range(4):
        lines = jsonl(numbered_pages(300 + i)) + b'{"id": %d}\n' % i
        (folder / "sub" / f"j{i}.jsonl.gz").write_bytes(gzip.compress(lines))
    (folder / "sub" / "bad.txt").write_bytes(b"ab\xff")


def test_a_folder_becomes_a_folder(newsieve: Run, tmp_path: Path) -> None:
    _fill(tmp_path / "in")
    (tmp_path / "in" / "image.png").write_bytes(b"x")
    (tmp_path / "in" / ".hidden.txt").write_bytes(b"x")
    done = newsieve("classify", "in", "-o", "records")
    assert done.returncode == 1
    names = [*(f"t{i}.jsonl" for i in range(8)), *(f"sub/j{i}.jsonl" for i in range(4))]
    assert set(_everything(tmp_path / "records")) == set(names)
    assert "newsieve: in/sub/bad.txt: not UTF-8 at byte 2" in done.stderr.decode()
    assert "image.png" in done.stderr.decode()
    assert done.stderr.decode().splitlines()[-1] == "read 1219 = written 1214 + set aside 5"
    alone = newsieve("classify", "in/t3.txt", "--json").stdout
    assert read_jsonl((tmp_path / "records" / "t3.jsonl").read_bytes())[0]["text"] == read_jsonl(alone)[0]["text"]

    newsieve("clean", "in/t1.txt", "in/sub/j0.jsonl.gz", "-o", "clean", "--jobs", 2)
    assert set(_everything(tmp_path / "clean")) == {"t1.txt", "j0.jsonl.gz"}
    newsieve("clean", "in/t1.txt", "-o", "clean/")
    assert (tmp_path / "clean" / "t1.txt").read_bytes() == newsieve("clean", "in/t1.txt").stdout


@posix
def test_a_run_that_is_killed_again_and_again_and_resumed_gives_what_an_uninterrupted_one_gives(
    newsieve: Run, tmp_path: Path
) -> None:
    _fill(tmp_path / "in")
    whole = newsieve("classify", "in", "-o", "whole", "--errors", "whole.errors")
    random_ = random.Random(5)
    arguments = ["classify", "in", "-o", "out", "--errors", "out.errors", "--resume", "--jobs", random_.choice((1, 2))]
    finished: dict[str, int] = {}
    for _ in range(6):
        before = len(_visible(tmp_path / "out"))
        with _started(*arguments, cwd=tmp_path) as process:
            until = time.monotonic() + 20
            while len(_visible(tmp_path / "out")) <= before and process.poll() is None and time.monotonic() < until:
                time.sleep(0.002)
            time.sleep(random_.uniform(0, 0.15))
            process.kill()
        for name, changed in finished.items():
            assert (tmp_path / "out" / name).stat().st_mtime_ns == changed
        finished = {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in _visible(tmp_path / "out")}
    done = newsieve(*arguments)
    assert done.returncode == whole.returncode == 1
    assert f"{len(finished)} of 13 files were finished before" in done.stderr.decode()
    assert _everything(tmp_path / "out") == _everything(tmp_path / "whole")
    entries = [sorted((tmp_path / name).read_bytes().splitlines()) for name in ("out.errors", "whole.errors")]
    assert entries[0] == entries[1]


def _visible(folder: Path) -> list[str]:
    return [str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["clean", "in"], "newsieve: in: a folder needs -o"),
        (["clean", "in", "-o", "in"], "is an input; it would be overwritten"),
        (["clean", "in/a.txt", "-o", "in/a.txt"], "newsieve: in/a.txt: is an input"),
        (["classify", "in", "-o", "out"], "newsieve: in/a.jsonl and in/a.txt would both be written to out/a.jsonl"),
        (["clean", "in/a.txt", "in/a.jsonl"], "newsieve: 2 files need -o"),
        (["clean", "in/a.txt", "in/a.txt", "-o", "out"], "newsieve: the same file is given twice"),
        (["clean", "in", "-o", "file"], "newsieve: file: not a folder"),
        (["clean", "in/a.jsonl", "-o", "no/such/folder.jsonl"], "newsieve: no/such/folder.jsonl: No such file"),
        (["clean", "in/a.jsonl", "--resume"], "newsieve: --resume needs -o"),
        (["clean", "in/a.jsonl", "--errors", "in/a.jsonl"], "newsieve: in/a.jsonl: is also an input"),
        (["clean", "in/a.jsonl", "--title", "x"], "newsieve: --title is for one text file"),
        (["clean", "in/a.txt", "--policy", "a", "--keep-journalism", "1"], "newsieve: --policy and --keep-journalism"),
        (["clean", "empty", "-o", "out"], "newsieve: empty: no file in it that ends in .txt"),
        (["clean"], "newsieve: Missing argument 'FILE...' (see newsieve clean --help)"),
        (["clean", "in/a.txt", "--jobs", "0"], "newsieve: Invalid value for '--jobs'"),
        (["sieve", "x"], "newsieve: No such command 'sieve' (see newsieve --help)"),
    ],
)
def test_wrong_use_is_one_line_and_harms_nothing(
    newsieve: Run, tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "in" / "a.txt").write_text(PAGE, encoding="utf-8")
    (tmp_path / "in" / "a.jsonl").write_bytes(jsonl(numbered_pages(2)))
    (tmp_path / "file").write_bytes(b"")
    before = _everything(tmp_path)
    done = newsieve(*arguments)
    assert done.returncode == 2
    assert message in one_line(done.stderr)
    assert _everything(tmp_path) == before


# --- ends ------------------------------------------------------------------------------------------------------------


def _started(*arguments: object, **more: Any) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(command(*arguments), stdout=pipe, stderr=pipe, env=environment(), **more)


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_run_leaves_nothing_half_written(tmp_path: Path, number: int, code: int, jobs: int) -> None:
    block = jsonl(numbered_pages(3000))
    arguments = ("clean", "-", "-o", "out.jsonl", "--jobs", jobs)
    with _started(*arguments, cwd=tmp_path, stdin=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(block * 3)
        process.stdin.flush()
        _wait_for(lambda: bool(list(tmp_path.iterdir())))
        if number == signal.SIGINT:  # as a terminal does it, to all processes
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        assert _ended(process) == code
        assert process.stderr.read() == b""
    assert not list(tmp_path.iterdir())


def _ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end, but not for ever, and return the exit code."""
    try:
        return process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def _wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not what():
        assert time.monotonic() < until
        time.sleep(0.01)


@posix
def test_workers_end_when_the_program_is_killed(tmp_path: Path) -> None:
    arguments = ("clean", "-", "-o", "out.jsonl", "--jobs", 2)
    with _started(*arguments, cwd=tmp_path, stdin=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdin is not None
        process.stdin.write(jsonl(numbered_pages(3000)) * 3)
        process.stdin.flush()
        _wait_for(lambda: bool(list(tmp_path.iterdir())))
        process.kill()
    _wait_for(lambda: not _alive(process.pid))


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@posix
@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.parquet"])
def test_a_full_disk_is_named_and_leaves_no_half_file(newsieve: Run, tmp_path: Path, name: str) -> None:
    import resource

    source = "x.jsonl"
    (tmp_path / source).write_bytes(
        jsonl([{"id": i, "text": random.Random(i).randbytes(900).hex()} for i in range(3000)])
    )
    if name.endswith(".parquet"):
        parquet = pytest.importorskip("pyarrow.parquet")
        rows = read_jsonl((tmp_path / source).read_bytes())
        source = "x.parquet"
        parquet.write_table(
            pytest.importorskip("pyarrow").Table.from_pylist(rows), tmp_path / source, row_group_size=500
        )
    limit = 300_000
    done = newsieve(
        *("classify", source, "-o", name), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    )
    assert done.returncode == 2
    assert one_line(done.stderr).startswith(f"newsieve: {name}: ")
    assert "large" in one_line(done.stderr)
    assert set(_everything(tmp_path)) == {"x.jsonl", source}


@posix
def test_a_full_device_is_named(newsieve: Run, pages: str, page: str) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    assert one_line(newsieve("clean", pages, "-o", "/dev/full").stderr).startswith("newsieve: /dev/full: No space")
    with open("/dev/full", "wb") as full:
        for arguments in (["clean", pages], ["classify", page]):
            done = subprocess.run(
                command(*arguments), stdout=full, stderr=subprocess.PIPE, cwd=os.getcwd(), check=False
            )
            assert done.returncode == 2
            assert "Traceback" not in done.stderr.decode()


@posix
def test_a_device_is_written_to_as_it_is(newsieve: Run, pages: str) -> None:
    assert newsieve("clean", pages, "-o", "/dev/stdout").stdout == newsieve("clean", pages).stdout
    assert newsieve("clean", pages, "-o", "/dev/null").returncode == 0
    assert not os.path.isfile("/dev/null")


# --- the terminal ----------------------------------------------------------------------------------------------------


def _on_terminal(stream: str, *arguments: object, cwd: Path, **more: str) -> str:
    """What the program writes to a terminal as its `stream`."""
    import pty

    ours, theirs = pty.openpty()
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
    seen = _on_terminal("stderr", "clean", pages, "-o", "out.jsonl", cwd=tmp_path)
    assert "pages/s" in seen
    assert seen.splitlines()[-1].endswith("read 40 = written 40 + set aside 0")
    assert newsieve("clean", pages).stderr == b"read 40 = written 40 + set aside 0\n"


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
        "train",
    }
