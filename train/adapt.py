"""Teaching a finished model a few paragraphs of one's own: `python -m train fit --base MODEL --data mine.jsonl`.

Twenty corrected paragraphs are too few to fit a model on and too many to ignore. So the model stays what it is, and
stage 1 learns a small correction D to its weights W, on the corrected paragraphs alone:

    minimise over D    strength * sum of losses of (W + D) on the corrected paragraphs  +  |D|^2 / 2

That is logistic regression with a Gaussian prior around the old weights instead of around zero (maximum a posteriori
adaptation, [1]). Only features that the corrected paragraphs have can move, which is what keeps the model from
forgetting: other words weigh what they weighed. Stage 2, the thresholds and the policies stay.

[1] C. Chelba, A. Acero: Adaptation of maximum entropy capitalizer: little data can help a lot. EMNLP 2004.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, softmax

from predict.errors import NewsieveError
from predict.labels import FLAGS, KINDS
from predict.model import Model
from predict.scoring import HEADS
from train.rows import UNLABELLED, Rows
from train.stage_1 import score_texts

STRENGTH = 3.0  # of the corrected paragraphs against the old weights
_ITERATIONS = 60
_KINDS = len(KINDS)

Matrix = npt.NDArray[np.float64]


def adapt(model: Model, rows: Rows, strength: float = STRENGTH) -> Model:
    """Return `model` with stage 1 corrected by the labelled rows; all of them are learned from.

    rows: computed with the model's own feature settings. Takes seconds for thousands of paragraphs. Raises
    NewsieveError if no row is labelled.
    """
    labelled = np.flatnonzero(rows.kinds != UNLABELLED)
    if not len(labelled):
        raise NewsieveError('no paragraph has a "kind"; there is nothing to learn from')
    features = rows.features[labelled]
    seen = np.unique(features.indices)
    features = features[:, seen].astype(np.float64)
    before = score_texts(model.paragraphs, [rows.texts[row] for row in labelled]).astype(np.float64)
    truth = np.hstack([np.eye(_KINDS)[rows.kinds[labelled]], rows.flags[labelled]])

    def loss(flat: Matrix) -> tuple[float, Matrix]:
        change = flat.reshape(len(seen), _KINDS + len(FLAGS))
        scores = before + features @ change
        wrong = np.hstack([softmax(scores[:, :_KINDS], axis=1), expit(scores[:, _KINDS:])]) - truth
        gradient = strength * (features.T @ wrong) + change
        return strength * _loss(scores, truth) + 0.5 * float(flat @ flat), gradient.ravel()

    start = np.zeros(len(seen) * HEADS)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS})
    weights = model.paragraphs.weights.copy()
    weights[seen] = (weights[seen] + found.x.reshape(len(seen), HEADS)).astype(np.float16)
    return replace(model, paragraphs=replace(model.paragraphs, weights=weights))


def _loss(scores: Matrix, truth: Matrix) -> float:
    """Cross-entropy of the kinds and of each flag, summed over the rows."""
    kinds, flags = scores[:, :_KINDS], scores[:, _KINDS:]
    of_kinds = np.logaddexp.reduce(kinds, axis=1) - (kinds * truth[:, :_KINDS]).sum(axis=1)
    return float(of_kinds.sum() + (np.logaddexp(0, flags) - flags * truth[:, _KINDS:]).sum())
