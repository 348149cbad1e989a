"""Features: what the linear model sees of a paragraph.

* From the hashes of tokens (`predict.tokens`) come word 1-grams, word 2-grams (a paragraph's edges count as words),
  subword n-grams of each distinct token as in fastText [1], and shape (`predict.shape`): length, capitals, digits, how
  it begins and ends, alone and in pairs. Each is hashed once more into one of 2**bits buckets (the hashing trick [2]).
* Word and subword features have the value 1 / sqrt(number of them in the paragraph), shape features 1. That
  is nearly a unit-length TF-IDF row but, unlike division by the true length, leaves the score a SUM over
  tokens. So prediction can add up weights once for each distinct token instead of once for each n-gram.

[1] P. Bojanowski et al.: Enriching word vectors with subword information. TACL 5, 2017.
[2] K. Weinberger et al.: Feature hashing for large scale multitask learning. ICML 2009.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from predict import codepoints as cp
from predict.shape import shape_columns
from predict.tokens import MIX_1, Int64, Tokens, UInt64, mix, ngram_hashes, offsets_of, ranges, tokenize

MAX_TOKEN_CHARS = 24
SHAPE_VALUE = 0.1  # of a shape feature, beside 1 for all words and subwords together
_WORD, _PAIR, _SUBWORD, _SHAPE = (np.uint64(n * 0xD6E8FEB86659FD93 % (1 << 64)) for n in (1, 2, 3, 4))


@dataclass(frozen=True)
class FeatureSettings:
    """What a model's features are; stored in the model file, so that prediction computes the same."""

    bits: int = 18
    subword_lengths: tuple[int, ...] = (3, 4, 5)

    @property
    def buckets(self) -> int:
        """Number of columns: 2**bits."""
        return 1 << self.bits


def _bucket(hashes: UInt64, family: np.uint64, settings: FeatureSettings) -> Int64:
    buckets = hashes ^ family
    buckets *= MIX_1
    buckets >>= np.uint64(64 - settings.bits)
    return buckets.view(np.int64)


def word_buckets(tokens: Tokens, settings: FeatureSettings, which: Int64 | None = None) -> Int64:
    """Bucket of each token, or of the tokens `which` (indices): shape (T,) or that of `which`."""
    return _bucket(tokens.hashes if which is None else tokens.hashes.take(which), _WORD, settings)


def pair_buckets(tokens: Tokens, settings: FeatureSettings) -> Int64:
    """Bucket of each word 2-gram: shape (T + P,), in the order of `Tokens.pairs`."""
    return _bucket(tokens.pairs, _PAIR, settings)


def subword_counts(tokens: Tokens, settings: FeatureSettings) -> Int64:
    """Number of subword n-grams of each token: shape (T,). Only words have any."""
    padded = np.arange(MAX_TOKEN_CHARS + 1) + 2
    by_length = sum((_ngrams_in(padded, n) for n in settings.subword_lengths), np.zeros(len(padded), np.int64))
    counts = by_length.take(tokens.lengths, mode="clip")
    counts *= tokens.classes <= cp.WORD_LAST
    return counts


def subword_buckets(tokens: Tokens, which: Int64, settings: FeatureSettings) -> tuple[Int64, Int64]:
    """Buckets of the subword n-grams of the tokens `which` (U indices).

    Returns buckets (N,) and indptr (U + 1,), N the sum of their `subword_counts`. A word is read as "<word>", cut
    to its first MAX_TOKEN_CHARS characters.
    """
    sizes = _padded_sizes(tokens.classes.take(which), tokens.lengths.take(which))
    offsets = offsets_of(sizes)
    codes = tokens.folded.take(ranges(tokens.starts.take(which) - 1, sizes), mode="clip")
    words = sizes > 0
    codes[offsets[:-1][words]] = ord("<")
    codes[offsets[1:][words] - 1] = ord(">")

    counts = [_ngrams_in(sizes, n) for n in settings.subword_lengths]
    parts = [
        _bucket(mix(ngram_hashes(codes, n).take(ranges(offsets[:-1], count))), _SUBWORD, settings)
        for n, count in zip(settings.subword_lengths, counts)
    ]
    return side_by_side(parts, counts, len(sizes))


def _padded_sizes(classes: npt.NDArray[np.uint8], lengths: Int64) -> Int64:
    """Length of "<word>" for words, 0 for other tokens."""
    sizes = np.minimum(lengths, MAX_TOKEN_CHARS)
    sizes += 2
    sizes *= classes <= cp.WORD_LAST
    return sizes


def _ngrams_in(sizes: Int64, n: int) -> Int64:
    return np.maximum(sizes - n + 1, 0)


def side_by_side(parts: Sequence[Int64], counts: Sequence[Int64], rows: int) -> tuple[Int64, Int64]:
    """Lay parts beside each other in rows, each of which has counts[i] numbers of parts[i]; (values, indptr)."""
    indptr = offsets_of(sum(counts, np.zeros(rows, np.int64)))
    if len(parts) == 1:
        return parts[0], indptr
    values = np.empty(int(indptr[-1]), np.int64)
    filled = indptr[:-1].copy()
    for part, count in zip(parts, counts):
        values[ranges(filled, count)] = part
        filled += count
    return values, indptr


def shape_buckets(tokens: Tokens, settings: FeatureSettings) -> Int64:
    """Bucket of each shape feature: shape (P, number of shape features)."""
    columns = enumerate(shape_columns(tokens))
    return np.stack([shape_column_buckets(values, column, settings) for column, values in columns], axis=1)


def shape_column_buckets(values: Int64, column: int, settings: FeatureSettings) -> Int64:
    """Bucket of each value of one column of `shape_values`."""
    return _bucket(mix(values.astype(np.uint64) + np.uint64(column << 32)), _SHAPE, settings)


def feature_scale(tokens: Tokens, settings: FeatureSettings) -> npt.NDArray[np.float64]:
    """1 / sqrt(number of word and subword features) of each paragraph: shape (P,)."""
    subwords = offsets_of(subword_counts(tokens, settings)).take(tokens.indptr)
    number = np.diff(subwords) + 2 * np.diff(tokens.indptr) + 1
    return np.asarray(1.0 / np.sqrt(number), np.float64)


def feature_rows(texts: Sequence[str], settings: FeatureSettings) -> tuple[npt.NDArray[np.float64], Int64, Int64]:
    """The rows of P paragraphs, whole and unweighted, as (values, buckets, indptr) of a CSR matrix (P,
    settings.buckets).

    A bucket may stand several times in a row; its values add up. Training and `explain` read rows; prediction adds the
    same features up token by token (`predict.scoring`).
    """
    tokens = tokenize(texts)
    sizes = np.diff(tokens.indptr)
    every = np.arange(len(tokens.hashes))
    subwords, per_token = subword_buckets(tokens, every, settings)
    shapes = shape_buckets(tokens, settings)
    of_shape = np.full(len(sizes), shapes.shape[1])
    buckets, indptr = side_by_side(
        (word_buckets(tokens, settings), pair_buckets(tokens, settings), subwords, shapes.ravel()),
        (sizes, sizes + 1, np.diff(per_token[tokens.indptr]), of_shape),
        len(sizes),
    )
    values = np.repeat(feature_scale(tokens, settings), np.diff(indptr))
    values[ranges(indptr[1:] - shapes.shape[1], of_shape)] = SHAPE_VALUE
    return values, buckets, indptr
