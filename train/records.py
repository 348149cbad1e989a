"""Records of labelled data: what one line of the corpus may hold, and what is wrong with one that does not.

A page is a line `{"id", "lang", "title", "paragraphs": [...]}`, optionally with `publisher` and `fold`; each of its
paragraphs is `{"text", "kind"?, "flags"?, "designation"?}`, and one without `kind` is context: seen, not learned from.
A single paragraph is a line `{"text", "lang", "kind", "flags"?, "designation"?, "publisher"?, "fold"?}`. Standoff
labels are a line `{"page", "paragraphs": [{"number", "sha256", "kind", "flags"?}]}`: further labels of a page whose
text stands elsewhere (`train.standoff`).

What a model learns from a mistyped key or kind is wrong silently. So nothing is guessed here: a record is either
exactly in the format, or everything that is wrong with it is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple, TypeVar

import orjson

from predict.labels import Flag, Kind, Status
from predict.tokens import MAX_PARAGRAPH_CHARS

MAX_FOLD = 99
DIGEST_CHARS = 16  # of the SHA-256 by which standoff labels know their paragraph
_PARAGRAPH_KEYS = ("text", "kind", "flags", "designation")
_SINGLE_KEYS = (*_PARAGRAPH_KEYS, "lang", "publisher", "fold")
_STANDOFF_KEYS = ("number", "sha256", "kind", "flags")
_STATE = re.compile("[A-Z]{2}")
_DIGEST = re.compile(f"[0-9a-f]{{{DIGEST_CHARS}}}")

Record = dict[str, Any]
Say = Callable[[str], None]
Name = TypeVar("Name", bound=Enum)


class Problem(NamedTuple):
    """Something to be mended. line: from 1; 0 where it is the file as a whole."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}" if self.line else f"{self.file}: {self.what}"


@dataclass(frozen=True)
class Designation:
    """A status that a state gave the publisher. state: ISO 3166 code of two capitals; None if none is named."""

    status: Status
    state: str | None


@dataclass(frozen=True)
class Paragraph:
    """One paragraph. kind: None for context. designation: only with the flag of that name. standoff: whether kind and
    flags come from standoff labels: they are learned from, and nothing is measured by them."""

    text: str
    kind: Kind | None
    flags: frozenset[Flag]
    designation: Designation | None
    standoff: bool = False

    @property
    def measured(self) -> bool:
        """Whether answers are measured by its kind."""
        return self.kind is not None and not self.standoff


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


class StandoffLabel(NamedTuple):
    """What a paragraph is. number: its place on its page, from 1. sha256: of its text, DIGEST_CHARS digits of it."""

    number: int
    sha256: str
    kind: Kind
    flags: frozenset[Flag]


@dataclass(frozen=True)
class Standoff:
    """Labels of paragraphs on the page with the id `page`, whose text stands elsewhere."""

    page: str
    labels: tuple[StandoffLabel, ...]
    source_file: str
    line: int


def parse_record(record: Record, file: str, line: int, problems: list[Problem]) -> Page | Single | Standoff | None:
    """Return the record as an object, or None and say all that is wrong with it."""
    wrong: list[str] = []
    read = _standoff if "page" in record and "id" not in record else _page if "paragraphs" in record else _single
    parsed = read(record, file, line, wrong.append)
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


def _standoff(record: Record, file: str, line: int, say: Say) -> Standoff:
    _refuse_others(record, ("page", "paragraphs"), say)
    labels = []
    for value, say_where in _objects(record.get("paragraphs"), say):
        _refuse_others(value, _STANDOFF_KEYS, say_where)
        number, digest = value.get("number"), value.get("sha256")
        if type(number) is not int or number < 1:
            say_where(f'"number" is {show(number)}; a whole number from 1 is wanted')
        elif not (isinstance(digest, str) and _DIGEST.fullmatch(digest)):
            say_where(f'"sha256" is {show(digest)}; the first {DIGEST_CHARS} digits of it are wanted, in small letters')
        elif (kind := _name(Kind, value.get("kind"), "kind", say_where)) is not None:
            flags = _flags(value.get("flags", []), say_where)
            _require_flag(kind, flags, say_where)
            if Flag.designation in flags:
                say_where("the flag designation wants its status and state, which standoff labels do not have")
            labels.append(StandoffLabel(number, digest, kind, flags))
    if len({label.number for label in labels}) < len(labels):
        say("a paragraph is labelled twice")
    return Standoff(_string(record, "page", say), tuple(labels), file, line)


