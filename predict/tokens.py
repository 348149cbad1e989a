"""Tokens: the words and marks of a batch of paragraphs, found without a loop over them.

The paragraphs of a batch are joined into one array of Unicode code points, and everything after that is
arithmetic on whole arrays; no Python loop runs over paragraphs or tokens.

* A token is a run of letters and digits, cut where a small letter meets a capital ("HomeNews" is two
  words), or one punctuation mark, or one character of a script without spaces.
* With c_i the folded code points and B an odd number, the prefix sums S_k = sum of c_i * B**i (i < k), all
  modulo 2**64, give the polynomial hash of any stretch [s, e) as (S_e - S_s) * B**-s: the Rabin-Karp
  rolling hash [1], for all stretches of the batch at once.

[1] R. Karp, M. Rabin: Efficient randomized pattern-matching algorithms. IBM J. Res. Dev. 31(2), 1987.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from predict import codepoints as cp

UInt64 = npt.NDArray[np.uint64]
Int64 = npt.NDArray[np.int64]

# A paragraph's first characters decide what it is; the rest is not read. Bounds memory on hostile input.
MAX_PARAGRAPH_CHARS = 20_000

_BASE = 0x9E3779B97F4A7C15
_BASE_INVERSE = pow(_BASE, -1, 1 << 64)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
_EDGE = np.uint64(0x51ED270B8F2A6D37)  # the "word" before the first and after the last


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
    def slots(self) -> Int64:
        """(T,) place of each token where every paragraph has one place more than tokens: that of the pair it ends."""
        return np.arange(len(self.hashes)) + self.owner

    @cached_property
    def class_counts(self) -> Int64:
        """How many tokens of each class each paragraph has: shape (16, P), of classes that there are."""
        paragraphs = len(self.chars)
        counts = np.bincount(self.owner * 16 + self.classes, minlength=paragraphs * 16)
        return np.ascontiguousarray(counts.reshape(paragraphs, 16).T)

    @cached_property
    def pairs(self) -> UInt64:
        """Hash of each word 2-gram, edges included: shape (T + P,); paragraph p has indptr[p] + p : indptr[p + 1] +
        p + 1."""
        paragraphs = len(self.chars)
        padded = np.empty(len(self.hashes) + paragraphs + 1, np.uint64)
        padded[self.indptr + np.arange(paragraphs + 1)] = _EDGE
        padded[1:][self.slots] = self.hashes
        pairs = padded[:-1] * MIX_2
        pairs += padded[1:]
        return mix(pairs)

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
        self._both = np.ones(1, np.uint64), np.ones(1, np.uint64)

    def upto(self, n: int) -> tuple[UInt64, UInt64]:
        up, down = self._both
        if len(up) < n:
            size = 1 << (n - 1).bit_length()
            up, down = self._both = _powers(_BASE, size), _powers(_BASE_INVERSE, size)
        return up[:n], down[:n]


def _powers(base: int, size: int) -> UInt64:
    steps = np.full(size, base, np.uint64)
    steps[0] = 1
    return np.multiply.accumulate(steps)


_POWERS = _Powers()


def mix(x: UInt64) -> UInt64:
    """Spread the bits of a polynomial hash, of which the low ones are weak (finaliser of SplitMix64)."""
    x = (x ^ (x >> np.uint64(30))) * MIX_1
    x ^= x >> np.uint64(27)
    x *= MIX_2
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
    return mix(hashes)


def ngram_hashes(codes: npt.NDArray[np.uint32], n: int) -> UInt64:
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


def offsets_of(sizes: Int64) -> Int64:
    """Where each of the stretches starts when they are laid end to end, and where the last one ends."""
    offsets = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    return offsets


def ranges(starts: Int64, sizes: Int64) -> Int64:
    """Concatenate arange(start, start + size) for each pair."""
    some = np.flatnonzero(sizes)
    if len(some) < len(sizes):
        starts, sizes = starts.take(some), sizes.take(some)
    offsets = offsets_of(sizes)
    steps = np.ones(int(offsets[-1]), np.int64)
    if len(steps):
        steps[0] = starts[0]
        steps[offsets[1:-1]] = starts[1:] - starts[:-1] - sizes[:-1] + 1
    return np.cumsum(steps, out=steps)
