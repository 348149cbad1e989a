"""Records: how pages come in, and what is refused at the border.

A news corpus is as messy as the web it came from: half a file after a broken download, a line that is not JSON, a
lone surrogate from an old crawler. Everything that later code relies on is checked here, once, so that a bad record
is set aside with its place and its reason while the rest goes on, and nothing downstream ever asks again.

An input is read as a stream of pieces: about a megabyte of JSON lines, a batch of Parquet rows, or one whole text.
Pieces are raw, so that they are cheap to hand to another process; `parse` turns one into records there.
"""

from __future__ import annotations

import importlib
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import orjson

from predict.errors import InputError
from predict.streams import (
    BLOCK_BYTES,
    BOM,
    STANDARD_INPUT,
    TEXTS,
    Form,
    Readable,
    decompressed,
    split_name,
    standard_input,
)

if TYPE_CHECKING:
    from predict.html.page import HtmlPage

MAX_RECORD_BYTES = 256 << 20  # a longer line, or a longer text file, is set aside without being held in memory
MAX_RAW_BYTES = 1 << 20  # of a bad line, how much is kept for `--errors`
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_TYPE_NAMES = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}


@dataclass(frozen=True)
class Source:
    """One input of a run: its place in the run, its path as the user gave it, its form and that of what it becomes."""

    index: int
    path: str
    form: Form
    output: Form
    title: str | None = None

    @property
    def name(self) -> str:
        """The path for people; a file name that is not UTF-8 is spelled out."""
        if self.path == STANDARD_INPUT:
            return "standard input"
        return self.path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

    @property
    def folder(self) -> str | None:
        """Name of the folder it lies in, if the path shows one."""
        return None if self.path == STANDARD_INPUT else PurePath(self.name).parent.name or None


class Bad(NamedTuple):
    """What is set aside: where (None: the whole file), why, and the line itself as far as it was kept."""

    line: int | None
    reason: str
    raw: bytes = b""


@dataclass(frozen=True)
class Piece:
    """A stretch of one source. A source that cannot be read to its end has a last piece with `failure`."""

    source: Source
    data: Any = b""  # bytes, or a pyarrow.RecordBatch
    line: int = 1  # number of its first line or row
    bad: tuple[Bad, ...] = ()  # what had to be set aside while reading
    failure: str | None = None
    last: bool = False
    ends_group: bool = False  # Parquet: last of its row group
    consumed: int = 0  # bytes of the file that were read for it, for the progress bar


@dataclass(frozen=True)
class Record:
    """A page that passed the border.

    fields: all of the record. texts: one string, or the texts of its paragraphs, or its blocks. plain: whether orjson
    can write the fields as they came; not so with NaN, or with whole numbers beyond 64 bits. folder: the name of the
    folder that its file lies in, as far as the path given shows it.
    """

    line: int
    fields: dict[str, Any]
    texts: str | list[str] | HtmlPage
    title: str | None
    raw: bytes = b""
    plain: bool = True
    folder: str | None = None


@dataclass
class Parsed:
    """What a piece holds."""

    records: list[Record] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    failure: str | None = None


# --- reading pieces --------------------------------------------------------------------------------------------------


def read_pieces(source: Source) -> Iterator[Piece]:
    """Read one source. What goes wrong does not raise; it is the `failure` of the last piece."""
    try:
        if source.form == "parquet":
            yield from importlib.import_module("predict.parquet").read_batches(source)
        elif source.path == STANDARD_INPUT:
            yield from _read_stream(source, standard_input(), None)
        else:
            with open(source.path, "rb") as raw:
                yield from _read_stream(source, decompressed(raw, split_name(source.path)[2]), raw)
    except Exception as error:
        yield Piece(source, failure=_reason(error), last=True)


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, EOFError | zlib.error) or type(error).__name__ in ("BadGzipFile", "ZstdError"):
        return f"not a whole compressed file ({one_line(error)})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return one_line(error)


def one_line(error: BaseException) -> str:
    """The text of an error without line feeds and of bounded length."""
    return " ".join(str(error).split())[:300]


def _read_stream(source: Source, stream: Readable, raw: BinaryIO | None) -> Iterator[Piece]:
    if source.form in TEXTS:
        yield _read_text(source, stream, raw)
    else:
        yield from _read_lines(source, stream, raw)


