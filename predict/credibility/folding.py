"""Near-duplicates folded: one statement that stands on a thousand pages with another date or name in it is one.

Two statements are nearly the same if the Jaccard similarity of their sets of character 5-grams (shingles [1]) is at
least THRESHOLD; digits count as equal. Groups are the connected components of that relation, which do not depend on
the order of what is given. Folding is done when a report is shown, never when it is added up: what is added up stays
exact.

Texts are compared only if they share one of their rarest shingles: two sets as similar as that must (prefix filter
[2]), and rare shingles are shared by few.

[1] A. Broder: On the resemblance and containment of documents. SEQUENCES 1997.
[2] S. Chaudhuri, V. Ganti, R. Kaushik: A primitive operator for similarity joins in data cleaning. ICDE 2006.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

SHINGLE = 5  # characters
THRESHOLD = 0.6
_GAPS = re.compile(r"[\W_]+")
_DIGITS = re.compile(r"\d+")


def shingles(text: str) -> frozenset[str]:
    """The character 5-grams of a text, case, gaps and numbers made equal; a shorter text is one shingle itself."""
    plain = _DIGITS.sub("0", _GAPS.sub(" ", text.casefold()).strip())
    return frozenset(plain[i : i + SHINGLE] for i in range(max(1, len(plain) - SHINGLE + 1)))


def similarity(a: frozenset[str], b: frozenset[str]) -> float:
    """Jaccard similarity, 0 to 1."""
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared)


def fold(texts: Sequence[str]) -> list[list[int]]:
    """Group near-duplicates: lists of indices in ascending order, by their first."""
    sets = [shingles(text) for text in texts]
    parents = list(range(len(texts)))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    for a, b in _similar_pairs(sets):
        low, high = sorted((root(a), root(b)))
        parents[high] = low
    groups: dict[int, list[int]] = defaultdict(list)
    for index in range(len(texts)):
        groups[root(index)].append(index)
    return list(groups.values())


def _similar_pairs(sets: Sequence[frozenset[str]]) -> Iterator[tuple[int, int]]:
    frequency = Counter(shingle for each in sets for shingle in each)
    by_prefix: dict[str, list[int]] = defaultdict(list)
    for index, each in enumerate(sets):
        kept = len(each) - math.ceil(THRESHOLD * len(each)) + 1
        rarest = sorted(each, key=lambda shingle: (frequency[shingle], shingle))[:kept]
        candidates = {other for shingle in rarest for other in by_prefix[shingle]}
        yield from ((other, index) for other in candidates if similarity(sets[other], each) >= THRESHOLD)
        for shingle in rarest:
            by_prefix[shingle].append(index)
