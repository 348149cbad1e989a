"""Features: what the linear model sees of a paragraph.

The paragraphs of a batch are joined into one array of Unicode code points, and everything after that is
arithmetic on whole arrays; no Python loop runs over paragraphs or tokens.

* A token is a run of letters and digits, cut where a small letter meets a capital ("HomeNews" is two
  words), or one punctuation mark, or one character of a script without spaces.
* With c_i the folded code points and B an odd number, the prefix sums S_k = sum of c_i * B**i (i < k), all
  modulo 2**64, give the polynomial hash of any stretch [s, e) as (S_e - S_s) * B**-s: the Rabin-Karp
  rolling hash [1], for all stretches of the batch at once.
* From the hashes come word 1-grams, word 2-grams (a paragraph's edges count as words), subword n-grams of
  each distinct token as in fastText [2], and shape tokens: length, capitals, digits, how it begins and
  ends, alone and in pairs. Each is hashed once more into one of 2**bits buckets (the hashing trick [3]).
* Word and subword features have the value 1 / sqrt(number of them in the paragraph), shape features 1. That
  is nearly a unit-length TF-IDF row but, unlike division by the true length, leaves the score a SUM over
  tokens. So prediction can add up weights once for each distinct token instead of once for each n-gram.

[1] R. Karp, M. Rabin: Efficient randomized pattern-matching algorithms. IBM J. Res. Dev. 31(2), 1987.
[2] P. Bojanowski et al.: Enriching word vectors with subword information. TACL 5, 2017.
[3] K. Weinberger et al.: Feature hashing for large scale multitask learning. ICML 2009.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from predict import codepoints as cp

UInt64 = npt.NDArray[np.uint64]
Int64 = npt.NDArray[np.int64]

# A paragraph's first characters decide what it is; the rest is not read. Bounds memory on hostile input.
MAX_PARAGRAPH_CHARS = 20_000
MAX_TOKEN_CHARS = 24

_BASE = 0x9E3779B97F4A7C15
_BASE_INVERSE = pow(_BASE, -1, 1 << 64)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_EDGE = np.uint64(0x51ED270B8F2A6D37)  # the "word" before the first and after the last
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


@dataclass(frozen=True)
class Tokens:
    """The tokens of P paragraphs, T in all, in reading order.

    hashes: (T,) 64-bit hash of each folded token. classes: (T,) class of its first character.
    capitals: (T,) True for words of two or more letters all in capitals. starts, lengths: (T,) where it stands in
    `folded`. indptr: (P + 1,) paragraph p has the tokens indptr[p]:indptr[p + 1]. chars: (P,) length in code points.
    folded: all code points, folded.
    """

    hashes: UInt64
    classes: npt.NDArray[np.uint8]
    capitals: npt.NDArray[np.bool_]
    starts: Int64
    lengths: Int64
    indptr: Int64
    chars: Int64
    folded: npt.NDArray[np.uint32]

    @cached_property
    def owner(self) -> Int64:
        """(T,) the paragraph that each token stands in."""
        return np.repeat(np.arange(len(self.chars)), np.diff(self.indptr))

    @cached_property
    def pairs(self) -> UInt64:
        """Hash of each word 2-gram, edges included: shape (T + P,); paragraph p has indptr[p] + p : indptr[p + 1] +
        p + 1."""
        paragraphs = len(self.chars)
        padded = np.empty(len(self.hashes) + paragraphs + 1, np.uint64)
        padded[self.indptr + np.arange(paragraphs + 1)] = _EDGE
        padded[np.arange(1, len(self.hashes) + 1) + self.owner] = self.hashes
        pairs = padded[:-1] * _MIX_2
        pairs += padded[1:]
        return _mix(pairs)

    def __getitem__(self, paragraphs: slice) -> Tokens:
        """The tokens of a stretch of paragraphs."""
        if paragraphs == slice(0, len(self.chars)):
            return self
        indptr = self.indptr[paragraphs.start : paragraphs.stop + 1]
        part = slice(int(indptr[0]), int(indptr[-1]))
        return Tokens(
            self.hashes[part],
            self.classes[part],
            self.capitals[part],
            self.starts[part],
            self.lengths[part],
            indptr - part.start,
            self.chars[paragraphs],
            self.folded,
        )


class _Powers:
    """B**i and B**-i modulo 2**64 for i below the largest batch seen, computed once."""

    def __init__(self) -> None:
        self._up = np.ones(1, np.uint64)
        self._down = np.ones(1, np.uint64)

    def upto(self, n: int) -> tuple[UInt64, UInt64]:
        if len(self._up) < n:
            size = 1 << (n - 1).bit_length()
            for name, base in (("_up", _BASE), ("_down", _BASE_INVERSE)):
                steps = np.full(size, base, np.uint64)
                steps[0] = 1
                setattr(self, name, np.multiply.accumulate(steps))
        return self._up[:n], self._down[:n]


_POWERS = _Powers()


def _mix(x: UInt64) -> UInt64:
    """Spread the bits of a polynomial hash, of which the low ones are weak (finaliser of SplitMix64)."""
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x ^= x >> np.uint64(27)
    x *= _MIX_2
    x ^= x >> np.uint64(31)
    return x


def _stretch_hashes(codes: npt.NDArray[np.uint32], starts: Int64, ends: Int64) -> UInt64:
    """Hash codes[starts:ends] for each pair."""
    up, down = _POWERS.upto(len(codes) + 1)
    sums = np.empty(len(codes) + 1, np.uint64)
    sums[0] = 0
    np.cumsum(codes * up[:-1], out=sums[1:])
    hashes = sums.take(ends)
    hashes -= sums.take(starts)
    hashes *= down.take(starts)
    return _mix(hashes)


def _ngram_hashes(codes: npt.NDArray[np.uint32], n: int) -> UInt64:
    """Hash of every n-gram of codes, as `_stretch_hashes` has it but not mixed: shape (max(len(codes) - n + 1, 0),)."""
    count = max(len(codes) - n + 1, 0)
    hashes = codes[n - 1 : n - 1 + count].astype(np.uint64)
    for place in range(n - 2, -1, -1):
        hashes *= np.uint64(_BASE)
        hashes += codes[place : place + count]
    return hashes


def _to_codes(texts: Sequence[str]) -> tuple[npt.NDArray[np.uint32], Int64]:
    """Join texts, each followed by a line feed; return code points and where each text starts, with the end."""
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    if len(sizes) and sizes.max() > MAX_PARAGRAPH_CHARS:
        texts = [text[:MAX_PARAGRAPH_CHARS] for text in texts]
        sizes = np.minimum(sizes, MAX_PARAGRAPH_CHARS)
    joined = "\n".join(texts) + "\n"
    return np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32), offsets_of(sizes + 1)


def tokenize(texts: Sequence[str]) -> Tokens:
    """Split a batch of P >= 1 paragraphs into tokens."""
    codes, bounds = _to_codes(texts)
    chars = np.diff(bounds) - 1
    info = cp.load_table().take(codes.astype(np.intp))
    classes = (info >> np.uint32(cp.CLASS_SHIFT)).astype(np.uint8)
    kept = classes != cp.IGNORED
    if not kept.all():  # soft hyphens, zero-width joiners, marks of direction: as if they were not there
        bounds = bounds - np.searchsorted(np.flatnonzero(~kept), bounds)
        info, classes = info[kept], classes[kept]
    folded = info & np.uint32(cp.FOLD_MASK)

    word = (classes <= cp.WORD_LAST) & (classes != cp.SPACE)
    begins = classes != cp.SPACE
    # A word character goes on with the word before it, unless a capital follows a small letter.
    begins[1:] &= ~(word[1:] & word[:-1]) | ((classes[1:] == cp.UPPER) & (classes[:-1] == cp.LOWER))
    starts = np.flatnonzero(begins)
    stops = begins | ~word
    stops[:-1] = stops[1:]
    stops[-1] = True
    stops &= classes != cp.SPACE
    ends = np.flatnonzero(stops) + 1
    lengths = ends - starts
    first = classes.take(starts)
    capitals = (first == cp.UPPER) & (lengths > 1)
    long = np.flatnonzero(capitals)
    capitals[long] = (classes.take(starts[long] + 1) == cp.UPPER) & (classes.take(ends[long] - 1) == cp.UPPER)
    return Tokens(
        hashes=_stretch_hashes(folded, starts, ends),
        classes=first,
        capitals=capitals,
        starts=starts,
        lengths=lengths,
        indptr=np.searchsorted(starts, bounds).astype(np.int64),
        chars=chars,
        folded=folded,
    )


def _bucket(hashes: UInt64, family: np.uint64, settings: FeatureSettings) -> Int64:
    buckets = hashes ^ family
    buckets *= _MIX_1
    buckets >>= np.uint64(64 - settings.bits)
    return buckets.view(np.int64)


def word_buckets(tokens: Tokens, settings: FeatureSettings) -> Int64:
    """Bucket of each token: shape (T,)."""
    return _bucket(tokens.hashes, _WORD, settings)


def pair_hashes(tokens: Tokens) -> UInt64:
    """Hash of each word 2-gram: see `Tokens.pairs`."""
    return tokens.pairs


def pair_buckets(tokens: Tokens, settings: FeatureSettings) -> Int64:
    """Bucket of each word 2-gram: shape (T + P,), in the order of `pair_hashes`."""
    return _bucket(pair_hashes(tokens), _PAIR, settings)


def subword_counts(tokens: Tokens, settings: FeatureSettings) -> Int64:
    """Number of subword n-grams of each token: shape (T,). Only words have any."""
    by_size = np.arange(MAX_TOKEN_CHARS + 3)
    by_size = sum((_ngrams_in(by_size, n) for n in settings.subword_lengths), np.zeros(len(by_size), np.int64))
    return by_size.take(_padded_sizes(tokens.classes, tokens.lengths))


def subword_buckets(tokens: Tokens, which: Int64, settings: FeatureSettings) -> tuple[Int64, Int64]:
    """Buckets of the subword n-grams of the tokens `which` (U indices).

    Returns buckets (N,) and indptr (U + 1,), N the sum of their `subword_counts`. A word is read as "<word>", cut
    to its first MAX_TOKEN_CHARS characters.
    """
    sizes = _padded_sizes(tokens.classes[which], tokens.lengths[which])
    offsets = offsets_of(sizes)
    codes = tokens.folded.take(ranges(tokens.starts[which] - 1, sizes), mode="clip")
    words = sizes > 0
    codes[offsets[:-1][words]] = ord("<")
    codes[offsets[1:][words] - 1] = ord(">")

    counts = [_ngrams_in(sizes, n) for n in settings.subword_lengths]
    parts = [
        _bucket(_mix(_ngram_hashes(codes, n).take(ranges(offsets[:-1], count))), _SUBWORD, settings)
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


def offsets_of(sizes: Int64) -> Int64:
    """Where each of the stretches starts when they are laid end to end, and where the last one ends."""
    offsets = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    return offsets


def ranges(starts: Int64, sizes: Int64) -> Int64:
    """Concatenate arange(start, start + size) for each pair."""
    offsets = offsets_of(sizes)
    result = np.repeat(starts - offsets[:-1], sizes)
    result += np.arange(len(result))
    return result


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


# --- shape -----------------------------------------------------------------------------------------------------------

_LENGTH_STEPS = np.array([1, 3, 6, 10, 16, 25, 40, 60, 90, 140, 220, 400, 800])
_COUNT_STEPS = np.array([1, 2, 3, 4, 6, 9, 13, 20, 35, 60, 120])
SHAPE_VALUE = 0.1  # of a shape feature, beside 1 for all words and subwords together

_SHARE_STEPS = np.array([0.001, 0.06, 0.12, 0.2, 0.35, 0.55, 0.8, 0.999])
_FEW_STEPS = np.array([1, 2, 3, 5, 9])
_FEW_VALUES = 100  # a step, for which comparing them all with it takes longer than searching


def _share(part: Int64, whole: Int64) -> Int64:
    return steps_passed(part / np.maximum(whole, 1), _SHARE_STEPS)


def steps_passed(values: npt.NDArray[Any], steps: npt.NDArray[Any]) -> Int64:
    """How many of a few ascending steps each value has reached. For many values this is faster than `searchsorted`."""
    if values.size < _FEW_VALUES * len(steps):
        return steps.searchsorted(values, side="right")
    passed = np.zeros_like(values, np.uint8)
    for step in steps:
        passed += values >= step
    return passed.astype(np.int64)


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
    of_class = np.bincount(tokens.owner * 16 + tokens.classes, minlength=paragraphs * 16).reshape(paragraphs, 16)
    counts = np.ascontiguousarray(of_class.T)
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


def shape_buckets(tokens: Tokens, settings: FeatureSettings) -> Int64:
    """Bucket of each shape feature: shape (P, number of shape features)."""
    columns = enumerate(shape_columns(tokens))
    return np.stack([shape_column_buckets(values, column, settings) for column, values in columns], axis=1)


def shape_column_buckets(values: Int64, column: int, settings: FeatureSettings) -> Int64:
    """Bucket of each value of one column of `shape_values`."""
    return _bucket(_mix(values.astype(np.uint64) + np.uint64(column << 32)), _SHAPE, settings)


# --- rows ------------------------------------------------------------------------------------------------------------


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
