"""The corpus: labelled pages and paragraphs, read from JSON Lines and held to their format at this one border.

What a line may hold is said and checked in `train.records`. All problems are found in one pass, each named with its
file and line, so that they can be mended in one go; code behind this border need not check anything again.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import NamedTuple

import orjson

from predict.errors import NewsieveError
from train.records import Page, Paragraph, Problem, Record, Single, Standoff, parse_record, show
from train.standoff import apply_standoff

HELD_OUT = PurePath("pages/test.jsonl")  # of a data folder: kept out of training, to measure with
_PARTS = ("pages", "paragraphs", "standoff")  # subfolders of a data folder
_PROBLEMS_SHOWN = 20


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
    """All that was read, in the order in which it was given. standoff: labels that stand on the pages by now, where
    these were read."""

    pages: tuple[Page, ...]
    singles: tuple[Single, ...]
    files: tuple[CorpusFile, ...]
    standoff: tuple[Standoff, ...] = ()

    def entries(self) -> Iterator[Entry]:
        """Yield every paragraph, those of pages first."""
        for page in self.pages:
            for number, paragraph in enumerate(page.paragraphs, 1):
                yield Entry(paragraph, page.lang, page.source_file, page.line, number)
        for single in self.singles:
            yield Entry(single.paragraph, single.lang, single.source_file, single.line, None)


class CorpusError(NewsieveError):
    """The corpus is not in its format. The text has the first problems, one a line; `problems` has all."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        lines = [str(problem) for problem in problems[:_PROBLEMS_SHOWN]]
        if len(problems) > _PROBLEMS_SHOWN:
            lines.append(f"... and {len(problems) - _PROBLEMS_SHOWN:,} more problems")
        super().__init__("\n".join(lines))
        self.problems = tuple(problems)


def read_corpus(paths: Sequence[Path]) -> Corpus:
    """Read .jsonl and .jsonl.gz files, and data folders: `pages/*.jsonl` except HELD_OUT, `paragraphs/*.jsonl`, and
    `standoff/*.jsonl`, labels that go to the pages they name, from whatever file these come.

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
    standoff: list[Standoff] = []
    files: list[CorpusFile] = []
    for path in _files(paths, held_out, problems):
        content = _content(path, problems)
        if content is None:
            continue
        name = str(path)
        records = 0
        for line, record in _records(content.text, name, problems):
            records += 1
            parsed = parse_record(record, name, line, problems)
            if isinstance(parsed, Page):
                pages.append(parsed)
            elif isinstance(parsed, Single):
                singles.append(parsed)
            elif isinstance(parsed, Standoff):
                standoff.append(parsed)
        files.append(CorpusFile(name, content.sha256, records))
    pages = apply_standoff(pages, standoff, problems)
    return Corpus(tuple(pages), tuple(singles), tuple(files), tuple(standoff)), problems


def is_held_out(file: str) -> bool:
    """Whether this is the file of a data folder that is kept out of training."""
    return PurePath(file).parts[-2:] == HELD_OUT.parts


def _files(paths: Sequence[Path], held_out: bool, problems: list[Problem]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = [file for part in _PARTS for file in sorted(path.glob(f"{part}/*.jsonl"))]
            if not found:
                problems.append(
                    Problem(
                        str(path),
                        0,
                        "a data folder holds pages/*.jsonl, paragraphs/*.jsonl or standoff/*.jsonl; this has none",
                    )
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
                problems.append(Problem(file, line, f"not a JSON object but {show(record)}"))
