"""From one classified page to what it says of its publisher."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from predict.credibility.claims import AD_NOTICE, claims_of, names_a_company
from predict.credibility.publishers import Flagged, Publisher
from predict.credibility.statements import CONTEXT_CHARS, QUOTE_CHARS, Evidence, Quote, Table, key_of
from predict.labels import FLAGS, KINDS, LABELS, Flag, Kind
from predict.page import Page

# Least probability of a flag that is reported, where the model's own threshold is not higher. A designation is rare and
# weighty: the model's own threshold decides.
SHOWN_FROM = {Flag.designation: 0.0, Flag.ownership: 0.55, Flag.mission: 0.55}
DATE_FIELDS = ("date", "published", "date_published", "datePublished", "published_at", "publish_date", "date_publish")
_COPYRIGHT = re.compile(r"©|\(c\)|\bcopyright\b", re.IGNORECASE)
_NAME_ENDS = re.compile(r"[|·.,;:/\n]| [-–—] ")
# How a footnote begins: *, **, †, ¹, [1], (1), "1 – ".
_NOTE = re.compile(r"\s*(?:[*†‡]|[¹²³⁴-⁹]|\[\d+\]|\(\d+\)|\d\s*[—–-]\s)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DESIGNATION = FLAGS.index(Flag.designation)
_OWNERSHIP = FLAGS.index(Flag.ownership)
_APPEAL_KINDS = (Kind.fundraising, Kind.ad_notice, Kind.self_description)


def observe(
    page: Page,
    page_id: str | None = None,
    date: str | None = None,
    shown_from: float | None = None,
    publisher: str | None = None,
) -> Publisher:
    """What one page adds to its publisher. date: ISO. shown_from: least probability of a flag, else SHOWN_FROM."""
    answers = page.answers
    paragraphs = np.bincount(answers.labels, minlength=len(LABELS))
    seen = Publisher(
        pages=1,
        paragraphs=paragraphs.tolist(),
        characters=[0] * len(LABELS),
        carrying=(paragraphs > 0).astype(int).tolist(),
        kinds=np.bincount(answers.kinds, minlength=len(KINDS)).tolist(),
        first=date,
        last=date,
    )
    for label, text in zip(answers.labels.tolist(), page.texts):
        seen.characters[label] += len(text)
    least = np.maximum(page.flag_thresholds, [SHOWN_FROM[f] if shown_from is None else shown_from for f in FLAGS])
    given: npt.NDArray[np.bool_] = answers.flags >= least
    for index in np.flatnonzero(given[:, _DESIGNATION]).tolist():
        given[index, _DESIGNATION] = not is_a_note(page.texts[index])
    for index in np.flatnonzero(given[:, _OWNERSHIP]).tolist():
        given[index, _OWNERSHIP] = not names_only_the_brand(page.texts[index], publisher)
    for column, flag in enumerate(FLAGS):
        carried = np.flatnonzero(given[:, column]).tolist()
        if carried:
            seen.flags[flag] = _flagged(page, flag, carried, _quoting(page, page_id), date)
    _add_claims(seen, page, np.logical_or.reduce(given, axis=1), page_id, date)
    return seen


def is_a_note(text: str) -> bool:
    """Whether a paragraph begins like a footnote.

    What a law demands to be said of OTHERS ("* listed as a foreign agent") stands in footnotes, in the same words as
    what it demands of the publisher; where it stands tells them apart better than any word. Of the corpus's own
    paragraphs, 47 of 75 such disclaimers begin so, and 5 of 876 designations of the publisher.
    """
    return _NOTE.match(text) is not None


def names_only_the_brand(text: str, publisher: str | None) -> bool:
    """Whether this is a copyright line that names nobody, or nobody but the brand: no ownership, as the guide has it.

    The brand is what the publisher is called, or a part of it: "© 2024 Lantern" at lantern.example.
    """
    if len(text) > CONTEXT_CHARS or _COPYRIGHT.search(text) is None or names_a_company(text):
        return False
    name = _NAME_ENDS.split(_COPYRIGHT.sub(" ", text).strip(), maxsplit=1)[0]
    return "".join(filter(str.isalpha, name.casefold())) in "".join(filter(str.isalpha, (publisher or "").casefold()))


def _flagged(page: Page, flag: Flag, carried: list[int], quote: Callable[..., Quote], date: str | None) -> Flagged:
    table = Table()
    column = FLAGS.index(flag)
    for index in carried:
        found = quote(index, float(page.answers.flags[index, column]), flag)
        table.add(key_of(page.texts[index]), Evidence(found, 1, 1, date, date), same_page=True)
    return Flagged(len(carried), 1, table)


def _add_claims(
    seen: Publisher, page: Page, flagged: npt.NDArray[np.bool_], page_id: str | None, date: str | None
) -> None:
    quote = _quoting(page, page_id)
    claims = Table()
    for index, kind in enumerate(page.answers.kinds.tolist()):
        if not flagged[index] and KINDS[kind] not in _APPEAL_KINDS:
            continue
        for claim in claims_of(page.texts[index], KINDS[kind], bool(flagged[index])):
            probability = page[index].probability if claim == AD_NOTICE else float(page.answers.flags[index].max())
            claims.add(claim, Evidence(quote(index, probability), 1, 1, date, date), same_page=True)
    seen.claims = claims.entries


def _quoting(page: Page, page_id: str | None) -> Callable[..., Quote]:
    def quote(index: int, probability: float, flag: Flag | None = None) -> Quote:
        text = page.texts[index]
        start, end = page.spans[index] if page.spans is not None else (None, None)
        told: dict[str, Any] = {}
        designation = page.designations.get(index) if flag is Flag.designation else None
        if designation is not None:
            told = {
                "status": str(designation.status),
                "status_probability": round(designation.status_probability, 4),
                "state": designation.state,
                "state_probability": round(designation.state_probability, 4),
            }
        return Quote(
            probability=round(probability, 4),
            page=page_id,
            paragraph=index + 1,
            text=text if len(text) <= QUOTE_CHARS else text[: QUOTE_CHARS - 1] + "…",
            start=start,
            end=end,
            before=_tail(page.texts[index - 1]) if index else "",
            after=_head(page.texts[index + 1]) if index + 1 < len(page.texts) else "",
            **told,
        )

    return quote


def _head(text: str) -> str:
    return text if len(text) <= CONTEXT_CHARS else text[: CONTEXT_CHARS - 1] + "…"


def _tail(text: str) -> str:
    return text if len(text) <= CONTEXT_CHARS else "…" + text[1 - CONTEXT_CHARS :]


# --- what a record says of itself ------------------------------------------------------------------------------------


def publisher_of(fields: dict[str, Any], by: str | None, folder: str | None) -> str | None:
    """The publisher of a record: the field `by`, else the host of its `url`, else the folder that its file lies in."""
    named = fields.get(by or "publisher")
    if named is not None and str(named).strip():
        return str(named)
    url = fields.get("url")
    return (_host(url) if isinstance(url, str) else None) or folder


def _host(url: str) -> str | None:
    try:
        host = urlsplit(url if "//" in url else f"//{url}").hostname
    except ValueError:
        return None
    return host.removeprefix("www.") if host else None


def date_of(fields: dict[str, Any], field: str | None = None) -> str | None:
    """The date of a record as YYYY-MM-DD: of the field given, else of the first of DATE_FIELDS that begins with one."""
    for name in (field,) if field is not None else DATE_FIELDS:
        found = _DATE.match(str(fields.get(name) or ""))
        if found is not None:
            return found.group()
    return None
