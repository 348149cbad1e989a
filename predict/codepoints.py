"""What every Unicode code point is to the features: its class, and what it folds to.

Features must not depend on the machine that computes them, yet each Python release brings its own
Unicode database. So the two facts that features need are fixed here in a file, `codepoints.npy`, made
once from one database and shipped: a class for each code point (is it part of a word, a word by itself,
a digit, punctuation?) and the code point it folds to (lower case; every digit becomes "0", since "2019"
and "2024" say the same thing about a paragraph).

Both are packed into one 32-bit number, so that a text is classified and folded in a single `take`:

    INFO = load_table();  INFO[code points] == fold | class << 21

`python -m predict.codepoints` makes the file again from the running Python's database.
"""

from __future__ import annotations

import sys
import unicodedata
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

UNICODE_SIZE = 0x110000
CLASS_SHIFT = 21
FOLD_MASK = (1 << CLASS_SHIFT) - 1

# Word-forming classes come first, so that "is part of a word" is one comparison (1 <= class <= WORD_LAST).
SPACE, LOWER, UPPER, DIGIT, SINGLE, STOP, QUOTE, PUNCTUATION, SYMBOL, IGNORED = range(10)
WORD_LAST = DIGIT

_PATH = Path(__file__).with_name("codepoints.npy")
_RUN = np.dtype([("start", "<u4"), ("packed", "<u4")])

# Scripts written without spaces: every character is a token of its own.
_SINGLE_RANGES = (
    (0x0E00, 0x0E7F),  # Thai
    (0x0E80, 0x0EFF),  # Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # ideographic iteration mark, closing mark, zero
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),  # Katakana extensions
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),  # halfwidth Katakana
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFD),
)
_STOPS = frozenset(".!?…。！？؟।۔‼⁇⁈⁉")
_QUOTES = frozenset("\"'«»„“”‚‘’‹›「」『』＂")


def _class_of(char: str) -> int:
    code = ord(char)
    category = unicodedata.category(char)
    if any(low <= code <= high for low, high in _SINGLE_RANGES) and category[0] in "LMN":
        return SINGLE
    if category in ("Lu", "Lt"):
        return UPPER
    if category[0] in "LM":
        return LOWER
    if category[0] == "N":
        return DIGIT
    if char in _STOPS:
        return STOP
    if char in _QUOTES:
        return QUOTE
    if category == "Cf":
        return IGNORED
    if category[0] == "P":
        return PUNCTUATION
    if category[0] == "S":
        return SYMBOL
    return SPACE


def _fold(char: str, kind: int) -> int:
    if kind == DIGIT:
        return ord("0")
    lower = char.lower()
    return ord(lower[0])


def build_table() -> npt.NDArray[np.uint32]:
    """Compute the table from this Python's Unicode database: shape (0x110000,), uint32."""
    table = np.zeros(UNICODE_SIZE, np.uint32)
    for code in range(UNICODE_SIZE):
        char = chr(code)
        kind = _class_of(char)
        table[code] = _fold(char, kind) | kind << CLASS_SHIFT
    return table


def save_table(table: npt.NDArray[np.uint32], path: Path = _PATH) -> None:
    """Write the table as runs of code points whose entry, less the code point itself, is the same (modulo 2**32).

    Digits all fold to one: of them, it is the entry itself.
    """
    digits = table >> np.uint32(CLASS_SHIFT) == DIGIT
    packed = np.where(digits, table, table - np.arange(UNICODE_SIZE, dtype=np.uint32))
    starts = np.flatnonzero(np.r_[True, packed[1:] != packed[:-1]])
    runs = np.empty(len(starts), _RUN)
    runs["start"], runs["packed"] = starts, packed[starts]
    np.save(path, runs)


@cache
def load_table() -> npt.NDArray[np.uint32]:
    """Return the shipped table: shape (0x110000,), uint32, `fold | class << 21`; read-only."""
    runs = np.load(_PATH, allow_pickle=False)
    bounds = np.append(runs["start"], UNICODE_SIZE).astype(np.int64)
    table: npt.NDArray[np.uint32] = np.repeat(runs["packed"], np.diff(bounds))
    table += np.arange(UNICODE_SIZE, dtype=np.uint32)
    digits = ord("0") | DIGIT << CLASS_SHIFT
    for run in np.flatnonzero(runs["packed"] == digits):
        table[bounds[run] : bounds[run + 1]] = digits
    table.flags.writeable = False
    return table


if __name__ == "__main__":
    save_table(build_table())
    sys.stdout.write(f"wrote {_PATH.name} from Unicode {unicodedata.unidata_version}\n")
