"""The pipeline: pieces in, outcomes out, in order, in constant memory.

    sources ──read──▶ chunks of pieces ──work──▶ outcomes ──deliver──▶ outputs

`work` is one function from raw pieces to finished bytes. With one job it is called here; with several, the same
function runs in worker processes that load the model once each, and only a fixed number of chunks is under way at a
time, so that neither a slow disk nor a slow worker makes memory grow. Chunks depend neither on the number of jobs nor
on what an interrupted run had finished, and so neither do the answers, to the last bit.
"""

from __future__ import annotations

import importlib
import os
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from predict.classifier import Classifier
from predict.errors import InputError
from predict.forms import Transform, encode
from predict.page import Page
from predict.records import Bad, Parsed, Piece, Record, Source, one_line, parse, read_pieces
from predict.streams import BLOCK_BYTES, TEXTS

if TYPE_CHECKING:
    from concurrent.futures import Future

_AHEAD = 2  # chunks under way for each worker: one at work, one waiting

Chunk = list[Piece]


@dataclass(frozen=True)
class Outcome:
    """What became of a piece: `data` for the output of its source, and what was set aside.

    read: number of records, those that were set aside included.
    """

    source: Source
    data: Any
    read: int
    bad: list[Bad]
    failure: str | None
    last: bool
    ends_group: bool
    consumed: int


# --- chunks ----------------------------------------------------------------------------------------------------------


def chunks(sources: Sequence[Source], finished: Collection[int] = ()) -> Iterator[Chunk]:
    """Read sources in order, about BLOCK_BYTES at a time; short texts and HTML pages that follow each other share a
    chunk.

    A chunk whose sources are all `finished` (by index) is left out. One with some of them is read whole, so that its
    pages are classified in the company they would have had in an uninterrupted run.
    """
    for group in _groups(sources):
        if all(source.index in finished for source in group):
            continue
        if group[0].form in TEXTS:
            yield [piece for source in group for piece in read_pieces(source)]
        else:
            yield from ([piece] for source in group for piece in read_pieces(source))


def _groups(sources: Sequence[Source]) -> Iterator[list[Source]]:
    group: list[Source] = []
    size = 0
    for source in sources:
        if source.form not in TEXTS:
            if group:
                yield group
            yield [source]
            group, size = [], 0
            continue
        group.append(source)
        size += _size(source)
        if size >= BLOCK_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _size(source: Source) -> int:
    try:
        return os.stat(source.path).st_size
    except OSError:  # named when it is read
        return 0


# --- work ------------------------------------------------------------------------------------------------------------


def work(sieve: Classifier, transform: Transform, chunk: Chunk) -> list[Outcome]:
    """Classify the pages of a chunk together and make of each piece what its output takes."""
    parsed = [parse(piece) for piece in chunk]
    pages = _classify([record for part in parsed for record in part.records], sieve)
    return [_outcome(piece, part, transform, pages) for piece, part in zip(chunk, parsed)]


def _classify(records: list[Record], sieve: Classifier) -> Iterator[Page | Exception]:
    """All pages at once; if one of them breaks the batch, each alone."""
    try:
        yield from list(sieve.classify_many([r.texts for r in records], [r.title for r in records]))
    except Exception:
        for record in records:
            try:
                yield sieve.classify(record.texts, record.title)
            except Exception as error:
                yield error


def _outcome(piece: Piece, part: Parsed, transform: Transform, pages: Iterator[Page | Exception]) -> Outcome:
    made: list[tuple[Record, Any]] = []
    bad, failure, data = part.bad, part.failure, None
    for record, page in zip(part.records, pages):
        try:
            if isinstance(page, Exception):
                raise page
            made.append((record, encode(record, transform(record, page), piece.source.output)))
        except Exception as error:  # whatever a stranger's page does, the others go on
            bad.append(Bad(record.line, f"cannot be classified: {type(error).__name__}: {one_line(error)}", record.raw))
    try:
        data = _joined(piece, made, transform)
    except Exception as error:
        failure = failure or f"cannot be written: {one_line(error)}"
    bad.sort(key=lambda each: each.line or 0)
    return Outcome(piece.source, data, len(made) + len(bad), bad, failure, piece.last, piece.ends_group, piece.consumed)


