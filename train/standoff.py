"""Standoff labels: what paragraphs are, kept apart from their text.

Real pages are other people's text and stay where they are; what they teach is ours to give. A file of standoff labels
names a page by its id and a paragraph by its number and a digest of its text ("standoff annotation" [1]), and holds no
word of either. Where the page is read, too, the labels go to its paragraphs, of which a wrong number or another text
would fail the digest; elsewhere they wait.

They are for learning alone. They were given where a model was unsure, so they are no fair sample of pages: thresholds
are not drawn and figures are not measured by them (`Paragraph.standoff`).

[1] H. Thompson, D. McKelvie: Hyperlink semantics for standoff markup of read-only documents. SGML Europe 1997.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from train.records import DIGEST_CHARS, Page, Paragraph, Problem, Standoff, StandoffLabel


def digest(text: str) -> str:
    """The digits of a text's SHA-256 by which labels know it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_CHARS]


def apply_standoff(pages: Sequence[Page], standoff: Sequence[Standoff], problems: list[Problem]) -> list[Page]:
    """Return the pages with the labels that are about them; what does not fit is named, and its page left as it was."""
    labelled = list(pages)
    place = {page.id: index for index, page in enumerate(pages)}
    for record in standoff:
        index = place.get(record.page)
        if index is None:
            continue
        wrong = [what for label in record.labels if (what := _misfit(labelled[index], label))]
        problems += (Problem(record.source_file, record.line, f"page {record.page}, {what}") for what in wrong)
        if not wrong:
            labelled[index] = _with_labels(labelled[index], record.labels)
    return labelled


def _misfit(page: Page, label: StandoffLabel) -> str | None:
    """Why a label cannot be this page's, in words; None where it can."""
    if label.number > len(page.paragraphs):
        return f"paragraph {label.number}: the page has {len(page.paragraphs)}"
    paragraph = page.paragraphs[label.number - 1]
    if digest(paragraph.text) != label.sha256:
        return f"paragraph {label.number}: its text is another one than was labelled"
    if paragraph.kind is not None:
        return f"paragraph {label.number}: it is labelled already"
    return None


def _with_labels(page: Page, labels: Sequence[StandoffLabel]) -> Page:
    paragraphs = list(page.paragraphs)
    for label in labels:
        text = paragraphs[label.number - 1].text
        paragraphs[label.number - 1] = Paragraph(text, label.kind, label.flags, None, standoff=True)
    return replace(page, paragraphs=tuple(paragraphs))


def applied(pages: Sequence[Page]) -> int:
    """How many paragraphs of some pages have their label from elsewhere."""
    return sum(paragraph.standoff for page in pages for paragraph in page.paragraphs)
