"""The report for people, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from predict.credibility.findings import Change, Contradiction, Statement, changes_of, contradictions_of, statements_of
from predict.credibility.publishers import Publisher
from predict.credibility.report import MAX_PUBLISHERS, NOTE, OTHERS, Report
from predict.credibility.statements import MAX_STATEMENTS, Evidence
from predict.labels import FLAGS, KINDS, LABELS, Flag, Label
from predict.table import BOLD, LABEL_COLOURS, counted, cut, paint, percent, wrap

SHOWN_STATEMENTS = 20  # for each flag
QUOTE_LINES = 4


def format_report(report: Report, width: int = 80, colour: bool = False) -> str:
    """The report as lines of at most `width` columns."""
    lines: list[str] = []
    publishers = report.publishers()
    for name, publisher in publishers:
        lines += [paint([(title_of(name, len(publishers)), BOLD)], width, colour)]
        lines += [*_publisher_lines(publisher, width, colour), ""]
    if not lines:
        lines = [cut("no pages", width), ""]
    if report.others is not None:
        text = f"Only {MAX_PUBLISHERS:,} publishers are told apart; the others are counted under {OTHERS}."
        lines += wrap(text, width, len(text))
    return "\n".join(lines + wrap(NOTE, width, len(NOTE)))


def title_of(name: str | None, publishers: int) -> str:
    """What a publisher is called, of so many."""
    return name if name is not None else "all pages" if publishers == 1 else "(no publisher)"


def told(quote_status: str | None, state: str | None) -> str:
    """A designation in a few words, such as "foreign_agent: RU"; "" for none."""
    return "" if quote_status is None else f"{quote_status}: {state or 'state unknown'}"


def seen_on(pages: int, first: str | None, last: str | None) -> str:
    """On how many pages, and when."""
    dates = "" if first is None else f", {first}" if first == last else f", {first} to {last}"
    return counted(pages, "page") + dates


def per_page(publisher: Publisher, label: Label) -> float:
    """Paragraphs of a label for each page."""
    return publisher.paragraphs[LABELS.index(label)] / max(1, publisher.pages)


def _publisher_lines(publisher: Publisher, width: int, colour: bool) -> Iterator[str]:
    paragraphs, chars = sum(publisher.paragraphs), sum(publisher.characters)
    head = [seen_on(publisher.pages, publisher.first, publisher.last)]
    yield cut("  " + ", ".join([*head, counted(paragraphs, "paragraph"), counted(chars, "character")]), width)
    for label, n, size in zip(LABELS, publisher.paragraphs, publisher.characters):
        text = f"{n:>9,} paragraphs {percent(n, paragraphs):>4}  {size:>11,} characters {percent(size, chars):>4}"
        yield paint([("  ", ""), (f"{label:<16}", LABEL_COLOURS[label]), (text, "")], width, colour)
    appeals, notices = per_page(publisher, Label.fundraising), per_page(publisher, Label.ad_notice)
    yield cut(f"  a page has {appeals:.1f} appeals and {notices:.1f} ad notices", width)
    counts = ", ".join(f"{kind} {n:,}" for kind, n in zip(KINDS, publisher.kinds) if n)
    yield from _indented(f"kinds: {counts or 'none'}", 2, width, len(KINDS))
    statements = statements_of(publisher)
    for flag in FLAGS:
        yield from _flag_lines(flag, publisher, [s for s in statements if s.flags[0] is flag], width, colour)
    yield from _change_lines(changes_of(publisher), width, colour)
    yield from _contradiction_lines(contradictions_of(publisher), width, colour)


def _flag_lines(
    flag: Flag, publisher: Publisher, statements: list[Statement], width: int, colour: bool
) -> Iterator[str]:
    flagged = publisher.flags[flag]
    if not flagged.paragraphs:
        yield paint([("  ", ""), (str(flag), BOLD), (": none", "")], width, colour)
        return
    count = f": {counted(flagged.paragraphs, 'paragraph')} on {counted(flagged.pages, 'page')}"
    yield paint([("  ", ""), (str(flag), BOLD), (count, "")], width, colour)
    for statement in statements[:SHOWN_STATEMENTS]:
        yield from _statement_lines(statement, width)
    hidden = len(statements) - SHOWN_STATEMENTS
    if hidden > 0:
        yield from _indented(f"{counted(hidden, 'more statement')}, less certain", 4, width, 2)
    elsewhere = sum(len(f.table.entries) for f in (flagged,)) - sum(len(s.variants) for s in statements)
    if not statements and elsewhere > 0:
        yield from _indented("in statements shown above", 4, width, 2)
    if flagged.table.full:
        yield from _indented(f"more than {MAX_STATEMENTS} distinct ones; a sample of them is held", 4, width, 2)


def _statement_lines(statement: Statement, width: int) -> Iterator[str]:
    quote = statement.shown.quote
    designation = told(quote.status, quote.state)
    also = [str(flag) for flag in statement.flags[1:]]
    where = f"in {quote.page}, " if quote.page is not None else ""
    parts = [
        f"{designation}, " if designation else "",
        f"{quote.probability:.0%} {where}paragraph {quote.paragraph}; {seen_on(statement.pages, *statement.dates)}",
        f"; also {' and '.join(also)}" if also else "",
        f"; {len(statement.variants)} wordings" if len(statement.variants) > 1 else "",
    ]
    yield from _indented("".join(parts) + ":", 4, width, 3)
    yield from _indented(f"“{quote.text.strip()}”", 6, width, QUOTE_LINES)


def _change_lines(changes: list[Change], width: int, colour: bool) -> Iterator[str]:
    if changes:
        yield paint([("  ", ""), ("changed", BOLD)], width, colour)
    for change in changes:
        yield from _side(f"{change.flag}, until {change.old.last}", change.old, width)
        yield from _side(f"since {change.new.first}", change.new, width)


def _contradiction_lines(contradictions: list[Contradiction], width: int, colour: bool) -> Iterator[str]:
    if contradictions:
        yield paint([("  ", ""), ("worth a look", BOLD)], width, colour)
    for each in contradictions:
        yield from _indented(each.about, 4, width, 2)
        yield from _side(_place(each.one), each.one, width)
        yield from _side(_place(each.other), each.other, width)


def _place(evidence: Evidence) -> str:
    where = f"in {evidence.quote.page}, " if evidence.quote.page is not None else ""
    return f"{where}paragraph {evidence.quote.paragraph}; {seen_on(evidence.pages, evidence.first, evidence.last)}"


def _side(where: str, evidence: Evidence, width: int) -> Iterator[str]:
    yield from _indented(f"{where}:", 4, width, 2)
    yield from _indented(f"“{evidence.quote.text.strip()}”", 6, width, QUOTE_LINES)


def _indented(text: str, by: int, width: int, most: int) -> list[str]:
    by = min(by, max(width - 1, 0) // 2)
    return [" " * by + line for line in wrap(text, width - by, most)]
