"""The check: what a contributor runs before data is learned from.

The format is checked where it is read, in `train.records`. On top of that come the things that only the whole
collection can show: a page id given twice, a paragraph that says what another one says already, a designation of
which nobody wrote down what it is. Then counts and vocabulary, which are no problems, only figures to judge by.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from predict.labels import FLAGS, KINDS, Flag, Kind, Status
from train.corpus import Corpus, CorpusError, Entry, is_held_out, parse_corpus, read_corpus
from train.near_duplicates import near_duplicates, normalise
from train.records import Problem
from train.tables import format_table
from train.vocabulary import format_vocabulary, vocabulary

# Lines of a page's interface that are no longer than this ("Share", "Read also") recur by nature.
_RECURRING_CHARS = 60
_QUOTED_CHARS = 50

PAGES, HELD_OUT_PAGES, SINGLES = "pages", "held-out pages", "single paragraphs"
PARTS = (PAGES, HELD_OUT_PAGES, SINGLES)
CONTEXT = "(context)"  # counted in place of a kind where there is none

Tally = Counter[tuple[str, str, str]]  # (one of PARTS, language, name) -> number of paragraphs


@dataclass(frozen=True)
class Counts:
    """How many sound paragraphs there are by part, language and name of the kind, flag or status.

    pages: number of pages by (part, language). standoff: number of standoff labels by kind, whether their pages are
    here or not; standoff_pages: of pages that they are about.
    """

    pages: Counter[tuple[str, str]] = field(default_factory=Counter)
    kinds: Tally = field(default_factory=Counter)
    flags: Tally = field(default_factory=Counter)
    statuses: Tally = field(default_factory=Counter)
    standoff: Counter[str] = field(default_factory=Counter)
    standoff_pages: int = 0


def total(tally: Tally, part: str, *, lang: str | None = None, name: str | None = None) -> int:
    """Add up the counts of one part, of one language and name or of all."""
    return sum(
        n
        for (its_part, its_lang, its_name), n in tally.items()
        if its_part == part and lang in (None, its_lang) and name in (None, its_name)
    )


def check(path: Path) -> tuple[list[Problem], Counts]:
    """Check a data folder, held-out pages and all, or one file.

    Returns its problems in order of place, and the counts of what is sound.
    """
    corpus, problems = _examine(path)
    return problems, count(corpus)


def run_check(path: Path, reference: Path | None = None) -> int:
    """Print problems, one a line, to standard error and figures to standard output; return the exit code, 0 or 2.

    With `reference`, a file of real pages, its vocabulary is put beside that of the data.
    """
    corpus, problems = _examine(path)
    for problem in problems:
        print(problem, file=sys.stderr)
    try:
        real = None if reference is None else read_corpus([reference])
    except CorpusError as error:
        print(error, file=sys.stderr)
        return 2
    print(format_counts(count(corpus)), format_vocabulary(vocabulary(corpus, real)), sep="\n\n")
    return 2 if problems else 0


def _examine(path: Path) -> tuple[Corpus, list[Problem]]:
    corpus, problems = parse_corpus([path], held_out=True)
    entries = list(corpus.entries())
    problems += [*_repeated_ids(corpus), *_undesignated(entries), *_duplicates(entries)]
    place = {file.name: number for number, file in enumerate(corpus.files)}
    return corpus, sorted(problems, key=lambda problem: (place.get(problem.file, -1), problem.line))


def _repeated_ids(corpus: Corpus) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for page in corpus.pages:
        here = f"{page.source_file}:{page.line}"
        there = first.setdefault(page.id, here)
        if there != here:
            yield Problem(page.source_file, page.line, f'"id" is {_quote(page.id)}, as in {there}')


def _undesignated(entries: Sequence[Entry]) -> Iterator[Problem]:
    for entry in entries:
        if Flag.designation in entry.paragraph.flags and entry.paragraph.designation is None:
            what = 'the flag designation wants the field "designation": {"status", "state"}'
            yield Problem(entry.file, entry.line, f"{_numbered(entry)}{what}")


def _duplicates(entries: Sequence[Entry]) -> Iterator[Problem]:
    """Name each paragraph that repeats an earlier one, once, with the first one it repeats."""
    yield from _contradictions(entries)
    groups: defaultdict[tuple[Kind, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        kind = entry.paragraph.kind
        if kind is not None and (entry.number is None or len(entry.paragraph.text) > _RECURRING_CHARS):
            groups[kind, entry.lang].append(entry)
    for group in groups.values():
        # Equal texts are told apart first: a thousand copies of one would make half a million pairs.
        distinct: dict[str, Entry] = {}
        for entry in group:
            text = normalise(entry.paragraph.text) or entry.paragraph.text  # "❤" has no letters
            first = distinct.setdefault(text, entry)
            if first is not entry:
                yield _repeats(entry, "the same text as", first)
        kept = list(distinct.values())
        partners = {later: earlier for earlier, later in reversed(near_duplicates(list(distinct)))}
        yield from (_repeats(kept[later], "nearly the same text as", kept[i]) for later, i in partners.items())


def _contradictions(entries: Sequence[Entry]) -> Iterator[Problem]:
    """Single paragraphs with the very same text but another kind: alone on their lines, nothing tells them apart."""
    first: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        if entry.number is None:
            other = first.setdefault((entry.lang, entry.paragraph.text), entry)
            if other.paragraph.kind is not entry.paragraph.kind:
                yield _repeats(entry, f"{entry.paragraph.kind} here, {other.paragraph.kind} in", other)


def _repeats(entry: Entry, how: str, other: Entry) -> Problem:
    there = f"{other.file}:{other.line}" + (f", paragraph {other.number}" if other.number else "")
    return Problem(entry.file, entry.line, f"{_numbered(entry)}{how} {there}: {_quote(entry.paragraph.text)}")


def _numbered(entry: Entry) -> str:
    return "" if entry.number is None else f"paragraph {entry.number}: "


def _quote(text: str) -> str:
    return orjson.dumps(text if len(text) <= _QUOTED_CHARS else text[: _QUOTED_CHARS - 1] + "…").decode()


def count(corpus: Corpus) -> Counts:
    """Count what there is."""
    counts = Counts(standoff_pages=len({record.page for record in corpus.standoff}))
    counts.standoff.update(str(label.kind) for record in corpus.standoff for label in record.labels)
    for page in corpus.pages:
        counts.pages[_page_part(page.source_file), page.lang] += 1
    for entry in corpus.entries():
        part = SINGLES if entry.number is None else _page_part(entry.file)
        paragraph = entry.paragraph
        counts.kinds[part, entry.lang, str(paragraph.kind or CONTEXT)] += 1
        counts.flags.update((part, entry.lang, str(flag)) for flag in paragraph.flags)
        if paragraph.designation is not None:
            counts.statuses[part, entry.lang, str(paragraph.designation.status)] += 1
    return counts


def _page_part(file: str) -> str:
    return HELD_OUT_PAGES if is_held_out(file) else PAGES


def format_counts(counts: Counts) -> str:
    """Return tables by language, kind, flag and status of designation; pages and single paragraphs stand apart."""
    tables = [
        _language_table(counts),
        _name_table("kind", [*map(str, KINDS), CONTEXT], counts.kinds),
        _name_table("flag", list(map(str, FLAGS)), counts.flags),
        _name_table("designation", list(map(str, Status)), counts.statuses),
        *([format_standoff(counts)] if counts.standoff else []),
    ]
    return "\n\n".join(tables)


def format_standoff(counts: Counts) -> str:
    """Say in a sentence how many standoff labels there are."""
    by_kind = ", ".join(f"{kind} {counts.standoff[str(kind)]:,}" for kind in KINDS)
    labels, pages = f"{counts.standoff.total():,}", f"{counts.standoff_pages:,}"
    return f"Standoff labels: {labels} on {pages} pages, whose text is not part of them: {by_kind}."


def _language_table(counts: Counts) -> str:
    header = ["language", PAGES, "their paragraphs", HELD_OUT_PAGES, "their paragraphs", SINGLES]
    rows = []
    for lang in sorted({lang for _, lang, _ in counts.kinds}):
        on_pages, held_out, singles = (total(counts.kinds, part, lang=lang) for part in PARTS)
        pages, held_out_pages = (counts.pages[part, lang] for part in (PAGES, HELD_OUT_PAGES))
        rows.append((lang or "(unknown)", [pages, on_pages, held_out_pages, held_out, singles]))
    return _summed_table(header, rows)


def _name_table(title: str, names: Sequence[str], tally: Tally) -> str:
    header = [title, f"on {PAGES}", f"on {HELD_OUT_PAGES}", SINGLES]
    return _summed_table(header, [(name, [total(tally, part, name=name) for part in PARTS]) for name in names])


def _summed_table(header: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]]) -> str:
    sums = [sum(numbers[column] for _, numbers in rows) for column in range(len(header) - 1)]
    return format_table(header, [[name, *numbers] for name, numbers in [*rows, ("all", sums)]])
