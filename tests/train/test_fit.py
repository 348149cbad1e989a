"""Fitting: the same data make the same model, and data that are too few say so."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predict import Classifier
from predict.errors import NewsieveError
from predict.features import FeatureSettings
from predict.labels import FLAGS, KINDS, Kind
from predict.model_file import WEIGHTS_FILE, load_model, save_model
from tests.program import PAGE
from train.card import model_card
from train.corpus import Corpus, read_corpus
from train.decisions import DEFAULT_SHARE, flag_thresholds, label_weights, threshold_keeping
from train.fit import Fitted, fit
from train.rows import Rows, corpus_rows
from train.settings import TrainSettings

QUICK = TrainSettings(FeatureSettings(6, (3,)), paragraph_iterations=4, context_iterations=4, jobs=1)


def fit_all(corpus: Corpus, train_settings: TrainSettings = QUICK) -> Fitted:
    rows = corpus_rows(corpus, train_settings)
    return fit(rows, np.ones(len(rows.kinds), bool), train_settings)


@pytest.fixture(scope="module")
def corpus(data_slice: Path) -> Corpus:
    return read_corpus([data_slice])


def test_the_same_data_and_settings_make_the_same_bytes(corpus: Corpus, data_slice: Path, tmp_path: Path) -> None:
    for name, again in (("one", corpus), ("two", read_corpus([data_slice]))):
        fitted = fit_all(again)
        save_model(replace(fitted.model, card=model_card(again, fitted, QUICK)), tmp_path / name)
    one, two = ((tmp_path / name / WEIGHTS_FILE).read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_fitted_model_has_learned_its_own_pages(small_fit: Fitted, small_rows: Rows, small: Classifier) -> None:
    pages = small.classify_many(_pages(small_rows), small_rows.titles)
    right = np.concatenate([page.answers.kinds for page in pages]) == small_rows.kinds[: small_rows.on_pages]
    assert right[small_rows.kinds[: small_rows.on_pages] >= 0].mean() > 0.7


def _pages(rows: Rows) -> list[list[str]]:
    bounds = np.concatenate(([0], np.cumsum(rows.sizes)))
    return [rows.texts[start:end] for start, end in pairwise(bounds.tolist())]


def test_held_out_scores_are_worse_than_those_of_pages_learned_from(small_fit: Fitted) -> None:
    data = small_fit.held_out
    held_out = (small_fit.held_out_scores[:, : len(KINDS)].argmax(axis=1) == data.kinds).mean()
    learned = (data.scores_by(small_fit.model.pages)[:, : len(KINDS)].argmax(axis=1) == data.kinds).mean()
    assert 0.4 < held_out < learned


def test_the_card_says_what_the_model_was_made_of(
    small_fit: Fitted, data_slice: Path, corpus: Corpus, small_settings: TrainSettings, tmp_path: Path
) -> None:
    save_model(replace(small_fit.model, card=model_card(corpus, small_fit, small_settings)), tmp_path)
    card = load_model(tmp_path).card
    files = [entry["file"] for entry in card["data"]]  # type: ignore[attr-defined]
    assert files == [f"data/{part}/{lang}.jsonl" for part, lang in _parts(data_slice)]
    assert card["counts"] == {
        "pages": len(corpus.pages),
        "single_paragraphs": len(corpus.singles),
        "standoff_labels": 0,
    }
    assert card["settings"]["bits"] == small_settings.features.bits  # type: ignore[index]
    assert 0 < card["held_out"]["accuracy"] < 1  # type: ignore[index]
    policies = card["policies"]
    assert policies["keep-0.995"]["journalism_kept"] >= 0.995  # type: ignore[index]
    assert set(policies) == set(small_fit.model.policies)  # type: ignore[call-overload]


def _parts(folder: Path) -> list[tuple[str, str]]:
    return [(part, file.stem) for part in ("pages", "paragraphs") for file in sorted((folder / part).iterdir())]


# --- too few data ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pages", "singles", "message"),
    [
        (0, 0, "fewer than two kinds"),
        (0, 60, "no labelled pages"),
        (1, 0, "all labelled paragraphs fall into one fold"),
    ],
)
def test_too_few_data_are_one_line(corpus: Corpus, pages: int, singles: int, message: str) -> None:
    few = replace(corpus, pages=corpus.pages[:pages], singles=corpus.singles[:singles])
    with pytest.raises(NewsieveError, match=message) as caught:
        fit_all(few)
    assert len(str(caught.value).splitlines()) == 1


def thinned(corpus: Corpus, seed: int) -> Corpus:
    """A few paragraphs of a few pages, perhaps of few kinds, perhaps without titles or singles."""
    chance = random.Random(seed)
    kinds = set(chance.sample(KINDS, chance.choice([1, 2, 7])))
    pages = []
    for page in chance.sample(corpus.pages, chance.randint(0, 5)):
        kept = [p for p in page.paragraphs if chance.random() < 0.2] or [page.paragraphs[0]]
        kept = [p if p.kind in kinds else replace(p, kind=None, flags=frozenset()) for p in kept]
        pages.append(replace(page, paragraphs=tuple(kept), title=chance.choice(["", page.title])))
    singles = chance.sample(corpus.singles, chance.choice([0, 3, 40]))
    return replace(corpus, pages=tuple(pages), singles=tuple(s for s in singles if s.paragraph.kind in kinds))


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), crop_share=st.sampled_from([0.0, 0.5, 1.0]))
def test_any_few_data_make_a_model_that_works_or_say_what_is_missing(
    corpus: Corpus, seed: int, crop_share: float
) -> None:
    try:
        model = fit_all(thinned(corpus, seed), replace(QUICK, crop_share=crop_share)).model
    except NewsieveError:
        return
    page = Classifier(model).classify(PAGE)
    assert np.isfinite(page.answers.probabilities).all()
    assert np.isfinite(page.answers.flags).all()


# --- where the lines are drawn ---------------------------------------------------------------------------------------

PROBABILITIES = st.floats(0, 1, width=32)
PARAGRAPH = st.tuples(PROBABILITIES, st.booleans(), st.integers(1, 500))


@given(st.lists(PARAGRAPH, min_size=1, max_size=40), st.sampled_from([0.5, 0.9, DEFAULT_SHARE, 1.0]))
def test_the_threshold_keeps_the_share_of_journalism_that_it_promises(
    paragraphs: list[tuple[float, bool, int]], share: float
) -> None:
    probability, story, chars = (np.array(column) for column in zip(*paragraphs))
    least = threshold_keeping(share, probability, story, chars)
    assert 0 <= least <= 1
    kept = story & (probability >= least)
    assert chars[kept].sum() >= share * chars[story].sum() - 1e-6
    higher = sorted({p for p in probability[story].tolist() if p > least + 1e-5})
    if higher:  # the next higher threshold would keep too little
        assert chars[story & (probability >= higher[0])].sum() < share * chars[story].sum() or higher[0] - least < 1e-5


def f1(given_flags: np.ndarray, truth: np.ndarray) -> float:
    hits = int((given_flags & truth).sum())
    return 2 * hits / max(1, int(given_flags.sum()) + int(truth.sum()))


@given(st.integers(0, 99), st.integers(1, 60))
def test_flags_are_given_from_where_it_makes_as_good_as_the_best_f1(seed: int, number: int) -> None:
    chance = np.random.default_rng(seed)
    truth = chance.random((number, len(FLAGS))) < 0.2
    probabilities = np.clip(chance.random(truth.shape) * 0.7 + truth * 0.2, 0, 1).astype(np.float32)
    for column, least in enumerate(flag_thresholds(probabilities, truth).tolist()):
        own = truth[:, column]
        if own.any():
            best = max(f1(probabilities[:, column] >= step, own) for step in np.arange(0.1, 0.61, 0.05))
            by_chance = 0.3 / np.sqrt(own.sum())  # F1 differs by that much from one sample to the next
            assert f1(probabilities[:, column] >= np.float32(least), own) >= best - by_chance - 0.05
        else:
            assert least == 0.5


def test_rare_labels_weigh_more_where_that_finds_them() -> None:
    kinds = np.array([KINDS.index(Kind.story)] * 95 + [KINDS.index(Kind.ad_notice)] * 5)
    probabilities = np.zeros((100, 5), np.float32)
    probabilities[:95, 0], probabilities[95:, 0] = 1.0, 0.6  # each advertisement looks a little like a story
    probabilities[95:, 3] = 0.4
    weights = label_weights(probabilities, kinds)
    assert weights[3] > 1.5
    assert weights[[0, 1, 2, 4]].tolist() == [1.0] * 4
