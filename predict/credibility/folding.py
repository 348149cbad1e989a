"""Near-duplicates folded: one statement that stands on a thousand pages with another date or name in it is one.

Two statements are nearly the same if the Jaccard similarity of their sets of character 5-grams (shingles [1]) is at
least THRESHOLD; digits count as equal. Groups are the connected components of that relation, which do not depend on
the order of what is given. Folding is done when a report is shown, never when it is added up: what is added up stays
exact.

How many shingles two texts share is counted for one text against all others at a time: each shingle has a list of the
texts that hold it, and adding these lists up is one call of `bincount`.

[1] A. Broder: On the resemblance and containment of documents. SEQUENCES 1997.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from predict.tokens import offsets_of, ranges

SHINGLE = 5  # characters
THRESHOLD = 0.6
_GAPS = re.compile(r"[\W_]+")
_DIGITS = re.compile(r"\d+")


def shingles(text: str) -> frozenset[str]:
    """The character 5-grams of a text, case, gaps and numbers made equal; a shorter text is one shingle itself."""
    plain = _DIGITS.sub("0", _GAPS.sub(" ", text.casefold()).strip())
    return frozenset(plain[i : i + SHINGLE] for i in range(max(1, len(plain) - SHINGLE + 1)))


def similarities(texts: Sequence[str]) -> Iterator[npt.NDArray[np.float64]]:
    """For each text its Jaccard similarity to every text, 0 to 1: N arrays of shape (N,)."""
    numbers: dict[str, int] = {}
    sets = [[numbers.setdefault(each, len(numbers)) for each in shingles(text)] for text in texts]
    sizes = np.fromiter(map(len, sets), np.int64, len(sets))
    flat = np.fromiter((number for each in sets for number in each), np.int64, int(sizes.sum()))
    holders = np.repeat(np.arange(len(sets)), sizes)[np.argsort(flat, kind="stable")]
    held = np.bincount(flat, minlength=len(numbers))
    starts = offsets_of(held)
    for own in sets:
        shared = np.bincount(holders[ranges(starts[own], held[own])], minlength=len(sets))
        yield shared / (sizes + len(own) - shared)


def fold(texts: Sequence[str]) -> list[list[int]]:
    """Group near-duplicates: lists of indices in ascending order, by their first."""
    group = np.arange(len(texts))  # of each text the first one of its group, as far as it is known
    for row in similarities(texts):
        joined = np.unique(group[row >= THRESHOLD])
        group[np.isin(group, joined)] = joined[0]
    members: dict[int, list[int]] = defaultdict(list)
    for index, first in enumerate(group.tolist()):
        members[first].append(index)
    return list(members.values())
