"""The report: counts by publisher, and the quotes that flags rest on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from predict import FLAGS, KINDS, Flag, Kind
from predict.credibility import NOTE, OTHERS, Report, report, statements
from predict.table import column_width
from tests.predict.credibility.pages import make_page

BRANDED = "The Bay Lantern was declared an undesirable organisation."
OWNED = "The Bay Lantern is published by a readers' cooperative."
ABOUT = make_page(
    ("Harbour bridge closes", Kind.story, {}),
    ("Share", Kind.interface, {}),
    (BRANDED, Kind.self_description, {Flag.designation: 0.98}),
    (OWNED, Kind.self_description, {Flag.ownership: 0.75}),
)
AGAIN = make_page((f"  {BRANDED.upper()} ", Kind.interface, {Flag.designation: 0.6}))


def filled() -> Report:
    result = Report()
    result.add(ABOUT, "lantern.example", "bl-1")
    result.add(AGAIN, "lantern.example", "bl-2")
    result.add(make_page(("Ferry strike ends", Kind.story, {})), "ferry.example", "f-1")
    return result


def test_pages_paragraphs_and_characters_are_counted_by_publisher_label_and_kind() -> None:
    ferry, lantern = filled().as_dict()["publishers"]
    assert (ferry["publisher"], ferry["pages"], ferry["paragraphs"]) == ("ferry.example", 1, 1)
    assert (lantern["pages"], lantern["paragraphs"]) == (2, 5)
    assert lantern["characters"] == sum(map(len, [*ABOUT.texts, *AGAIN.texts]))
    assert lantern["labels"]["journalism"] == {
        "paragraphs": 1,
        "characters": len("Harbour bridge closes"),
        "pages": 1,
    }
    assert lantern["kinds"]["interface"] == 2
    assert lantern["kinds"]["credit"] == 0


def test_each_distinct_statement_stands_once_with_its_surest_place_and_number_of_pages() -> None:
    lantern = filled().as_dict()["publishers"][1]
    branded, owned = lantern["statements"]
    assert (branded["text"], branded["page"], branded["paragraph"], branded["pages"]) == (BRANDED, "bl-1", 3, 2)
    assert branded["probability"] == pytest.approx(0.98)
    assert (branded["before"], branded["after"]) == ("Share", OWNED)
    assert (owned["text"], owned["flags"]) == (OWNED, ["ownership"])
    flags = lantern["flags"]
    assert (flags["designation"]["paragraphs"], flags["designation"]["pages"]) == (2, 2)
    assert flags["mission"]["paragraphs"] == 0


def test_a_statement_repeated_on_one_page_counts_one_page() -> None:
    result = Report()
    result.add(make_page(*[(BRANDED, Kind.interface, {Flag.designation: p}) for p in (0.6, 0.9, 0.7)]), None, "x")
    found = result.as_dict()["publishers"][0]
    assert (found["flags"]["designation"]["paragraphs"], found["flags"]["designation"]["pages"]) == (3, 1)
    assert [(s["probability"], s["pages"]) for s in found["statements"]] == [(pytest.approx(0.9), 1)]


def test_a_statement_says_where_it_stands_in_the_text_and_when_it_was_seen() -> None:
    text = f"Share\n{OWNED}"
    result = Report()
    for date in ("2023-05-01", "2021-02-03", "2022-01-01"):
        page = make_page(("Share", Kind.interface, {}), (OWNED, Kind.story, {Flag.ownership: 0.9}), source=text)
        result.add(page, "lantern", "a", date)
    statement = result.as_dict()["publishers"][0]["statements"][0]
    assert text[statement["start"] : statement["end"]] == OWNED
    assert (statement["first"], statement["last"], statement["pages"]) == ("2021-02-03", "2023-05-01", 3)
    assert "2021-02-03 to 2023-05-01" in result.format(width=200)


def test_near_duplicates_are_one_statement_of_several_wordings() -> None:
    result = Report()
    for n in range(3):
        text = f"The Bay Lantern is owned by its {n + 400} readers and takes no money from parties."
        result.add(make_page((text, Kind.story, {Flag.ownership: 0.6 + n / 10})), None, f"p-{n}")
    result.add(make_page(("Our newsroom has won nine awards.", Kind.story, {Flag.mission: 0.9})), None, "p-9")
    found = result.as_dict()["publishers"][0]["statements"]
    assert [(s["pages"], len(s["wordings"])) for s in found] == [(3, 3), (1, 1)]
    assert "402 readers" in found[0]["text"]
    assert "3 wordings" in result.format(width=200)


@pytest.mark.parametrize("mark", ["* ", "**", "† ", "¹", "[1] ", "(2) ", " 1 — "])
def test_a_footnote_about_others_is_no_designation_of_the_publisher(mark: str) -> None:
    result = Report()
    result.add(make_page((f"{mark}Listed as a foreign agent.", Kind.interface, {Flag.designation: 0.9})), "lantern")
    assert result.as_dict()["publishers"][0]["statements"] == []


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("© 2024 Lantern. All rights reserved.", False),
        ("Copyright 2024 | Tous droits réservés", False),
        ("(c) Lantern Media Ltd", True),
        ("© 2024 Lantern | Harbour Communications, Inc.", True),
        ("© 2024 Harbour Press. All rights reserved.", True),
        ("Lantern is published by its readers.", True),
    ],
)
def test_a_copyright_line_with_the_brand_alone_names_no_owner(text: str, owner: bool) -> None:
    result = Report()
    result.add(make_page((text, Kind.interface, {Flag.ownership: 0.9})), "lantern.example")
    assert bool(result.as_dict()["publishers"][0]["statements"]) == owner


def test_the_text_names_publishers_statements_and_pages() -> None:
    text = filled().format()
    assert text.index("ferry.example") < text.index("lantern.example")
    assert f"98% in bl-1, paragraph 3; 2 pages:\n      “{BRANDED}”" in text
    assert "designation: 2 paragraphs on 2 pages" in text
    assert "kinds: story 1, interface 2, self_description 2" in text
    assert "mission: none" in text


def test_without_publishers_all_pages_are_reported_together() -> None:
    result = Report()
    result.add(ABOUT, None, None)
    assert result.format().startswith("all pages\n  1 page, 4 paragraphs,")


def test_the_last_line_gives_no_verdict() -> None:
    assert filled().format(width=400).splitlines()[-1] == NOTE
    assert "a designation is a fact about what a state did" in NOTE
    assert filled().as_dict()["note"] == NOTE
    assert Report().format(width=400) == f"no pages\n\n{NOTE}"


def test_twenty_statements_are_shown_most_certain_first_and_the_rest_counted() -> None:
    result = Report()
    for n in range(50):
        page = make_page(
            (f"{chr(65 + n // 26) * 9} {chr(65 + n % 26) * 9} owns us.", Kind.story, {Flag.ownership: 0.6 + n / 200})
        )
        result.add(page, None, f"p-{n}")
    text = result.format()
    assert text.count("owns us.") == 20
    assert text.index("BBBBBBBBB XXXXXXXXX") < text.index("BBBBBBBBB WWWWWWWWW")
    assert "30 more statements, less certain" in text
    assert len(result.as_dict()["publishers"][0]["statements"]) == 50


def test_memory_is_bounded_by_holding_a_sample_of_very_many_statements_with_a_note(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(statements, "MAX_STATEMENTS", 50)
    result = Report()
    for n in range(400):
        text = f"{n:09d}"[::-1] * 3 + "So it goes. " * 200
        result.add(make_page((text, Kind.story, {Flag.mission: 0.9})), None, str(n))
        assert len(result._publishers[None].flags[Flag.mission].table.entries) <= 100
    flagged = result.as_dict()["publishers"][0]["flags"]["mission"]
    assert flagged == {"paragraphs": 400, "pages": 400, "distinct": 50, "full": True}
    assert all(len(s["text"]) <= 600 for s in result.as_dict()["publishers"][0]["statements"])
    assert "a sample of them is held" in result.format(width=200)


def test_publishers_beyond_the_cap_are_counted_together_with_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "MAX_PUBLISHERS", 2)
    result = Report()
    for n in range(9):
        result.add(ABOUT, f"paper-{n}.example", None)
    *told_apart, others = result.as_dict()["publishers"]
    assert [p["pages"] for p in told_apart] == [1, 1]
    assert (others["publisher"], others["pages"], others["others"]) == (OTHERS, 7, True)
    assert "are counted under" in result.format()


@given(
    st.lists(st.tuples(st.text(st.characters()), st.sampled_from(KINDS), st.sampled_from(FLAGS)), max_size=4),
    st.none() | st.text(st.characters()),
    st.integers(1, 100),
)
def test_no_line_exceeds_the_width_whatever_stands_on_the_page(
    paragraphs: list[tuple[str, Kind, Flag]], publisher: str | None, width: int
) -> None:
    result = Report()
    result.add(make_page(*((text, kind, {flag: 0.9}) for text, kind, flag in paragraphs)), publisher, publisher)
    text = result.format(width)
    assert all(column_width(line) <= width for line in text.split("\n"))
    assert all(char.isprintable() or char in "\n\u200c\u200d" for char in text)
    assert sum(result.as_dict()["publishers"][0]["kinds"].values()) == len(paragraphs)
