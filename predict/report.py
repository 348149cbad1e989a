"""What publishers say about themselves: counts, and the sentences that the flags rest on.

A report is evidence, not a judgement: it shows what kinds of text stand on a publisher's pages and quotes each
distinct self-description, so that a person can read it and decide. A newsroom that a state calls a "foreign agent" is
not for that reason any less a newsroom; the report says so where it ends.

It is a running sum over a stream of pages. Its memory grows with publishers and distinct quotes only, and both are
capped: publishers beyond the cap are counted together, and of very many quotes the least certain are let go. The report
notes both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np

from predict.features import MAX_PARAGRAPH_CHARS
from predict.labels import FLAGS, KINDS, LABELS, Flag
from predict.page import Page
from predict.table import BOLD, LABEL_COLOURS, counted, cut, paint, percent, wrap

MAX_PUBLISHERS = 20_000
MAX_QUOTES = 100  # held for each flag of a publisher; twice as many between two clearings
SHOWN_QUOTES = 20
QUOTE_CHARS = 600
QUOTE_LINES = 4
OTHERS = "(further publishers)"
NOTE = (
    "These are counts and quotes, not a verdict on anybody: a designation is a fact about what a state did, "
    "not about the worth of a publisher's journalism."
)


@dataclass
class Quote:
    """A paragraph in which a publisher describes itself, as it was most certain, and on how many pages it stands."""

    text: str
    probability: float
    page: str | None
    pages: int


@dataclass
class _Flagged:
    """All that carries one flag at one publisher."""

    paragraphs: int = 0
    pages: int = 0
    let_go: int = 0
    quotes: dict[bytes, Quote] = field(default_factory=dict)

    def add(self, texts: list[str], probabilities: list[float], page_id: str | None) -> None:
        """Add the flagged paragraphs of one page."""
        self.paragraphs += len(texts)
        self.pages += bool(texts)
        of_page: dict[bytes, tuple[str, float]] = {}
        for text, probability in zip(texts, probabilities):
            key = _fold(text)
            if key not in of_page or of_page[key][1] < probability:
                of_page[key] = text, probability
        for key, (text, probability) in of_page.items():
            self._add_quote(key, Quote(_shorten(text), probability, page_id, 1))
        if len(self.quotes) > 2 * MAX_QUOTES:
            self._let_go()

    def _add_quote(self, key: bytes, quote: Quote) -> None:
        known = self.quotes.get(key)
        if known is not None:
            quote.pages += known.pages
            if known.probability >= quote.probability:
                quote.text, quote.probability, quote.page = known.text, known.probability, known.page
        self.quotes[key] = quote

    def _let_go(self) -> None:
        ranked = sorted(self.quotes.items(), key=lambda item: -item[1].probability)
        self.let_go += len(ranked) - MAX_QUOTES
        self.quotes = dict(ranked[:MAX_QUOTES])

    def ranked(self) -> list[Quote]:
        """Most certain first; of equal ones the one on more pages, then the one seen first."""
        return sorted(self.quotes.values(), key=lambda quote: (-quote.probability, -quote.pages))


def _fold(text: str) -> bytes:
    """A key that is the same for texts which differ only in case and white space."""
    words = " ".join(text[:MAX_PARAGRAPH_CHARS].casefold().split())
    return blake2b(words.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _shorten(text: str) -> str:
    return text if len(text) <= QUOTE_CHARS else text[: QUOTE_CHARS - 1] + "…"


class _Publisher:
    """Counts of one publisher."""

    def __init__(self) -> None:
        self.pages = 0
        self.paragraphs = np.zeros(len(LABELS), np.int64)
        self.chars = np.zeros(len(LABELS), np.int64)
        self.kinds = np.zeros(len(KINDS), np.int64)
        self.flags = {flag: _Flagged() for flag in FLAGS}

    def add(self, page: Page, page_id: str | None) -> None:
        answers = page.answers
        self.pages += 1
        self.paragraphs += np.bincount(answers.labels, minlength=len(LABELS))
        self.kinds += np.bincount(answers.kinds, minlength=len(KINDS))
        chars = np.fromiter(map(len, page.texts), np.int64, len(page))
        np.add.at(self.chars, answers.labels, chars)
        for column, flag in enumerate(FLAGS):
            probabilities = answers.flags[:, column]
            carried = np.flatnonzero(probabilities >= page.flag_thresholds[column]).tolist()
            if carried:
                texts = [page.texts[index] for index in carried]
                self.flags[flag].add(texts, probabilities[carried].tolist(), page_id)

    def as_dict(self, name: str | None) -> dict[str, Any]:
        by_label = zip(LABELS, self.paragraphs.tolist(), self.chars.tolist())
        return {
            "publisher": name,
            "pages": self.pages,
            "paragraphs": int(self.paragraphs.sum()),
            "characters": int(self.chars.sum()),
            "labels": {str(label): {"paragraphs": n, "characters": chars} for label, n, chars in by_label},
            "kinds": {str(kind): n for kind, n in zip(KINDS, self.kinds.tolist())},
            "flags": {str(flag): _flag_dict(flagged) for flag, flagged in self.flags.items()},
        }


def _flag_dict(flagged: _Flagged) -> dict[str, Any]:
    return {
        "paragraphs": flagged.paragraphs,
        "pages": flagged.pages,
        "quotes": [vars(quote).copy() for quote in flagged.ranked()],
        "quotes_let_go": flagged.let_go,
    }


class Report:
    """Adds up pages by publisher.

    >>> report = Report()
    >>> report.as_dict()["publishers"]
    []
    """

    def __init__(self) -> None:
        self._publishers: dict[str | None, _Publisher] = {}
        self._crowded = False

    def add(self, page: Page, publisher: str | None = None, page_id: str | None = None) -> None:
        """Add one page of a publisher; with None for all pages, they are counted together."""
        if publisher not in self._publishers and len(self._publishers) >= MAX_PUBLISHERS:
            publisher = OTHERS
            self._crowded = True
        self._publishers.setdefault(publisher, _Publisher()).add(page, page_id)

    def as_dict(self) -> dict[str, Any]:
        """The report for programs: `publishers` by name, each with counts and all quotes that are held, and `note`."""
        return {"publishers": [kept.as_dict(name) for name, kept in self._sorted()], "note": NOTE}

    def format(self, width: int = 80, colour: bool = False) -> str:
        """The report for people, at most SHOWN_QUOTES quotes for each flag; no line takes more than `width` columns."""
        lines: list[str] = []
        for name, publisher in self._sorted():
            title = name if name is not None else "all pages" if len(self._publishers) == 1 else "(no publisher)"
            lines += [paint([(title, BOLD)], width, colour), *_publisher_lines(publisher, width, colour), ""]
        if not lines:
            lines = [cut("no pages", width), ""]
        if self._crowded:
            text = f"Only {MAX_PUBLISHERS:,} publishers are told apart; the others are counted under {OTHERS}."
            lines += wrap(text, width, len(text))
        return "\n".join(lines + wrap(NOTE, width, len(NOTE)))

    def _sorted(self) -> list[tuple[str | None, _Publisher]]:
        return sorted(self._publishers.items(), key=lambda item: (item[0] is None, item[0] or ""))


def _publisher_lines(publisher: _Publisher, width: int, colour: bool) -> list[str]:
    paragraphs, chars = int(publisher.paragraphs.sum()), int(publisher.chars.sum())
    head = [counted(publisher.pages, "page"), counted(paragraphs, "paragraph"), counted(chars, "character")]
    lines = [cut("  " + ", ".join(head), width)]
    for label, n, size in zip(LABELS, publisher.paragraphs.tolist(), publisher.chars.tolist()):
        text = f"{n:>9,} paragraphs {percent(n, paragraphs):>4}  {size:>11,} characters {percent(size, chars):>4}"
        lines.append(paint([("  ", ""), (f"{label:<16}", LABEL_COLOURS[label]), (text, "")], width, colour))
    counts = ", ".join(f"{kind} {n:,}" for kind, n in zip(KINDS, publisher.kinds.tolist()) if n)
    lines += _indented(f"kinds: {counts or 'none'}", 2, width, len(KINDS))
    for flag, flagged in publisher.flags.items():
        lines += _flag_lines(flag, flagged, width, colour)
    return lines


def _flag_lines(flag: Flag, flagged: _Flagged, width: int, colour: bool) -> list[str]:
    if not flagged.paragraphs:
        return [paint([("  ", ""), (str(flag), BOLD), (": none", "")], width, colour)]
    count = f": {counted(flagged.paragraphs, 'paragraph')} on {counted(flagged.pages, 'page')}"
    lines = [paint([("  ", ""), (str(flag), BOLD), (count, "")], width, colour)]
    ranked = flagged.ranked()
    for quote in ranked[:SHOWN_QUOTES]:
        where = f" in {quote.page}" if quote.page is not None else ""
        more = f" and on {counted(quote.pages - 1, 'further page')}" if quote.pages > 1 else ""
        lines += _indented(f"{quote.probability:.0%}{where}{more}:", 4, width, 2)
        lines += _indented(f"“{quote.text.strip()}”", 6, width, QUOTE_LINES)
    hidden = len(ranked) - SHOWN_QUOTES
    if hidden > 0:
        lines += _indented(f"{counted(hidden, 'more quote')}, less certain", 4, width, 2)
    if flagged.let_go:
        text = f"{counted(flagged.let_go, 'more quote')}, less certain still, counted but not held"
        lines += _indented(text, 4, width, 2)
    return lines


def _indented(text: str, by: int, width: int, most: int) -> list[str]:
    by = min(by, max(width - 1, 0) // 2)
    return [" " * by + line for line in wrap(text, width - by, most)]
