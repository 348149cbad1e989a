"""Stage 1: the scores of paragraphs from their own words.

`predict.features` says which features a paragraph has. Here their weights are added up, in the order that does the
least work: for each distinct token of a batch the weights of the word and of its subwords once, then one vector for
each token and one for each word pair, then their sum over the paragraph. The result is that of multiplying the whole
feature row with the weights; a test holds the two against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from predict.features import (
    SHAPE_VALUE,
    FeatureSettings,
    feature_scale,
    pair_buckets,
    shape_column_buckets,
    subword_buckets,
    word_buckets,
)
from predict.labels import FLAGS, KINDS
from predict.shape import SHAPE_CROSSED, SHAPE_SINGLE, shape_columns
from predict.token_table import MOST_ROWS, ZEROS, TokenTable
from predict.tokens import Int64, Tokens

Float = npt.NDArray[np.float32]

_ONE_THREAD = 1 << 18
HEADS = len(KINDS) + len(FLAGS)  # columns of every table of weights: the kinds, then the flags


@dataclass(frozen=True)
class ParagraphModel:
    """Linear weights over features. weights: (buckets, HEADS), TF-IDF factors included; bias: (HEADS,)."""

    settings: FeatureSettings
    weights: Float
    bias: Float

    def scores(self, tokens: Tokens) -> Float:
        """Return the score of each paragraph for each head: shape (P, HEADS), log-odds up to a constant for the
        kinds."""
        return np.concatenate([self._stretch_scores(tokens[rows]) for rows in _stretches(tokens.indptr)])

    def _stretch_scores(self, tokens: Tokens) -> Float:
        sums = self.weights.take(pair_buckets(tokens, self.settings), axis=0)
        sums += self._token_vectors(tokens)
        totals = sum_stretches(sums, tokens.indptr[:-1] + np.arange(len(tokens.chars)))
        totals *= feature_scale(tokens, self.settings)[:, None].astype(np.float32)
        totals += self._shape_scores(tokens)
        totals += self.bias
        return totals

    @cached_property
    def _known(self) -> TokenTable:
        return TokenTable(self.weights.shape[1])

    def _token_vectors(self, tokens: Tokens) -> Float:
        """Vector of each token, beside the word pair that it ends; of zeros beside a paragraph's last pair: shape
        (T + P, HEADS)."""
        with self._known.lock:
            found = self._known.find(tokens.hashes, lambda which: self._learned_vectors(tokens, which))
            rows = np.full(len(found) + len(tokens.chars), ZEROS)
            rows[tokens.slots] = found
            return self._known.rows.take(rows, axis=0)

    def _learned_vectors(self, tokens: Tokens, which: Int64) -> Float:
        """Weights of the tokens `which` (U indices) and of their subwords, added: shape (U, HEADS).

        All first subwords are added at once, then all second ones, and so on; with the tokens of most subwords first,
        those that have a next one are the first rows of them all.
        """
        subwords, indptr = subword_buckets(tokens, which, self.settings)
        counts = np.diff(indptr)
        order = np.argsort(counts.astype(np.uint16), kind="stable")[::-1]
        at = indptr.take(order)
        vectors = self.weights.take(word_buckets(tokens, self.settings, which.take(order)), axis=0)
        for have in len(which) - np.cumsum(np.bincount(counts))[:-1]:
            vectors[:have] += self.weights.take(subwords.take(at[:have]), axis=0)
            at[:have] += 1
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return vectors.take(back, axis=0)

    def _shape_scores(self, tokens: Tokens) -> Float:
        """Weights of the shape features, times their value: shape (P, HEADS)."""
        columns = shape_columns(tokens)
        scores = np.zeros((len(tokens.chars), self.weights.shape[1]), np.float32)
        for column, table in self._shape_tables:
            scores += table.take(columns[column], axis=0)
        return scores

    @cached_property
    def _shape_tables(self) -> list[tuple[int, Float]]:
        """Shape weights by columns that say it all.

        A crossed column says what the columns that it crosses are, so its table can hold their weights too, which saves
        looking them up. Returns pairs of a column and the table (values, HEADS) of what it adds to the scores.
        """
        reads = [*((column,) for column in range(len(SHAPE_SINGLE))), *SHAPE_CROSSED]
        left = dict.fromkeys(sorted(range(len(reads)), key=lambda column: -len(reads[column])))
        tables = []
        while left:
            column = next(iter(left))
            values = np.arange(16 ** len(reads[column]))
            # Where three are crossed, column 1 is cut off at SHAPE_CROSSED_MOST and says nothing but itself.
            digits = {
                part: values >> 4 * place & 15
                for place, part in enumerate(reversed(reads[column]))
                if part != 1 or len(reads[column]) < 3
            }
            implied = [other for other in left if other != column and digits.keys() >= set(reads[other])]
            table = self._shape_weights(column, values)
            for other in implied:
                places = enumerate(reversed(reads[other]))
                table += self._shape_weights(other, sum((digits[p] << 4 * at for at, p in places), np.int64(0)))
            tables.append((column, table))
            left = {other: None for other in left if other not in (column, *implied)}
        return tables

    def _shape_weights(self, column: int, values: Int64) -> Float:
        weights = self.weights.take(shape_column_buckets(values, column, self.settings), axis=0)
        return np.asarray(weights * np.float32(SHAPE_VALUE), np.float32)


def _stretches(indptr: Int64) -> list[slice]:
    """Cut paragraphs into stretches of at most MOST_ROWS tokens; no paragraph has more (MAX_PARAGRAPH_CHARS)."""
    cuts = [0]
    while cuts[-1] < len(indptr) - 1:
        cuts.append(int(np.searchsorted(indptr, indptr[cuts[-1]] + MOST_ROWS, side="right")) - 1)
    return [slice(start, end) for start, end in pairwise(cuts)]


def sum_stretches(rows: Float, starts: Int64) -> Float:
    """Sums of the stretches of rows that begin at `starts`, none of them empty: shape (len(starts), columns).

    NumPy adds up each column of each stretch in a call of its own, which takes longer than the adding. Two numbers that
    lie side by side are added as one complex number, in half as many calls.
    """
    if rows.shape[1] % 2:
        return np.add.reduceat(rows, starts, axis=0)
    return np.add.reduceat(rows.view(np.complex64), starts, axis=0).view(np.float32)


def product(rows: Float, weights: Float) -> Float:
    """rows (N, D) times weights (D, W): shape (N, W), in stretches too small for a BLAS library to share out.

    Its threads would wait for one another longer than they multiply, on cores that belong to other processes: OpenBLAS
    keeps to one thread up to _ONE_THREAD multiplications (its `interface/gemm.c`).
    """
    result = np.empty((len(rows), weights.shape[1]), np.float32)
    step = max(1, _ONE_THREAD // weights.size)
    turned = np.ascontiguousarray(weights.T)
    for at in range(0, len(rows), step):  # this way round, rows that lie column by column are multiplied faster
        result[at : at + step] = (turned @ rows[at : at + step].T).T
    return result


def log_softmax(scores: Float) -> Float:
    """Log-probabilities of the kinds from their scores: shape (P, number of kinds)."""
    # Column by column, which takes a tenth of the time that going over many short rows does.
    kinds = np.ascontiguousarray(scores[:, : len(KINDS)].T)
    kinds -= kinds.max(axis=0)
    kinds -= np.log(np.exp(kinds).sum(axis=0))
    return np.asarray(kinds.T, np.float32)


def sigmoid(scores: Float) -> Float:
    """Probabilities from log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scores, -30, 30))), np.float32)
