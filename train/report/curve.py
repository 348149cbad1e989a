"""The learning curve as it lies on disk: `benchmarks/quality.py` writes it, the report draws it.

JSON: `{"learning_curve": [{"series", "real_pages", "authored_paragraphs", "scores": {...}}, ...]}`; `series` is what
grows, `scores` those of `train.scores.Scores.as_dict`. Other keys are for other readers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson

from predict.errors import NewsieveError

REAL, AUTHORED = "real pages", "authored paragraphs"  # the two series


@dataclass(frozen=True)
class CurvePoint:
    """A model fitted on part of the data, and how good it is. size: how much there is of what `series` counts."""

    series: str
    size: int
    accuracy: float
    macro_f1: float
    journalism: float


def read_curve(path: Path) -> list[CurvePoint] | None:
    """The points of a file, or None if there is no such file. Raises NewsieveError if it is something else."""
    if not path.exists():
        return None
    try:
        return [_point(entry) for entry in orjson.loads(path.read_bytes())["learning_curve"]]
    except (ValueError, KeyError, TypeError) as error:
        raise NewsieveError(f"{path}: not what benchmarks/quality.py writes ({error!r}); run it again") from None


def _point(entry: dict[str, object]) -> CurvePoint:
    series, scores = str(entry["series"]), entry["scores"]
    size = entry["real_pages" if series == REAL else "authored_paragraphs"]
    if not isinstance(scores, dict) or not isinstance(size, int):
        raise TypeError('"scores" is no object, or a size no number')
    return CurvePoint(
        series, size, float(scores["accuracy"]), float(scores["macro_f1"]), float(scores["f1"]["journalism"])
    )
