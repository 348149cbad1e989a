"""The model's part for HTML: what the markup adds to the text.

    stage 1 of the text model ──scores──┬──────────────▶ linear ──▶ scores of blocks ──stage 2──▶ scores
                                        └──by group──▶     ▲
    tokens of the markup ──hash────────────────────────────┘

A text must be answered as well as if there were no HTML, so nothing of the text model is touched: the scores of its
stage 1 are numbers among the inputs here. Beside them stand their means over the other blocks that are built alike or
stand in the same element (what surrounds a block in the tree is more its like than what stands above it on the page),
and the hashed tokens of its markup and of that of the blocks beside it. A stage 2 of its own reads the result exactly
as the text's stage 2 does (`predict.context`), with its own weights, thresholds and policies, because it is surer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from predict.html.page import GROUPS, Block, HtmlPage
from predict.labels import KINDS
from predict.scoring import HEADS, Float, log_softmax, product
from predict.tokens import Int64

NUMBERS = HEADS + GROUPS * (len(KINDS) + 2)  # columns of `block_numbers`
_FLOOR, _FLAG_RANGE = -7.0, 8.0  # scores of stage 1 beyond these say no more
_PRIOR = 0.5  # blocks of the average kind that each group has beside its own


@dataclass(frozen=True)
class MarkupModel:
    """Stage 1 for blocks. numbers: (NUMBERS, HEADS); weights: (2**bits, HEADS) of tokens, as float16 where they come
    from a file; bias: (HEADS,)."""

    bits: int
    numbers: Float
    weights: Float
    bias: Float

    def scores(self, stage_1: Float, pages: Sequence[HtmlPage]) -> Float:
        """Return the scores (N, HEADS) of the N blocks of whole pages from the text's stage 1 (N, HEADS)."""
        from predict.html.markup import token_buckets  # and what that needs, when the first HTML comes

        buckets, indptr = token_buckets(pages, self.bits)
        weights = self.weights.take(buckets, axis=0).astype(np.float32)
        totals = np.add.reduceat(weights, indptr[:-1], axis=0) * token_scale(indptr)[:, None]
        return np.asarray(totals + product(block_numbers(stage_1, pages), self.numbers) + self.bias, np.float32)

    def own_token_weights(self, block: Block) -> Float:
        """What each token of a block adds to its scores, but for the number of its neighbours' tokens: (T, HEADS)."""
        from predict.html.markup import own_buckets

        scale = 1.0 / np.sqrt(max(1, len(block.markup)))
        weights = self.weights[own_buckets(block, self.bits)].astype(np.float32)
        return np.asarray(weights * np.float32(scale), np.float32)


def token_scale(indptr: Int64) -> Float:
    """What each token of a block counts: 1 / sqrt(number of them)."""
    return np.asarray(1.0 / np.sqrt(np.maximum(np.diff(indptr), 1)), np.float32)


def block_numbers(stage_1: Float, pages: Sequence[HtmlPage]) -> Float:
    """Return the numbers (N, NUMBERS) among the inputs for N blocks of whole pages.

    First log-probabilities of the kinds and log-odds of the flags, then for each group of a block the mean
    probabilities of the other blocks in it, their number, and how much text they hold.
    """
    log_p = log_softmax(stage_1)
    flags = np.clip(stage_1[:, len(KINDS) :], -_FLAG_RANGE, _FLAG_RANGE)
    kinds = np.exp(log_p)
    page = np.repeat(np.arange(len(pages)), [len(each) for each in pages])
    chars = np.array([len(block.text) for each in pages for block in each], np.float64)
    none = (0,) * GROUPS
    groups = np.array([(block.groups or none)[:GROUPS] for each in pages for block in each], np.int64)
    blocks = [np.maximum(log_p, _FLOOR), flags]
    for column in groups.T:
        blocks += _group_numbers(kinds, chars, page, column)
    return np.concatenate(blocks, axis=1).astype(np.float32)


def _group_numbers(kinds: Float, chars: npt.NDArray[np.float64], page: Int64, group: Int64) -> list[Float]:
    _, index, count = np.unique(page * (group.max() + 1) + group, return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(index, column) for column in kinds.T], axis=1)
    others = (sums[index] - kinds + _PRIOR / len(KINDS)) / (count[index] - 1 + _PRIOR)[:, None]
    number = np.log(count[index])[:, None] / 3
    text = np.log1p(np.bincount(index, chars)[index])[:, None] / 4
    return [others, number, text]
