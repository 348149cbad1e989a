"""Pictures of figures, each an SVG in a data URI: the page that shows them needs no other file.

Drawn without pyplot, so there is no global state and no window. Names that come from data may hold anything; matplotlib
is told to read no formula into them.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve

from predict.errors import NewsieveError
from predict.labels import KINDS, LABELS
from train.report.answers import Answered
from train.report.curve import CurvePoint
from train.scores import Scores

try:
    import matplotlib
    from matplotlib.figure import Figure
except ImportError:
    raise NewsieveError("the report draws with matplotlib; pip install 'newsieve[train]'") from None

COLOURS = ("#3b6ea5", "#d1495b", "#2a9d6f", "#b07d1a", "#7b52ab")
_STYLE = {
    "text.parse_math": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "newsieve",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "axes.axisbelow": True,
    "legend.frameon": False,
}
_BINS = 10
_MOST_LANGUAGES = 40


def confusion_matrix(true: Sequence[int], given: Sequence[int], names: Sequence[str]) -> str:
    """How often each name was answered for each true one; shades are shares of the row."""
    size = len(names)
    counts = np.bincount(np.asarray(true) * size + np.asarray(given), minlength=size * size).reshape(size, size)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with matplotlib.rc_context({**_STYLE, "axes.grid": False}):
        figure, axes = _figure(1.9 + 0.85 * size, 1.2 + 0.55 * size)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for row, column in np.ndindex(size, size):
            ink = "white" if shares[row, column] > 0.55 else "#333333"
            text = f"{counts[row, column]:,}\n{shares[row, column]:.0%}" if counts[row, column] else "0"
            axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=8)
        axes.set_xticks(range(size), names, rotation=30, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(size), names)
        axes.set_xlabel("answered")
        axes.set_ylabel("true")
        return _uri(figure)


def label_confusion(answered: Answered) -> str:
    """The confusion matrix of the labels."""
    at = answered.labelled
    return confusion_matrix(answered.true_labels[at].tolist(), answered.answers.labels[at].tolist(), _names(LABELS))


def kind_confusion(answered: Answered) -> str:
    """The confusion matrix of the kinds."""
    at = answered.labelled
    return confusion_matrix(answered.truth.kinds[at].tolist(), answered.answers.kinds[at].tolist(), _names(KINDS))


def precision_recall(answered: Answered) -> str:
    """Precision over recall of each label that the truth shows, by its probability."""
    at = answered.labelled
    truth, probabilities = answered.true_labels[at], answered.answers.probabilities[at]
    with matplotlib.rc_context(_STYLE):
        figure, axes = _figure(5.2, 5.2)
        for index, label in enumerate(LABELS):
            if not (truth == index).any():
                continue
            precision, recall, _ = precision_recall_curve(truth == index, probabilities[:, index])
            average = average_precision_score(truth == index, probabilities[:, index])
            axes.step(recall, precision, where="post", color=COLOURS[index], label=f"{label} ({average:.3f})")
        axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.02))
        axes.legend(title="label (average precision)", loc="upper left", bbox_to_anchor=(0, -0.14), ncols=2)
        return _uri(figure)


def reliability(answered: Answered) -> str:
    """How often an answer is right, by how probable it was said to be; below, how many answers were so probable."""
    at = answered.labelled
    given, rows = answered.answers.labels[at], np.arange(int(at.sum()))
    probability = answered.answers.probabilities[at][rows, given].astype(np.float64)
    right = given == answered.true_labels[at]
    bins = np.minimum((probability * _BINS).astype(int), _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    some = counts > 0
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(5.2, 5.2), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        above.plot([0, 1], [0, 1], color="#999999", linestyle="--", linewidth=1, label="as sure as right")
        mean, share = (np.bincount(bins, v, _BINS)[some] / counts[some] for v in (probability, right))
        above.plot(mean, share, color=COLOURS[0], linewidth=1)
        # A point of few answers says little, and shows it.
        size = 10 + 60 * np.sqrt(counts[some] / counts.max())
        above.scatter(mean, share, s=size, color=COLOURS[0], label="answers (larger: more of them)")
        above.set(ylabel="share that is right", ylim=(0, 1.02), xlim=(0, 1))
        above.legend(loc="lower right")
        below.bar((np.arange(_BINS) + 0.5) / _BINS, counts, width=0.9 / _BINS, color=COLOURS[0])
        below.set(ylabel="answers", xlabel="probability of the label answered")
        return _uri(figure)


def learning_curve(points: Sequence[CurvePoint], series: str) -> str:
    """Figures over how much of one sort of data a model learned from."""
    chosen = sorted((point for point in points if point.series == series), key=lambda point: point.size)
    sizes = [point.size for point in chosen]
    with matplotlib.rc_context(_STYLE):
        figure, axes = _figure(5.2, 3.8)
        curves = {"F1 journalism": "journalism", "accuracy": "accuracy", "macro-F1": "macro_f1"}
        for (name, field), colour in zip(curves.items(), COLOURS):
            axes.plot(sizes, [getattr(point, field) for point in chosen], marker="o", color=colour, label=name)
        axes.set(xlabel=series, xlim=(0, None))
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
        return _uri(figure)


def by_language(scores: dict[str, Scores]) -> str:
    """Accuracy and F1 of journalism by language, the most frequent first."""
    shown = dict(list(scores.items())[:_MOST_LANGUAGES])
    places = np.arange(len(shown))
    with matplotlib.rc_context({**_STYLE, "axes.grid.axis": "x"}):
        figure, axes = _figure(6.4, 1.2 + 0.23 * len(shown))
        series: list[tuple[str, list[float]]] = [
            ("accuracy", [s.accuracy for s in shown.values()]),
            ("F1 journalism", [s.labels["journalism"].f1 for s in shown.values()]),
            ("macro-F1", [s.macro_f1 for s in shown.values()]),
        ]
        for (name, values), colour, marker in zip(series, COLOURS, "osD"):
            axes.scatter(values, places, color=colour, s=22, marker=marker, label=name)
        axes.set_yticks(places, [f"{lang or '?'} ({s.paragraphs:,})" for lang, s in shown.items()])
        axes.invert_yaxis()
        axes.set(xlim=(0, 1.02), ylim=(len(shown) - 0.4, -0.6))
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
        return _uri(figure)


def _names(members: Sequence[object]) -> list[str]:
    return [str(member) for member in members]


def _figure(width: float, height: float) -> tuple[Any, Any]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _uri(figure: Any) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode()
