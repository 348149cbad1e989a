"""Streams: what a file is by its name, and its bytes without their compression.

What an extra brings is imported where it is needed, and its absence is an error that says what to install.
"""

from __future__ import annotations

import importlib
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol

from predict.errors import InputError

BLOCK_BYTES = 1 << 20
_ZSTD_STEP = 1 << 12  # compressed bytes at a time: what a hostile file can blow up in memory grows with it

Form = Literal["text", "html", "jsonl", "parquet", "pages"]  # "pages" is only ever an output: for this program itself
SUFFIXES: dict[str, Form] = {
    ".txt": "text",
    ".html": "html",
    ".htm": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
}
COMPRESSIONS = (".gz", ".zst")
STANDARD_INPUT = "-"
BOM = b"\xef\xbb\xbf"
TEXTS: tuple[Form, ...] = ("text", "html")  # forms of which a file holds one page
_MAX_BLANK = 64 << 20  # at the beginning of standard input, before it is taken for text


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, fewer only at the end."""


def optional(module: str, extra: str) -> Any:
    """Import a module that an extra brings. Raises InputError, which says how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise InputError(f"this needs {module.partition('.')[0]}: pip install newsieve[{extra}]") from None


def split_name(path: str) -> tuple[str, str, str]:
    """Split "a/pages.jsonl.gz" into ("pages", ".jsonl", ".gz")."""
    name = Path(path).name
    stem, compression = os.path.splitext(name)
    if compression.lower() not in COMPRESSIONS:
        stem, compression = name, ""
    stem, suffix = os.path.splitext(stem)
    return stem, suffix.lower(), compression.lower()


def form_of(path: str) -> Form:
    """What a file is by its name; standard input by its first character. Unknown suffixes are text."""
    if path == STANDARD_INPUT:
        return standard_input().form()
    return SUFFIXES.get(split_name(path)[1], "text")


class _StandardInput:
    """Standard input, of which the beginning may be looked at first."""

    def __init__(self) -> None:
        self._seen = b""

    def form(self) -> Form:
        """JSON Lines if the first character that is not blank is "{", HTML if it begins like that, else text."""
        start = b""
        while not start and len(self._seen) < _MAX_BLANK and (block := _read_pipe(BLOCK_BYTES)):
            self._seen += block
            start = block.removeprefix(BOM).lstrip()
        if start[:15].lower().startswith((b"<!doctype html", b"<html")):
            return "html"
        return "jsonl" if start.startswith(b"{") else "text"

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, fewer only at the end."""
        head, self._seen = self._seen[:size], self._seen[size:]
        return head + _read_pipe(size - len(head)) if len(head) < size else head


def _read_pipe(size: int) -> bytes:
    """Read standard input until there are `size` bytes or it ends.

    Each part is asked for from here: Python's own buffered reader would not look at signals before it has them all.
    """
    parts = []
    while size and (part := os.read(sys.stdin.fileno(), size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


@cache
def standard_input() -> _StandardInput:
    """Standard input, always the same object, so that what was looked at is read again."""
    return _StandardInput()


class _ZstdReader:
    """Reads zstd frames one after another and, unlike zstandard's own reader, notices when the last one breaks off."""

    def __init__(self, raw: BinaryIO, zstandard: Any) -> None:
        self._raw = raw
        self._decompressor = zstandard.ZstdDecompressor()
        self._frame: Any = None
        self._ready = bytearray()

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, fewer only at the end. Raises EOFError where the file ends inside a frame."""
        while len(self._ready) < size and (block := self._raw.read(_ZSTD_STEP)):
            while block:
                self._frame = self._frame or self._decompressor.decompressobj()
                self._ready += self._frame.decompress(block)
                block = self._frame.unused_data if self._frame.eof else b""
                self._frame = None if self._frame.eof else self._frame
        if len(self._ready) < size and self._frame is not None:
            raise EOFError("compressed file ended before the end-of-stream marker was reached")
        result = bytes(self._ready[:size])
        del self._ready[:size]
        return result


def decompressed(raw: BinaryIO, compression: str) -> Readable:
    """The bytes of a file without its compression, one of COMPRESSIONS or ""."""
    if compression == ".gz":
        return importlib.import_module("gzip").GzipFile(fileobj=raw)  # type: ignore[no-any-return]
    if compression == ".zst":
        return _ZstdReader(raw, optional("zstandard", "zstd"))
    return raw