def _read_text(source: Source, stream: Readable, raw: BinaryIO | None) -> Piece:
    if source.form == "html":
        # One byte beyond what the reader takes: enough for it to refuse the page.
        limit = importlib.import_module("predict.html.bounds").MAX_HTML_BYTES
        return Piece(source, stream.read(limit + 1), last=True, consumed=raw.tell() if raw else 0)
    data = stream.read(MAX_RECORD_BYTES)
    if len(data) == MAX_RECORD_BYTES and stream.read(1):
        raise InputError(f"a text of more than {MAX_RECORD_BYTES >> 20} MB; pages in bulk are better given as .jsonl")
    return Piece(source, data, last=True, consumed=raw.tell() if raw else 0)


def _read_lines(source: Source, stream: Readable, raw: BinaryIO | None) -> Iterator[Piece]:
    """Read blocks of whole lines."""
    line, seen = 1, 0
    rest: list[bytes] = []  # a line whose end was not read yet
    size = 0

    def piece(data: bytes, *bad: Bad, last: bool = False) -> Piece:
        nonlocal seen
        before, seen = seen, raw.tell() if raw else 0
        return Piece(source, data, line, bad, last=last, consumed=seen - before)

    block = stream.read(BLOCK_BYTES)
    while block:
        cut = block.rfind(b"\n") + 1
        if cut:
            data = b"".join([*rest, block[:cut]])
            yield piece(data)
            line += data.count(b"\n")
            rest, size = [block[cut:]], len(block) - cut
            block = stream.read(BLOCK_BYTES)
        elif size + len(block) <= MAX_RECORD_BYTES:
            rest.append(block)
            size += len(block)
            block = stream.read(BLOCK_BYTES)
        else:
            head = b"".join(rest[:2])[:MAX_RAW_BYTES]
            rest, size = [], 0
            block = _after_line(stream)
            yield piece(b"", Bad(line, f"a line of more than {MAX_RECORD_BYTES >> 20} MB", head))
            line += 1
    yield piece(b"".join(rest), last=True)


def _after_line(stream: Readable) -> bytes:
    """Read to the end of a line; return what was read beyond it, or the next block, or nothing at the end."""
    while block := stream.read(BLOCK_BYTES):
        _, newline, after = block.partition(b"\n")
        if newline:
            return after or stream.read(BLOCK_BYTES)
    return b""


# --- from pieces to records ------------------------------------------------------------------------------------------


class BadRecord(Exception):
    """One record cannot be used; the text says why."""


def parse(piece: Piece) -> Parsed:
    """Turn a piece into records, setting aside what is none."""
    if piece.failure is not None:
        return Parsed(bad=list(piece.bad), failure=piece.failure)
    if piece.source.form == "text":
        return _parse_text(piece)
    if piece.source.form == "html":
        return _parse_html(piece)
    if piece.source.form == "parquet":
        try:
            rows = importlib.import_module("predict.parquet").rows_of(piece)
        except Exception as error:  # a value that Python has no form for
            return Parsed(failure=one_line(error))
        return _parse_each(piece, ((row, b"") for row in rows), lambda row: (row, True))
    data = piece.data.removeprefix(BOM) if piece.line == 1 else piece.data
    lines = ((line, line) for line in data.split(b"\n"))
    return _parse_each(piece, lines, parse_line)


def _parse_text(piece: Piece) -> Parsed:
    try:
        text = decode(piece.data).removeprefix("\ufeff")
    except BadRecord as error:
        return Parsed(failure=str(error))
    source = piece.source
    fields = {**_fields(source, source.title), "text": text}
    return Parsed([Record(1, fields, text, source.title, folder=source.folder)])


def _parse_html(piece: Piece) -> Parsed:
    try:
        page = importlib.import_module("predict.html.reader").read_html(piece.data)
    except InputError as error:
        return Parsed(failure=str(error))
    title = piece.source.title or page.title or None
    fields = _fields(piece.source, title)
    if page.language:
        fields["lang"] = page.language
    return Parsed([Record(1, {**fields, "paragraphs": page.texts}, page, title, folder=piece.source.folder)])


def _fields(source: Source, title: str | None) -> dict[str, Any]:
    """The fields of a record that is made of a whole file."""
    fields = {} if source.path == STANDARD_INPUT else {"id": split_name(source.name)[0]}
    return fields if title is None else {**fields, "title": title}


