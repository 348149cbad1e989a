"""The figures by which newsieve is measured, over labelled paragraphs and what was answered.

Precision, recall and F1 for each label and flag as usual; `macro_f1` is the mean over the labels that the truth shows.
Two figures matter most to a user: `removed_at`, the share of characters outside journalism that go while a given share
of journalism's stays, and `ece`, the expected calibration error of the answered label's probability over ten bins [1].

[1] M. P. Naeini, G. Cooper, M. Hauskrecht: Obtaining well calibrated probabilities using Bayesian binning. AAAI 2015.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from predict.errors import NewsieveError
from predict.labels import FLAGS, LABELS, Label
from predict.model import KIND_TO_LABEL, Answers
from train.rows import UNLABELLED

Mask = npt.NDArray[np.bool_]
_JOURNALISM = LABELS.index(Label.journalism)
_BINS = 10
_ALL = slice(None)


@dataclass(frozen=True)
class Truth:
    """Kinds (N,) index into KINDS or UNLABELLED, flags (N, flags), chars (N,) lengths."""

    kinds: npt.NDArray[np.int64]
    flags: Mask
    chars: npt.NDArray[np.int64]


class Labelled(Protocol):
    """Columns of paragraphs: `train.rows.Rows` and what is made of them."""

    @property
    def kinds(self) -> npt.NDArray[np.int64]: ...  # noqa: D102

    @property
    def flags(self) -> Mask: ...  # noqa: D102

    @property
    def chars(self) -> npt.NDArray[np.int64]: ...  # noqa: D102

    @property
    def standoff(self) -> Mask: ...  # noqa: D102


def truth_of(rows: Labelled, at: npt.NDArray[Any] | slice = _ALL) -> Truth:
    """The truth about the rows `at` (indices or a mask), by which their answers are measured: standoff labels are left
    out."""
    return Truth(np.where(rows.standoff, UNLABELLED, rows.kinds)[at], rows.flags[at], rows.chars[at])


@dataclass(frozen=True)
class Ratio:
    """Precision, recall, F1 and how many there truly are."""

    precision: float
    recall: float
    f1: float
    count: int


@dataclass(frozen=True)
class Scores:
    """All figures; shares from 0 to 1."""

    paragraphs: int
    accuracy: float
    kind_accuracy: float
    macro_f1: float
    labels: dict[str, Ratio]
    flags: dict[str, Ratio]
    removed_at: dict[str, float]
    ece: float

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain numbers, rounded to four places, for a model card."""
        parts = {name: {k: round(r.f1, 4) for k, r in getattr(self, name).items()} for name in ("labels", "flags")}
        return {
            "paragraphs": self.paragraphs,
            "accuracy": round(self.accuracy, 4),
            "kind_accuracy": round(self.kind_accuracy, 4),
            "macro_f1": round(self.macro_f1, 4),
            "f1": parts["labels"],
            "flag_f1": parts["flags"],
            "flag_precision": {k: round(r.precision, 4) for k, r in self.flags.items()},
            "flag_recall": {k: round(r.recall, 4) for k, r in self.flags.items()},
            "removed_at": {k: round(v, 4) for k, v in self.removed_at.items()},
            "ece": round(self.ece, 4),
        }


def ratio(given: Mask, truth: Mask) -> Ratio:
    """Precision, recall and F1 of `given` against `truth`; 0 where there is nothing to divide by."""
    hits, of_given, of_truth = int((given & truth).sum()), int(given.sum()), int(truth.sum())
    return Ratio(
        hits / of_given if of_given else 0.0,
        hits / of_truth if of_truth else 0.0,
        2 * hits / (of_given + of_truth) if of_given + of_truth else 0.0,
        of_truth,
    )


def measure(answers: Answers, flags_given: Mask, truth: Truth) -> Scores:
    """Score the answers to N paragraphs; those without a true kind are left out.

    Raises NewsieveError if none has one.
    """
    labelled = truth.kinds != UNLABELLED
    if not labelled.any():
        raise NewsieveError("no labelled paragraph to measure with")
    kinds, given = truth.kinds[labelled], answers.labels[labelled]
    labels = KIND_TO_LABEL.argmax(axis=1)[kinds]
    probabilities = answers.probabilities[labelled]
    by_label = {str(label): ratio(given == i, labels == i) for i, label in enumerate(LABELS)}
    true_flags, given_flags = truth.flags[labelled], flags_given[labelled]
    by_flag = {str(flag): ratio(given_flags[:, i], true_flags[:, i]) for i, flag in enumerate(FLAGS)}
    by_flag["any"] = ratio(given_flags.any(axis=1), true_flags.any(axis=1))
    journalism = labels == _JOURNALISM
    return Scores(
        paragraphs=int(labelled.sum()),
        accuracy=float((given == labels).mean()),
        kind_accuracy=float((answers.kinds[labelled] == kinds).mean()),
        macro_f1=float(np.mean([r.f1 for r in by_label.values() if r.count])),
        labels=by_label,
        flags=by_flag,
        removed_at={
            str(share): removed_at(share, probabilities[:, _JOURNALISM], journalism, truth.chars[labelled])
            for share in (0.99, 0.995)
        },
        ece=calibration_error(probabilities[np.arange(len(given)), given], given == labels),
    )


def removed_at(
    share: float, probability: npt.NDArray[np.floating[Any]], journalism: Mask, chars: npt.NDArray[np.int64]
) -> float:
    """Share of the other characters removed by the threshold that keeps `share` of journalism's; 0 where there are
    none."""
    order = np.lexsort((-journalism.astype(int), -chars, -probability))
    good = np.cumsum(np.where(journalism, chars, 0)[order])
    bad = np.cumsum(np.where(journalism, 0, chars)[order])
    if not good[-1] or not bad[-1]:
        return 0.0
    last = int(np.searchsorted(good, share * good[-1]))
    return float(1 - bad[last] / bad[-1])


def calibration_error(probability: npt.NDArray[np.floating[Any]], right: Mask) -> float:
    """Expected calibration error over ten bins of equal width."""
    exact = probability.astype(np.float64)  # in float32, 10 * 0.7 falls into another bin
    bins = np.minimum((exact * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(bins, exact - right, _BINS)
    return float(np.abs(gaps).sum() / len(right))


def format_scores(name: str, scores: Scores) -> str:
    """The figures as a small table for people."""
    lines = [
        f"{name}: {scores.paragraphs} paragraphs, accuracy {scores.accuracy:.3f}, macro-F1 {scores.macro_f1:.3f}, "
        f"kind accuracy {scores.kind_accuracy:.3f}, "
        + ", ".join(f"removed at {float(s) * 100:g} % kept {v:.3f}" for s, v in scores.removed_at.items())
        + f", ECE {scores.ece:.3f}"
    ]
    for group in (scores.labels, scores.flags):
        for key, r in group.items():
            if r.count:
                lines.append(f"  {key:17s} P {r.precision:.3f}  R {r.recall:.3f}  F1 {r.f1:.3f}  n {r.count}")
    return "\n".join(lines)