def _paragraphs(values: Any, say: Say) -> tuple[Paragraph, ...]:
    found = []
    for value, say_where in _objects(values, say):
        _refuse_others(value, _PARAGRAPH_KEYS, say_where)
        found.append(_paragraph(value, say_where))
    return tuple(found)


def _objects(values: Any, say: Say) -> Iterator[tuple[Record, Say]]:
    """Yield each object of a list of paragraphs, with how to say what is wrong with it."""
    if not isinstance(values, list) or not values:
        say(f'"paragraphs" is {show(values)}; a list of at least one paragraph is wanted')
        return
    for number, value in enumerate(values, 1):
        say_where = _prefixed(f"paragraph {number}: ", say)
        if isinstance(value, dict):
            yield value, say_where
        else:
            say_where(f"not a JSON object but {show(value)}")


def _paragraph(record: Record, say: Say) -> Paragraph:
    text = _string(record, "text", say)
    if len(text) > MAX_PARAGRAPH_CHARS:
        say(f'"text" has {len(text):,} characters; at most {MAX_PARAGRAPH_CHARS:,} are read')
    kind = _name(Kind, record["kind"], "kind", say) if "kind" in record else None
    flags = _flags(record.get("flags", []), say)
    if flags and "kind" not in record:
        say('"flags" without "kind": a paragraph without a kind is not learned from')
    _require_flag(kind, record.get("flags", []), say)
    designation = _designation(record["designation"], say) if "designation" in record else None
    if "designation" in record and Flag.designation not in flags:
        say('"designation" without the flag designation')
    return Paragraph(text, kind, flags, designation)


def _require_flag(kind: Kind | None, flags: Any, say: Say) -> None:
    if kind is Kind.self_description and not flags and isinstance(flags, (list, frozenset)):
        say(f"a self_description has at least one of the flags {_names(Flag)}")


def _flags(values: Any, say: Say) -> frozenset[Flag]:
    if not isinstance(values, list):
        say(f'"flags" is {show(values)}; a list is wanted')
        return frozenset()
    found = [flag for value in values if (flag := _name(Flag, value, "flags", say)) is not None]
    if len(set(found)) < len(found):
        say(f'"flags" names a flag twice: {show(values)}')
    return frozenset(found)


def _designation(value: Any, say: Say) -> Designation | None:
    if not isinstance(value, dict) or value.keys() != {"status", "state"}:
        say(f'"designation" is {show(value)}; an object of "status" and "state" is wanted')
        return None
    status = _name(Status, value["status"], "status", say)
    state = value["state"]
    if state is not None and not (isinstance(state, str) and _STATE.fullmatch(state)):
        say(f'"state" is {show(state)}; an ISO 3166 code of two capitals is wanted, or null')
        return None
    return None if status is None else Designation(status, state)


def _string(record: Record, key: str, say: Say, *, may_be_empty: bool = False) -> str:
    if key not in record:
        say(f'"{key}" is missing')
        return ""
    value = record[key]
    if not isinstance(value, str):
        say(f'"{key}" is {show(value)}; a string is wanted')
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
    say(f'"fold" is {show(value)}; a whole number from 0 to {MAX_FOLD} is wanted')
    return None


def _name(names: type[Name], value: Any, key: str, say: Say) -> Name | None:
    if isinstance(value, str) and value in names.__members__:
        return names[value]
    say(f'"{key}" has {show(value)}; known are {_names(names)}')
    return None


def _refuse_others(record: Record, known: Sequence[str], say: Say) -> None:
    for key in record:
        if key not in known:
            say(f"unknown key {show(key)}; known are {', '.join(known)}")


def _prefixed(prefix: str, say: Say) -> Say:
    return lambda what: say(prefix + what)


def _names(names: type[Enum]) -> str:
    return ", ".join(names.__members__)


def show(value: Any) -> str:
    """Quote a value of a record in one short line."""
    text = orjson.dumps(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."