def _parse_each(piece: Piece, items: Iterable[tuple[Any, bytes]], read: Any) -> Parsed:
    parsed = Parsed(bad=list(piece.bad))
    folder = piece.source.folder
    for number, (item, raw) in enumerate(items, piece.line):
        if isinstance(item, bytes) and (not item or item.isspace()):
            continue
        try:
            fields, plain = read(item)
            texts = page_texts(fields)
        except Exception as error:
            known = isinstance(error, BadRecord)
            reason = str(error) if known else f"cannot be read: {type(error).__name__}: {one_line(error)}"
            parsed.bad.append(Bad(number, reason, raw[:MAX_RAW_BYTES]))
        else:
            title = fields.get("title")
            title = title if isinstance(title, str) else None
            parsed.records.append(Record(number, fields, texts, title, raw, plain, folder))
    return parsed


def decode(data: bytes) -> str:
    """Decode UTF-8. Raises BadRecord, which names the first byte that is not, counted from 0."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRecord(f"not UTF-8 at byte {error.start}") from None


def parse_line(line: bytes) -> tuple[dict[str, Any], bool]:
    """Read one JSON object; return it, and whether orjson can write it again as it was (see `Record.plain`).

    Lone surrogates become U+FFFD. Raises BadRecord.
    """
    plain = True
    try:
        fields = orjson.loads(line)
        plain = _is_exact(fields)
    except orjson.JSONDecodeError:
        plain = False
    except RecursionError:
        raise BadRecord("nested too deeply") from None
    if not plain:
        fields = _parse_leniently(line)
    if not isinstance(fields, dict):
        raise BadRecord(f"not a JSON object but {_type_name(fields)}")
    return fields, plain


def _parse_leniently(line: bytes) -> Any:
    """Read what Python's own parser reads beyond JSON proper: lone surrogates, NaN, whole numbers of any size."""
    text = decode(line).removeprefix("\ufeff")
    try:
        fields = json.loads(text)
        if "\\u" in text:
            fields = json.loads(_LONE_SURROGATE.sub("\ufffd", json.dumps(fields, ensure_ascii=False)))
    except json.JSONDecodeError as error:
        raise BadRecord(f"not JSON: {error.msg.removesuffix(' at')} at column {error.colno}") from None
    except ValueError as error:
        raise BadRecord(f"not JSON: {one_line(error)}") from None
    except RecursionError:
        raise BadRecord("nested too deeply") from None
    return fields


def _is_exact(value: Any) -> bool:
    """Whether orjson read all numbers as they were; whole ones beyond 64 bits become rounded floats."""
    if type(value) is float:
        return abs(value) < 2**63
    if type(value) is dict:
        return all(map(_is_exact, value.values()))
    return all(map(_is_exact, value)) if type(value) is list else True


def _type_name(value: object) -> str:
    return "null" if value is None else _TYPE_NAMES.get(type(value), type(value).__name__)


def page_texts(fields: dict[str, Any]) -> str | list[str]:
    """The page of a record: `paragraphs` if it has them, else `text`. Raises BadRecord."""
    paragraphs = fields.get("paragraphs")
    if paragraphs is not None:
        return _paragraph_texts(paragraphs)
    if "text" not in fields:
        raise BadRecord('"text" is missing')
    text = fields["text"]
    if not isinstance(text, str):
        raise BadRecord(f'"text" is {_type_name(text)}, wanted a string')
    return text


def _paragraph_texts(paragraphs: Any) -> list[str]:
    if not isinstance(paragraphs, list):
        raise BadRecord(f'"paragraphs" is {_type_name(paragraphs)}, wanted a list')
    texts: list[Any] = [item.get("text") if isinstance(item, dict) else item for item in paragraphs]
    for number, (item, text) in enumerate(zip(paragraphs, texts), 1):
        if isinstance(text, str):
            continue
        if not isinstance(item, dict):
            raise BadRecord(f"paragraph {number} is {_type_name(item)}, wanted a string or an object")
        if "text" not in item:
            raise BadRecord(f'paragraph {number}: "text" is missing')
        raise BadRecord(f'paragraph {number}: "text" is {_type_name(text)}, wanted a string')
    return texts
