"""Token table: what was computed for a token is kept, because language says the same words again and again.

Stage 1 adds up, for each distinct token, the weights of the word and of all its parts. Nine of ten tokens of a page
were on the pages before it, so their sums are kept in a table of fixed size with one place for each hash: a token's
place is its hash's first bits, and whoever comes last has it. Nothing is ever searched, sorted or cleared. Tokens that
want one place within the same batch all get it one after the other; those that lost theirs lie in a spare room behind
the table, which holds only for that batch.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from predict.features import Int64, UInt64

Float = npt.NDArray[np.float32]

PLACE_BITS = 17  # 131,072 places; with 10 numbers each, 6 MB
_SPARE = 1 << 12
_FREE = ~np.uint64(0)


class TokenTable:
    """Rows of `width` numbers by 64-bit hash.

    rows: (places + 1 + spare, width). Hold `lock` from `find` until the rows that it named have been read. Copies and
    pickles of a table begin empty.
    """

    def __init__(self, width: int, bits: int = PLACE_BITS) -> None:
        self.lock = threading.Lock()
        self._bits = bits
        self._keys = np.zeros(1 << bits, np.uint64)
        self._speakers = np.zeros(1 << bits, np.int64)
        self.rows: Float = np.zeros(((1 << bits) + 1 + _SPARE, width), np.float32)
        self._forget()

    def __reduce__(self) -> tuple[type[TokenTable], tuple[int, int]]:
        return TokenTable, (self.rows.shape[1], self._bits)

    @property
    def zeros(self) -> int:
        """A row of zeros."""
        return len(self._keys)

    def find(self, hashes: UInt64, compute: Callable[[Int64], Float]) -> Int64:
        """Return the row of each hash: shape (T,), index into `rows`.

        compute: returns the rows of U hashes, given as indices into `hashes`; asked once for each distinct one that is
        not in the table.
        """
        places = (hashes >> np.uint64(64 - self._bits)).view(np.int64)
        missing = np.flatnonzero(self._keys.take(places) != hashes)
        if len(missing):
            try:
                self._learn(hashes, places, missing, compute)
            except BaseException:  # keys may stand there without their numbers
                self._forget()
                raise
        return places

    def _forget(self) -> None:
        self._keys[:] = 0
        self._keys[0] = _FREE  # the hash 0 would belong there; this one does not

    def _learn(self, hashes: UInt64, places: Int64, missing: Int64, compute: Callable[[Int64], Float]) -> None:
        """Fill in what is missing; `places` of the hashes that get no place become spare ones."""
        wanted = places[missing]
        # All write, the last one stays: its key, and its index, which speaks for all that are equal to it.
        self._keys[wanted] = hashes[missing]
        self._speakers[wanted] = missing
        chosen = missing[self._speakers.take(wanted) == missing]
        # Some that were known may have lost their place just now.
        homeless = np.flatnonzero(self._keys.take(places) != hashes)
        _, first, inverse = np.unique(hashes[homeless], return_index=True, return_inverse=True)
        self._make_room(len(first))
        places[homeless] = self.zeros + 1 + inverse
        asked = np.concatenate((chosen, homeless[first]))
        self.rows[places[asked]] = compute(asked)

    def _make_room(self, spare: int) -> None:
        more = self.zeros + 1 + spare - len(self.rows)
        if more > 0:
            self.rows = np.concatenate((self.rows, np.zeros((more, self.rows.shape[1]), np.float32)))
