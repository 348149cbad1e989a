"""The corpus: labelled pages and paragraphs, read from JSON Lines and held to their format at this one border.

A page is a line `{"id", "lang", "title", "paragraphs": [...]}`, optionally with `publisher` and `fold`; each of its
paragraphs is `{"text", "kind"?, "flags"?, "designation"?}`, and one without `kind` is context: seen, not learned from.
A single paragraph is a line `{"text", "lang", "kind", "flags"?, "designation"?, "publisher"?, "fold"?}`.

What a model learns from a mistyped key or kind is wrong silently. So nothing is guessed here: every record is either
exactly in the format or named with its file and line. All problems are found in one pass, so that they can be mended
in one go; code behind this border need not check anything again.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePath
from typing import Any, NamedTuple, TypeVar

import orjson

from predict.errors import NewsieveError
from predict.labels import Flag, Kind, Status
from predict.tokens import MAX_PARAGRAPH_CHARS

HELD_OUT = PurePath("pages/test.jsonl")  # of a data folder: kept out of training, to measure with
MAX_FOLD = 99
_PROBLEMS_SHOWN = 20
_PARAGRAPH_KEYS = ("text", "kind", "flags", "designation")
_SINGLE_KEYS = (*_PARAGRAPH_KEYS, "lang", "publisher", "fold")
_STATE = re.compile("[A-Z]{2}")

Record = dict[str, Any]
Say = Callable[[str], None]
Name = TypeVar("Name", bound=Enum)


@dataclass(frozen=True)
class Designation:
    """A status that a state gave the publisher. state: ISO 3166 code of two capitals; None if none is named."""

    status: Status
    state: str | None


@dataclass(frozen=True)
class Paragraph:
    """One paragraph. kind: None for context. designation: only with the flag of that name."""

    text: str
    kind: Kind | None
    flags: frozenset[Flag]
    designation: Designation | None


@dataclass(frozen=True)
class Page:
    """A whole page. lang, title: empty where unknown. fold: 0 to MAX_FOLD. line: of `source_file`, from 1."""

    id: str
    lang: str
    title: str
    publisher: str | None
    fold: int | None
    paragraphs: tuple[Paragraph, ...]
    source_file: str
    line: int


@dataclass(frozen=True)
class Single:
    """A paragraph without a page; its kind is never None. The other fields are those of Page."""

    paragraph: Paragraph
    lang: str
    publisher: str | None
    fold: int | None
    source_file: str
    line: int


class CorpusFile(NamedTuple):
    """A file that was read: its name as given, the SHA-256 of its bytes in hex, and how many records it holds."""

    name: str
    sha256: str
    records: int


class Entry(NamedTuple):
    """A paragraph and where it stands: `number` is its place on its page, from 1, and None for a single paragraph."""

    paragraph: Paragraph
    lang: str
    file: str
    line: int
    number: int | None


@dataclass(frozen=True)
class Corpus:
    """All that was read, in the order in which it was given."""

    pages: tuple[Page, ...]
    singles: tuple[Single, ...]
    files: tuple[CorpusFile, ...]

    def entries(self) -> Iterator[Entry]:
        """Yield every paragraph, those of pages first."""
        for page in self.pages:
            for number, paragraph in enumerate(page.paragraphs, 1):
                yield Entry(paragraph, page.lang, page.source_file, page.line, number)
        for single in self.singles:
            yield Entry(single.paragraph, single.lang, single.source_file, single.line, None)


class Problem(NamedTuple):
    """Something to be mended. line: from 1; 0 where it is the file as a whole."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}" if self.line else f"{self.file}: {self.what}"


