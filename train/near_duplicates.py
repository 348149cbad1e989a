"""Near-duplicates: pairs of texts that share most of their letters, all of them, without comparing all with all.

A corpus written by hand goes stale where a sentence comes again with one word changed. Two texts count as nearly the
same if the Jaccard similarity of their sets of character 5-grams, |a & b| / |a | b|, is over t = 0.6.

To hold n texts against one another would take n**2 / 2 set intersections. Prefix filtering [1] leaves out nearly all
of them and loses none. Put the grams of each text in order from the rarest in the corpus to the most frequent, and
call the first n - ceil(t * n) + 1 of a text's n grams its prefix, the others its rest. Let b be no longer than a, and
similar to it.

* They share at least t * |a| grams. So the rarest gram that they share stands in both prefixes: behind a prefix there
  is no room for so many. Texts whose prefixes do not meet are not similar; and since prefixes are of rare grams, few
  meet.
* Say that the prefix of one of the two ends at a rarer gram than that of the other. What they share up to there stands
  in both prefixes, what they share beyond stands in its rest. So they share at most what their prefixes share, and
  |rest of a| more.

With the prefixes as rows of a sparse 0/1 matrix, the product of the matrix with its own transpose has for each pair of
texts how many grams their prefixes share. Only pairs for which that could be enough are counted out in full.

[1] S. Chaudhuri, V. Ganti, R. Kaushik: A primitive operator for similarity joins in data cleaning. ICDE 2006.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

GRAM = 5  # characters
THRESHOLD = Fraction(3, 5)  # a similarity over this is too much; a fraction, so that "over" is exact
_ROWS = 1_000  # texts that are held against the others at a time: bounds memory
_PAIRS = 50_000  # pairs that are counted out at a time: likewise

Int64 = npt.NDArray[np.int64]

_GAPS = re.compile(r"[\W_]+")


def normalise(text: str) -> str:
    """Fold case, and make each run of characters that are neither letters nor digits one space."""
    return _GAPS.sub(" ", text.casefold()).strip()


def grams(text: str) -> set[str]:
    """Return the character 5-grams of `text`; a shorter text is one gram itself."""
    return {text[i : i + GRAM] for i in range(max(1, len(text) - GRAM + 1))}


def near_duplicates(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Return all pairs (i, j), i < j, of texts whose similarity is over THRESHOLD, in ascending order."""
    if len(texts) < 2:
        return []
    rows = _rarest_first(CountVectorizer(analyzer=grams, binary=True, dtype=np.int32).fit_transform(texts))
    by_size = np.argsort(np.diff(rows.indptr), kind="stable")
    found = [by_size[pairs] for pairs in _similar(rows[by_size])]
    pairs = np.sort(np.concatenate(found), axis=1)
    return sorted((int(i), int(j)) for i, j in pairs)


def _rarest_first(rows: csr_matrix) -> csr_matrix:
    """Number the columns anew, so that the entries of each row go from the rarest gram to the most frequent."""
    frequency = np.bincount(rows.indices, minlength=rows.shape[1])
    rank = np.empty(rows.shape[1], rows.indices.dtype)
    rank[np.argsort(frequency, kind="stable")] = np.arange(rows.shape[1])
    ranked = csr_matrix((rows.data, rank[rows.indices], rows.indptr), shape=rows.shape)
    ranked.sort_indices()
    return ranked


def _similar(rows: csr_matrix) -> Iterator[Int64]:
    """Yield the pairs of similar rows as arrays (pairs, 2). The rows given go from the shortest text to the longest."""
    sizes = np.diff(rows.indptr).astype(np.int64)
    num, den = THRESHOLD.as_integer_ratio()
    kept = sizes - -(-sizes * num // den) + 1
    rest = sizes - kept
    prefixes = _prefixes(rows, kept)
    for start in range(0, len(sizes), _ROWS):
        stop = min(start + _ROWS, len(sizes))
        # A text of fewer grams than t times those of another is not similar to it.
        first = int(np.searchsorted(sizes * den, sizes[start] * num))
        meeting = (prefixes[start:stop] @ prefixes[first:stop].T).tocoo()
        a, b = meeting.row + start, meeting.col + first
        fit = (b < a) & _over(meeting.data + rest[a], sizes[a] + sizes[b])
        a, b = a[fit], b[fit]
        for at in range(0, len(a), _PAIRS):
            pairs = np.stack([a[at : at + _PAIRS], b[at : at + _PAIRS]], axis=1)
            shared = np.asarray(rows[pairs[:, 0]].multiply(rows[pairs[:, 1]]).sum(axis=1), np.int64).ravel()
            yield pairs[_over(shared, sizes[pairs].sum(axis=1))]
    yield np.empty((0, 2), np.int64)


def _over(shared: Int64, total: Int64) -> npt.NDArray[np.bool_]:
    """Whether texts that share so many grams are similar. total: |a| + |b|, so that |a | b| = total - shared."""
    num, den = THRESHOLD.as_integer_ratio()
    return np.asarray(shared * den > (total - shared) * num)


def _prefixes(rows: csr_matrix, kept: Int64) -> csr_matrix:
    """Keep the first `kept` entries of each row."""
    sizes = np.diff(rows.indptr)
    place = np.arange(rows.nnz) - np.repeat(rows.indptr[:-1], sizes)
    inside = place < np.repeat(kept, sizes)
    indptr = np.concatenate(([0], np.cumsum(kept)))
    return csr_matrix((rows.data[inside], rows.indices[inside], indptr), shape=rows.shape)
