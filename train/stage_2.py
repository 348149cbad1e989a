"""Fitting stage 2: the linear model over a paragraph's surroundings.

It learns from stage-1 scores that are out of fold: a model's scores of its own training pages are too good to be true,
and a stage 2 fitted on them would trust them too much. Users have whole pages and articles that an extractor has
already cut out, with titles and without, so a share of the training pages is shown again as an extractor would leave
it, from a little before the first sure paragraph of the story to a little after the last one, and without its title.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from predict import context
from predict.labels import KINDS
from predict.layout import PageLayout, lay_out
from predict.model import ContextModel
from predict.scoring import HEADS, log_softmax
from predict.tokens import tokenize
from train.rows import UNLABELLED, Rows
from train.settings import TrainSettings
from train.stage_1 import Mask, by_class

_DENSE_SCALE = 0.3  # of standardised dense features beside ones for bins: how strongly the penalty holds them back
_BIN_SCALE = 0.6
_LEAST_COUNT = 3  # a bin seen more rarely is not learned
_SURE = 0.5
_PIECE_MOST = 8


@dataclass(frozen=True)
class ContextRows:
    """M labelled paragraphs with their surroundings: dense (M, D), bins (M, K); the rest as in `train.rows.Rows`."""

    dense: npt.NDArray[np.float32]
    bins: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int64]
    flags: npt.NDArray[np.bool_]
    groups: npt.NDArray[np.int64]
    chars: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    standoff: npt.NDArray[np.bool_]

    def scores_by(self, model: ContextModel) -> npt.NDArray[np.float32]:
        """What stage 2 says of these rows: shape (M, HEADS)."""
        return model.combine(self.dense, self.bins)


def page_layout(texts: list[str], titles: list[str], sizes: npt.NDArray[np.int64]) -> PageLayout:
    """Lay out pages as prediction does."""
    return lay_out(tokenize(texts), tokenize(titles), sizes)


def context_rows(rows: Rows, scores: npt.NDArray[np.float32], train: Mask, settings: TrainSettings) -> ContextRows:
    """Surroundings of the labelled paragraphs on pages among `train`, as users may have them.

    All pages whole and with their titles; a share of them cropped, a share without title, and a share in pieces of a
    few paragraphs, which overlap.
    """
    train = train[: rows.on_pages]
    untitled = np.random.default_rng(1).random(len(rows.sizes)) < settings.untitled_share
    some_titles = ["" if without else title for title, without in zip(rows.titles, untitled)]
    views = (
        _rows_of(rows, scores, train, rows.titles),
        _rows_of(rows, scores, train & np.repeat(untitled, rows.sizes), some_titles),
        _rows_of(rows, scores, train & cropped_pages(rows, scores, settings.crop_share), some_titles),
        _rows_of(*in_pieces(rows, scores, train, some_titles, settings.piece_share)),
    )
    return ContextRows(*(np.concatenate([getattr(view, f) for view in views]) for f in ContextRows.__annotations__))


def cropped_pages(rows: Rows, scores: npt.NDArray[np.float32], share: float) -> npt.NDArray[np.bool_]:
    """Mask (N,) of what an extractor would leave of a random share of the pages."""
    story = np.exp(log_softmax(scores))[:, 0] > _SURE
    story &= rows.chars[: rows.on_pages] > 60
    random = np.random.default_rng(0)
    keep = np.zeros(rows.on_pages, bool)
    bounds = np.concatenate(([0], np.cumsum(rows.sizes)))
    for start, end in pairwise(bounds):
        before, after = random.integers(0, 6, 2)
        at = np.flatnonzero(story[start:end])
        if random.random() < share and len(at) > 1:
            keep[max(start, start + at[0] - before) : min(end, start + at[-1] + 1 + after)] = True
    return keep


def in_pieces(
    rows: Rows, scores: npt.NDArray[np.float32], train: Mask, titles: list[str], share: float
) -> tuple[Rows, npt.NDArray[np.float32], Mask, list[str]]:
    """A random share of the pages, each cut into small ones of 1 to _PIECE_MOST paragraphs: what `_rows_of` takes.

    Users also have a paragraph with a neighbour or two, and of what so small a page lacks nothing is to be made.
    """
    random = np.random.default_rng(2)
    sizes, whose, keep = [], [], np.zeros(rows.on_pages, bool)
    start = 0
    for page, size in enumerate(rows.sizes.tolist()):
        keep[start : start + size] = random.random() < share
        start += size
        while size:
            piece = min(size, int(random.integers(1, _PIECE_MOST + 1)))
            sizes.append(piece)
            whose.append(page)
            size -= piece
    return replace(rows, sizes=np.array(sizes, np.int64)), scores, train & keep, [titles[page] for page in whose]


def _rows_of(rows: Rows, scores: npt.NDArray[np.float32], keep: Mask, titles: list[str]) -> ContextRows:
    page = np.repeat(np.arange(len(rows.sizes)), rows.sizes)
    sizes = np.bincount(page[keep], minlength=len(rows.sizes))
    chosen = np.flatnonzero(keep)
    if not len(chosen):  # no page at all, or none that was cropped
        none = np.zeros((0, context.DENSE), np.float32), np.zeros((0, context.BINNED), np.int64)
        return ContextRows(*none, *_labels(rows, chosen))
    layout = page_layout([rows.texts[i] for i in chosen], titles, sizes)
    log_p, flag_scores = log_softmax(scores[chosen]), scores[chosen, len(KINDS) :]
    labelled = rows.kinds[chosen] != UNLABELLED
    where = chosen[labelled]
    return ContextRows(
        context.dense_features(log_p, flag_scores, layout)[labelled],
        context.binned_features(log_p, layout)[labelled],
        *_labels(rows, where),
    )


def _labels(rows: Rows, where: npt.NDArray[np.int64]) -> tuple[npt.NDArray[Any], ...]:
    columns = rows.kinds, rows.flags, rows.groups, rows.chars, rows.weights, rows.standoff
    return tuple(column[where] for column in columns)


def fit_stage_2(data: ContextRows, train: npt.NDArray[np.bool_], settings: TrainSettings) -> ContextModel:
    """Fit on the rows `train`, a mask over `data`."""
    mean = data.dense[train].mean(axis=0, dtype=np.float64)
    scale = _DENSE_SCALE / (data.dense[train].std(axis=0, dtype=np.float64) + 1e-3)
    columns = data.bins[train] + np.arange(context.BINNED) * context.BIN_SIZE
    known, counts = np.unique(columns, return_counts=True)
    known = known[counts >= _LEAST_COUNT]
    features = sp.hstack([sp.csr_matrix((data.dense[train] - mean) * scale), _one_hot(columns, known)], format="csr")
    features = features.astype(np.float32)

    dense = np.zeros((context.DENSE, HEADS))
    bins = np.zeros((context.BINNED * context.BIN_SIZE, HEADS), np.float32)
    bias = np.full(HEADS, -30.0)
    targets: list[tuple[int | None, npt.NDArray[np.generic]]] = [(None, data.kinds[train])]
    targets += [(head, flag) for head, flag in enumerate(data.flags[train].T, len(KINDS))]
    for one, target in targets:
        if len(np.unique(target)) == 1:  # always this kind; a flag always or never
            always = target[0] if one is None else one
            bias[always] = 30.0 if one is None or target[0] else -30.0
            continue
        head = _fit(features, target, data.weights[train], settings)
        heads = head.classes_ if one is None else [one]
        coefficients, intercepts = by_class(head) if one is None else (head.coef_, head.intercept_)
        dense[:, heads] = (coefficients[:, : context.DENSE] * scale).T
        bins[np.ix_(known, heads)] = (coefficients[:, context.DENSE :] * _BIN_SCALE).T
        bias[heads] = intercepts - mean @ dense[:, heads]
    return ContextModel(dense.astype(np.float32), bins.astype(np.float16).astype(np.float32), bias.astype(np.float32))


def _one_hot(columns: npt.NDArray[np.int64], known: npt.NDArray[np.int64]) -> sp.csr_matrix:
    if not len(known):
        return sp.csr_matrix((len(columns), 0), dtype=np.float32)
    at = np.minimum(np.searchsorted(known, columns), len(known) - 1)
    hit = known[at] == columns
    indptr = np.concatenate(([0], np.cumsum(hit.sum(axis=1))))
    values = np.full(int(indptr[-1]), _BIN_SCALE, np.float32)
    return sp.csr_matrix((values, at[hit], indptr), shape=(len(columns), len(known)))


def _fit(
    features: sp.csr_matrix, target: npt.NDArray[np.generic], weights: npt.NDArray[np.float64], settings: TrainSettings
) -> LogisticRegression:
    head = LogisticRegression(C=settings.context_c, max_iter=settings.context_iterations)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return head.fit(features, target, sample_weight=weights)
