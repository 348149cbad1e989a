"""What only held-out scores can tell: where to draw the lines between one answer and another.

Probabilities say how sure the model is; a user wants an answer. The largest probability wins, but a label of which
there is one paragraph in a hundred hardly ever wins so, and is then found too rarely: rare labels get a weight that
makes the best F1. The same goes for the probability from which a flag is given. The policies of `clean` are
thresholds on the probability of journalism.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from predict.labels import FLAGS, LABELS, Label
from predict.model import KIND_TO_LABEL

DEFAULT_SHARE = 0.995
SHARES = (0.999, DEFAULT_SHARE, 0.99)  # of journalism's characters, for which a policy is measured
BALANCED, STRICT = 0.5, 0.9  # least probability of journalism under the policies of these names
_JOURNALISM = LABELS.index(Label.journalism)
_WEIGHTS = np.array([1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0])
_RARE = 0.1  # a label that fewer paragraphs have than this may get a weight
_FLAG_STEPS = np.arange(0.1, 0.61, 0.05)
_CHANCE = 0.3  # over the root of the number of true ones: what F1 differs by from one sample to the next

Probabilities = npt.NDArray[np.floating[Any]]
Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def label_weights(probabilities: Probabilities, kinds: Indices) -> npt.NDArray[np.float32]:
    """The weight of each label (see `predict.model.Model`).

    probabilities: (M, labels), held out; kinds: (M,) the true ones.
    """
    truth = KIND_TO_LABEL.argmax(axis=1)[kinds]
    weights = np.ones(len(LABELS))
    for label in np.argsort(np.bincount(truth, minlength=len(LABELS)), kind="stable"):
        is_label = truth == label
        if not 0 < is_label.mean() < _RARE:
            continue
        f1 = []
        for weight in _WEIGHTS:
            weights[label] = weight
            f1.append(_f1((probabilities * weights).argmax(axis=1) == label, is_label))
        weights[label] = _WEIGHTS[int(np.argmax(f1))]
    return weights.astype(np.float32)


def flag_thresholds(probabilities: Probabilities, flags: Mask) -> npt.NDArray[np.float32]:
    """For each flag the lowest probability from which giving it makes as good as the best F1.

    probabilities: (M, flags), held out; flags: (M, flags) the true ones.
    """
    best = []
    for column in range(len(FLAGS)):
        truth = flags[:, column]
        f1 = [_f1(probabilities[:, column] >= step, truth) for step in _FLAG_STEPS]
        # Among thresholds that chance alone tells apart, the lowest: what is missed nobody sees.
        as_good = np.array(f1) >= max(f1) - _CHANCE / np.sqrt(max(1, truth.sum()))
        best.append(_FLAG_STEPS[int(np.argmax(as_good))] if truth.any() else 0.5)
    return np.array(best, np.float32)


def _f1(given: Mask, truth: Mask) -> float:
    return float(2 * (given & truth).sum() / max(1, given.sum() + truth.sum()))


def policies(probabilities: Probabilities, kinds: Indices, chars: Indices) -> dict[str, float]:
    """Named thresholds on the probability of journalism: one for each share of its text that is to stay, and two more.

    probabilities: (M, labels), held out; kinds, chars: (M,) true kinds and lengths.
    """
    journalism = probabilities[:, _JOURNALISM]
    story = is_journalism(kinds)
    return {
        **{f"keep-{share:g}": threshold_keeping(share, journalism, story, chars) for share in SHARES},
        "balanced": BALANCED,
        "strict": STRICT,
    }


def is_journalism(kinds: Indices) -> Mask:
    """Which of these kinds have the label journalism."""
    return np.asarray(KIND_TO_LABEL[kinds, _JOURNALISM] > 0)


def threshold_keeping(share: float, probability: Probabilities, journalism: Mask, chars: Indices) -> float:
    """The highest threshold under which `share` of journalism's characters stay; 0 if there is no journalism."""
    if not journalism.any():
        return 0.0
    order = np.argsort(-probability[journalism], kind="stable")
    kept = np.cumsum(chars[journalism][order])
    last = min(int(np.searchsorted(kept, share * kept[-1])), len(kept) - 1)
    return max(0.0, round(float(probability[journalism][order[last]]) - 5e-7, 6))
