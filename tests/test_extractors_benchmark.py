"""The benchmark against extractors: what it counts as kept is in the output, and what is not there does not count."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from predict.errors import NewsieveError
from predict.labels import Kind
from tests.program import ROOT
from train.html_pages import key

sys.path.insert(0, str(ROOT / "benchmarks"))
import extractors
import matching

STORY = "The ferry to Aldersund was late again on Monday, and nobody on the quay could say why it was."
PAGE = [
    "Share",
    "Print",
    "Late again",
    STORY,
    "Share prices of the ferry company fell by a third.",
    "Read on",
    "Late again",
]


def kept(lines: list[str]) -> list[str]:
    """Which blocks of PAGE, all labelled, count as kept; the first headline and the sentences are journalism."""
    keys = [key(text) for text in PAGE]
    journalism = [False, False, True, True, True, False, False]
    return [text for text, keep in zip(PAGE, matching.kept_blocks(keys, journalism, keys, lines)) if keep]


def test_nothing_is_kept_by_nothing_and_everything_by_the_whole_page() -> None:
    assert kept([]) == []
    assert kept(PAGE) == PAGE


def test_a_short_block_is_not_found_inside_of_a_sentence() -> None:
    assert kept([PAGE[4]]) == [PAGE[4]]


def test_a_block_counts_however_the_output_cuts_its_lines() -> None:
    assert kept([STORY[:40], STORY[40:]]) == [STORY]
    assert kept(["Read", "on"]) == ["Read on"]
    assert kept(["- Share | Print"]) == ["Share", "Print"]
    assert kept([f"{STORY} Share"]) == ["Share", STORY]


def test_a_block_that_lost_a_word_is_kept_and_one_that_lost_half_is_not() -> None:
    assert kept([STORY.replace("nobody", "")]) == [STORY]
    assert kept([STORY[:45]]) == []


def test_of_two_equal_texts_the_journalism_is_kept_first() -> None:
    keys = [key("Late again")] * 2
    assert matching.kept_blocks(keys, [False, True], keys, ["Late again"]) == [False, True]


def test_the_figures_are_those_of_the_definition() -> None:
    truth = matching.Truth.of(
        [Kind.story, Kind.story, Kind.teaser, Kind.interface], ["a" * 30, "b" * 10, "c" * 20, "d"]
    )
    given = np.array([True, False, True, False])
    blocks, chars = (matching.figure(truth, given, by_chars) for by_chars in (False, True))
    assert (blocks.precision, blocks.recall, blocks.f1) == (0.5, 0.5, 0.5)
    assert (chars.precision, chars.recall, chars.f1) == (30 / 50, 30 / 40, 60 / 90)
    assert matching.slipped(truth, given)[Kind.teaser] == 1
    assert matching.after(truth, given, np.array([True, False, False, False])) == (1, 1)


def test_it_writes_between_its_markers_alone() -> None:
    new = f"{extractors.BEGIN}\nnew\n{extractors.END}"
    old = f"# Benchmarks\n\n{extractors.BEGIN}\nold\n{extractors.END}\n\nmore\n"
    assert extractors.into_markers(old, new) == f"# Benchmarks\n\n{new}\n\nmore\n"
    assert extractors.into_markers("# Benchmarks\n", new) == f"# Benchmarks\n\n{new}\n"
    with pytest.raises(NewsieveError, match="put the second"):
        extractors.into_markers(extractors.BEGIN, new)
