"""The data sheet: `README.md` of a data folder, whose figures are made from the files and never typed.

A data sheet that is counted by hand is wrong from the day after. So its prose is written by people, and what stands
between the two markers below is rendered here from what `train.check` counts; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from predict.errors import NewsieveError
from predict.labels import FLAGS, KINDS, Status
from train.check import CONTEXT, HELD_OUT_PAGES, PAGES, PARTS, SINGLES, Counts, Tally, count, format_standoff, total
from train.corpus import CorpusError, parse_corpus

SHEET = "README.md"
BEGIN, END = "<!-- counts -->", "<!-- /counts -->"


def write_data_sheet(folder: Path) -> None:
    """Bring the counts in the data sheet of a data folder up to date; nothing else in it changes.

    Raises CorpusError if a file of the folder is not in the format, NewsieveError if the sheet has no place for counts.
    """
    path = folder / SHEET
    sheet = path.read_bytes().decode("utf-8", "surrogateescape")  # bytes that are not ours to judge stay
    block = data_sheet_counts(count_folder(folder))
    path.write_bytes(replace_counts(sheet, block, str(path)).encode("utf-8", "surrogateescape"))


def count_folder(folder: Path) -> Counts:
    """Count a data folder, held-out pages and all. Raises CorpusError if a file is not in the format."""
    corpus, problems = parse_corpus([folder], held_out=True)
    if problems:
        raise CorpusError(problems)
    return count(corpus)


def replace_counts(sheet: str, block: str, name: str) -> str:
    """Return the sheet with `block` between its markers. name: of the sheet, for the error if they are not there."""
    before, begin, rest = sheet.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise NewsieveError(f"{name}: no place for the counts; put {BEGIN} and {END} on lines of their own")
    return f"{before}{BEGIN}\n{block}\n{END}{after}"


def data_sheet_counts(counts: Counts) -> str:
    """Render the counts as Markdown tables, without the markers."""
    parts = [f"on {PAGES}", f"on {HELD_OUT_PAGES}", SINGLES]
    return "\n\n".join(
        [
            "By language:",
            _language_table(counts),
            f"By kind, flag and designation, in paragraphs (a paragraph may carry several flags; {HELD_OUT_PAGES} are "
            "not learned from):",
            _name_table(["kind", *parts], [*map(str, KINDS), CONTEXT], counts.kinds),
            _name_table(["flag", *parts], list(map(str, FLAGS)), counts.flags),
            _name_table(["designation", *parts], list(map(str, Status)), counts.statuses),
            f"What there is to learn from, by language: paragraphs on {PAGES} and {SINGLES} together:",
            _learned_table(counts),
            *([format_standoff(counts)] if counts.standoff else []),
        ]
    )


def _language_table(counts: Counts) -> str:
    header = ["language", PAGES, "their paragraphs", HELD_OUT_PAGES, "their paragraphs", SINGLES]
    rows = []
    for lang in _languages(counts):
        on_pages, on_held_out, singles = (total(counts.kinds, part, lang=lang) for part in PARTS)
        pages, held_out = (counts.pages[part, lang] for part in (PAGES, HELD_OUT_PAGES))
        rows.append((lang, [pages, on_pages, held_out, on_held_out, singles]))
    return _summed_table(header, rows)


def _name_table(header: Sequence[str], names: Sequence[str], tally: Tally) -> str:
    rows = [(name, [total(tally, part, name=name) for part in PARTS]) for name in names]
    return _summed_table(header, [(name, numbers) for name, numbers in rows if any(numbers) or name != CONTEXT])


def _learned_table(counts: Counts) -> str:
    def learned(tally: Tally, lang: str, name: str) -> int:
        return sum(total(tally, part, lang=lang, name=name) for part in (PAGES, SINGLES))

    rows = []
    for lang in _languages(counts):
        kinds = [learned(counts.kinds, lang, str(kind)) for kind in KINDS]
        rows.append((lang, [*kinds, *(learned(counts.flags, lang, str(flag)) for flag in FLAGS)]))
    return _summed_table(["language", *map(str, KINDS), *map(str, FLAGS)], rows)


def _languages(counts: Counts) -> list[str]:
    return sorted({lang for _, lang, _ in counts.kinds})


def _summed_table(header: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]]) -> str:
    sums = [sum(numbers[column] for _, numbers in rows) for column in range(len(header) - 1)]
    lines = [list(header), ["---", *["---:"] * len(sums)]]
    lines += [[name or "(unknown)", *(f"{n:,}" for n in numbers)] for name, numbers in [*rows, ("all", sums)]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
