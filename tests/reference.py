"""What the features are, said a second time in plain Python: slow, short, sharing nothing but the table of code points.

The numbers here are those of every model file: features that change under a model make it speak nonsense.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

from predict.codepoints import CLASS_SHIFT, FOLD_MASK, IGNORED, LOWER, SINGLE, SPACE, UPPER, WORD_LAST, load_table
from predict.features import FeatureSettings

MOST_CHARS = 20_000
MOST_WORD = 24
BASE = 0x9E3779B97F4A7C15
MIX_1, MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
EDGE = 0x51ED270B8F2A6D37
FAMILY = 0xD6E8FEB86659FD93
SIZE = 1 << 64


@dataclass
class Token:
    """A token: its folded text, and the classes of its characters."""

    text: str
    classes: list[int]

    @property
    def is_word(self) -> bool:
        return self.classes[0] <= WORD_LAST

    @property
    def in_title(self) -> bool:
        """Whether it counts as a word of a title: words, and characters of scripts without spaces."""
        return self.classes[0] <= SINGLE

    @property
    def capitals(self) -> bool:
        kinds = self.classes
        return len(kinds) > 1 and kinds[0] == kinds[1] == kinds[-1] == UPPER


def look_up(char: str) -> tuple[int, str]:
    """Class and fold of a character."""
    info = int(load_table()[ord(char)])
    return info >> CLASS_SHIFT, chr(info & FOLD_MASK)


def tokens_of(text: str) -> list[Token]:
    """The tokens of a paragraph, character by character."""
    tokens: list[Token] = []
    before = SPACE
    for kind, folded in map(look_up, text[:MOST_CHARS]):
        if kind == IGNORED:
            continue
        goes_on = SPACE < kind <= WORD_LAST and SPACE < before <= WORD_LAST and (before, kind) != (LOWER, UPPER)
        if goes_on:
            tokens[-1].text += folded
            tokens[-1].classes.append(kind)
        elif kind != SPACE:
            tokens.append(Token(folded, [kind]))
        before = kind
    return tokens


def mix(x: int) -> int:
    """The finaliser of SplitMix64."""
    x = (x ^ x >> 30) * MIX_1 % SIZE
    x = (x ^ x >> 27) * MIX_2 % SIZE
    return x ^ x >> 31


def hash_of(text: str) -> int:
    """Polynomial hash of a string of code points."""
    return mix(sum(ord(char) * pow(BASE, i, SIZE) for i, char in enumerate(text)) % SIZE)


def bucket(value: int, family: int, settings: FeatureSettings) -> int:
    """The column of a hashed feature."""
    return (value ^ family * FAMILY % SIZE) * MIX_1 % SIZE >> 64 - settings.bits


def features_of(text: str, settings: FeatureSettings) -> tuple[Counter[int], float]:
    """Columns of the words, word pairs and subwords of a paragraph, and the value that each has."""
    tokens = tokens_of(text)
    words = [hash_of(token.text) for token in tokens]
    framed = [EDGE, *words, EDGE]
    columns = Counter(bucket(word, 1, settings) for word in words)
    columns.update(bucket(mix((a * MIX_2 + b) % SIZE), 2, settings) for a, b in pairwise(framed))
    for token in tokens:
        if token.is_word:
            word = f"<{token.text[:MOST_WORD]}>"
            for n in settings.subword_lengths:
                grams = [word[i : i + n] for i in range(len(word) - n + 1)]
                columns.update(bucket(hash_of(gram), 3, settings) for gram in grams)
    return columns, 1 / sqrt(columns.total())
