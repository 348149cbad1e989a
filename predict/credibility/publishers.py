"""What is known of one publisher: counts, and its statements. A sum over pages, like all that it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from predict.credibility.statements import Evidence, Table, earliest, latest
from predict.labels import FLAGS, KINDS, LABELS, Flag


@dataclass
class Flagged:
    """All that carries one flag: paragraphs, the pages they stand on, and the distinct ones."""

    paragraphs: int = 0
    pages: int = 0
    table: Table = field(default_factory=Table)

    def merge(self, other: Flagged) -> None:
        """Add another one."""
        self.paragraphs += other.paragraphs
        self.pages += other.pages
        self.table.merge(other.table)


@dataclass
class Publisher:
    """Counts of one publisher's pages.

    paragraphs, characters: by label, as LABELS; carrying: pages with at least one such paragraph; kinds: paragraphs, as
    KINDS. first, last: dates of its pages. claims: statements that may contradict others, by what they claim.
    """

    pages: int = 0
    paragraphs: list[int] = field(default_factory=lambda: [0] * len(LABELS))
    characters: list[int] = field(default_factory=lambda: [0] * len(LABELS))
    carrying: list[int] = field(default_factory=lambda: [0] * len(LABELS))
    kinds: list[int] = field(default_factory=lambda: [0] * len(KINDS))
    first: str | None = None
    last: str | None = None
    flags: dict[Flag, Flagged] = field(default_factory=lambda: {flag: Flagged() for flag in FLAGS})
    claims: dict[str, Evidence] = field(default_factory=dict)

    def merge(self, other: Publisher) -> None:
        """Add what another part of the run, or another page, has of the same publisher."""
        self.pages += other.pages
        for name in ("paragraphs", "characters", "carrying", "kinds"):
            setattr(self, name, [a + b for a, b in zip(getattr(self, name), getattr(other, name))])
        self.first = earliest(self.first, other.first)
        self.last = latest(self.last, other.last)
        for flag, flagged in other.flags.items():
            if flagged.paragraphs:
                self.flags[flag].merge(flagged)
        table = Table(self.claims)
        table.merge(Table(other.claims))
        self.claims = table.entries

    def trim(self) -> None:
        """Hold every table to its cap."""
        for flagged in self.flags.values():
            flagged.table.trim()