def _joined(piece: Piece, made: list[tuple[Record, Any]], transform: Transform) -> Any:
    if piece.source.output == "parquet":
        made_of = {record.line - piece.line: fields for record, fields in made}
        return importlib.import_module("predict.parquet").with_answers(piece.data, made_of, transform)
    if piece.source.output == "pages":
        return [each for _, each in made]
    return b"".join(each for _, each in made)


# --- one process or several ------------------------------------------------------------------------------------------


def run(
    sieve: Classifier, model: Path | None, transform: Transform, work_list: Iterable[Chunk], jobs: int = 1
) -> Generator[Outcome, None, None]:
    """Work on chunks, in order. model: the folder that `sieve` came from, which each worker process loads for itself.

    Close the iterator when it is not read to its end; that ends the workers.
    """
    if jobs == 1:
        for chunk in work_list:
            yield from work(sieve, transform, chunk)
        return
    workers = importlib.import_module("predict.workers").workers
    with workers(jobs, partial(_worker, model, transform)) as submit:
        under_way: deque[Future[list[Outcome]]] = deque()
        for chunk in work_list:
            under_way.append(submit(chunk))
            if len(under_way) >= jobs * _AHEAD:
                yield from under_way.popleft().result()
        while under_way:
            yield from under_way.popleft().result()


def _worker(model: Path | None, transform: Transform) -> Callable[[Chunk], list[Outcome]]:
    return partial(work, Classifier.load(model), transform)


# --- delivery --------------------------------------------------------------------------------------------------------


@dataclass
class Counts:
    """Records of a run: read = written + set_aside.

    A source that cannot be read to its end counts as one more record, set aside with all those whose output is gone.
    """

    read: int = 0
    written: int = 0
    set_aside: int = 0

    def add(self, other: Counts) -> None:
        """Add another count to this one."""
        self.read += other.read
        self.written += other.written
        self.set_aside += other.set_aside


class Output(Protocol):
    """Where the data of one source goes. final: what was written cannot be discarded."""

    final: bool

    def write(self, data: Any, ends_group: bool) -> None:
        """Take the data of one outcome."""

    def commit(self) -> None:
        """All is written: make it seen."""

    def discard(self) -> None:
        """Leave nothing behind."""


class Log(Protocol):
    """Where what was set aside goes."""

    def add(self, source: Source, bad: Bad) -> None:
        """Take one bad record or source."""

    def flush(self) -> None:
        """See to it that what was taken survives this process."""


def deliver(
    outcomes: Iterable[Outcome],
    open_output: Callable[[Source], Output | None],
    log: Log,
    seen: Callable[[Outcome], None],
    alone: bool = False,
) -> Counts:
    """Write outcomes, source by source.

    open_output: None for a source whose output is there already. seen: told of each outcome that was written. alone:
    there is only one source, and its failure is an InputError.
    """
    total = Counts()
    stream = iter(outcomes)
    for first in stream:
        stretch = _of_one_source(first, stream)
        output = open_output(first.source)
        if output is None:
            deque(stretch, maxlen=0)
            continue
        try:
            counts, failure = _write_source(stretch, output, log, seen)
            if failure is not None and alone:
                raise InputError(f"{first.source.name}: {failure}")
            if failure is not None:
                log.add(first.source, Bad(None, failure))
            # Before the output is seen: a run killed in between must not lose what it set aside.
            log.flush()
            if failure is None:
                output.commit()
            else:
                output.discard()
        except BaseException:
            output.discard()
            raise
        total.add(counts)
    return total


def _of_one_source(first: Outcome, stream: Iterator[Outcome]) -> Iterator[Outcome]:
    yield first
    while not first.last:
        first = next(stream)
        yield first


def _write_source(
    stretch: Iterable[Outcome], output: Output, log: Log, seen: Callable[[Outcome], None]
) -> tuple[Counts, str | None]:
    counts = Counts()
    failure: str | None = None
    for outcome in stretch:
        failure = failure or outcome.failure
        if failure is None:
            output.write(outcome.data, outcome.ends_group)
        for bad in outcome.bad:
            log.add(outcome.source, bad)
        counts.read += outcome.read
        counts.set_aside += len(outcome.bad)
        seen(outcome)
    if failure is not None:
        counts.read += 1
        counts.set_aside = counts.set_aside + 1 if output.final else counts.read
    counts.written = counts.read - counts.set_aside
    return counts, failure
