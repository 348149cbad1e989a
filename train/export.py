"""Stage 1 as a scikit-learn Pipeline, for those who want to go on from it with scikit-learn's own tools."""

from __future__ import annotations

import numpy as np
from sklearn.pipeline import Pipeline

from predict.labels import KINDS
from train.fit import require_kinds
from train.rows import Rows
from train.settings import TrainSettings
from train.stage_1 import fit_stage_1
from train.vectorizer import ParagraphVectorizer


def export_pipeline(rows: Rows, settings: TrainSettings) -> Pipeline:
    """Fit on all labelled rows; return vectoriser, TF-IDF and the multinomial model of kinds.

    `predict` gives names of kinds; `predict_proba` the same probabilities as stage 1 of newsieve. Raises NewsieveError
    if there are not at least two kinds to tell apart.
    """
    train = np.ones(len(rows.kinds), bool)
    require_kinds(rows, train)
    estimator = fit_stage_1(rows, train, settings)
    estimator.kinds.classes_ = np.array([str(KINDS[index]) for index in estimator.kinds.classes_])
    vectorizer = ParagraphVectorizer(settings.features.bits, settings.features.subword_lengths)
    return Pipeline([("vectorizer", vectorizer), ("tfidf", estimator.tfidf), ("classifier", estimator.kinds)])
