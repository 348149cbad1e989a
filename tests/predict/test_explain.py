"""Explanations: the terms of the model's own sums, nothing else."""

from __future__ import annotations

import math
import re
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predict import KINDS, Kind, context
from predict.explain import Explanation, explain, format_explanations, shape_names
from predict.features import FeatureSettings, feature_rows
from predict.layout import lay_out
from predict.model import ContextModel, Model
from predict.scoring import HEADS, ParagraphModel, log_softmax
from predict.shape import shape_values
from predict.table import column_width
from predict.tokens import tokenize

TEXTS = st.lists(st.text(st.characters()), min_size=1, max_size=5)
PAGE = ["Harbour bridge closes for a month", "Share", "Support us: donate today, donate monthly.", "Once", "Share"]


@cache
def random_model() -> Model:
    """A model of random weights: sums must hold whatever was learned."""
    rng = np.random.default_rng(7)

    def weights(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    settings = FeatureSettings(bits=12)
    return Model(
        ParagraphModel(settings, weights(settings.buckets, HEADS), weights(HEADS)),
        ContextModel(weights(context.DENSE, HEADS), weights(context.BINNED * context.BIN_SIZE, HEADS), weights(HEADS)),
        np.ones(5, np.float32),
        np.full(3, 0.5, np.float32),
        {},
    )


def difference(scores: np.ndarray, kind: Kind) -> float:
    """Score of a kind minus the mean of the others'."""
    values = dict(zip(KINDS, scores[: len(KINDS)].astype(np.float64).tolist()))
    chosen = values.pop(kind)
    return float(chosen - sum(values.values()) / len(values))


def names(explanation: Explanation) -> set[str]:
    return {contribution.what for contribution in explanation.own_words}


@given(TEXTS)
def test_words_and_bias_add_up_to_the_score_of_the_kind_above_the_mean_of_the_others(texts: list[str]) -> None:
    model = random_model().paragraphs
    values, buckets, indptr = feature_rows(texts, model.settings)
    for i, explanation in enumerate(explain(random_model(), texts)):
        row = slice(indptr[i], indptr[i + 1])
        exact = values[row] @ model.weights[buckets[row]].astype(np.float64) + model.bias
        total = sum(c.weight for c in explanation.own_words) + explanation.own_bias
        assert math.isclose(total, difference(exact, explanation.kind), rel_tol=1e-9, abs_tol=1e-9)


@given(TEXTS)
def test_they_are_the_scores_that_classification_uses(texts: list[str]) -> None:
    scores = random_model().paragraphs.scores(tokenize(texts))
    for row, explanation in zip(scores, explain(random_model(), texts)):
        total = sum(c.weight for c in explanation.own_words) + explanation.own_bias
        assert total == pytest.approx(difference(row, explanation.kind), abs=1e-3)


@given(TEXTS.filter(lambda texts: len(texts) > 1), st.none() | st.text())
def test_page_groups_and_bias_add_up_to_the_score_of_stage_2(texts: list[str], title: str | None) -> None:
    model, tokens = random_model(), tokenize(texts)
    scores = model.with_context(model.paragraphs.scores(tokens), tokens, [title or ""], np.array([len(texts)]))
    for row, explanation in zip(scores, explain(model, texts, title)):
        total = sum(c.weight for c in explanation.page) + explanation.page_bias
        assert total == pytest.approx(difference(row, explanation.kind), abs=1e-2)


def test_context_is_the_log_odds_of_the_label_after_minus_before() -> None:
    model = random_model()
    tokens = tokenize(PAGE)
    before = model.paragraphs.scores(tokens)
    after = model.with_context(before, tokens, [""], np.array([len(PAGE)]))

    def log_odds(scores: np.ndarray, explanation: Explanation) -> float:
        p = np.exp(log_softmax(scores[None, :]).astype(np.float64))[0]
        inside = sum(p[i] for i, kind in enumerate(KINDS) if kind.label == explanation.label)
        outside = sum(p[i] for i, kind in enumerate(KINDS) if kind.label != explanation.label)
        return math.log(inside) - math.log(outside)

    for i, explanation in enumerate(explain(model, PAGE)):
        moved = log_odds(after[i], explanation) - log_odds(before[i], explanation)
        assert explanation.context == pytest.approx(moved, rel=1e-4)


def test_answers_are_those_of_classification() -> None:
    model = random_model()
    answers = model.answer(PAGE, ["Harbour"], np.array([len(PAGE)]))
    explanations = explain(model, PAGE, "Harbour")
    assert [e.kind for e in explanations] == [KINDS[k] for k in answers.kinds]
    assert [e.probability for e in explanations] == pytest.approx(answers.probabilities.max(axis=1).tolist())
    assert all(e.label == e.kind.label for e in explanations)


def test_a_paragraph_alone_has_no_page() -> None:
    (alone,) = explain(random_model(), ["Support us"])
    assert (alone.context, alone.page, alone.page_bias) == (None, [], 0.0)
    assert explain(random_model(), []) == []


def test_words_pairs_parts_and_shape_are_named() -> None:
    (explanation,) = explain(random_model(), ["Support US in 2024."])
    assert names(explanation) >= {"support", "us", "0000", ".", "support us", "⟨start⟩ support", ". ⟨end⟩", "support~"}
    assert names(explanation) >= {
        "length: 16-24",
        "begins with a capitalised word",
        "ends with a full stop or the like",
    }
    assert ".~" not in names(explanation)  # only words have parts


def test_the_same_word_twice_is_one_contribution() -> None:
    (explanation,) = explain(random_model(), ["donate donate donate"])
    whats = [c.what for c in explanation.own_words]
    assert len(whats) == len(set(whats))
    assert {"donate", "donate~", "donate donate"} <= set(whats)


def test_the_heaviest_come_first() -> None:
    for explanation in explain(random_model(), PAGE):
        for listed in (explanation.own_words, explanation.page):
            weights = [abs(c.weight) for c in listed]
            assert weights == sorted(weights, reverse=True)


@given(st.text(st.characters()))
def test_every_shape_feature_has_a_name_of_its_own(text: str) -> None:
    values = shape_values(tokenize([text]))[0]
    found = shape_names(values)
    assert len(found) == len(values) == len(set(found))


@given(TEXTS)
def test_shape_names_differ_where_the_features_do(texts: list[str]) -> None:
    values = shape_values(tokenize(texts))
    rows = [shape_names(row) for row in values]
    for name, value in zip(rows[0], values[0]):
        column = rows[0].index(name)
        assert all((row[column] == name) == (other[column] == value) for row, other in zip(rows, values))


def context_columns(texts: list[str], title: str = "") -> tuple[np.ndarray, np.ndarray]:
    tokens = tokenize(texts)
    scores = random_model().paragraphs.scores(tokens)
    layout = lay_out(tokens, tokenize([title]), np.array([len(texts)]))
    log_p, flags = log_softmax(scores), scores[:, len(KINDS) :]
    return context.dense_features(log_p, flags, layout), context.binned_features(log_p, layout)


def changed_groups(before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray], row: int) -> set[str]:
    dense = np.flatnonzero(~np.isclose(before[0][row], after[0][row]))
    binned = np.flatnonzero(before[1][row] != after[1][row])
    return {context.dense_groups()[c] for c in dense} | {context.binned_groups()[c] for c in binned}


