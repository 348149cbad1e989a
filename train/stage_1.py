"""Fitting stage 1: TF-IDF and one linear model with a head for each kind and each flag.

The kinds are one multinomial logistic regression, each flag a logistic regression of its own. The weights that ship
are coefficient times inverse document frequency, rounded to float16; the scikit-learn objects get the rounded numbers
back, so that both sides say the same.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from joblib import Parallel, delayed
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression

from predict.errors import NewsieveError
from predict.labels import KINDS
from predict.scoring import HEADS, ParagraphModel
from predict.tokens import tokenize
from train.rows import UNLABELLED, Rows
from train.settings import TrainSettings

_BATCH = 4000  # paragraphs that are scored at a time

Mask = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float32]
FoldModels = dict[int, ParagraphModel]


@dataclass(frozen=True)
class ParagraphEstimator:
    """The fitted scikit-learn objects of stage 1."""

    tfidf: TfidfTransformer
    kinds: LogisticRegression
    flags: list[LogisticRegression]

    def model(self, settings: TrainSettings) -> ParagraphModel:
        """The same as weights for prediction."""
        weights = np.zeros((settings.features.buckets, HEADS), np.float32)
        bias = np.zeros(HEADS, np.float32)
        coefficients, intercepts = by_class(self.kinds)
        weights[:, self.kinds.classes_] = (coefficients * self.tfidf.idf_).T
        # A kind without examples can never be the answer.
        bias[: len(KINDS)] = -30.0
        bias[self.kinds.classes_] = intercepts
        for head, flag in enumerate(self.flags, len(KINDS)):
            weights[:, head] = flag.coef_[0] * self.tfidf.idf_
            bias[head] = flag.intercept_[0]
        return ParagraphModel(settings.features, weights, bias)


def by_class(head: LogisticRegression) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Coefficients (classes, columns) and intercepts (classes,) of a head whose classes exclude each other.

    For two classes scikit-learn keeps one row, the log-odds of the second: beside 0 for the first, that is a softmax.
    """
    if len(head.classes_) != 2:
        return head.coef_, head.intercept_
    return np.vstack([np.zeros_like(head.coef_), head.coef_]), np.append(0.0, head.intercept_)


def fit_stage_1(rows: Rows, train: Mask, settings: TrainSettings) -> ParagraphEstimator:
    """Fit on the labelled rows among `train`, a mask over all rows."""
    train = train & (rows.kinds != UNLABELLED)
    tfidf = TfidfTransformer(norm=None).fit(rows.features[train])
    features = tfidf.transform(rows.features[train]).astype(np.float32)
    # The penalty keeps the weights of features that no row has at zero, so fitting can leave them out.
    columns = features.shape[1]
    seen = np.flatnonzero(np.bincount(features.indices, minlength=columns))
    features = features[:, seen] if len(seen) < columns else features
    # Most of the rare flags stand on single paragraphs, which count in full for them.
    alike = np.ones(len(rows.kinds[train]))
    kinds = _fit_head(features, rows.kinds[train], rows.weights[train], settings)
    flags = [_fit_head(features, flag, alike, settings) for flag in rows.flags[train].T]
    for head in (kinds, *flags):
        _spread(head, seen, columns)
        _round_weights(head, tfidf)
    return ParagraphEstimator(tfidf, kinds, flags)


def _fit_head(
    features: sp.csr_matrix, target: npt.NDArray[np.generic], weights: npt.NDArray[np.float64], settings: TrainSettings
) -> LogisticRegression:
    head = LogisticRegression(C=settings.paragraph_c, max_iter=settings.paragraph_iterations)
    if len(np.unique(target)) == 1:  # a flag that the data never shows: the answer is always no
        return _constant_head(features.shape[1], target[0])
    with warnings.catch_warnings():
        # Stopped early on purpose: more iterations fit the training pages better and other pages not.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return head.fit(features, target, sample_weight=weights)


def _constant_head(columns: int, answer: np.generic) -> LogisticRegression:
    head = LogisticRegression()
    of_flag = answer.dtype == bool
    head.classes_ = np.array([False, True]) if of_flag else np.array([answer])
    head.coef_ = np.zeros((1, columns))
    head.intercept_ = np.array([-30.0 if of_flag and not answer else 30.0])
    return head


def _spread(head: LogisticRegression, seen: npt.NDArray[np.int64], columns: int) -> None:
    """Make a head of the columns `seen` one of all columns."""
    coefficients = np.zeros((len(head.coef_), columns), head.coef_.dtype)
    coefficients[:, seen] = head.coef_
    head.coef_, head.n_features_in_ = coefficients, columns


def _round_weights(head: LogisticRegression, tfidf: TfidfTransformer) -> None:
    rounded = (head.coef_ * tfidf.idf_).astype(np.float16)
    head.coef_ = rounded.astype(np.float64) / tfidf.idf_
    head.intercept_ = head.intercept_.astype(np.float32).astype(np.float64)


def fit_by_fold(rows: Rows, train: Mask, settings: TrainSettings) -> FoldModels:
    """For each fold that pages fall into, a model that saw nothing of it."""

    def without(fold: int) -> ParagraphModel:
        outside = train & (rows.groups != fold)
        if not (outside & (rows.kinds != UNLABELLED)).any():
            raise NewsieveError("all labelled paragraphs fall into one fold; pages of more publishers are needed")
        return fit_stage_1(rows, outside, settings).model(settings)

    folds = np.unique(rows.groups[: rows.on_pages]).tolist()
    return dict(zip(folds, Parallel(n_jobs=settings.jobs)(delayed(without)(fold) for fold in folds)))


def out_of_fold_scores(texts: Sequence[str], groups: npt.NDArray[np.int64], models: FoldModels) -> Scores:
    """Scores (N, HEADS) of N paragraphs, each by the model of its own fold. groups: (N,) the folds."""
    scores = np.zeros((len(texts), HEADS), np.float32)
    for fold, model in models.items():
        inside = np.flatnonzero(groups == fold)
        scores[inside] = score_texts(model, [texts[row] for row in inside.tolist()])
    return scores


def score_texts(model: ParagraphModel, texts: Sequence[str]) -> Scores:
    """Scores (N, HEADS) of N paragraphs, as prediction has them."""
    parts = [model.scores(tokenize(texts[at : at + _BATCH])) for at in range(0, len(texts), _BATCH)]
    return np.concatenate([np.zeros((0, HEADS), np.float32), *parts])
