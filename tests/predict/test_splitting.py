"""Splitting: paragraphs are the non-empty lines of a text, and every one can be found again in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from predict.splitting import paragraph_spans, split_paragraphs
from tests.strategies import PARAGRAPH

LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\f", "\v", "\x1c", "\x85", "\u2028", "\u2029", " \n\t", ""])
TEXT = st.one_of(PARAGRAPH, st.builds("".join, st.lists(st.one_of(PARAGRAPH, LINE_ENDS), max_size=10)))


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        ("One\nTwo", ["One", "Two"]),
        ("One\r\n\r\n  Two  \r\n", ["One", "Two"]),
        ("\n \n\t\n", []),
        ("", []),
        ("One\u2028Two\rThree\fFour", ["One", "Two", "Three", "Four"]),
        ("one line, no end", ["one line, no end"]),
        ("\u00a0One\u3000", ["One"]),
        ("One\0Two", ["One\0Two"]),
    ],
)
def test_paragraphs_are_lines_without_the_white_space_around_them(text: str, paragraphs: list[str]) -> None:
    assert split_paragraphs(text) == paragraphs


@given(TEXT)
def test_a_paragraph_stands_in_the_text_where_its_offsets_say(text: str) -> None:
    assert [text[start:end] for start, end in paragraph_spans(text)] == split_paragraphs(text)


@given(TEXT)
def test_nothing_but_white_space_is_lost(text: str) -> None:
    outside, end = [], 0
    for start, stop in paragraph_spans(text):
        assert end <= start < stop
        outside.append(text[end:start])
        end = stop
    assert "".join([*outside, text[end:]]).strip() == ""


@given(TEXT)
def test_a_paragraph_is_one_line_and_splits_no_further(text: str) -> None:
    for paragraph in split_paragraphs(text):
        assert split_paragraphs(paragraph) == [paragraph]
