"""Stage 1: the scores of paragraphs from their own words.

`predict.features` says which features a paragraph has. Here their weights are added up, in the order that does the
least work: for each distinct token of a batch the weights of the word and of its subwords once, then one vector for
each token and one for each word pair, then their sum over the paragraph. The result is that of multiplying the whole
feature row with the weights; a test holds the two against each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from predict.features import (
    SHAPE_VALUE,
    FeatureSettings,
    Tokens,
    feature_scale,
    pair_buckets,
    shape_buckets,
    subword_buckets,
    word_buckets,
)
from predict.labels import FLAGS, KINDS

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
        settings = self.settings
        indptr = tokens.indptr
        paragraphs = len(indptr) - 1
        # Paragraph p has one pair more than tokens: its tokens' vectors are added to its first pairs.
        sums = self.weights[pair_buckets(tokens, settings)]
        if len(tokens.hashes):
            place = np.arange(len(tokens.hashes)) + np.repeat(np.arange(paragraphs), np.diff(indptr))
            sums[place] += self._token_vectors(tokens)
        totals = np.add.reduceat(sums, indptr[:-1] + np.arange(paragraphs), axis=0)
        totals *= feature_scale(tokens, settings)[:, None].astype(np.float32)
        shapes = self.weights[shape_buckets(tokens, settings)].sum(axis=1)
        return np.asarray(totals + np.float32(SHAPE_VALUE) * shapes + self.bias, np.float32)

    def _token_vectors(self, tokens: Tokens) -> Float:
        """Weights of each token and of its subwords, added: shape (T, HEADS)."""
        _, which, inverse = np.unique(tokens.hashes, return_index=True, return_inverse=True)
        vectors = self.weights[word_buckets(tokens, self.settings)[which]]
        subwords, indptr = subword_buckets(tokens, which, self.settings)
        some = np.diff(indptr) > 0
        if some.any():
            vectors[some] += np.add.reduceat(self.weights[subwords], indptr[:-1][some], axis=0)
        return np.asarray(vectors[inverse], np.float32)


def log_softmax(scores: Float) -> Float:
    """Log-probabilities of the kinds from their scores: shape (P, number of kinds)."""
    kinds = scores[:, : len(KINDS)]
    shifted = kinds - kinds.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), np.float32)


def sigmoid(scores: Float) -> Float:
    """Probabilities from log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scores, -30, 30))), np.float32)
