"""The report: counts by publisher, and the quotes that flags rest on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predict import FLAGS, KINDS, LABELS, Flag, Kind, Page, report
from predict.model import Answers
from predict.report import NOTE, OTHERS, Report
from predict.table import column_width


def make_page(*paragraphs: tuple[str, Kind, dict[Flag, float]]) -> Page:
    """A page answered by hand: text, kind, probabilities of flags."""
    labels = np.array([LABELS.index(kind.label) for _, kind, _ in paragraphs], np.int64)
    flags = np.array([[given.get(flag, 0.0) for flag in FLAGS] for _, _, given in paragraphs], np.float32)
    answers = Answers(
        np.array([KINDS.index(kind) for _, kind, _ in paragraphs], np.int64),
        labels,
        np.eye(len(LABELS), dtype=np.float32)[labels],
        flags.reshape(-1, len(FLAGS)),
    )
    return Page([text for text, _, _ in paragraphs], answers, [0.5] * len(FLAGS), keep_from=0.5)


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
    assert lantern["labels"]["journalism"] == {"paragraphs": 1, "characters": len("Harbour bridge closes")}
    assert lantern["kinds"]["interface"] == 2
    assert lantern["kinds"]["credit"] == 0


def test_a_flag_shows_each_distinct_quote_once_with_its_surest_page_and_number_of_pages() -> None:
    flags = filled().as_dict()["publishers"][1]["flags"]
    assert flags["designation"]["quotes"] == [
        {"text": BRANDED, "probability": pytest.approx(0.98), "page": "bl-1", "pages": 2}
    ]
    assert (flags["designation"]["paragraphs"], flags["designation"]["pages"]) == (2, 2)
    assert flags["mission"]["quotes"] == []


def test_a_quote_repeated_on_one_page_counts_one_page() -> None:
    result = Report()
    result.add(make_page(*[(BRANDED, Kind.interface, {Flag.designation: p}) for p in (0.6, 0.9, 0.7)]), None, "x")
    flagged = result.as_dict()["publishers"][0]["flags"]["designation"]
    assert (flagged["paragraphs"], flagged["pages"]) == (3, 1)
    assert [(q["probability"], q["pages"]) for q in flagged["quotes"]] == [(pytest.approx(0.9), 1)]


def test_the_text_names_publishers_quotes_and_pages() -> None:
    text = filled().format()
    assert text.index("ferry.example") < text.index("lantern.example")
    assert f"98% in bl-1 and on 1 further page:\n      “{BRANDED}”" in text
    assert "designation: 2 paragraphs on 2 pages" in text
    assert "kinds: story 1, interface 2, self_description 2" in text
    assert "mission: none" in text


def test_without_publishers_all_pages_are_reported_together() -> None:
    result = Report()
    result.add(ABOUT, None, None)
    assert result.format().startswith("all pages\n  1 page, 4 paragraphs,")
    assert "\n    98%:\n" in result.format()


def test_the_last_line_gives_no_verdict() -> None:
    assert filled().format(width=400).splitlines()[-1] == NOTE
    assert "a designation is a fact about what a state did" in NOTE
    assert filled().as_dict()["note"] == NOTE
    assert Report().format(width=400) == f"no pages\n\n{NOTE}"


def test_twenty_quotes_are_shown_most_certain_first_and_the_rest_counted() -> None:
    result = Report()
    for n in range(50):
        page = make_page((f"We are owned by fund number {n}.", Kind.story, {Flag.ownership: 0.5 + n / 200}))
        result.add(page, None, f"p-{n}")
    text = result.format()
    assert text.count("owned by fund") == 20
    assert text.index("number 49.") < text.index("number 48.") < text.index("number 30.")
    assert "30 more quotes, less certain" in text
    assert len(result.as_dict()["publishers"][0]["flags"]["ownership"]["quotes"]) == 50


def test_memory_is_bounded_by_letting_go_of_the_least_certain_quotes_with_a_note() -> None:
    result = Report()
    for n in range(1000):
        flags = {Flag.mission: 0.5 + (n * 7 % 1000) / 2500}
        result.add(make_page((f"We were founded in year {n}. " + "So it goes. " * 200, Kind.story, flags)), None, None)
    flagged = result.as_dict()["publishers"][0]["flags"]["mission"]
    quotes = flagged["quotes"]
    assert len(quotes) <= 2 * report.MAX_QUOTES
    assert len(quotes) + flagged["quotes_let_go"] == 1000 == flagged["paragraphs"]
    assert [q["probability"] for q in quotes[:3]] == pytest.approx([0.5 + n / 2500 for n in (999, 998, 997)])
    assert all(len(q["text"]) <= report.QUOTE_CHARS for q in quotes)
    assert f"{flagged['quotes_let_go']} more quotes, less certain still" in result.format()


def test_publishers_beyond_the_cap_are_counted_together_with_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "MAX_PUBLISHERS", 2)
    result = Report()
    for n in range(5):
        result.add(ABOUT, f"paper-{n}.example", None)
    assert {p["publisher"]: p["pages"] for p in result.as_dict()["publishers"]} == {
        OTHERS: 3,
        "paper-0.example": 1,
        "paper-1.example": 1,
    }
    assert "Only 2 publishers are told apart" in result.format()


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
