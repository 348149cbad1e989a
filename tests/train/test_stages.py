"""The two stages: prediction says what scikit-learn said, and nothing is learned where it must not be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predict.labels import FLAGS, KINDS, Kind
from predict.scoring import HEADS, ParagraphModel, log_softmax, sigmoid
from predict.tokens import tokenize
from tests.strategies import PARAGRAPH
from train.fit import Fitted
from train.rows import UNLABELLED, Rows
from train.settings import TrainSettings
from train.stage_1 import (
    FoldModels,
    ParagraphEstimator,
    fit_by_fold,
    fit_stage_1,
    out_of_fold_scores,
    score_texts,
)
from train.stage_2 import context_rows, cropped_pages, fit_stage_2, in_pieces
from train.vectorizer import ParagraphVectorizer


def everything(rows: Rows) -> np.ndarray:
    return np.ones(len(rows.kinds), bool)


def sklearn_says(estimator: ParagraphEstimator, vectorizer: ParagraphVectorizer, texts: list[str]) -> np.ndarray:
    """Probabilities (P, HEADS) by the scikit-learn objects that were fitted."""
    features = estimator.tfidf.transform(vectorizer.transform(texts))
    probabilities = np.zeros((len(texts), HEADS))
    probabilities[:, estimator.kinds.classes_] = estimator.kinds.predict_proba(features)
    for head, flag in enumerate(estimator.flags, len(KINDS)):
        probabilities[:, head] = flag.predict_proba(features)[:, 1]
    return probabilities


def newsieve_says(model: ParagraphModel, texts: list[str]) -> np.ndarray:
    """The same by NumPy alone."""
    scores = model.scores(tokenize(texts))
    return np.concatenate([np.exp(log_softmax(scores)), sigmoid(scores[:, len(KINDS) :])], axis=1)


def vectorizer_of(model: ParagraphModel) -> ParagraphVectorizer:
    return ParagraphVectorizer(model.settings.bits, model.settings.subword_lengths)


# --- stage 1 ---------------------------------------------------------------------------------------------------------


@settings(max_examples=150)
@given(texts=st.lists(PARAGRAPH, min_size=1, max_size=6))
def test_probabilities_are_those_of_scikit_learn_on_any_text(small_fit: Fitted, texts: list[str]) -> None:
    model = small_fit.model.paragraphs
    expected = sklearn_says(small_fit.estimator, vectorizer_of(model), texts)
    np.testing.assert_allclose(newsieve_says(model, texts), expected, atol=1e-5)


@settings(max_examples=30)
@given(words=st.lists(st.sampled_from(["donate", "said", "news", "the", "©", ",", "."]), min_size=2, max_size=3))
def test_and_on_the_longest_paragraphs_too(small_fit: Fitted, words: list[str]) -> None:
    model = small_fit.model.paragraphs
    texts = [" ".join([words[0]] * n + [words[1]] * (4000 - n) + words[2:]) for n in range(0, 4001, 500)]
    expected = sklearn_says(small_fit.estimator, vectorizer_of(model), texts)
    np.testing.assert_allclose(newsieve_says(model, texts), expected, atol=1e-5)


def only(rows: Rows, *kinds: Kind) -> Rows:
    """Rows of which only these kinds are labelled, and none flagged."""
    wanted = np.isin(rows.kinds, [KINDS.index(kind) for kind in kinds])
    return replace(rows, kinds=np.where(wanted, rows.kinds, UNLABELLED), flags=np.zeros_like(rows.flags))


@pytest.mark.parametrize("kinds", [(Kind.story, Kind.interface), (Kind.teaser, Kind.interface, Kind.fundraising)])
def test_data_of_a_few_kinds_without_flags_is_learned_from_as_well(
    small_rows: Rows, small_settings: TrainSettings, kinds: tuple[Kind, ...]
) -> None:
    few = only(small_rows, *kinds)
    estimator = fit_stage_1(few, everything(few), small_settings)
    model = estimator.model(small_settings)
    said = newsieve_says(model, few.texts)
    np.testing.assert_allclose(said, sklearn_says(estimator, vectorizer_of(model), few.texts), atol=1e-5)
    labelled = few.kinds != UNLABELLED
    assert (said[labelled, : len(KINDS)].argmax(axis=1) == few.kinds[labelled]).mean() > 0.9
    assert said[:, len(KINDS) :].max() < 1e-9


def test_paragraphs_without_a_kind_teach_nothing(small_rows: Rows, small_settings: TrainSettings) -> None:
    hidden = np.arange(len(small_rows.kinds)) % 3 == 0
    unlabelled = replace(small_rows, kinds=np.where(hidden, UNLABELLED, small_rows.kinds))
    without = fit_stage_1(small_rows, ~hidden, small_settings).model(small_settings)
    with_context = fit_stage_1(unlabelled, everything(unlabelled), small_settings).model(small_settings)
    assert np.array_equal(with_context.weights, without.weights)
    assert np.array_equal(with_context.bias, without.bias)


def of_pages(rows: Rows, models: FoldModels) -> np.ndarray:
    return out_of_fold_scores(rows.texts[: rows.on_pages], rows.groups[: rows.on_pages], models)


def test_out_of_fold_scores_depend_on_nothing_that_stands_in_the_fold(
    small_rows: Rows, small_settings: TrainSettings
) -> None:
    quick = replace(small_settings, paragraph_iterations=5)
    scores = of_pages(small_rows, fit_by_fold(small_rows, everything(small_rows), quick))
    group = small_rows.groups[0]
    inside = small_rows.groups == group
    kinds = np.where(inside & (small_rows.kinds != UNLABELLED), 0, small_rows.kinds)
    lied_to = replace(small_rows, kinds=kinds, flags=small_rows.flags | inside[:, None])
    again = of_pages(small_rows, fit_by_fold(lied_to, everything(small_rows), quick))
    theirs = inside[: small_rows.on_pages]
    assert theirs.any()
    assert np.array_equal(scores[theirs], again[theirs])
    assert not np.array_equal(scores[~theirs], again[~theirs])


# --- stage 2 ---------------------------------------------------------------------------------------------------------


def test_pages_are_cropped_as_extractors_do_and_always_the_same(small_rows: Rows, small_fit: Fitted) -> None:
    scores = score_texts(small_fit.model.paragraphs, small_rows.texts[: small_rows.on_pages])
    all_cropped = cropped_pages(small_rows, scores, 1.0)
    assert np.array_equal(all_cropped, cropped_pages(small_rows, scores, 1.0))
    assert not cropped_pages(small_rows, scores, 0.0).any()
    story = (np.exp(log_softmax(scores))[:, 0] > 0.5) & (small_rows.chars[: small_rows.on_pages] > 60)
    end = 0
    for size in small_rows.sizes.tolist():
        kept = np.flatnonzero(all_cropped[end : end + size]).tolist()
        sure = np.flatnonzero(story[end : end + size]).tolist()
        if len(sure) > 1:
            assert kept == list(range(kept[0], kept[-1] + 1))
            assert sure[0] - 5 <= kept[0] <= sure[0]
            assert sure[-1] <= kept[-1] <= sure[-1] + 5
        else:
            assert kept == []
        end += size


def test_pages_in_pieces_are_small_pages_with_their_titles_and_lose_nothing(small_rows: Rows) -> None:
    scores = np.zeros((small_rows.on_pages, HEADS), np.float32)
    train = small_rows.kinds[: small_rows.on_pages] != UNLABELLED
    pieces, _, kept, titles = in_pieces(small_rows, scores, train, small_rows.titles, 1.0)
    assert 1 <= pieces.sizes.min() <= pieces.sizes.max() <= 8
    assert len(titles) == len(pieces.sizes)
    assert np.array_equal(kept, train)
    ends = np.cumsum(pieces.sizes)
    assert set(np.cumsum(small_rows.sizes).tolist()) <= set(ends.tolist())  # no piece is of two pages
    whose = np.searchsorted(np.cumsum(small_rows.sizes), ends)
    assert titles == [small_rows.titles[page] for page in whose]
    assert not in_pieces(small_rows, scores, train, small_rows.titles, 0.0)[2].any()


@pytest.mark.parametrize(("share", "times"), [(0.0, 1), (1.0, 3)])
def test_only_labelled_paragraphs_on_training_pages_are_learned_from(
    small_rows: Rows, small_settings: TrainSettings, share: float, times: int
) -> None:
    scores = np.zeros((small_rows.on_pages, HEADS), np.float32)  # they show no story to crop a page to
    train = small_rows.groups != small_rows.groups[0]
    shares = replace(small_settings, crop_share=share, untitled_share=share, piece_share=share)
    data = context_rows(small_rows, scores, train, shares)
    labelled = train & (small_rows.kinds != UNLABELLED)
    assert len(data.kinds) == times * labelled[: small_rows.on_pages].sum()
    assert small_rows.groups[0] not in data.groups


@pytest.mark.parametrize("kinds", [(Kind.story,), (Kind.story, Kind.interface)])
def test_pages_of_one_or_two_kinds_are_answered_with_those(
    small_rows: Rows, small_settings: TrainSettings, kinds: tuple[Kind, ...]
) -> None:
    few = only(small_rows, *kinds)
    few = replace(few, flags=np.ones_like(few.flags) & (np.arange(len(FLAGS)) == 0))
    stage_1 = np.zeros((few.on_pages, HEADS), np.float32)
    data = context_rows(few, stage_1, everything(few), small_settings)
    scores = data.scores_by(fit_stage_2(data, np.ones(len(data.kinds), bool), small_settings))
    right = scores[:, : len(KINDS)].argmax(axis=1) == data.kinds
    assert right.mean() > (0.7 if len(kinds) > 1 else 0.999)
    assert (sigmoid(scores[:, len(KINDS) :]) > 0.5).all(axis=0).tolist() == [True, False, False]
    assert (sigmoid(scores[:, len(KINDS) + 1 :]) < 1e-9).all()
