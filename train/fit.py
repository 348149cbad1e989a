"""From a corpus to a model: both stages, then what only held-out scores can tell (thresholds and policies).

    stage 1 on each fold's complement ──▶ out-of-fold scores of all pages ──▶ stage 2 ──▶ the model
                                                 └─▶ stage 2, again by fold ──▶ flag thresholds, policies

Nothing is drawn at random without a fixed seed: the same data and settings give the same model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from predict.errors import NewsieveError
from predict.labels import KINDS
from predict.model import KIND_TO_LABEL, ContextModel, Model
from predict.scoring import HEADS, log_softmax, sigmoid
from train.decisions import flag_thresholds, label_weights, policies
from train.rows import UNLABELLED, Rows
from train.settings import TrainSettings
from train.stage_1 import FoldModels, Mask, ParagraphEstimator, fit_by_fold, fit_stage_1, out_of_fold_scores
from train.stage_2 import ContextRows, context_rows, fit_stage_2

Say = Callable[[str], None]


@dataclass(frozen=True)
class Fitted:
    """A model, the scikit-learn objects of its stage 1, its stage 1 for each fold without that fold, and its held-out
    scores (M, HEADS) on `held_out`."""

    model: Model
    estimator: ParagraphEstimator
    by_fold: FoldModels
    held_out: ContextRows
    held_out_scores: npt.NDArray[np.float32]


def fit(rows: Rows, train: Mask, settings: TrainSettings, say: Say = lambda text: None) -> Fitted:
    """Fit a model on the labelled rows among `train` (a mask over all rows).

    Raises NewsieveError if there are not at least two kinds to tell apart, or not enough pages to learn from.
    """
    require_kinds(rows, train)
    say("stage 1: out-of-fold scores")
    by_fold = fit_by_fold(rows, train, settings)
    scores = out_of_fold_scores(rows.texts[: rows.on_pages], rows.groups[: rows.on_pages], by_fold)
    say("stage 1: all data")
    estimator = fit_stage_1(rows, train, settings)
    say("stage 2")
    data = context_rows(rows, scores, train, settings)
    pages = _fit_pages(data, settings)
    say("stage 2: thresholds from held-out scores")
    held_out = held_out_scores(data, settings)
    model = Model(paragraphs=estimator.model(settings), pages=pages, **decisions(data, held_out)._asdict())
    return Fitted(model, estimator, by_fold, data, held_out)


class Decisions(NamedTuple):
    """What turns scores into answers: see `predict.model.Model`."""

    label_weights: npt.NDArray[np.float32]
    flag_thresholds: npt.NDArray[np.float32]
    policies: dict[str, float]


def decisions(data: ContextRows, held_out: npt.NDArray[np.float32]) -> Decisions:
    """Draw the lines from held-out scores (M, HEADS), by the labels that nobody chose for their doubt."""
    fair = ~data.standoff
    probabilities = np.exp(log_softmax(held_out[fair])) @ KIND_TO_LABEL
    return Decisions(
        label_weights(probabilities, data.kinds[fair]),
        flag_thresholds(sigmoid(held_out[fair, len(KINDS) :]), data.flags[fair]),
        policies(probabilities, data.kinds[fair], data.chars[fair]),
    )


def require_kinds(rows: Rows, train: Mask) -> None:
    """Raise NewsieveError if `train` shows fewer than two kinds."""
    if len(np.unique(rows.kinds[train & (rows.kinds != UNLABELLED)])) < 2:
        raise NewsieveError("the data shows fewer than two kinds; there is nothing to tell apart")


def _fit_pages(data: ContextRows, settings: TrainSettings) -> ContextModel:
    if data.standoff.all():  # or there are none
        raise NewsieveError("the data has no labelled pages of its own; stage 2 learns from pages")
    return fit_stage_2(data, np.ones(len(data.kinds), bool), settings)


def held_out_scores(data: ContextRows, settings: TrainSettings) -> npt.NDArray[np.float32]:
    """Scores (M, HEADS) of stage 2 on its own rows, each by a fit that saw nothing of its publisher."""
    scores = np.zeros((len(data.kinds), HEADS), np.float32)
    for fold in np.unique(data.groups):
        inside = data.groups == fold
        if inside.all():
            return scores
        scores[inside] = data.scores_by(fit_stage_2(data, ~inside, settings))[inside]
    return scores