def test_every_context_feature_belongs_to_a_group() -> None:
    dense, binned = context_columns(PAGE)
    assert dense.shape[1] == len(context.dense_groups())
    assert binned.shape[1] == len(context.binned_groups())


def test_groups_are_those_that_a_change_of_the_page_touches() -> None:
    plain = context_columns(PAGE)
    titled = changed_groups(plain, context_columns(PAGE, "Harbour bridge closes"), row=0)
    assert "title" in titled
    assert titled <= {"title", "place on the page"}

    after = changed_groups(plain, context_columns([*PAGE[:4], "Follow"]), row=0)
    assert "neighbours after" in after
    assert not after & {"neighbours before", "title", "own words", "repetition"}

    before = changed_groups(plain, context_columns(["Log in", *PAGE[1:]]), row=4)
    assert "neighbours before" in before
    assert not before & {"neighbours after", "title", "own words", "repetition"}

    once = changed_groups(plain, context_columns([*PAGE[:4], "Menu"]), row=1)
    assert "repetition" in once
    assert not once & {"neighbours before", "title", "own words"}


def test_people_see_words_weights_and_what_the_page_did() -> None:
    explanations = explain(random_model(), PAGE)
    text = format_explanations(explanations, most=3)
    first = explanations[0]
    assert f"  1 {first.kind} {first.probability:.0%} Harbour bridge" in text
    assert f"{first.own_words[0].weight:+.2f} {first.own_words[0].what}" in text
    assert f"page: log-odds of {first.label} {first.context:+.2f}" in text
    assert f"{first.page[0].weight:+.2f} {first.page[0].what}" in text
    assert first.own_words[3].what not in text.split("\n  2 ")[0].partition("own words:")[2].partition("page:")[0]


def test_colour_adds_nothing_but_colour() -> None:
    explanations = explain(random_model(), PAGE)
    coloured = format_explanations(explanations, colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == format_explanations(explanations)


@given(TEXTS, st.integers(1, 100))
def test_no_line_exceeds_the_width_whatever_the_text(texts: list[str], width: int) -> None:
    text = format_explanations(explain(random_model(), texts), width)
    assert all(column_width(line) <= width for line in text.split("\n"))
    assert all(char.isprintable() or char in "\n\u200c\u200d" for char in text)
