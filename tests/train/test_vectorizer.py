"""The vectorizer: the features of prediction, as scikit-learn wants them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from predict.features import FeatureSettings, feature_rows
from tests.strategies import PARAGRAPH
from train.vectorizer import ParagraphVectorizer


@given(st.lists(PARAGRAPH, min_size=1, max_size=6), st.sampled_from([(4,), (3, 5), ()]))
def test_rows_are_those_that_prediction_computes(texts: list[str], lengths: tuple[int, ...]) -> None:
    rows = ParagraphVectorizer(10, lengths).transform(texts)
    values, buckets, indptr = feature_rows(texts, FeatureSettings(10, lengths))
    expected = np.zeros((len(texts), 1 << 10))
    np.add.at(expected, (np.repeat(np.arange(len(texts)), np.diff(indptr)), buckets), values)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows.toarray(), expected, rtol=1e-6)


def test_many_paragraphs_are_no_different_from_few() -> None:
    texts = [f"Story {'x' * (i % 7)} of day {i % 5}" for i in range(4100)]
    rows = ParagraphVectorizer(8).transform(texts)
    few = ParagraphVectorizer(8).transform(texts[3990:4010])
    assert rows.shape == (4100, 256)
    assert (rows[3990:4010] != few).nnz == 0


def test_no_paragraphs_are_no_rows() -> None:
    assert ParagraphVectorizer(8).fit_transform([]).shape == (0, 256)


def test_it_is_a_transformer_like_others() -> None:
    vectorizer = ParagraphVectorizer(bits=9, subword_lengths=(3,))
    assert vectorizer.get_params() == {"bits": 9, "subword_lengths": (3,)}
    assert clone(vectorizer).set_params(bits=8).transform(["Share"]).shape == (1, 256)
    pipeline = make_pipeline(vectorizer, LogisticRegression()).fit(["Share this", "He said so."], ["rest", "story"])
    assert pipeline.predict(["Share that"]) == ["rest"]


def test_a_word_said_thousands_of_times_is_counted_exactly() -> None:
    rows = ParagraphVectorizer(16, ()).transform(["spam " * 4000])
    # 4000 words, 4001 pairs, and shape features, each of the value 1 / sqrt(8001).
    assert rows.max() == pytest.approx(4000 / np.sqrt(8001), rel=1e-6)
