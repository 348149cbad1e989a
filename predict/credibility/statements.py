"""What is kept of a statement: where it stands best, how often, and from when to when.

Everything here is a sum, a minimum or a maximum, and so it does not matter in which order pages come or how they are
split among machines: merging is associative and commutative, and the report of the parts is the report of the whole.

A table holds at most MAX_STATEMENTS statements. Which ones it lets go must not depend on the order either; it keeps
those with the smallest keys, a sample that is as good as random (a "bottom-k sketch" [1]). A statement that one part
let go has too many smaller ones beside it in that part already, and so cannot come back in the whole: the counts of
those that are kept are exact.

[1] E. Cohen, H. Kaplan: Summarizing data using bottom-k sketches. PODC 2007.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, NamedTuple

from predict.tokens import MAX_PARAGRAPH_CHARS

MAX_STATEMENTS = 500  # of one flag of one publisher
QUOTE_CHARS = 600
CONTEXT_CHARS = 120


class Quote(NamedTuple):
    """One place where a statement stands.

    text: at most QUOTE_CHARS characters of the paragraph. probability: of the flag. page: id. paragraph: its number,
    from 1. start, end: offsets in the page's text, where it is one string. before, after: the end of the paragraph
    before and the beginning of the one after. status, state: what the designation is; probabilities with them.
    """

    probability: float
    page: str | None
    paragraph: int
    text: str
    start: int | None = None
    end: int | None = None
    before: str = ""
    after: str = ""
    status: str | None = None
    status_probability: float | None = None
    state: str | None = None
    state_probability: float | None = None

    def rank(self) -> tuple[Any, ...]:
        """Smaller is better: most certain first; what follows makes the order total."""
        rest = tuple((value is not None, value or 0) for value in (self.start, self.end))
        told = (self.status or "", self.status_probability or 0.0, self.state or "", self.state_probability or 0.0)
        page = (self.page is None, self.page or "")
        return (-self.probability, page, self.paragraph, self.text, rest, self.before, self.after, told)

    def as_dict(self) -> dict[str, Any]:
        """All fields that say something."""
        return {key: value for key, value in self._asdict().items() if value is not None and value != ""}


@dataclass
class Evidence:
    """How often something stands, from when to when (ISO dates), and the best place."""

    quote: Quote
    paragraphs: int = 1
    pages: int = 1
    first: str | None = None
    last: str | None = None

    def merge(self, other: Evidence, same_page: bool = False) -> None:
        """Add what was seen elsewhere. same_page: both are of one page, which counts once."""
        self.quote = min(self.quote, other.quote, key=Quote.rank)
        self.paragraphs += other.paragraphs
        self.pages += 0 if same_page else other.pages
        self.first = earliest(self.first, other.first)
        self.last = latest(self.last, other.last)

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        plain = {"paragraphs": self.paragraphs, "pages": self.pages}
        dates = {key: value for key, value in (("first", self.first), ("last", self.last)) if value is not None}
        return {**plain, **dates, "quote": self.quote.as_dict()}


def earliest(a: str | None, b: str | None) -> str | None:
    """The smaller one of two ISO dates, of those that are known."""
    return min(a, b) if a is not None and b is not None else a if b is None else b


def latest(a: str | None, b: str | None) -> str | None:
    """The greater one of two ISO dates, of those that are known."""
    return max(a, b) if a is not None and b is not None else a if b is None else b


def key_of(text: str) -> str:
    """A key that is the same for texts which differ only in case and white space."""
    words = " ".join(text[:MAX_PARAGRAPH_CHARS].casefold().split())
    return blake2b(words.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


@dataclass
class Table:
    """Distinct statements by key; `full` once it had to let some go."""

    entries: dict[str, Evidence] = field(default_factory=dict)
    full: bool = False

    def add(self, key: str, evidence: Evidence, same_page: bool = False) -> None:
        """Add a statement; it is kept if its key is among the smallest. The evidence given stays as it is."""
        known = self.entries.get(key)
        if known is not None:
            known.merge(evidence, same_page)
            return
        self.entries[key] = replace(evidence)
        if len(self.entries) > 2 * MAX_STATEMENTS:
            self.trim()

    def merge(self, other: Table) -> None:
        """Add another table."""
        self.full |= other.full
        for key, evidence in other.entries.items():
            self.add(key, evidence)

    def trim(self) -> None:
        """Let go of what is beyond the cap; done before anybody looks, and now and then in between."""
        if len(self.entries) > MAX_STATEMENTS:
            self.entries = {key: self.entries[key] for key in sorted(self.entries)[:MAX_STATEMENTS]}
            self.full = True
