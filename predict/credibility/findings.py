"""What a publisher's statements show when they are laid side by side: the distinct ones, changes, contradictions.

All of this is worked out when a report is shown, from what was added up; nothing of it is a score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from predict.credibility import claims
from predict.credibility.folding import fold, similarities
from predict.credibility.publishers import Publisher
from predict.credibility.statements import Evidence, Quote, earliest, latest
from predict.labels import FLAGS, Flag

CHANGED_FROM = 0.25  # least similarity of a statement and the one that came in its place


@dataclass
class Variant:
    """One wording, and what is known of it under each flag that it carries."""

    key: str
    flags: dict[Flag, Evidence]

    @property
    def best(self) -> tuple[Flag, Evidence]:
        """The first of its flags, in the order of FLAGS: a designation is shown as one."""
        flag = min(self.flags, key=FLAGS.index)
        return flag, self.flags[flag]


@dataclass
class Statement:
    """Wordings that are nearly the same, the surest first."""

    variants: list[Variant]

    @property
    def flags(self) -> list[Flag]:
        """All flags that any of its wordings carries."""
        carried = {flag for variant in self.variants for flag in variant.flags}
        return [flag for flag in FLAGS if flag in carried]

    @property
    def shown(self) -> Evidence:
        """The wording and place that stand for it."""
        return self.shown_under(self.flags[0])

    def shown_under(self, flag: Flag) -> Evidence:
        """The wording and place that stand for it among those that carry a flag."""
        return min((v.flags[flag] for v in self.variants if flag in v.flags), key=_rank)

    @property
    def pages(self) -> int:
        """On how many pages it stands; a page with two of its wordings counts twice."""
        return sum(max(evidence.pages for evidence in variant.flags.values()) for variant in self.variants)

    @property
    def dates(self) -> tuple[str | None, str | None]:
        """First and last date."""
        first, last = None, None
        for evidence in (each for variant in self.variants for each in variant.flags.values()):
            first, last = earliest(first, evidence.first), latest(last, evidence.last)
        return first, last


class Change(NamedTuple):
    """A wording that was last seen before another one, much like it, was first seen."""

    flag: Flag
    old: Evidence
    new: Evidence


class Contradiction(NamedTuple):
    """Two things that are said to exclude each other; `about` names them."""

    about: str
    one: Evidence
    other: Evidence


def _rank(evidence: Evidence) -> tuple[Any, ...]:
    return evidence.quote.rank()


def variants_of(publisher: Publisher) -> list[Variant]:
    """All wordings of a publisher, by key."""
    found: dict[str, Variant] = {}
    for flag in FLAGS:
        for key, evidence in publisher.flags[flag].table.entries.items():
            found.setdefault(key, Variant(key, {})).flags[flag] = evidence
    return [found[key] for key in sorted(found)]


def statements_of(publisher: Publisher) -> list[Statement]:
    """Distinct statements: designations first, then ownership, then mission; within each the surest first."""
    variants = variants_of(publisher)
    groups = fold([variant.best[1].quote.text for variant in variants])
    made = [Statement(sorted((variants[i] for i in group), key=lambda v: _rank(v.best[1]))) for group in groups]
    return sorted(made, key=lambda statement: (FLAGS.index(statement.flags[0]), _rank(statement.shown)))


def changes_of(publisher: Publisher) -> list[Change]:
    """For each wording that appears after its like was last seen: the latest and most similar one before it."""
    found = []
    for flag in FLAGS:
        dated = [e for e in publisher.flags[flag].table.entries.values() if e.first is not None and e.last is not None]
        dated.sort(key=lambda e: (e.first, _rank(e)))
        for new, row in zip(dated, similarities([each.quote.text for each in dated])):
            before = [at for at, old in enumerate(dated) if (old.last or "") < (new.first or "")]
            like = max(((row[at], dated[at].last or "", -at) for at in before), default=None)
            if like is not None and CHANGED_FROM <= like[0] < 1.0:
                found.append(Change(flag, dated[-like[2]], new))
    return found


_EXCLUSIVE = (
    ("says that it carries no advertising, and carries ad notices", claims.NO_ADVERTISING, claims.AD_NOTICE),
    ("says that it is a non-profit, and names a company", claims.NON_PROFIT, claims.COMPANY),
    ("says that it takes no state money, and that a state pays for it", claims.NO_STATE_MONEY, claims.STATE_MONEY),
)


def contradictions_of(publisher: Publisher) -> list[Contradiction]:
    """Pairs of claims worth a look. Both may be true: a non-profit may own a company, an old page may be out of date.

    A paragraph that makes both claims contradicts nothing.
    """
    found = []
    for about, one, other in _EXCLUSIVE:
        a, b = publisher.claims.get(one), publisher.claims.get(other)
        if a is not None and b is not None and not _same_place(a.quote, b.quote):
            found.append(Contradiction(about, a, b))
    return found


def _same_place(a: Quote, b: Quote) -> bool:
    return a.text == b.text or (a.page is not None and (a.page, a.paragraph) == (b.page, b.paragraph))
