"""The report as JSON: for programs to read, and for parts of a run to be merged from.

A publisher's counts, its `statements` with all their wordings, and its `claims` are the whole state; `changes`,
`contradictions` and what a statement sums up are worked out from them, and left alone on the way back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from predict.credibility.findings import Statement, changes_of, contradictions_of, statements_of
from predict.credibility.publishers import Flagged, Publisher
from predict.credibility.statements import Evidence, Quote, Table
from predict.errors import InputError
from predict.labels import FLAGS, KINDS, LABELS, Flag, Label

if TYPE_CHECKING:
    from predict.credibility.report import Report

FORMAT = "newsieve-report"
VERSION = 1


def report_dict(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    from predict.credibility.report import NOTE

    publishers = [
        {**publisher_dict(name, publisher), **({"others": True} if publisher is report.others else {})}
        for name, publisher in report.publishers()
    ]
    return {"format": FORMAT, "version": VERSION, "publishers": publishers, "note": NOTE}


def publisher_dict(name: str | None, publisher: Publisher) -> dict[str, Any]:
    """One publisher as plain values."""
    pages = max(1, publisher.pages)
    by_label = {
        str(label): {"paragraphs": n, "characters": chars, "pages": carrying}
        for label, n, chars, carrying in zip(LABELS, publisher.paragraphs, publisher.characters, publisher.carrying)
    }
    dates = {key: value for key, value in (("first", publisher.first), ("last", publisher.last)) if value is not None}
    return {
        "publisher": name,
        "pages": publisher.pages,
        **dates,
        "paragraphs": sum(publisher.paragraphs),
        "characters": sum(publisher.characters),
        "appeals_per_page": round(publisher.paragraphs[LABELS.index(Label.fundraising)] / pages, 4),
        "ad_notices_per_page": round(publisher.paragraphs[LABELS.index(Label.ad_notice)] / pages, 4),
        "labels": by_label,
        "kinds": {str(kind): n for kind, n in zip(KINDS, publisher.kinds)},
        "flags": {
            str(flag): {
                "paragraphs": f.paragraphs,
                "pages": f.pages,
                "distinct": len(f.table.entries),
                "full": f.table.full,
            }
            for flag, f in publisher.flags.items()
        },
        "statements": [_statement_dict(statement) for statement in statements_of(publisher)],
        "changes": [
            {"flag": str(change.flag), "old": change.old.as_dict(), "new": change.new.as_dict()}
            for change in changes_of(publisher)
        ],
        "contradictions": [
            {"about": each.about, "one": each.one.as_dict(), "other": each.other.as_dict()}
            for each in contradictions_of(publisher)
        ],
        "claims": {claim: publisher.claims[claim].as_dict() for claim in sorted(publisher.claims)},
    }


def _statement_dict(statement: Statement) -> dict[str, Any]:
    first, last = statement.dates
    dates = {key: value for key, value in (("first", first), ("last", last)) if value is not None}
    return {
        **statement.shown.quote.as_dict(),
        "flags": list(map(str, statement.flags)),
        "pages": statement.pages,
        **dates,
        "wordings": [
            {"key": variant.key, "flags": {str(flag): e.as_dict() for flag, e in variant.flags.items()}}
            for variant in statement.variants
        ],
    }


def read_report(value: Any) -> Iterator[tuple[str | None, Publisher, bool]]:
    """Yield name, publisher, and whether it stands for all further ones. Raises InputError."""
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise InputError(f'not a report: "format" is not "{FORMAT}"')
    if value.get("version") != VERSION:
        raise InputError(f"report version {value.get('version')!r}; this newsieve reads version {VERSION}")
    try:
        for each in value["publishers"]:
            name = each["publisher"]
            if not (name is None or isinstance(name, str)):
                raise TypeError
            yield name, _publisher(each), each.get("others") is True
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"not a whole report: {type(error).__name__} {error}".rstrip()) from None


def _publisher(value: dict[str, Any]) -> Publisher:
    labels = [value["labels"][str(label)] for label in LABELS]
    made = Publisher(
        pages=_count(value["pages"]),
        paragraphs=[_count(each["paragraphs"]) for each in labels],
        characters=[_count(each["characters"]) for each in labels],
        carrying=[_count(each["pages"]) for each in labels],
        kinds=[_count(value["kinds"][str(kind)]) for kind in KINDS],
        first=_text(value.get("first")),
        last=_text(value.get("last")),
        claims={str(claim): _evidence(each) for claim, each in value["claims"].items()},
    )
    for flag in FLAGS:
        counts = value["flags"][str(flag)]
        table = Table({}, counts["full"] is True)
        made.flags[flag] = Flagged(_count(counts["paragraphs"]), _count(counts["pages"]), table)
    for wording in (wording for statement in value["statements"] for wording in statement["wordings"]):
        for flag_name, evidence in wording["flags"].items():
            made.flags[Flag(flag_name)].table.add(str(wording["key"]), _evidence(evidence))
    return made


def _evidence(value: dict[str, Any]) -> Evidence:
    quote = value["quote"]
    made = Quote(**{"page": None, "text": "", **quote})
    if not (isinstance(made.text, str) and isinstance(made.probability, float) and type(made.paragraph) is int):
        raise TypeError("a quote")
    return Evidence(
        made, _count(value["paragraphs"]), _count(value["pages"]), _text(value.get("first")), _text(value.get("last"))
    )


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise TypeError(f"{value!r} is no count")
    return value


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{value!r} is no date")
    return value
