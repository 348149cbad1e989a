"""Shape: what a paragraph looks like, whatever its words are.

Length, capitals, digits, punctuation, how it begins and how it ends, each as a small whole number, alone and crossed
with one another: what is short and has no full stop is a button in any language. Each such number becomes one feature
(`predict.features`).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from predict import codepoints as cp
from predict.tokens import Int64, Tokens

_LENGTH_STEPS = np.array([1, 3, 6, 10, 16, 25, 40, 60, 90, 140, 220, 400, 800])
_COUNT_STEPS = np.array([1, 2, 3, 4, 6, 9, 13, 20, 35, 60, 120])

_SHARE_STEPS = np.array([0.001, 0.06, 0.12, 0.2, 0.35, 0.55, 0.8, 0.999])
_FEW_STEPS = np.array([1, 2, 3, 5, 9])
_FEW_VALUES = 100  # a step, for which comparing them all with it takes longer than searching


def _share(part: Int64, whole: Int64) -> Int64:
    return steps_passed(part / np.maximum(whole, 1), _SHARE_STEPS)


def steps_passed(values: npt.NDArray[Any], steps: npt.NDArray[Any]) -> Int64:
    """How many of a few ascending steps each value has reached. For many values this is faster than `searchsorted`.

    Whole numbers, which must not be negative, are looked up.
    """
    if values.dtype.kind in "iu" and steps.dtype.kind in "iu":
        return _passed(tuple(steps.tolist())).take(values, mode="clip")
    if values.size < _FEW_VALUES * len(steps):
        return steps.searchsorted(values, side="right")
    passed = np.zeros_like(values, np.uint8)
    for step in steps:
        passed += values >= step
    return passed.astype(np.int64)


@cache
def _passed(steps: tuple[int, ...]) -> Int64:
    """How many steps each of 0, 1, ... has reached, up to the last step."""
    return np.searchsorted(steps, np.arange(steps[-1] + 1), side="right")


def edge_classes(tokens: Tokens) -> tuple[Int64, Int64]:
    """Class of each paragraph's first and last token: shapes (P,). An empty paragraph has 0, which no token has."""
    classes = np.append(tokens.classes, np.uint8(0)).astype(np.int64)
    some = np.diff(tokens.indptr) > 0
    return some * classes.take(tokens.indptr[:-1]), some * classes.take(tokens.indptr[1:] - 1, mode="wrap")


def shape_values(tokens: Tokens) -> Int64:
    """What a paragraph looks like, as small whole numbers: shape (P, number of shape features)."""
    return np.stack(shape_columns(tokens), axis=1)


def shape_columns(tokens: Tokens) -> list[Int64]:
    """The columns of `shape_values`."""
    paragraphs = len(tokens.chars)
    sizes = np.diff(tokens.indptr)
    counts = tokens.class_counts
    words = counts[cp.LOWER] + counts[cp.UPPER]
    capitals = np.bincount(tokens.owner[tokens.capitals], minlength=paragraphs)
    first, last = edge_classes(tokens)
    length = steps_passed(tokens.chars, _LENGTH_STEPS)
    size = steps_passed(sizes, _COUNT_STEPS)
    capitalised = _share(counts[cp.UPPER], words)
    capital = _share(capitals, words)
    digits = _share(counts[cp.DIGIT], sizes)
    marks = _share(counts[cp.PUNCTUATION] + counts[cp.SYMBOL], sizes)
    stops = steps_passed(counts[cp.STOP], _FEW_STEPS)
    quotes = np.minimum(counts[cp.QUOTE], 3)
    symbols = np.minimum(counts[cp.SYMBOL], 3)
    few = np.minimum(size, SHAPE_CROSSED_MOST)
    single = [length, size, first, last, capitalised, capital, digits, marks, stops, quotes, symbols]
    crossed = [
        length * 16 + last,
        length * 16 + capitalised,
        length * 16 + stops,
        length * 16 + digits,
        size * 16 + marks,
        (first * 16 + last) * 16 + few,
        (capitalised * 16 + capital) * 16 + few,
        (length * 16 + stops) * 16 + capitalised,
    ]
    return single + crossed


# How to read the columns of `shape_values` (see `predict.explain`): what each of `single` is, with its steps or None
# for a class; which of them each of `crossed` crosses; the most that column 1 counts to where three are crossed.
SHAPE_SINGLE: tuple[tuple[str, npt.NDArray[np.float64] | None], ...] = (
    ("length: ", _LENGTH_STEPS.astype(np.float64)),
    ("words and marks: ", _COUNT_STEPS.astype(np.float64)),
    ("begins with ", None),
    ("ends with ", None),
    ("capitalised words: ", _SHARE_STEPS),
    ("words in capitals: ", _SHARE_STEPS),
    ("numbers: ", _SHARE_STEPS),
    ("punctuation: ", _SHARE_STEPS),
    ("sentence ends: ", _FEW_STEPS.astype(np.float64)),
    ("quotation marks: ", np.array([1.0, 2.0, 3.0])),
    ("symbols: ", np.array([1.0, 2.0, 3.0])),
)
SHAPE_CROSSED = ((0, 3), (0, 4), (0, 8), (0, 6), (1, 7), (2, 3, 1), (4, 5, 1), (0, 8, 4))
SHAPE_CROSSED_MOST = 7
