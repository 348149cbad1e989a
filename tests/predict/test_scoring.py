"""Stage 1: adding weights up token by token gives what the whole feature row would."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from predict.features import feature_rows
from predict.labels import KINDS
from predict.scoring import HEADS, ParagraphModel, log_softmax, product, sigmoid
from predict.tokens import tokenize
from tests.strategies import PARAGRAPH, PARAGRAPHS, random_model

MODEL = random_model(bits=12).paragraphs
SCORES = st.lists(st.lists(st.floats(-1e6, 1e6, width=32), min_size=HEADS, max_size=HEADS), min_size=1, max_size=4)


def by_rows(model: ParagraphModel, texts: list[str]) -> np.ndarray:
    """Scores (P, HEADS) by the book: rows times weights."""
    values, buckets, indptr = feature_rows(texts, model.settings)
    weighted = values[:, None] * model.weights[buckets].astype(np.float64)
    return np.stack([weighted[s:e].sum(axis=0) for s, e in pairwise(indptr.tolist())]) + model.bias


@given(st.lists(PARAGRAPH, min_size=1, max_size=8))
def test_scores_are_feature_rows_times_weights(texts: list[str]) -> None:
    expected = by_rows(MODEL, texts)
    np.testing.assert_allclose(MODEL.scores(tokenize(texts)), expected, rtol=1e-4, atol=1e-4)


@given(PARAGRAPHS)
def test_scores_of_a_paragraph_are_the_same_to_the_last_bit_in_any_company(texts: list[str]) -> None:
    together = MODEL.scores(tokenize(texts))
    alone = np.concatenate([MODEL.scores(tokenize([text])) for text in texts])
    assert np.array_equal(together, alone)


@given(SCORES)
def test_probabilities_of_the_kinds_sum_to_one_however_large_the_scores(scores: list[list[float]]) -> None:
    array = np.array(scores, np.float32)
    probabilities = np.exp(log_softmax(array))
    assert probabilities.shape == (len(scores), len(KINDS))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    kinds = array[:, : len(KINDS)]
    best = kinds[np.arange(len(kinds)), probabilities.argmax(axis=1)]
    np.testing.assert_allclose(best, kinds.max(axis=1), rtol=1e-6, atol=1e-6)


@given(SCORES)
def test_a_flag_s_probability_is_between_0_and_1_however_large_its_score(scores: list[list[float]]) -> None:
    probabilities = sigmoid(np.array(scores, np.float32))
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    assert sigmoid(np.zeros(1, np.float32))[0] == 0.5


@given(st.integers(0, 3), st.sampled_from([1, 7, 120]), st.sampled_from([1, 5, 10]), st.booleans())
def test_a_product_in_stretches_is_the_product(thousands: int, depth: int, width: int, by_column: bool) -> None:
    random = np.random.default_rng(thousands)
    rows = random.random((thousands * 1000 + thousands, depth), np.float32)
    weights = random.random((depth, width), np.float32)
    given_rows = np.asfortranarray(rows) if by_column else rows
    np.testing.assert_allclose(product(given_rows, weights), rows @ weights, rtol=1e-4)
