"""The table: readable at any width, and harmless whatever stands in a paragraph."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from predict import FLAGS, KINDS, LABELS, Flag, Kind, Page
from predict.model import Answers
from predict.table import LABEL_COLOURS, column_width, cut, format_table, wrap

ANSI = re.compile(r"\x1b\[[0-9;]*m")
ANY_TEXT = st.text(st.characters())  # lone surrogates and control characters too


def make_page(*paragraphs: tuple[str, Kind, float, Sequence[Flag]]) -> Page:
    """A page answered by hand: text, kind, probability of its label, flags."""
    labels = np.array([LABELS.index(kind.label) for _, kind, _, _ in paragraphs], np.int64)
    probabilities = np.zeros((len(paragraphs), len(LABELS)), np.float32)
    probabilities[:] = [[(1 - p) / 4] * len(LABELS) for _, _, p, _ in paragraphs] or 0
    probabilities[np.arange(len(labels)), labels] = [p for _, _, p, _ in paragraphs]
    flags = np.array([[0.9 if f in carried else 0.1 for f in FLAGS] for *_, carried in paragraphs], np.float32)
    kinds = np.array([KINDS.index(kind) for _, kind, _, _ in paragraphs], np.int64)
    answers = Answers(kinds, labels, probabilities, flags.reshape(-1, len(FLAGS)))
    return Page([text for text, *_ in paragraphs], answers, [0.5] * len(FLAGS), keep_from=0.5)


PAGE = make_page(
    ("Harbour bridge closes for a month", Kind.story, 0.99, ()),
    ("Share", Kind.interface, 0.97, ()),
    ("Our newsroom was declared a foreign agent. Help us go on.", Kind.fundraising, 0.88, (Flag.designation,)),
    ("The Bay Lantern is owned by its readers.", Kind.self_description, 0.7, (Flag.ownership, Flag.mission)),
    ("Story continues below advertisement", Kind.ad_notice, 0.995, ()),
    ("Most read: ferry strike ends", Kind.teaser, 0.6, ()),
)


def columns(line: str) -> int:
    """Width on a terminal, measured by the rules of the Unicode database alone."""
    wide = {"W": 2, "F": 2}
    marks = ("Mn", "Me", "Cf")
    return sum(0 if unicodedata.category(c) in marks else wide.get(unicodedata.east_asian_width(c), 1) for c in line)


def test_each_paragraph_is_a_row_with_number_label_kind_probability_and_text() -> None:
    rows = format_table(PAGE).splitlines()
    assert rows[1].split() == ["1", "journalism", "99%", "Harbour", "bridge", "closes", "for", "a", "month"]
    assert rows[2].split() == ["2", "ui_residue", "interface", "97%", "Share"]
    assert rows[6].split()[:4] == ["6", "ui_residue", "teaser", "60%"]


def test_flags_are_letters_that_a_legend_names() -> None:
    table = format_table(PAGE)
    assert re.search(r"88% D +Our newsroom", table)
    assert re.search(r"70% +OM +The Bay", table)
    assert "flags: D designation, O ownership, M mission" in table
    assert "flags:" not in format_table(make_page(("Share", Kind.interface, 0.9, ())))


def test_the_last_lines_count_labels_and_say_how_much_is_kept() -> None:
    end = " ".join(format_table(PAGE).splitlines()[-2:])
    counts = "6 paragraphs: 1 journalism, 2 ui_residue, 1 fundraising, 1 ad_notice, 1 self_description;"
    chars = sum(map(len, PAGE.texts))
    assert end.endswith(f"{counts} 33 of {chars} characters kept ({33 / chars:.0%})")


def test_a_page_without_paragraphs_says_so() -> None:
    assert format_table(make_page()) == "no paragraphs"


def test_long_text_is_cut_with_an_ellipsis_and_short_text_is_not() -> None:
    table = format_table(
        make_page(("word " * 100, Kind.story, 0.9, ()), ("Share", Kind.interface, 0.9, ()))
    ).splitlines()
    assert table[1].endswith("…")
    assert len(table[1]) == 80
    assert table[2].endswith("Share")


def test_colour_gives_every_label_its_own_and_changes_nothing_else() -> None:
    coloured = format_table(PAGE, colour=True)
    assert "\x1b" not in format_table(PAGE)
    assert ANSI.sub("", coloured) == format_table(PAGE)
    assert len(set(LABEL_COLOURS.values())) == len(LABELS)
    assert all(f"\x1b[{code}m" in coloured for code in LABEL_COLOURS.values())


def test_escapes_in_a_paragraph_do_not_reach_the_terminal() -> None:
    table = format_table(make_page(("\x1b[2J\x1b]0;title\x07 a\x00b\x9b31m \u202egnp.exe \ud800", Kind.story, 0.9, ())))
    assert "␛[2J␛]0;title␇ a␀b�31m gnp.exe �" in table


def test_a_paragraph_of_fifty_megabytes_is_shown_at_once() -> None:
    assert len(format_table(make_page(("й" * 50_000_000, Kind.story, 0.9, ()))).splitlines()[1]) == 80


@pytest.mark.parametrize(
    ("text", "width"),
    [("abc", 3), ("新聞", 4), ("cafe\u0301", 4), ("ﾊﾝ", 2), ("한국", 4), ("👍", 2), ("й", 1), ("ｗ", 2), ("", 0)],
)
def test_width_counts_columns_not_characters(text: str, width: int) -> None:
    assert column_width(text) == width


def test_wide_characters_are_cut_before_the_edge() -> None:
    assert cut("新聞記事", 8) == "新聞記事"
    assert cut("新聞記事", 7) == "新聞記…"
    assert cut("新聞記事", 6) == "新聞…"
    assert cut("新聞", 1) == "…"
    assert cut("新聞", 0) == ""


def test_wrap_breaks_at_spaces_and_cuts_the_last_line() -> None:
    assert wrap("one two three four", 9, 9) == ["one two", "three", "four"]
    assert wrap("one two three four", 9, 2) == ["one two", "three fo…"]
    assert wrap("incomprehensible", 7, 9) == ["incompr", "ehensib", "le"]
    assert wrap("新聞記事", 5, 9) == ["新聞", "記事"]
    assert wrap("", 5, 9) == []


@given(st.lists(st.tuples(ANY_TEXT, st.sampled_from(KINDS), st.floats(0.3, 1)), max_size=4), st.integers(1, 120))
@example([("\u0301" * 5000, Kind.story, 0.5)], 80)
@example([("❤\ufe0f" * 200, Kind.story, 0.5)], 80)
@example([("a\nb\u2028c\x85d\x1ce", Kind.story, 0.5)], 80)
def test_no_line_exceeds_the_width_whatever_the_text(paragraphs: list[tuple[str, Kind, float]], width: int) -> None:
    page = make_page(*((text, kind, p, FLAGS) for text, kind, p in paragraphs))
    for colour in (False, True):
        plain = ANSI.sub("", format_table(page, width, colour))
        lines = plain.split("\n")
        assert all(columns(line) <= width for line in lines)
        assert lines == plain.splitlines()  # nothing else breaks lines
        assert all(char.isprintable() or char in "\n\u200c\u200d" for char in plain)
        assert len(lines) >= len(paragraphs) + 1 or not paragraphs


@given(ANY_TEXT, st.integers(1, 40), st.integers(1, 6))
def test_wrapped_lines_fit_and_lose_nothing_but_space_unless_marked(text: str, width: int, most: int) -> None:
    lines = wrap(text, width, most)
    assert len(lines) <= most
    assert all(columns(line) <= width for line in lines)
    if lines and not lines[-1].endswith("…") and text.isascii() and text.isprintable():
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
