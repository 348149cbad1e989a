"""Token table: what was computed for a token is kept, because language says the same words again and again.

Stage 1 adds up, for each distinct token, the weights of the word and of all its parts. Nine of ten tokens of a page
were on the pages before it, so their sums are kept: in rows in order of arrival, which keeps the common words, the
first to come, close together in the processor's caches, and found through a hash table with open addressing and linear
probing, of which every step is done for all tokens at once. Nothing is ever searched or sorted. When the rows are used
up, all is forgotten; the common words are back with the next page.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from predict.tokens import Int64, UInt64

Float = npt.NDArray[np.float32]

MOST_ROWS = 1 << 17  # with 10 numbers each, 5 MB; places take another 3 MB
_PLACES_A_ROW = 2
ZEROS = 0  # a row of zeros, for no token
_HUGE_PAGE = 1 << 21


def _zeros(size: int) -> npt.NDArray[np.uint8]:
    """Zeros that begin where a huge page of memory can: hashes are strewn over them, and each small page would be one
    more interruption when it is first written to."""
    memory = np.zeros(size + _HUGE_PAGE, np.uint8)
    start = -memory.ctypes.data % _HUGE_PAGE
    return memory[start : start + size]


class TokenTable:
    """Rows of `width` numbers by 64-bit hash.

    rows: (most + 1, width), the first of zeros. Hold `lock` from `find` until the rows that it named have been read.
    Copies and pickles of a table begin empty.
    """

    def __init__(self, width: int, most: int = MOST_ROWS) -> None:
        """most: number of rows, a power of two."""
        self.lock = threading.Lock()
        places = most * _PLACES_A_ROW
        memory = _zeros(places * 12 + (most + 1) * width * 4)
        self._keys = memory[: places * 8].view(np.uint64)  # 0 where the place is free
        self._row_of = memory[places * 8 : places * 12].view(np.int32)
        self.rows: Float = memory[places * 12 :].view(np.float32).reshape(most + 1, width)
        self._used = 0
        self._shift = np.uint64(65 - len(self._keys).bit_length())

    def __reduce__(self) -> tuple[type[TokenTable], tuple[int, int]]:
        return TokenTable, (self.rows.shape[1], len(self.rows) - 1)

    def find(self, hashes: UInt64, compute: Callable[[Int64], Float]) -> Int64:
        """Return the row of each of T hashes, of which no more than `most` may be distinct: shape (T,).

        compute: returns the rows of U hashes, given as indices into `hashes`; asked for each distinct one that is not
        in the table. (The hash 0, one of 2**64, is like a free place and may have another's row.)
        """
        places = (hashes >> self._shift).view(np.int64)
        astray = np.flatnonzero(self._keys.take(places) != hashes)
        if len(astray):
            try:
                self._settle(hashes, places, astray, compute)
            except BaseException:  # places may name rows that were not filled
                self._forget()
                raise
        return np.asarray(self._row_of.take(places), np.int64)

    def _settle(self, hashes: UInt64, places: Int64, astray: Int64, compute: Callable[[Int64], Float]) -> None:
        """Move `places` of those `astray` on to where their hashes stand, entering those that stand nowhere."""
        new = self._enter(hashes, places, astray)
        if self._used + len(new) > len(self.rows) - 1:
            self._forget()
            places[:] = (hashes >> self._shift).view(np.int64)
            new = self._enter(hashes, places, np.arange(len(hashes)))
        if not len(new):
            return
        first, self._used = self._used + 1, self._used + len(new)
        self.rows[first : self._used + 1] = compute(new)
        self._row_of[places.take(new)] = np.arange(first, self._used + 1)

    def _enter(self, hashes: UInt64, places: Int64, astray: Int64) -> Int64:
        """Return one index for each distinct hash that was entered."""
        new = []
        at, wanted = places.take(astray), hashes.take(astray)
        while len(astray):
            free = np.flatnonzero(self._keys.take(at) == 0)
            there, named = at.take(free), astray.take(free)
            # Of all that write to a place the last one stays: its hash, and its index in the name of its equals.
            self._keys[there] = wanted.take(free)
            self._row_of[there] = named
            new.append(named[self._row_of.take(there) == named])
            on = np.flatnonzero(self._keys.take(at) != wanted)
            astray, at, wanted = astray.take(on), at.take(on), wanted.take(on)
            at += 1
            at %= len(self._keys)
            places[astray] = at
        return np.concatenate(new)

    def _forget(self) -> None:
        self._used = 0
        self._keys[:] = 0
        self._row_of[:] = ZEROS
