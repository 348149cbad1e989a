"""scikit-learn: newsieve's estimators behave as scikit-learn's own do, by scikit-learn's own checks.

These run every day: the extra `train` brings scikit-learn.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import validate_data

from predict import Classifier, NewsieveError
from predict.integrations.scikit_learn import BoilerplateRemover, ParagraphClassifier
from tests.program import PAGE, ROOT, environment

LINES = PAGE.splitlines()


def _paragraphs(language: str = "en", number: int = 900) -> tuple[list[str], list[str]]:
    import orjson

    lines = (ROOT / "data" / "paragraphs" / f"{language}.jsonl").read_bytes().splitlines()
    records = [orjson.loads(line) for line in lines]
    records = [r for r in records if r["kind"] in ("fundraising", "ad_notice", "teaser")]
    records = records[:: max(1, len(records) // number)]
    return [r["text"] for r in records], [r["kind"] for r in records]


# --- scikit-learn's own checks ---------------------------------------------------------------------------------------


class _OfNumbers:
    """Opens an estimator of texts to checks that come with tables of numbers: each row is written out as words."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.two_d_array = True
        tags.input_tags.string = False
        if tags.classifier_tags is not None:
            tags.classifier_tags.poor_score = True  # told from words, numbers that are near each other look unlike
        return tags

    def _written(self, X: Any, reset: bool) -> list[str]:
        X = validate_data(self, X, reset=reset)
        return [" ".join(f"c{place}v{value:.0f}" for place, value in enumerate(row)) for row in X]

    def fit(self, X: Any, y: Any = None) -> Any:
        if y is not None:
            validate_data(self, X, y)  # for its words about y
        return super().fit(self._written(X, True), y)  # type: ignore[misc]


class ClassifierOfNumbers(_OfNumbers, ParagraphClassifier):
    def predict(self, X: Any) -> Any:
        self._fitted()
        return super().predict(self._written(X, False))

    def predict_proba(self, X: Any) -> Any:
        self._fitted()
        return super().predict_proba(self._written(X, False))

    def _fitted(self) -> None:
        if not hasattr(self, "n_features_in_"):
            raise NotFittedError


