"""Context: what is counted about a page, and that pages know nothing of each other."""

from __future__ import annotations

from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predict import Classifier, context
from predict.codepoints import SINGLE
from predict.labels import FLAGS, KINDS
from predict.layout import LONG_CHARS, PageLayout, lay_out
from predict.scoring import log_softmax, sigmoid
from predict.tokens import tokenize
from tests.reference import Token, tokens_of
from tests.strategies import PIECES, WILD, random_model

# Short texts over few words, so that they meet in titles and repeat each other.
FEW_WORDS = st.lists(
    st.sampled_from(["Bridge", "closes", "BRIDGE", "2024", "7", "橋", "|", "\u00ad", "\0"]), max_size=6
)
LINE = st.one_of(st.builds(" ".join, FEW_WORDS), PIECES, WILD)
PAGES = st.lists(st.tuples(LINE, st.lists(LINE, max_size=6)), min_size=1, max_size=5)
REPEATING = st.builds(lambda line, times: " ".join([line] * times), LINE, st.sampled_from([1, 30]))
REPEATING_PAGES = st.lists(st.tuples(LINE, st.lists(REPEATING, min_size=1, max_size=5)), min_size=1, max_size=3)
FULL_PAGES = PAGES.filter(lambda pages: any(lines for _, lines in pages))
RANDOM = Classifier(random_model(bits=10))


def layout_of(pages: list[tuple[str, list[str]]]) -> PageLayout:
    texts = [line for _, lines in pages for line in lines]
    sizes = np.array([len(lines) for _, lines in pages], np.int64)
    return lay_out(tokenize(texts), tokenize([title for title, _ in pages]), sizes)


def words(tokens: list[Token]) -> list[str]:
    return [token.text for token in tokens if token.in_title]


# --- what is counted -------------------------------------------------------------------------------------------------


@given(FULL_PAGES)
def test_places_and_sizes_are_those_of_each_page(pages: list[tuple[str, list[str]]]) -> None:
    layout = layout_of(pages)
    expected = [(p, i, len(lines)) for p, (_, lines) in enumerate(pages) for i in range(len(lines))]
    assert list(zip(layout.page.tolist(), layout.place.tolist(), layout.size.tolist())) == expected
    assert layout.indptr.tolist() == [0, *accumulate(len(lines) for _, lines in pages)]


@given(FULL_PAGES)
def test_title_overlap_is_counted_word_by_word(pages: list[tuple[str, list[str]]]) -> None:
    layout = layout_of(pages)
    expected = []
    for title, lines in pages:
        of_title = words(tokens_of(title))
        for own in (words(tokens_of(line)) for line in lines):
            hits = sum(word in of_title for word in own)
            expected.append((hits / max(len(own), 1), min(hits / max(len(of_title), 1), 1)))
    np.testing.assert_allclose(np.stack([layout.in_title, layout.of_title], axis=1), expected, rtol=1e-6)


@given(FULL_PAGES)
def test_repeats_are_counted_within_the_page_digits_capitals_and_gaps_aside(
    pages: list[tuple[str, list[str]]],
) -> None:
    read = [[[token.text for token in tokens_of(line)] for line in lines] for _, lines in pages]
    assert layout_of(pages).repeats.tolist() == [page.count(line) for page in read for line in page]


@given(REPEATING_PAGES)
def test_words_that_short_paragraphs_share_with_long_ones_are_counted_within_the_page(
    pages: list[tuple[str, list[str]]],
) -> None:
    expected = []
    for _, lines in pages:
        read = [[t.text for t in tokens_of(line) if t.classes[0] == SINGLE or is_long_word(t)] for line in lines]
        story = {word for line, own in zip(lines, read) if len(line) > LONG_CHARS for word in own}
        for line, own in zip(lines, read):
            hits = 0 if len(line) > LONG_CHARS else sum(word in story for word in own)
            expected.append(hits / max(len(own), 1))
    np.testing.assert_allclose(layout_of(pages).echo, expected, rtol=1e-6)


def is_long_word(token: Token) -> bool:
    return token.is_word and len(token.text) >= 4


def test_paragraphs_with_the_same_pairs_of_words_in_another_order_are_no_repeats() -> None:
    assert layout_of([("", ["a b a c a", "a c a b a", "A C  A B A"])]).repeats.tolist() == [1, 2, 2]


