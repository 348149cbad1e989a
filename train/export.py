"""Stage 1 as a scikit-learn Pipeline, for those who want to go on from it with scikit-learn's own tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline

from predict.labels import KINDS
from train.corpus import Corpus
from train.fit import require_kinds
from train.rows import Rows, corpus_rows
from train.settings import TrainSettings
from train.stage_1 import fit_stage_1
from train.vectorizer import ParagraphVectorizer


def export_pipeline(rows: Rows, settings: TrainSettings) -> Pipeline:
    """Fit on all labelled rows; return vectoriser, TF-IDF and the multinomial model of kinds.

    `predict` gives names of kinds; `predict_proba` the same probabilities as stage 1 of newsieve. Raises NewsieveError
    if there are not at least two kinds to tell apart.
    """
    require_kinds(rows, np.ones(len(rows.kinds), bool))
    return _pipeline(rows, np.array([str(kind) for kind in KINDS]), settings)


def fit_pipeline(texts: Sequence[str], classes: npt.NDArray[Any]) -> Pipeline:
    """The same fitted on paragraphs (N,) with classes (N,) of any taxonomy. Raises ValueError for a single class."""
    names, numbers = np.unique(classes, return_inverse=True)
    if len(names) < 2:
        raise ValueError(f"y has {len(names)} class; at least two classes are needed to tell apart")
    settings = TrainSettings()
    rows = corpus_rows(Corpus((), (), ()), settings)
    vectorizer = ParagraphVectorizer(settings.features.bits, settings.features.subword_lengths)
    rows = replace(
        rows,
        features=vectorizer.transform(texts),
        kinds=numbers,
        flags=np.zeros((len(texts), 0), bool),
        weights=np.ones(len(texts)),
    )
    return _pipeline(rows, names, settings)


def _pipeline(rows: Rows, names: npt.NDArray[Any], settings: TrainSettings) -> Pipeline:
    estimator = fit_stage_1(rows, np.ones(len(rows.kinds), bool), settings)
    estimator.kinds.classes_ = names[estimator.kinds.classes_]
    vectorizer = ParagraphVectorizer(settings.features.bits, settings.features.subword_lengths)
    return Pipeline([("vectorizer", vectorizer), ("tfidf", estimator.tfidf), ("classifier", estimator.kinds)])
