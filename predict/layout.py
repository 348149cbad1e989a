"""Page layout: what can be counted about a paragraph's place on its page without a model.

Where it stands, how long it is, how much of it stands in the page's title, how often the page repeats it. Stage 2 reads
this beside the scores of stage 1. All arrays run over the N paragraphs of a whole batch of pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from predict import codepoints as cp
from predict.shape import edge_classes
from predict.tokens import Int64, Tokens, UInt64

Float = npt.NDArray[np.float32]

LONG_CHARS = 100  # a paragraph longer than this is hardly ever a button, a headline or a menu entry
_ECHO_CHARS = 4
_OTHER_PLACES = np.uint64(0xD6E8FEB86659FD93)


@dataclass(frozen=True)
class PageLayout:
    """Where N paragraphs stand, and what can be counted about them without a model.

    page: (N,) index of the page. place: (N,) index on it. size: (N,) number of paragraphs of it. indptr: (pages + 1,).
    chars, words: (N,) lengths. in_title: (N,) share of its words that stand in the title; of_title: (N,) share of the
    title's words that stand in it; titled: (N,) whether the page has a title. echo: (N,) share of a short paragraph's
    longer words that stand in long paragraphs of the page, as a headline's do; 0 for a long one. repeats: (N,) how
    many paragraphs of the page are equal to it, digits aside; earlier: (N,) how many of those stand before it. first,
    last: (N,) class of the first and last token.
    """

    page: Int64
    place: Int64
    size: Int64
    indptr: Int64
    chars: Int64
    words: Int64
    in_title: Float
    of_title: Float
    titled: npt.NDArray[np.bool_]
    echo: Float
    repeats: Int64
    earlier: Int64
    first: Int64
    last: Int64

    def beyond(self, by: int) -> Int64:
        """The paragraphs whose page has none `by` places further on."""
        if by not in self._beyond:
            self._beyond[by] = np.flatnonzero(self.place < -by if by < 0 else self.place >= self.size - by)
        return self._beyond[by]

    @cached_property
    def _beyond(self) -> dict[int, Int64]:
        return {}


def lay_out(tokens: Tokens, titles: Tokens, sizes: Int64) -> PageLayout:
    """Count what stands where, for pages of `sizes` paragraphs whose titles are `titles` (empty where there is
    none)."""
    indptr = np.concatenate(([0], np.cumsum(sizes)))
    page = np.repeat(np.arange(len(sizes)), sizes)
    words = tokens.class_counts[: cp.SINGLE + 1].sum(axis=0)
    keys = _page_keys(tokens.hashes, page.take(tokens.owner))
    in_title, of_title = _title_overlap(tokens, keys, titles, words, page)
    first, last = edge_classes(tokens)
    repeats, earlier = _repeats(tokens, page)
    return PageLayout(
        page=page,
        place=np.arange(len(page)) - np.repeat(indptr[:-1], sizes),
        size=np.repeat(sizes, sizes),
        indptr=indptr,
        chars=tokens.chars,
        words=words,
        in_title=in_title,
        of_title=of_title,
        titled=(np.diff(titles.indptr) > 0)[page],
        echo=_echo(tokens, keys),
        repeats=repeats,
        earlier=earlier,
        first=first,
        last=last,
    )


def _salt(pages: Int64) -> UInt64:
    return np.asarray((pages.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15), np.uint64)


def _page_keys(hashes: UInt64, page: Int64) -> UInt64:
    """Hashes that differ from page to page; `page` ascends."""
    if not len(page):
        return hashes
    return np.asarray(hashes ^ _salt(np.arange(int(page[-1]) + 1)).take(page), np.uint64)


def is_among(asked: UInt64, known: UInt64) -> npt.NDArray[np.bool_]:
    """Whether each of `asked` is one of `known`: shape (len(asked),).

    As `np.isin` says it, without sorting: a hash writes itself to a place of a table, and who is asked for looks there.
    Of several hashes with one place the last stays; about the others, who shares their place asks again.
    """
    bits = len(known).bit_length() + 1
    shift = np.uint64(64 - bits)
    table = np.zeros(1 << bits, np.uint64)
    table[0] = ~np.uint64(0)  # which belongs elsewhere; 0 would belong there
    at, look = (known >> shift).view(np.int64), (asked >> shift).view(np.int64)
    table[at] = known
    found: npt.NDArray[np.bool_] = table.take(look) == asked
    lost = table.take(at) != known
    if lost.any():
        shared = np.zeros(1 << bits, bool)
        shared[at[lost]] = True
        again = np.flatnonzero(shared.take(look))
        # Times an odd number: other places, and what was different stays different.
        found[again] |= is_among(asked[again] * _OTHER_PLACES, known[lost] * _OTHER_PLACES)
    return found


def _title_overlap(tokens: Tokens, keys: UInt64, titles: Tokens, words: Int64, page: Int64) -> tuple[Float, Float]:
    """Shares of each paragraph's words in its title and of the title's in it. keys: tokens by page."""
    title_page = np.repeat(np.arange(len(titles.indptr) - 1), np.diff(titles.indptr))
    title_words = titles.classes <= cp.SINGLE
    wanted = _page_keys(titles.hashes, title_page)[title_words]
    size = np.bincount(title_page[title_words], minlength=len(titles.indptr) - 1)
    if not len(wanted):
        zero = np.zeros(len(words), np.float32)
        return zero, zero
    found = np.flatnonzero(is_among(keys, wanted))
    found = found[tokens.classes.take(found) <= cp.SINGLE]
    hits = np.bincount(tokens.owner.take(found), minlength=len(words))
    in_title = hits / np.maximum(words, 1)
    of_title = np.minimum(hits / np.maximum(size[page], 1), 1.0)
    return in_title.astype(np.float32), of_title.astype(np.float32)


def _echo(tokens: Tokens, keys: UInt64) -> Float:
    """How much of each short paragraph stands in the long paragraphs of its page, in words that are not too short."""
    owner = tokens.owner
    in_long = (tokens.chars > LONG_CHARS).take(owner)
    counted = (tokens.classes == cp.SINGLE) | ((tokens.classes < cp.SINGLE) & (tokens.lengths >= _ECHO_CHARS))
    asked = np.flatnonzero(counted & ~in_long)
    found = is_among(keys.take(asked), keys[counted & in_long])
    size = np.bincount(owner.take(asked), minlength=len(tokens.chars))
    hits = np.bincount(owner.take(asked[found]), minlength=len(tokens.chars))
    return (hits / np.maximum(size, 1)).astype(np.float32)


def _repeats(tokens: Tokens, page: Int64) -> tuple[Int64, Int64]:
    """How many paragraphs of the same page have the same tokens, itself included, and how many of them come before."""
    starts = tokens.indptr[:-1] + np.arange(len(tokens.indptr) - 1)
    pairs = tokens.pairs
    # Times its place, an odd number, or "a b a c a" would be "a c a b a": they have the same pairs.
    place = np.arange(len(pairs)) - np.repeat(starts, np.diff(tokens.indptr) + 1)
    keys = np.add.reduceat(pairs * (2 * place + 1).astype(np.uint64), starts) ^ _salt(page)
    order = np.argsort(keys, kind="stable")
    first = np.flatnonzero(np.diff(keys[order], prepend=~keys[order[:1]]))
    counts = np.diff(np.append(first, len(keys)))
    repeats, earlier = np.empty(len(keys), np.int64), np.empty(len(keys), np.int64)
    repeats[order] = np.repeat(counts, counts)
    earlier[order] = np.arange(len(keys)) - np.repeat(first, counts)
    return repeats, earlier
