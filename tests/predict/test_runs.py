"""Runs over folders, and runs that end early: killed, interrupted, out of disk, or with a reader that has enough."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.program import PAGE, Run, command, environment, jsonl, numbered_pages, one_line, posix, read_jsonl


def _everything(folder: Path) -> dict[str, bytes]:
    """All files below a folder, hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


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
def test_a_run_that_is_killed_twenty_times_and_resumed_gives_what_an_uninterrupted_one_gives(
    newsieve: Run, tmp_path: Path
) -> None:
    _fill(tmp_path / "in")
    for i in range(8):
        lines = jsonl(numbered_pages(2000 + i)) + b"{}\n"
        (tmp_path / "in" / f"k{i}.jsonl").write_bytes(lines)
    whole = newsieve("classify", "in", "-o", "whole", "--errors", "whole.errors")
    assert whole.returncode == 1
    out, errors = tmp_path / "out", tmp_path / "out.errors"
    arguments = ["classify", "in", "-o", "out", "--errors", "out.errors", "--resume", "--jobs"]

    def is_as_uninterrupted() -> bool:
        entries = [sorted(path.read_bytes().splitlines()) for path in (errors, tmp_path / "whole.errors")]
        return _everything(out) == _everything(tmp_path / "whole") and entries[0] == entries[1]

    random_ = random.Random(5)
    kills, finished = 0, dict[str, int]()
    while kills < 20:
        with _started(*arguments, random_.choice((1, 1, 2)), cwd=tmp_path) as process:
            if kills % 2:
                time.sleep(random_.uniform(0, 0.6))
            else:  # when another file is finished, or a little later
                _wait_for(lambda: len(_visible(out)) > len(finished) or process.poll() is not None)  # noqa: B023
                time.sleep(random_.uniform(0, 0.05))
            process.kill()
        for name, changed in finished.items():
            assert (out / name).stat().st_mtime_ns == changed
        finished = {name: (out / name).stat().st_mtime_ns for name in _visible(out)}
        if process.returncode == -signal.SIGKILL:
            kills += 1
        else:  # it was done before: once more from the beginning
            assert is_as_uninterrupted()
            shutil.rmtree(out)
            errors.unlink()
            finished = {}
    done = newsieve(*arguments, 1)
    assert done.returncode == whole.returncode or len(finished) == 20
    assert not finished or f"{len(finished)} of 21 files were finished before" in done.stderr.decode()
    assert is_as_uninterrupted()


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
        (["clean", "in/a.jsonl", "--title", "x"], "newsieve: --title is for one text file or HTML page"),
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
@pytest.mark.parametrize("how", [["clean", "pages.jsonl"], ["clean", "page.txt"], ["classify", "page.txt"]])
def test_a_full_device_is_named(newsieve: Run, pages: str, page: str, tmp_path: Path, how: list[str]) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command(*how), stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, env=environment(), check=False
        )
    assert done.returncode == 2
    assert one_line(done.stderr) == "newsieve: standard output: No space left on device"
    assert one_line(newsieve(*how, "-o", "/dev/full").stderr) == "newsieve: /dev/full: No space left on device"


@posix
def test_a_device_is_written_to_as_it_is(newsieve: Run, pages: str) -> None:
    assert newsieve("clean", pages, "-o", "/dev/stdout").stdout == newsieve("clean", pages).stdout
    assert newsieve("clean", pages, "-o", "/dev/null").returncode == 0
    assert not os.path.isfile("/dev/null")
