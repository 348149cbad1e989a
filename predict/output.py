"""Output: nothing is seen until it is whole.

A file is written under a temporary name in the folder where it belongs and renamed when it is complete; an error, a
full disk or Ctrl-C removes it. So a file that is there is finished, which is all that `--resume` has to know. The same
records always give the same bytes: a gzip file holds neither time nor name.
"""

from __future__ import annotations

import importlib
import os
import re
import stat
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import orjson

from predict.errors import NewsieveError
from predict.records import Bad, Source
from predict.streams import TEXTS, optional, split_name

if TYPE_CHECKING:
    from predict.credibility import Report
    from predict.credibility.publishers import Publisher
    from predict.pipeline import Output

SHOWN_ERRORS = 10
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.newsieve")
_GZIP_LEVEL = 6


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Turn an error of the system into one that says which file it is about; a reader that went away is none."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise NewsieveError(f"{name}: {error.strerror or error}") from None


class StandardOutput:
    """Standard output."""

    final = True

    def write(self, data: bytes, ends_group: bool = False) -> None:
        """Write at once."""
        with naming("standard output"):
            sys.stdout.buffer.write(data)

    def commit(self) -> None:
        """Hand on what is still held."""
        with naming("standard output"):
            sys.stdout.buffer.flush()

    def discard(self) -> None:
        """What was written cannot be taken back."""


class _Sink(Protocol):
    """What writes one file, whatever its format."""

    def write(self, data: Any, ends_group: bool) -> None:
        """Take data."""

    def close(self) -> None:
        """Finish the file."""


class NewFile:
    """A file that comes into being whole, or not at all. A device or a pipe is written to as it is."""

    final = False

    def __init__(self, path: str, open_sink: Callable[[str], _Sink]) -> None:
        self._path = path
        self._target = os.path.realpath(path)
        self._temporary: str | None = None
        with naming(path):
            if not _is_special(path):
                folder, name = os.path.split(self._target)
                self._temporary = os.path.join(folder, f".{name[:40]}.{os.urandom(4).hex()}.newsieve")
            self._sink: _Sink | None = open_sink(self._temporary or path)

    def write(self, data: Any, ends_group: bool = False) -> None:
        """Take the next data."""
        with naming(self._path):
            if self._sink is not None:
                self._sink.write(data, ends_group)

    def commit(self) -> None:
        """Finish the file and give it its name."""
        with naming(self._path):
            if self._sink is not None:
                self._sink.close()
                self._sink = None
            if self._temporary is not None:
                os.replace(self._temporary, self._target)
                self._temporary = None

    def discard(self) -> None:
        """Remove what was written, if it was not committed."""
        sink, self._sink = self._sink, None
        if sink is not None:
            with suppress(Exception):  # it cannot be finished, which is why it goes
                sink.close()
        if self._temporary is not None:
            with suppress(OSError):
                os.unlink(self._temporary)
            self._temporary = None


def _is_special(path: str) -> bool:
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:
        return False


class BytesFile:
    """Writes bytes, compressed as the name that the file will have says."""

    def __init__(self, path: str, compression: str) -> None:
        self._files: list[Any] = []  # the outermost last
        zstandard = optional("zstandard", "zstd") if compression == ".zst" else None
        self._files.append(open(path, "wb"))  # noqa: SIM115 - closed by `close`
        if compression == ".gz":
            self._files.append(_gzip_writer(self._files[0]))
        elif zstandard is not None:
            self._files.append(zstandard.ZstdCompressor().stream_writer(self._files[0], closefd=False))

    def write(self, data: bytes, ends_group: bool = False) -> None:
        """Take bytes."""
        self._files[-1].write(data)

    def close(self) -> None:
        """Write what is still held."""
        error: Exception | None = None
        for file in reversed(self._files):
            try:
                file.close()
            except Exception as first:
                error = error or first
        if error is not None:
            raise error


def _gzip_writer(raw: BinaryIO) -> Any:
    return importlib.import_module("gzip").GzipFile("", "wb", _GZIP_LEVEL, raw, mtime=0)


class IntoReport:
    """Adds pages to a report."""

    final = True

    def __init__(self, report: Report) -> None:
        self._report = report

    def write(self, data: list[tuple[str | None, Publisher]], ends_group: bool = False) -> None:
        """Add what `ForReport` made."""
        for name, seen in data:
            self._report.add_observed(name, seen)

    def commit(self) -> None:
        """Nothing is held."""

    def discard(self) -> None:
        """What was counted cannot be taken back."""


def open_output(path: str | None, source: Source) -> Output:
    """Open what the records of `source` are written to; None is standard output."""
    if path is None:
        return StandardOutput()
    if source.output == "parquet":
        parquet = importlib.import_module("predict.parquet")
        return NewFile(path, lambda temporary: parquet.ParquetFile(temporary, source.path))
    return NewFile(path, lambda temporary: BytesFile(temporary, split_name(path)[2]))


def remove_leftovers(folders: Iterable[str]) -> None:
    """Remove unfinished files that a killed run has left in these folders."""
    for folder in folders:
        with suppress(FileNotFoundError):
            for entry in os.scandir(folder):
                if _TEMPORARY.fullmatch(entry.name):
                    os.unlink(entry.path)


# --- what was set aside ----------------------------------------------------------------------------------------------


class ErrorsShown:
    """Says on standard error what was set aside: the first ones, then how many more."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.count = 0

    def add(self, source: Source, bad: Bad) -> None:
        """Take one bad record or source."""
        self.count += 1
        if self.count <= SHOWN_ERRORS:
            self._say(f"newsieve: {where(source, bad)}: {bad.reason}")

    def flush(self) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Say how many were not shown."""
        if self.count > SHOWN_ERRORS:
            self._say(f"newsieve: {self.count - SHOWN_ERRORS:,} more set aside; --errors FILE lists them all")


def where(source: Source, bad: Bad) -> str:
    """File and line."""
    return source.name if bad.line is None or source.form in TEXTS else f"{source.name}:{bad.line}"


class ErrorsFile:
    """Keeps what was set aside as JSON Lines: file, line (null: the whole file), reason, and the raw line."""

    def __init__(self, path: str, finished: Collection[str] | None = None) -> None:
        """finished: names of the files that an interrupted run has done, whose entries stay; None starts anew."""
        self._path = path
        with naming(path):
            if finished is not None and os.path.isfile(path):
                _keep_entries(path, finished)
            self._file = open(path, "wb" if finished is None else "ab")  # noqa: SIM115 - closed by `close`

    def add(self, source: Source, bad: Bad) -> None:
        """Take one bad record or source."""
        entry: dict[str, Any] = {"file": source.name, "line": bad.line, "reason": bad.reason}
        if bad.raw:
            entry["raw"] = bad.raw.decode("utf-8", "backslashreplace")
        with naming(self._path):
            self._file.write(orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE))

    def flush(self) -> None:
        """Hand everything to the system."""
        with naming(self._path):
            self._file.flush()

    def close(self) -> None:
        """Write what is still held."""
        with naming(self._path):
            self._file.close()


def _keep_entries(path: str, finished: Collection[str]) -> None:
    """Drop the entries of files that will be worked on again, and a last line that breaks off."""
    output = NewFile(path, lambda temporary: BytesFile(temporary, ""))
    try:
        with Path(path).open("rb") as file:
            for line in file:
                with suppress(ValueError, KeyError, TypeError):
                    if line.endswith(b"\n") and orjson.loads(line)["file"] in finished:
                        output.write(line)
        output.commit()
    finally:
        output.discard()
