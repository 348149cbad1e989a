"""Context: what the rest of the page says about a paragraph.

"Once", "Monthly" and "Continue" are menu words on one page and parts of a donation box on another; a headline is the
page's own or leads elsewhere. Stage 2 is a linear model over what stage 1 found around a paragraph: the scores of
its neighbours, where it stands between the first and the last sure paragraph of the story, how far it is from the
headline, how often it is repeated on the page. Numbers that do not act linearly (a distance, a share) are also cut
into bins, and bins are crossed: a linear model over crossed bins draws the steps that a decision tree would (see
[1], section 3, for the same idea at scale).

A neighbour beyond the edge of its page reads as absent. Every column belongs to a named group, for people. Arrays of
several columns lie in memory column by column: shifting, adding up and laying them side by side is then a few long
copies.

[1] X. He et al.: Practical lessons from predicting clicks on ads at Facebook. ADKDD 2014.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from predict.labels import FLAGS, KINDS, Kind
from predict.layout import LONG_CHARS, Float, PageLayout, lay_out
from predict.shape import steps_passed
from predict.tokens import Int64, tokenize

REACH = 3  # neighbours on either side that are read one by one
WINDOWS = (8, 30)  # and on average
LENGTH_WINDOWS = (4, 12)
BIN_SIZE = 4096  # more values than any crossed bin has
_NARROW: Any = np.int16  # has room for any bin, and passes over it take a quarter of the time
_FLOOR = np.float32(-7.0)  # log-probabilities below this say no more
_STORY = KINDS.index(Kind.story)
_SURE_PROBABILITY, _SURE_CHARS = 0.8, 80  # of a paragraph that is taken for the story's own

_LOG_STEPS = np.array([1, 2, 3, 5, 8, 13, 21, 35, 60, 100, 200])
_FAR_STEPS = np.array([1, 2, 3, 5, 9, 20])
_PROB_STEPS = np.array([0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98], np.float32)
_MEAN_LENGTH_STEPS = np.log1p(np.array([0, 8, 16, 30, 50, 80, 130, 220]))
_CHAR_STEPS = np.array([2, 8, 16, 30, 50, 80, 130, 220, 400])
_SHARE_STEPS = np.array([0.001, 0.2, 0.4, 0.6, 0.8, 0.99], np.float32)

Numbers = TypeVar("Numbers", bound=npt.NDArray[Any])
Column = tuple[str, Int64]
Block = tuple[str, Float]


def _bins(values: npt.NDArray[np.generic], steps: npt.NDArray[np.generic]) -> Int64:
    return steps_passed(values, steps).astype(_NARROW)


def _cross(*parts: tuple[Int64, int]) -> Int64:
    """One number for several small ones, each given with how many values it has."""
    (first, size), *others = parts
    crossed = first.astype(_NARROW, copy=False)
    for values, count in others:
        crossed = crossed * count
        crossed += values.astype(_NARROW, copy=False)
        size *= count
    if size > BIN_SIZE:
        raise ValueError(f"a crossed bin with {size} values; {BIN_SIZE} at most")
    return crossed


def _shifted(values: Numbers, layout: PageLayout, by: int, outside: float) -> Numbers:
    """The values of the paragraph `by` places further on, `outside` where the page has none."""
    result: Numbers = np.empty_like(values)
    if by < 0:
        result[-by:] = values[:by]
    else:
        result[:-by] = values[by:]
    result[layout.beyond(by)] = outside
    return result


def _window(sums: npt.NDArray[np.float64], low: Int64, high: Int64) -> Float:
    """Mean over [low, high) of what `sums` accumulates; 0 where empty."""
    window = sums.T.take(high, axis=1)
    window -= sums.T.take(low, axis=1)
    window /= np.maximum(high - low, 1).astype(np.float64)
    return np.asarray(window.T, np.float32)


def _running(values: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """Sums of the first 0, 1, ... N rows."""
    sums = np.zeros((*values.shape[1:], len(values) + 1))
    np.cumsum(values.T, axis=-1, dtype=np.float64, out=sums[..., 1:])
    return np.asarray(sums.T, np.float64)


def _ends(marked: npt.NDArray[np.bool_], layout: PageLayout) -> tuple[Int64, Int64]:
    """Signed distance of each paragraph to the first and to the last marked one of its page; `size` where none is."""
    at = np.flatnonzero(marked)
    low = np.searchsorted(at, layout.indptr[:-1])
    high = np.searchsorted(at, layout.indptr[1:])
    none = (high == low)[layout.page]
    padded = np.append(at, 0)
    first = (padded[np.minimum(low, len(at))] - layout.indptr[:-1])[layout.page]
    last = (padded[np.maximum(high - 1, 0)] - layout.indptr[:-1])[layout.page]
    return np.where(none, layout.size, layout.place - first), np.where(none, layout.size, layout.place - last)


def _nearest(marked: npt.NDArray[np.bool_], layout: PageLayout) -> tuple[Int64, Int64]:
    """How many places before and after each paragraph the nearest marked other one is; `size` where none is."""
    here = np.arange(len(marked))
    before, after = np.full(len(marked), -1), np.full(len(marked), len(marked))
    np.maximum.accumulate(np.where(marked, here, -1)[:-1], out=before[1:])
    np.minimum.accumulate(np.where(marked, here, len(marked))[:0:-1], out=after[-2::-1])
    start, end = layout.indptr[layout.page], layout.indptr[layout.page + 1]
    return (
        np.where(before >= start, here - before, layout.size),
        np.where(after < end, after - here, layout.size),
    )


def _signed_bins(distance: Int64) -> Int64:
    """Bins of a distance before or after: 13 values."""
    return np.sign(distance) * _bins(np.abs(distance), _LOG_STEPS[::2]) + 6


def _dense_blocks(log_probabilities: Float, flag_scores: Float, layout: PageLayout) -> list[Block]:
    log_p = np.maximum(log_probabilities, _FLOOR)
    flags = np.clip(flag_scores, -8, 8)
    chars = np.asarray(np.log1p(layout.chars)[:, None] / 4, np.float32)
    blocks = [("own words", log_p), ("own words", flags), ("lengths", chars)]
    sides = ((-1, "neighbours before"), (1, "neighbours after"))
    for by in range(1, REACH + 1):
        for sign, group in sides:
            blocks += [(group, _shifted(values, layout, sign * by, 0.0)) for values in (log_p, chars)]
    blocks += [(group, _shifted(flags, layout, sign, -8.0)) for sign, group in sides]

    sums = _running(np.exp(log_p))
    here = np.arange(len(log_p))
    start, end = layout.indptr[layout.page], layout.indptr[layout.page + 1]
    for reach in WINDOWS:
        blocks.append(("neighbours before", _window(sums, np.maximum(here - reach, start), here)))
        blocks.append(("neighbours after", _window(sums, here + 1, np.minimum(here + 1 + reach, end))))
    blocks.append(("page as a whole", _window(sums, start, end)))

    mass = _running(np.exp(log_p[:, _STORY]) * layout.chars)
    total = np.maximum(mass[end] - mass[start], 1.0)
    place = [
        (mass[here] - mass[start]) / total,
        (mass[end] - mass[here + 1]) / total,
        layout.place / np.maximum(layout.size - 1, 1),
        np.log1p(layout.place) / 4,
        np.log1p(layout.size - 1 - layout.place) / 4,
    ]
    title = [layout.in_title, layout.of_title, layout.in_title * layout.of_title]
    blocks.append(("place on the page", np.stack(place, axis=1)))
    blocks.append(("repetition", np.log(layout.repeats)[:, None]))
    blocks.append(("repetition", np.log1p(np.stack([layout.earlier, layout.repeats - 1 - layout.earlier], axis=1))))
    lengths = _running(np.stack([np.log1p(layout.chars), layout.chars > LONG_CHARS], axis=1))
    for reach in LENGTH_WINDOWS:
        blocks.append(("lengths", _window(lengths, np.maximum(here - reach, start), here)))
        blocks.append(("lengths", _window(lengths, here + 1, np.minimum(here + 1 + reach, end))))
    blocks.append(("words of the story", layout.echo[:, None]))
    blocks.append(("title", np.stack(title, axis=1)))
    return blocks


def _binned_columns(log_probabilities: Float, layout: PageLayout) -> list[Column]:
    probabilities = np.exp(log_probabilities)
    best = (probabilities.argmax(axis=1), 7)
    levels = _bins(probabilities, _PROB_STEPS)
    story = (levels[:, _STORY], 8)
    chars = (_bins(layout.chars, _CHAR_STEPS), 10)

    def near(values: tuple[Int64, int], by: int) -> tuple[Int64, int]:
        return _shifted(values[0], layout, by, values[1]), values[1] + 1

    sure = (probabilities[:, _STORY] > _SURE_PROBABILITY) & (layout.chars > _SURE_CHARS)
    to_first, to_last = _ends(sure, layout)
    first, last = (_signed_bins(to_first), 13), (_signed_bins(to_last), 13)
    # Before, within or after the story; the same numbers plus 3 on a page that has none.
    within = (np.where(to_first < 0, 0, np.where(to_last > 0, 2, 1)) + 3 * (to_first == layout.size), 6)
    headline = (layout.in_title >= 0.5) & (layout.of_title >= 0.6)
    from_headline = (_signed_bins(_ends(headline, layout)[0]), 13)
    sure_before, sure_after = ((_bins(d, _FAR_STEPS), 7) for d in _nearest(sure, layout))
    long_before, long_after = ((_bins(d, _FAR_STEPS), 7) for d in _nearest(layout.chars > LONG_CHARS, layout))
    in_title, of_title = (_bins(layout.in_title, _SHARE_STEPS), 7), (_bins(layout.of_title, _SHARE_STEPS), 7)
    repeats = (np.minimum(layout.repeats, 5), 6)
    earlier, later = (np.minimum(layout.earlier, 2), 3), (np.minimum(layout.repeats - 1 - layout.earlier, 2), 3)
    echo = (_bins(layout.echo, _SHARE_STEPS), 7)
    begins, ends = (layout.first, 10), (layout.last, 10)
    place = (_bins(layout.place, _LOG_STEPS), 12)
    from_end = (_bins(layout.size - 1 - layout.place, _LOG_STEPS), 12)
    window = _running(probabilities)
    here = np.arange(len(best[0]))
    start, end = layout.indptr[layout.page], layout.indptr[layout.page + 1]
    lengths = _running(np.log1p(layout.chars)[:, None])
    mean_length_before = (
        _bins(_window(lengths, np.maximum(here - LENGTH_WINDOWS[0], start), here)[:, 0], _MEAN_LENGTH_STEPS),
        9,
    )
    mean_length_after = (
        _bins(_window(lengths, here + 1, np.minimum(here + 1 + LENGTH_WINDOWS[0], end))[:, 0], _MEAN_LENGTH_STEPS),
        9,
    )
    long_next = near((np.searchsorted([LONG_CHARS, 2 * LONG_CHARS], layout.chars), 3), 1)
    mean_before = _bins(_window(window, np.maximum(here - WINDOWS[0], start), here), _PROB_STEPS)
    mean_after = _bins(_window(window, here + 1, np.minimum(here + 1 + WINDOWS[0], end)), _PROB_STEPS)

    columns = [
        ("own words", _cross(best, story, chars)),
        ("place on the page", _cross(best, first, last)),
        ("place on the page", _cross(story, first, last)),
        ("place on the page", _cross(within, chars, best)),
        ("place on the page", _cross(best, sure_before, sure_after, (np.minimum(chars[0] // 2, 4), 5))),
        ("lengths", _cross(long_before, long_after, chars, best)),
        ("neighbours on both sides", _cross(near(best, -1), best, near(best, 1))),
        ("neighbours before", _cross(near(best, -2), near(best, -1), best)),
        ("neighbours after", _cross(best, near(best, 1), near(best, 2))),
        ("neighbours on both sides", _cross(near(story, -1), story, near(story, 1))),
        ("title", _cross(best, in_title, of_title)),
        ("title", _cross(within, in_title, of_title)),
        ("title", _cross(from_headline, best, within)),
        ("title", _cross(from_headline, chars, within)),
        ("words of the story", _cross(echo, best, within, chars)),
        ("words of the story", _cross(echo, near(best, -1), best, near(best, 1))),
        ("words of the story", _cross(echo, near(echo, -1), near(echo, 1), within)),
        ("lengths", _cross(near(chars, -1), chars, near(chars, 1))),
        ("repetition", _cross(best, repeats, within)),
        ("repetition", _cross(earlier, later, best, long_next)),
        ("lengths", _cross(chars, mean_length_before, mean_length_after)),
        ("lengths", _cross(story, mean_length_before, mean_length_after)),
        ("lengths", _cross(best, mean_length_before, mean_length_after)),
        ("first and last character", _cross(begins, ends, within)),
        ("first and last character", _cross(near(ends, -1), ends, near(ends, 1))),
        ("first and last character", _cross(near(begins, -1), begins, near(begins, 1))),
        ("place on the page", _cross(place, best, (layout.titled.astype(np.int64), 2))),
        ("place on the page", _cross(from_end, best)),
        ("page as a whole", _cross((_bins(layout.size, _LOG_STEPS), 12), best)),
    ]
    for kind in range(len(KINDS)):
        own = (levels[:, kind], 8)
        around = (mean_before[:, kind], 8), (mean_after[:, kind], 8)
        columns.append(("neighbours on both sides", _cross(own, *around, (np.minimum(within[0], 3), 4))))
    return columns


def dense_features(log_probabilities: Float, flag_scores: Float, layout: PageLayout) -> Float:
    """Numbers that stage 2 weighs as they are: shape (N, DENSE).

    log_probabilities: (N, kinds), flag_scores: (N, flags) log-odds, both of stage 1.
    """
    columns = np.asfortranarray(log_probabilities), np.asfortranarray(flag_scores)
    blocks = [values for _, values in _dense_blocks(*columns, layout)]
    result: Float = np.empty((sum(values.shape[1] for values in blocks), len(log_probabilities)), np.float32)
    np.concatenate([values.T for values in blocks], out=result, casting="same_kind")
    return np.asarray(result.T, np.float32)


def binned_features(log_probabilities: Float, layout: PageLayout) -> Int64:
    """Bins and crossed bins: shape (N, BINNED), each value in [0, BIN_SIZE)."""
    columns = _binned_columns(np.asfortranarray(log_probabilities), layout)
    return np.asarray(np.stack([values for _, values in columns], dtype=np.int64).T, np.int64)


@cache
def dense_groups() -> tuple[str, ...]:
    """What each dense column is about."""
    return tuple(group for group, values in _dense_blocks(*_specimen()) for _ in range(values.shape[1]))


@cache
def binned_groups() -> tuple[str, ...]:
    """What each binned column is about."""
    scores, _, layout = _specimen()
    return tuple(group for group, _ in _binned_columns(scores, layout))


def _specimen() -> tuple[Float, Float, PageLayout]:
    """Input for one paragraph, to see which columns there are."""
    layout = lay_out(tokenize(["x"]), tokenize([""]), np.array([1]))
    return np.zeros((1, len(KINDS)), np.float32), np.zeros((1, len(FLAGS)), np.float32), layout


DENSE = 120  # columns of `dense_features`
BINNED = 36  # columns of `binned_features`
