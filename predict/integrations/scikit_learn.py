"""newsieve as scikit-learn estimators, for pipelines that go on from clean text.

    from predict.integrations.scikit_learn import BoilerplateRemover, ParagraphClassifier

`ParagraphClassifier` classifies single paragraphs. What `fit` does follows from what it is given: with `y` it learns
from `y`, as every scikit-learn classifier does (stage 1 of newsieve: its features, TF-IDF, logistic regression), so
that `cross_val_score` measures what was learned and not what somebody else's data taught; without `y` it takes the
shipped model. To cross-validate with the shipped model, freeze it:
`FrozenEstimator(ParagraphClassifier().fit(paragraphs))`.

`BoilerplateRemover` turns pages into what remains of them. It learns nothing.

Needs scikit-learn (the extra `sklearn`).
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from predict.classifier import DEFAULT_POLICY, Classifier, PageText
from predict.labels import LABELS
from predict.page import Page
from predict.streams import optional

base = optional("sklearn.base", "sklearn")
validation = optional("sklearn.utils.validation", "sklearn")
multiclass = optional("sklearn.utils.multiclass", "sklearn")

_NAMES = np.array([str(label) for label in LABELS])
_SORTED = np.argsort(_NAMES)  # scikit-learn's classes are in alphabetical order


class _OfTexts(base.BaseEstimator):  # type: ignore[misc,name-defined]
    """An estimator whose X is a sequence of texts, not a table of numbers."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


class ParagraphClassifier(base.ClassifierMixin, _OfTexts):  # type: ignore[misc,name-defined]
    """Say what paragraphs are, each alone.

    model: folder of the model that is used where `fit` gets no `y`; None is the shipped one.

    classes_: (C,) sorted names: those of `y`, or the five labels of the model. With the model, `predict` gives the
    label that newsieve gives, which for rare labels need not be the one of the largest probability.

    >>> from predict.integrations.scikit_learn import ParagraphClassifier
    >>> ParagraphClassifier().fit(["Share"]).predict(["Support our reporting: donate today"]).tolist()
    ['fundraising']
    """

    def __init__(self, model: str | None = None) -> None:
        self.model = model

    def fit(self, X: Sequence[str], y: Any = None) -> ParagraphClassifier:
        """Learn from paragraphs (N,) and their classes (N,); without classes, load the model.

        Raises ValueError if X is no sequence of strings, lengths differ, or `y` shows fewer than two classes.
        """
        X = self._texts(X)
        if y is None:
            self._set(Classifier.load(self.model), None)
            self.classes_ = _NAMES[_SORTED]
            return self
        y = validation.column_or_1d(y, warn=True)
        multiclass.check_classification_targets(y)
        validation.check_consistent_length(X, y)
        self._set(None, importlib.import_module("train.export").fit_pipeline(X, y))
        self.classes_ = self.pipeline_.classes_
        return self

    def predict(self, X: Sequence[str]) -> npt.NDArray[Any]:
        """Return the class of each paragraph: shape (N,)."""
        validation.check_is_fitted(self)
        X = self._texts(X)
        if self.pipeline_ is not None:
            return np.asarray(self.pipeline_.predict(X))
        return np.array([str(page[0].label) for page in self._pages(X)], self.classes_.dtype)

    def predict_proba(self, X: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the probability of each class of `classes_`: shape (N, C), rows sum to 1."""
        validation.check_is_fitted(self)
        X = self._texts(X)
        if self.pipeline_ is not None:
            return np.asarray(self.pipeline_.predict_proba(X), np.float64)
        rows = [page.answers.probabilities[0] for page in self._pages(X)]
        return np.array(rows, np.float64).reshape(-1, len(LABELS))[:, _SORTED]

    def _set(self, sieve: Classifier | None, pipeline: Any) -> None:
        self.sieve_ = sieve
        self.pipeline_ = pipeline

    def _pages(self, texts: Sequence[str]) -> Iterator[Page]:
        assert self.sieve_ is not None
        return self.sieve_.classify_many([text] for text in texts)

    def _texts(self, X: Any) -> list[str]:
        return _checked(X, str, "paragraphs, each a string")


class BoilerplateRemover(base.TransformerMixin, _OfTexts):  # type: ignore[misc,name-defined]
    """Keep the journalism of pages.

    model: a model folder; None is the shipped one. policy: how much to risk, one of the model's policies.

    >>> from predict.integrations.scikit_learn import BoilerplateRemover
    >>> BoilerplateRemover().fit_transform(["The ferry was late.\\nShare\\nLog in"])
    ['The ferry was late.']
    """

    def __init__(self, model: str | None = None, policy: str = DEFAULT_POLICY) -> None:
        self.model = model
        self.policy = policy

    def fit(self, X: Sequence[PageText], y: Any = None) -> BoilerplateRemover:
        """Load the model; the pages are only checked. Raises NewsieveError if it has no such policy."""
        _checked(X, (str, list, tuple), "pages, each a string or a list of paragraphs")
        sieve = Classifier.load(self.model)
        self.keep_from_ = sieve.keep_from(self.policy)
        self.sieve_ = sieve
        return self

    def transform(self, X: Sequence[PageText]) -> list[str]:
        """Return what remains of each page, one paragraph a line."""
        validation.check_is_fitted(self)
        X = _checked(X, (str, list, tuple), "pages, each a string or a list of paragraphs")
        return [
            "\n".join(text for text, keep in zip(page.texts, page.kept(self.keep_from_)) if keep)
            for page in self.sieve_.classify_many(X)
        ]


def _checked(X: Any, wanted: Any, what: str) -> list[Any]:
    """X as a list. Raises ValueError if it is one string, a table, or holds anything else than is wanted."""
    if isinstance(X, str) or getattr(X, "ndim", 1) != 1:
        raise ValueError(f"X is to be a sequence of {what}; got {_named(X)}")
    values = list(X)
    for index, value in enumerate(values):
        if not isinstance(value, wanted):
            raise ValueError(f"X[{index}] is {_named(value)}; X is to be a sequence of {what}")
    return values


def _named(value: Any) -> str:
    shape = f" of shape {value.shape}" if hasattr(value, "shape") else ""
    return f"a {type(value).__name__}{shape}"
