"""What the pipeline does with each page of a run that makes a report; it happens in the worker processes."""

from __future__ import annotations

from dataclasses import dataclass

from predict.credibility.observing import date_of, observe, publisher_of
from predict.credibility.publishers import Publisher
from predict.page import Page
from predict.records import Record


@dataclass(frozen=True)
class ForReport:
    """Gives what a report adds up: the publisher, and what the page adds to it.

    by, date: fields of the record that name its publisher and its date. shown_from: least probability of a flag.
    """

    by: str | None = None
    date: str | None = None
    shown_from: float | None = None

    def __call__(self, record: Record, page: Page) -> tuple[str | None, Publisher]:
        """Return the publisher's name and what the page adds."""
        name = record.fields.get("id", record.fields.get("url"))
        date = date_of(record.fields, self.date)
        publisher = publisher_of(record.fields, self.by, record.folder)
        return publisher, observe(page, None if name is None else str(name), date, self.shown_from, publisher)
