"""Side by side: folding, changes over time, contradictions, and whom a record belongs to."""

from __future__ import annotations

import time
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from predict import Flag, Kind
from predict.credibility import Report
from predict.credibility.claims import AD_NOTICE, COMPANY, NO_ADVERTISING, NON_PROFIT, STATE_MONEY, claims_of
from predict.credibility.folding import THRESHOLD, fold, shingles, similarities
from predict.credibility.observing import date_of, publisher_of
from tests.predict.credibility.pages import make_page

OLD = "The Bay Lantern is published by Harbour Media Ltd, a company of the Morava Group."
NEW = "The Bay Lantern is published by Northern Press Ltd, a company of the Danube Group."


def found(*pages: tuple[str, Kind, Flag | None, str | None]) -> dict[str, Any]:
    result = Report()
    for number, (text, kind, flag, date) in enumerate(pages):
        result.add(make_page((text, kind, {flag: 0.9} if flag else {})), "lantern", f"p-{number}", date)
    publisher: dict[str, Any] = result.as_dict()["publishers"][0]
    return publisher


def test_a_statement_that_changed_is_shown_old_and_new() -> None:
    publisher = found(
        (NEW, Kind.story, Flag.ownership, "2023-01-01"),
        (OLD, Kind.story, Flag.ownership, "2021-01-01"),
        (OLD, Kind.story, Flag.ownership, "2022-01-01"),
    )
    (change,) = publisher["changes"]
    assert (change["old"]["quote"]["text"], change["old"]["last"]) == (OLD, "2022-01-01")
    assert (change["new"]["quote"]["text"], change["new"]["first"]) == (NEW, "2023-01-01")


@pytest.mark.parametrize(
    "new",
    [
        ("Every Friday our editors answer letters.", "2023-01-01"),  # nothing like it
        (NEW, "2021-06-01"),  # while the old one still stood
        (NEW, None),
    ],
)
def test_other_statements_are_no_change(new: tuple[str, str | None]) -> None:
    old = [(OLD, Kind.story, Flag.ownership, date) for date in ("2021-01-01", "2022-01-01")]
    assert found(*old, (new[0], Kind.story, Flag.ownership, new[1]))["changes"] == []


def test_another_year_or_number_is_no_change() -> None:
    pages = [(f"© {y} Bay Lantern Media Ltd", Kind.interface, Flag.ownership, f"{y}-01-01") for y in (2021, 2022)]
    assert found(*pages)["changes"] == []


def test_no_advertising_and_ad_notices_are_worth_a_look() -> None:
    publisher = found(
        ("We carry no advertising.", Kind.fundraising, None, None), ("Advertisement", Kind.ad_notice, None, None)
    )
    (each,) = publisher["contradictions"]
    assert each["about"] == "says that it carries no advertising, and carries ad notices"
    assert (each["one"]["quote"]["text"], each["other"]["quote"]["text"]) == (
        "We carry no advertising.",
        "Advertisement",
    )


def test_a_non_profit_of_a_company_is_worth_a_look() -> None:
    publisher = found(
        ("We are a non-profit newsroom.", Kind.story, Flag.ownership, None), (OLD, Kind.story, Flag.ownership, None)
    )
    assert [c["about"] for c in publisher["contradictions"]] == ["says that it is a non-profit, and names a company"]


@pytest.mark.parametrize(
    "pages",
    [
        [("Enjoying ad-free content?", Kind.ad_notice, None, None)],
        [("Advertisement", Kind.ad_notice, None, None), (OLD, Kind.story, Flag.ownership, None)],
        [("Bay Lantern Ltd is a non-profit.", Kind.story, Flag.ownership, None)],
        [
            ("A non-profit wins.", Kind.story, None, None),
            (OLD, Kind.story, Flag.ownership, None),
        ],  # a story about others
    ],
)
def test_what_excludes_nothing_is_not_listed(pages: list[tuple[str, Kind, Flag | None, str | None]]) -> None:
    assert found(*pages)["contradictions"] == []