class CorpusError(NewsieveError):
    """The corpus is not in its format. The text has the first problems, one a line; `problems` has all."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        lines = [str(problem) for problem in problems[:_PROBLEMS_SHOWN]]
        if len(problems) > _PROBLEMS_SHOWN:
            lines.append(f"... and {len(problems) - _PROBLEMS_SHOWN:,} more problems")
        super().__init__("\n".join(lines))
        self.problems = tuple(problems)


def read_corpus(paths: Sequence[Path]) -> Corpus:
    """Read .jsonl and .jsonl.gz files, and data folders: `pages/*.jsonl` except HELD_OUT, then `paragraphs/*.jsonl`.

    Raises CorpusError if anything in them is not in the format.
    """
    corpus, problems = parse_corpus(paths)
    if problems:
        raise CorpusError(problems)
    return corpus


def parse_corpus(paths: Sequence[Path], *, held_out: bool = False) -> tuple[Corpus, list[Problem]]:
    """Read like `read_corpus`, with HELD_OUT too if asked; return the records that are sound, and all problems."""
    problems: list[Problem] = []
    pages: list[Page] = []
    singles: list[Single] = []
    files: list[CorpusFile] = []
    for path in _files(paths, held_out, problems):
        content = _content(path, problems)
        if content is None:
            continue
        name = str(path)
        records = 0
        for line, record in _records(content.text, name, problems):
            records += 1
            parsed = _parse(record, name, line, problems)
            if isinstance(parsed, Page):
                pages.append(parsed)
            elif isinstance(parsed, Single):
                singles.append(parsed)
        files.append(CorpusFile(name, content.sha256, records))
    return Corpus(tuple(pages), tuple(singles), tuple(files)), problems


def is_held_out(file: str) -> bool:
    """Whether this is the file of a data folder that is kept out of training."""
    return PurePath(file).parts[-2:] == HELD_OUT.parts


def _files(paths: Sequence[Path], held_out: bool, problems: list[Problem]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = [*sorted(path.glob("pages/*.jsonl")), *sorted(path.glob("paragraphs/*.jsonl"))]
            if not found:
                problems.append(
                    Problem(str(path), 0, "a data folder holds pages/*.jsonl or paragraphs/*.jsonl; this has neither")
                )
            yield from (file for file in found if held_out or not is_held_out(str(file)))
        elif path.name.endswith((".jsonl", ".jsonl.gz")):
            yield path
        else:
            problems.append(Problem(str(path), 0, "not a folder, nor a file named .jsonl or .jsonl.gz"))


class _Content(NamedTuple):
    text: bytes
    sha256: str


def _content(path: Path, problems: list[Problem]) -> _Content | None:
    try:
        data = path.read_bytes()
        text = gzip.decompress(data) if path.suffix == ".gz" else data
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        problems.append(Problem(str(path), 0, f"not a whole gzip file: {error}"))
    except OSError as error:
        problems.append(Problem(str(path), 0, f"cannot be read: {error.strerror or error}"))
    else:
        return _Content(text.removeprefix(codecs.BOM_UTF8), hashlib.sha256(data).hexdigest())
    return None


def _records(text: bytes, file: str, problems: list[Problem]) -> Iterator[tuple[int, Record]]:
    """Yield the number and the object of each line that holds one; blank lines are let through."""
    if not text.strip():
        problems.append(Problem(file, 0, "holds no records"))
    for line, raw in enumerate(text.split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            record = orjson.loads(raw.decode())
        except UnicodeDecodeError as error:
            problems.append(
                Problem(file, line, f"not UTF-8: byte 0x{raw[error.start]:02x} at offset {error.start} of the line")
            )
        except orjson.JSONDecodeError as error:
            problems.append(Problem(file, line, f"not JSON: {error.msg} (character {error.pos + 1} of the line)"))
        else:
            if isinstance(record, dict):
                yield line, record
            else:
                problems.append(Problem(file, line, f"not a JSON object but {_show(record)}"))


def _parse(record: Record, file: str, line: int, problems: list[Problem]) -> Page | Single | None:
    """Return the record as an object, or None and say all that is wrong with it."""
    wrong: list[str] = []
    parsed = (_page if "paragraphs" in record else _single)(record, file, line, wrong.append)
    problems += (Problem(file, line, what) for what in wrong)
    return None if wrong else parsed


# The functions below each read one thing. What is wrong they say, and return a stand-in that goes no further.


def _page(record: Record, file: str, line: int, say: Say) -> Page:
    return Page(
        id=_string(record, "id", say),
        lang=_string(record, "lang", say, may_be_empty=True),
        title=_string(record, "title", say, may_be_empty=True),
        publisher=_publisher(record, say),
        fold=_fold(record, say),
        paragraphs=_paragraphs(record["paragraphs"], say),
        source_file=file,
        line=line,
    )


def _single(record: Record, file: str, line: int, say: Say) -> Single:
    _refuse_others(record, _SINGLE_KEYS, say)
    if "kind" not in record:
        say('"kind" is missing')
    return Single(
        paragraph=_paragraph(record, say),
        lang=_string(record, "lang", say, may_be_empty=True),
        publisher=_publisher(record, say),
        fold=_fold(record, say),
        source_file=file,
        line=line,
    )


def _paragraphs(values: Any, say: Say) -> tuple[Paragraph, ...]:
    if not isinstance(values, list) or not values:
        say(f'"paragraphs" is {_show(values)}; a list of at least one paragraph is wanted')
        return ()
    found = []
    for number, value in enumerate(values, 1):
        say_where = _prefixed(f"paragraph {number}: ", say)
        if isinstance(value, dict):
            _refuse_others(value, _PARAGRAPH_KEYS, say_where)
            found.append(_paragraph(value, say_where))
        else:
            say_where(f"not a JSON object but {_show(value)}")
    return tuple(found)


def _paragraph(record: Record, say: Say) -> Paragraph:
    text = _string(record, "text", say)
    if len(text) > MAX_PARAGRAPH_CHARS:
        say(f'"text" has {len(text):,} characters; at most {MAX_PARAGRAPH_CHARS:,} are read')
    kind = _name(Kind, record["kind"], "kind", say) if "kind" in record else None
    flags = _flags(record.get("flags", []), say)
    if flags and "kind" not in record:
        say('"flags" without "kind": a paragraph without a kind is not learned from')
    if kind is Kind.self_description and record.get("flags", []) == []:
        say(f"a self_description has at least one of the flags {_names(Flag)}")
    designation = _designation(record["designation"], say) if "designation" in record else None
    if "designation" in record and Flag.designation not in flags:
        say('"designation" without the flag designation')
    return Paragraph(text, kind, flags, designation)


def _flags(values: Any, say: Say) -> frozenset[Flag]:
    if not isinstance(values, list):
        say(f'"flags" is {_show(values)}; a list is wanted')
        return frozenset()
    found = [flag for value in values if (flag := _name(Flag, value, "flags", say)) is not None]
    if len(set(found)) < len(found):
        say(f'"flags" names a flag twice: {_show(values)}')
    return frozenset(found)


def _designation(value: Any, say: Say) -> Designation | None:
    if not isinstance(value, dict) or value.keys() != {"status", "state"}:
        say(f'"designation" is {_show(value)}; an object of "status" and "state" is wanted')
        return None
    status = _name(Status, value["status"], "status", say)
    state = value["state"]
    if state is not None and not (isinstance(state, str) and _STATE.fullmatch(state)):
        say(f'"state" is {_show(state)}; an ISO 3166 code of two capitals is wanted, or null')
        return None
    return None if status is None else Designation(status, state)


def _string(record: Record, key: str, say: Say, *, may_be_empty: bool = False) -> str:
    if key not in record:
        say(f'"{key}" is missing')
        return ""
    value = record[key]
    if not isinstance(value, str):
        say(f'"{key}" is {_show(value)}; a string is wanted')
        return ""
    if not may_be_empty and not value.strip():
        say(f'"{key}" is empty')
    return value


def _publisher(record: Record, say: Say) -> str | None:
    return _string(record, "publisher", say, may_be_empty=True) if "publisher" in record else None


def _fold(record: Record, say: Say) -> int | None:
    if "fold" not in record:
        return None
    value = record["fold"]
    if type(value) is int and 0 <= value <= MAX_FOLD:  # a bool is no fold
        return value
    say(f'"fold" is {_show(value)}; a whole number from 0 to {MAX_FOLD} is wanted')
    return None


def _name(names: type[Name], value: Any, key: str, say: Say) -> Name | None:
    if isinstance(value, str) and value in names.__members__:
        return names[value]
    say(f'"{key}" has {_show(value)}; known are {_names(names)}')
    return None


def _refuse_others(record: Record, known: Sequence[str], say: Say) -> None:
    for key in record:
        if key not in known:
            say(f"unknown key {_show(key)}; known are {', '.join(known)}")


def _prefixed(prefix: str, say: Say) -> Say:
    return lambda what: say(prefix + what)


def _names(names: type[Enum]) -> str:
    return ", ".join(names.__members__)


def _show(value: Any) -> str:
    """Quote a value of a record in one short line."""
    text = orjson.dumps(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."
