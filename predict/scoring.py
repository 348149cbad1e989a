"""Stage 1: the scores of paragraphs from their own words.

`predict.features` says which features a paragraph has. Here their weights are added up, in the order that does the
least work: for each distinct token of a batch the weights of the word and of its subwords once, then one vector for
each token and one for each word pair, then their sum over the paragraph. The result is that of multiplying the whole
feature row with the weights; a test holds the two against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from predict.features import (
    SHAPE_VALUE,
    FeatureSettings,
    Int64,
    Tokens,
    feature_scale,
    pair_buckets,
    shape_buckets,
    subword_buckets,
    word_buckets,
)
from predict.labels import FLAGS, KINDS
from predict.token_table import TokenTable

Float = npt.NDArray[np.float32]

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
        sums = self.weights.take(pair_buckets(tokens, self.settings), axis=0)
        sums += self._token_vectors(tokens)
        totals = np.add.reduceat(sums, tokens.indptr[:-1] + np.arange(len(tokens.chars)), axis=0)
        totals *= feature_scale(tokens, self.settings)[:, None].astype(np.float32)
        shapes = np.zeros_like(totals)
        for buckets in shape_buckets(tokens, self.settings).T:
            shapes += self.weights.take(buckets, axis=0)
        shapes *= np.float32(SHAPE_VALUE)
        totals += shapes
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
            rows = np.full(len(found) + len(tokens.chars), self._known.zeros)
            rows[np.arange(len(found)) + tokens.owner] = found
            return self._known.rows.take(rows, axis=0)

    def _learned_vectors(self, tokens: Tokens, which: Int64) -> Float:
        """Weights of the tokens `which` (U indices) and of their subwords, added: shape (U, HEADS)."""
        vectors = self.weights.take(word_buckets(tokens, self.settings)[which], axis=0)
        subwords, indptr = subword_buckets(tokens, which, self.settings)
        some = np.flatnonzero(np.diff(indptr))
        if len(some):
            vectors[some] += np.add.reduceat(self.weights.take(subwords, axis=0), indptr[some], axis=0)
        return vectors


def log_softmax(scores: Float) -> Float:
    """Log-probabilities of the kinds from their scores: shape (P, number of kinds)."""
    kinds = scores[:, : len(KINDS)]
    shifted = kinds - kinds.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), np.float32)


def sigmoid(scores: Float) -> Float:
    """Probabilities from log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scores, -30, 30))), np.float32)
