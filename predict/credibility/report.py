"""The report: publishers, added up page by page or part by part.

Its memory grows with publishers and their distinct statements only, and both are capped in ways that do not depend on
order (see `statements`): of very many publishers, those with the smallest keys are told apart and the others counted
together. So `a.merge(b)` is what adding the pages of both would have made, to the last byte.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from predict.credibility.observing import observe
from predict.credibility.publishers import Publisher
from predict.page import Page

MAX_PUBLISHERS = 20_000
OTHERS = "(further publishers)"
NOTE = (
    "These are counts and quotes, not a verdict on anybody: a designation is a fact about what a state did, "
    "not about the worth of a publisher's journalism."
)


class Report:
    """Adds up pages by publisher.

    >>> report = Report()
    >>> report.as_dict()["publishers"]
    []
    """

    def __init__(self) -> None:
        self._publishers: dict[str | None, Publisher] = {}
        self._others: Publisher | None = None

    def add(
        self,
        page: Page,
        publisher: str | None = None,
        page_id: str | None = None,
        date: str | None = None,
        shown_from: float | None = None,
    ) -> None:
        """Add one page. publisher: None where it is unknown. date: ISO. shown_from: least probability of a flag."""
        self.add_observed(publisher, observe(page, page_id, date, shown_from, publisher))

    def add_observed(self, name: str | None, seen: Publisher) -> None:
        """Add what `observe` saw on one page."""
        known = self._publishers.get(name)
        if known is None:
            known = self._publishers[name] = Publisher()
        known.merge(seen)
        if len(self._publishers) > 2 * MAX_PUBLISHERS:
            self._trim()

    def merge(self, other: Report) -> None:
        """Add another report, of other pages."""
        for name, publisher in other._publishers.items():
            self.add_observed(name, publisher)
        if other._others is not None:
            self._count_among_others(other._others)

    def publishers(self) -> list[tuple[str | None, Publisher]]:
        """All publishers by name; the one without a name, and OTHERS, at the end."""
        self._trim()
        named = sorted(self._publishers.items(), key=lambda item: (item[0] is None, item[0] or ""))
        everyone = [*named, *([(OTHERS, self._others)] if self._others is not None else [])]
        for _, publisher in everyone:
            publisher.trim()
        return everyone

    @property
    def others(self) -> Publisher | None:
        """What is counted together, once there are more than MAX_PUBLISHERS."""
        self._trim()
        return self._others

    def as_dict(self) -> dict[str, Any]:
        """The report for programs, as docs/credibility.md describes it; `Report.from_dict` reads it again."""
        from predict.credibility.json_form import report_dict

        return report_dict(self)

    @classmethod
    def from_dict(cls, value: Any) -> Report:
        """Read what `as_dict` made. Raises InputError if it is not that."""
        from predict.credibility.json_form import read_report

        report = cls()
        for name, publisher, others in read_report(value):
            if others:
                report._count_among_others(publisher)
            else:
                report.add_observed(name, publisher)
        return report

    def format(self, width: int = 80, colour: bool = False) -> str:
        """The report for people; no line takes more than `width` columns."""
        from predict.credibility.table import format_report

        return format_report(self, width, colour)

    def write(self, form: str, width: int = 80, colour: bool = False) -> str:
        """The report as "text", "json", "jsonld" or "html"."""
        if form == "text":
            return self.format(width, colour)
        if form == "html":
            from predict.credibility.html import html_page

            return html_page(self)
        import orjson

        from predict.credibility.jsonld import jsonld

        made = orjson.dumps(self.as_dict() if form == "json" else jsonld(self))
        return made.decode()

    def _trim(self) -> None:
        names = [name for name in self._publishers if name is not None]
        if len(names) <= MAX_PUBLISHERS:
            return
        for name in sorted(names, key=_key)[MAX_PUBLISHERS:]:
            self._count_among_others(self._publishers.pop(name))

    def _count_among_others(self, publisher: Publisher) -> None:
        if self._others is None:
            self._others = Publisher()
        self._others.merge(publisher)


def _key(name: str) -> bytes:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