class RemoverOfNumbers(_OfNumbers, BoilerplateRemover):
    """And what remains is counted: the checks compare results as numbers."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    def transform(self, X: Any) -> Any:
        if not hasattr(self, "n_features_in_"):
            raise NotFittedError
        return np.array([[len(text)] for text in super().transform(self._written(X, False))])


@pytest.mark.parametrize(("estimator", "at_least"), [(ClassifierOfNumbers, 50), (RemoverOfNumbers, 40)])
def test_scikit_learns_own_checks_pass_on_numbers_written_as_words(estimator: type, at_least: int) -> None:
    # None is expected to fail. What is skipped asks for array libraries other than NumPy, or for pandas.
    results = check_estimator(estimator(), expected_failed_checks={}, on_fail=None, on_skip=None)
    assert [(r["check_name"], r["exception"]) for r in results if r["status"] == "failed"] == []
    assert {r["check_name"] for r in results if r["status"] == "skipped"} <= {
        "check_array_api_input",
        "check_classifier_data_not_an_array",
    }
    assert sum(r["status"] == "passed" for r in results) >= at_least


def test_scikit_learn_knows_that_the_estimators_take_texts() -> None:
    for estimator in (ParagraphClassifier(), BoilerplateRemover()):
        assert estimator.__sklearn_tags__().input_tags.string
        with pytest.warns(Warning, match="requires input"):  # of texts: all that check_estimator has for them
            check_estimator(estimator, on_skip="warn")


# --- ParagraphClassifier ---------------------------------------------------------------------------------------------


def test_without_classes_it_answers_as_newsieve_does(shipped: Classifier) -> None:
    classifier = ParagraphClassifier().fit(LINES)
    alone = [shipped.classify([line])[0] for line in LINES]
    assert classifier.predict(LINES).tolist() == [str(p.label) for p in alone]
    assert classifier.classes_.tolist() == sorted(alone[0].probabilities)
    probabilities = classifier.predict_proba(np.array(LINES, object))
    assert probabilities.shape == (len(LINES), 5)
    wanted = [[p.probabilities[name] for name in classifier.classes_] for p in alone]
    np.testing.assert_allclose(probabilities, wanted, atol=1e-4)  # sums of float32, in another order


def test_with_classes_it_learns_them_whatever_they_are_called() -> None:
    texts, kinds = _paragraphs()
    numbers = np.array([{"fundraising": 7, "ad_notice": -1, "teaser": 3}[kind] for kind in kinds])
    by_name, by_number = (ParagraphClassifier().fit(texts, y) for y in (kinds, numbers))
    assert by_name.classes_.tolist() == ["ad_notice", "fundraising", "teaser"]
    assert by_number.classes_.tolist() == [-1, 3, 7]
    assert by_number.score(texts, numbers) > 0.9
    np.testing.assert_allclose(
        by_name.predict_proba(texts)[:, [0, 2, 1]], by_number.predict_proba(texts), atol=1e-4
    )  # sums of float32, in another order


def test_cross_validation_measures_what_was_learned_and_a_frozen_model_what_was_shipped() -> None:
    texts, kinds = _paragraphs()
    shuffled = np.random.default_rng(0).permutation(kinds)
    labels = np.where(np.array(kinds) == "teaser", "ui_residue", kinds)
    assert cross_val_score(ParagraphClassifier(), texts, kinds, cv=3).min() > 0.7
    assert cross_val_score(ParagraphClassifier(), texts, shuffled, cv=3).max() < 0.55  # nothing to learn
    frozen = FrozenEstimator(ParagraphClassifier().fit(texts))
    assert cross_val_score(frozen, texts, labels, cv=3).min() > 0.85


@pytest.mark.parametrize("fit", [lambda e: e.fit(LINES), lambda e: e.fit(*_paragraphs())])
def test_it_survives_a_pickle_into_another_process(fit: Any, tmp_path: Path) -> None:
    classifier = fit(ParagraphClassifier())
    (tmp_path / "x.pickle").write_bytes(pickle.dumps(classifier))
    code = "import pickle, sys; print(*pickle.load(open('x.pickle', 'rb')).predict(sys.stdin.read().splitlines()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input="\n".join(LINES),
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        env=environment(PYTHONIOENCODING="utf-8"),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == classifier.predict(LINES).tolist()


def test_another_model_is_taken_from_its_folder_and_a_clone_takes_it_too(small_model: Path, small: Classifier) -> None:
    classifier = clone(ParagraphClassifier(model=str(small_model))).fit(LINES)
    wanted = [[small.classify([line])[0].probabilities[name] for name in classifier.classes_] for line in LINES]
    np.testing.assert_allclose(classifier.predict_proba(LINES), wanted, atol=1e-4)  # sums of float32, in another order


def test_no_paragraphs_no_answers() -> None:
    classifier = ParagraphClassifier().fit(LINES)
    assert classifier.predict([]).shape == (0,)
    assert classifier.predict_proba([]).shape == (0, 5)


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        ("Share", None, "got a str"),
        ([["Share"]], None, r"X\[0\] is a list"),
        (np.array([["Share"]]), None, r"shape \(1, 1\)"),
        (["Share", None], None, r"X\[1\] is a NoneType"),
        (["Share", "Log in"], ["a", "a"], "at least two classes"),
        (["Share", "Log in"], ["a"], "inconsistent numbers"),
        (["Share", "Log in"], [0.5, 0.7], "Unknown label type"),
    ],
)
def test_what_is_no_sequence_of_paragraphs_is_refused(X: Any, y: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ParagraphClassifier().fit(X, y)


def test_nothing_is_answered_before_fit() -> None:
    with pytest.raises(NotFittedError):
        ParagraphClassifier().predict(LINES)
    with pytest.raises(NotFittedError):
        BoilerplateRemover().transform([PAGE])


# --- BoilerplateRemover ----------------------------------------------------------------------------------------------


def test_pages_come_out_clean_as_text_or_as_paragraphs(shipped: Classifier) -> None:
    remover = BoilerplateRemover().fit([PAGE])
    assert remover.transform([PAGE, LINES, ""]) == [shipped.classify(PAGE).journalism] * 2 + [""]


def test_a_stricter_policy_keeps_less_and_an_unknown_one_is_named() -> None:
    kept = [len(BoilerplateRemover(policy=p).fit_transform([PAGE])[0]) for p in ("keep-0.995", "strict")]
    assert 0 < kept[1] <= kept[0] < len(PAGE)
    with pytest.raises(NewsieveError, match="no policy 'bold'"):
        BoilerplateRemover(policy="bold").fit([PAGE])


def test_it_stands_at_the_beginning_of_a_pipeline_and_its_policy_can_be_searched() -> None:
    pages = [PAGE, PAGE.replace("bus", "ferry"), PAGE.replace("bus", "tram")] * 4
    topics = ["land", "water", "land"] * 4
    pipeline = make_pipeline(BoilerplateRemover(), CountVectorizer(), LogisticRegression())
    search = GridSearchCV(pipeline, {"boilerplateremover__policy": ["keep-0.995", "strict"]}, cv=2).fit(pages, topics)
    assert search.score(pages, topics) == 1
    vocabulary = search.best_estimator_[1].vocabulary_
    assert "nurse" in vocabulary
    assert "donate" not in vocabulary


def test_pages_that_are_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"X\[0\] is a float"):
        BoilerplateRemover().fit_transform([1.0])