@pytest.mark.parametrize(
    ("text", "kind", "claims"),
    [
        (
            "In spring we switched off all ads, so that nothing blinks.",
            Kind.fundraising,
            {NO_ADVERTISING},
        ),
        ("Wir erscheinen ohne Werbung.", Kind.fundraising, {NO_ADVERTISING}),
        ("Мы выходим без рекламы.", Kind.self_description, {NO_ADVERTISING}),
        ("Sans publicité ni actionnaire.", Kind.fundraising, {NO_ADVERTISING}),
        ("当サイトは広告を掲載しません。", Kind.fundraising, {NO_ADVERTISING}),
        ("Anzeige", Kind.ad_notice, {AD_NOTICE}),
        ("Verein, als gemeinnützig anerkannt.", Kind.self_description, {NON_PROFIT}),
        ("Herausgeber: Hinterkirchner Verlag GmbH", Kind.self_description, {COMPANY}),
        ("The channel is funded by the government.", Kind.self_description, {STATE_MONEY}),
        ("We take no money from any government.", Kind.self_description, {"no_state_money"}),
    ],
)
def test_claims_are_told_in_several_languages(text: str, kind: Kind, claims: set[str]) -> None:
    assert set(claims_of(text, kind, flagged=kind is Kind.self_description)) == claims


@given(st.lists(st.text("ab ", max_size=12) | st.text(max_size=6), max_size=12))
def test_similarity_is_the_share_of_common_shingles(texts: list[str]) -> None:
    sets = [shingles(text) for text in texts]
    rows = list(similarities(texts))
    assert len(rows) == len(texts)
    for a, row in zip(sets, rows, strict=True):
        assert row.tolist() == [len(a & b) / len(a | b) for b in sets]


@given(st.lists(st.text("ab ", max_size=12) | st.text(max_size=6), max_size=12))
def test_folding_groups_all_that_are_similar_and_nothing_else(texts: list[str]) -> None:
    groups = fold(texts)
    assert sorted(index for group in groups for index in group) == list(range(len(texts)))
    linked = [set((row >= THRESHOLD).nonzero()[0].tolist()) for row in similarities(texts)]
    for group in groups:  # each group is exactly what can be reached from its first
        reached: set[int] = set()
        border = {group[0]}
        while border:
            reached |= border
            border = set().union(*(linked[i] for i in border)) - reached
        assert reached == set(group)


def test_very_many_statements_are_folded_in_seconds() -> None:
    random = Random(0)
    words = ["".join(random.choices("abcdefghijklmnop", k=6)) for _ in range(2000)]
    common = " ".join(random.choices(words, k=60))
    start = time.monotonic()
    assert len(fold([f"{common} {' '.join(random.choices(words, k=25))}" for _ in range(500)])) <= 500
    assert time.monotonic() - start < 60  # one on an idle machine


@pytest.mark.parametrize(
    ("fields", "by", "folder", "name"),
    [
        ({"publisher": "A", "url": "https://b.example/x"}, None, "c", "A"),
        ({"outlet": "O", "publisher": "A"}, "outlet", None, "O"),
        ({"url": "https://www.b.example:8080/x"}, None, "c", "b.example"),
        ({"url": "b.example/x"}, None, None, "b.example"),
        ({"url": "http://[bad"}, None, "c", "c"),
        ({"publisher": " "}, None, "c", "c"),
        ({"publisher": 7}, None, None, "7"),
        ({}, None, None, None),
    ],
)
def test_the_publisher_is_a_field_else_the_host_else_the_folder(
    fields: dict[str, Any], by: str | None, folder: str | None, name: str | None
) -> None:
    assert publisher_of(fields, by, folder) == name


def test_the_date_is_a_field_that_begins_with_one() -> None:
    assert date_of({"date": "2021-02-03T04:05:06Z"}) == "2021-02-03"
    assert date_of({"date": "yesterday", "published": "2020-01-01"}) == "2020-01-01"
    assert date_of({"date": "2021-02-03", "seen": "2022-01-01"}, "seen") == "2022-01-01"
    assert date_of({"date": 20210203}) is None