@given(FULL_PAGES)
def test_first_and_last_classes_lengths_and_titles(pages: list[tuple[str, list[str]]]) -> None:
    layout = layout_of(pages)
    read = [tokens_of(line) for _, lines in pages for line in lines]
    assert layout.first.tolist() == [tokens[0].classes[0] if tokens else 0 for tokens in read]
    assert layout.last.tolist() == [tokens[-1].classes[0] if tokens else 0 for tokens in read]
    assert layout.words.tolist() == [len(words(tokens)) for tokens in read]
    assert layout.chars.tolist() == [len(line) for _, lines in pages for line in lines]
    assert layout.titled.tolist() == [bool(tokens_of(title)) for title, lines in pages for _ in lines]


@given(FULL_PAGES, st.integers(0, 99))
def test_features_are_finite_and_within_their_tables(pages: list[tuple[str, list[str]]], seed: int) -> None:
    layout = layout_of(pages)
    scores = np.random.default_rng(seed).normal(0, 10, (len(layout.page), len(KINDS) + len(FLAGS))).astype(np.float32)
    log_p = log_softmax(scores)
    dense = context.dense_features(log_p, scores[:, len(KINDS) :], layout)
    binned = context.binned_features(log_p, layout)
    assert dense.shape == (len(scores), context.DENSE) == (len(scores), len(context.dense_groups()))
    assert np.isfinite(dense).all()
    assert binned.shape == (len(scores), context.BINNED) == (len(scores), len(context.binned_groups()))
    assert binned.min() >= 0
    assert binned.max() < context.BIN_SIZE


# --- pages together and apart ----------------------------------------------------------------------------------------


def assert_same_answers(together: Classifier, pages: list[tuple[str, list[str]]]) -> None:
    batch = together.classify_many([lines for _, lines in pages], [title for title, _ in pages])
    for (title, lines), page in zip(pages, batch, strict=True):
        alone = together.classify(lines, title)
        assert len(page) == len(alone) == len(lines)
        np.testing.assert_allclose(page.answers.probabilities, alone.answers.probabilities, atol=1e-5)
        np.testing.assert_allclose(page.answers.flags, alone.answers.flags, atol=1e-5)


@given(PAGES)
def test_a_page_is_answered_the_same_alone_and_among_others(pages: list[tuple[str, list[str]]]) -> None:
    assert_same_answers(RANDOM, pages)


@settings(max_examples=30)
@given(pages=PAGES)
def test_that_holds_for_a_model_that_has_learned_something(
    small: Classifier, pages: list[tuple[str, list[str]]]
) -> None:
    assert_same_answers(small, pages)


@given(LINE, st.one_of(st.none(), LINE))
def test_a_paragraph_alone_is_judged_by_its_own_words(line: str, title: str | None) -> None:
    scores = RANDOM.model.paragraphs.scores(tokenize([line]))
    page = RANDOM.classify([line], title)
    assert np.array_equal(page.answers.flags, sigmoid(scores[:, len(KINDS) :]))


@pytest.mark.parametrize("place", [0, 3, 6])
def test_neighbours_and_title_can_change_an_answer(place: int) -> None:
    lines = ["Share", "Once", "Monthly", "Annual", "Continue", "He said so.", "Share"]
    before = RANDOM.classify(lines, "A title").answers.probabilities
    changed = [*lines[:place], "An appeal: donate now!", *lines[place + 1 :]]
    others = [i for i in range(len(lines)) if i != place]
    assert not np.allclose(before[others], RANDOM.classify(changed, "A title").answers.probabilities[others], atol=1e-3)
    assert not np.allclose(before, RANDOM.classify(lines, "He said so").answers.probabilities, atol=1e-3)


def test_the_edge_of_a_page_is_no_neighbour() -> None:
    layout = layout_of([("", ["a", "b"]), ("", ["c", "d"])])
    scores = np.random.default_rng(0).normal(size=(4, len(KINDS) + len(FLAGS))).astype(np.float32)
    whole = context.dense_features(log_softmax(scores), scores[:, len(KINDS) :], layout)
    for start, end in pairwise([0, 2, 4]):
        part = scores[start:end]
        own = context.dense_features(log_softmax(part), part[:, len(KINDS) :], layout_of([("", ["c", "d"])]))
        np.testing.assert_allclose(whole[start:end], own, atol=1e-6)
