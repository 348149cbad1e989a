"""Markup: what the elements around a block say about it.

Publishers name what they build: `<div class="donation-banner">`, `<a href="/tag/ferries">`, `<p itemprop="author">`. A
block's markup is a list of short tokens: its own element and those around it; the words in their classes, ids, roles
and test ids, with how near they are; where its links lead; how much of it is link; how the tree changes from the block
before and to the one after; how many blocks of the page stand in a place just like it. Which token speaks for which
kind is learned (`train.html_fit`); here stands only what the tokens are.

Tokens become columns as words do (`predict.features`): each is hashed into one of 2**bits buckets, by a family of
hashes of its own, those of the block before and after by two more.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np

from predict.html.page import GROUPS, Block, HtmlPage
from predict.html.tags import LANDMARKS
from predict.tokens import Int64, offsets_of

CHAIN = 24  # elements around a block that are read
NEAR = 8  # those that are named one by one
_BANDS = ("own", "near", "far", "")  # how near an element is
_FAR = 2
_SHAPE = 4  # elements by which blocks are alike
_WORDS_MOST = 12  # of one attribute, and of one address
_ATTRIBUTE_CHARS = 400
_NAMING = ("class", "id")
_SPEAKING = ("role", "itemprop", "data-testid", "data-component", "data-type", "rel", "type", "name", "aria-label")
_WORD = re.compile("[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_LINK_STEPS = (0.001, 0.25, 0.5, 0.75, 0.999)
_COUNT_STEPS = (2, 3, 5, 9, 17, 33, 65)


class Place(NamedTuple):
    """Where a block stands.

    chain: the elements that hold all of it, innermost first, CHAIN at most; depth: how many there are. linked: share
    of the text that is link. common: how many of the elements hold the block before it, too.
    """

    chain: tuple[Element, ...]
    depth: int
    linked: float
    common: int


class Element:
    """An open element of the tree. What is read off it is read once, and only where a block asks for it."""

    __slots__ = ("_attributes", "_signature", "_tokens", "tag")

    def __init__(self, tag: str, attributes: dict[str, Any]) -> None:
        self.tag = tag
        self._attributes = attributes
        self._tokens: list[tuple[str, ...] | None] = [None] * len(_BANDS)
        self._signature: str | None = None

    @property
    def signature(self) -> str:
        """Tag and names: what it has in common with elements built like it."""
        if self._signature is None:
            self._signature = ".".join((self.tag, *self._names()))
        return self._signature

    def tokens(self, band: int) -> tuple[str, ...]:
        """What it says of a block that it is as near to as _BANDS[band] names."""
        found = self._tokens[band]
        if found is None:
            found = self._tokens[band] = tuple(self._read(band))
        return found

    def _names(self) -> tuple[str, ...]:
        return words_of(" ".join(self._attributes.get(name) or "" for name in _NAMING))

    def _read(self, band: int) -> Iterable[str]:
        words = [f".{word}" for word in self._names()]
        for name in _SPEAKING:
            if value := self._attributes.get(name):
                words += [f"@{name}:{word}" for word in words_of(value)]
        yield from words
        if _BANDS[band]:
            yield from (_BANDS[band] + word for word in words)
        if self.tag in LANDMARKS:
            yield f"in={self.tag}"
        if self.tag == "a" and band < _FAR:
            yield from (f">{word}" for word in _leads(self._attributes.get("href")))


def _leads(address: str | None) -> tuple[str, ...]:
    """Where a link leads: the words of its path; "#" within the page, "//" to an address with a host."""
    if not address:
        return ()
    try:
        parts = urlsplit(address.strip()[:_ATTRIBUTE_CHARS])
    except ValueError:
        return ("?",)
    kind = "#" if not (parts.path or parts.netloc) else "//" if parts.netloc else "/"
    words = words_of(parts.path)
    return (kind, f":{parts.scheme}", f"{min(parts.path.count('/'), 5)}/{bin_of(len(words), _COUNT_STEPS)}", *words)


@lru_cache(1 << 14)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a name such as "js-articleBody__text--2", small, without digits, each once, at most _WORDS_MOST."""
    words = (word.lower() for word in _WORD.findall(text[:_ATTRIBUTE_CHARS]))
    return tuple(dict.fromkeys(word for word in words if 1 < len(word) < 25))[:_WORDS_MOST]


def bin_of(value: float, steps: Iterable[float]) -> int:
    """How many of the steps the value reaches."""
    return sum(value >= step for step in steps)


def page_shapes(places: Sequence[Place]) -> list[str]:
    """How each block is built: its element and those right around it, with their names."""
    return ["/".join(element.signature for element in place.chain[:_SHAPE]) for place in places]


def page_groups(places: Sequence[Place], shapes: Sequence[str]) -> list[tuple[int, ...]]:
    """Return the numbers of GROUPS things for each block: its shape, and the elements around it, innermost first."""
    numbers: dict[object, int] = {}
    found = []
    for place, shape in zip(places, shapes):
        # Beyond the outermost element, the page as a whole is around it.
        around = [*map(id, place.chain[: GROUPS - 1]), *[0] * GROUPS][: GROUPS - 1]
        found.append(tuple(numbers.setdefault(each, len(numbers)) for each in (shape, *around)))
    return found


def page_tokens(places: Sequence[Place], shapes: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the tokens of each block of a page, from the places of all its blocks."""
    alike = Counter(shapes)
    tokens = []
    for index, place in enumerate(places):
        found = _own_tokens(place)
        found.append(f"alike={bin_of(alike[shapes[index]], _COUNT_STEPS)}")
        found += _change("before", place, places[index - 1] if index else None, place.common)
        after = places[index + 1] if index + 1 < len(places) else None
        found += _change("after", place, after, after.common if after else 0)
        tokens.append(tuple(dict.fromkeys(found)))
    return tokens


def _change(side: str, place: Place, other: Place | None, common: int) -> Iterable[str]:
    """How the tree changes between a block and the one beside it: so many elements left, so many entered."""
    if other is None:
        return (f"{side}=none",)
    left, entered = min(place.depth - common, 6), min(other.depth - common, 6)
    same = place.chain[:1] and other.chain[:1] and place.chain[0].signature == other.chain[0].signature
    return (f"{side}={left},{entered}", f"{side}:same={bool(same)}")


def _own_tokens(place: Place) -> list[str]:
    chain = place.chain
    found = [
        f"linked={bin_of(place.linked, _LINK_STEPS)}",
        f"depth={min(place.depth, 30) // 3}",
        "path=" + ">".join(element.tag for element in chain[:3]),
    ]
    for near, element in enumerate(chain):
        if near < NEAR:
            found.append(f"{near}={element.tag}")
        found += element.tokens(0 if near == 0 else 1 if near < 3 else _FAR if near < NEAR else _FAR + 1)
    return found


# --- columns ---------------------------------------------------------------------------------------------------------


def own_buckets(block: Block, bits: int) -> Int64:
    """The buckets of a block's own tokens: shape (T,)."""
    return np.array([_hashed(token, bits, {})[0] for token in block.markup], np.int64)


def token_buckets(pages: Sequence[HtmlPage], bits: int) -> tuple[Int64, Int64]:
    """Hash the tokens of N blocks on pages, each with those of its neighbours on the page.

    Returns buckets (T,) in [0, 2**bits) and indptr (N + 1,): the columns of a CSR matrix.
    """
    known: dict[str, tuple[int, ...]] = {}
    buckets: list[int] = []
    sizes: list[int] = []
    for page in pages:
        hashed = [[_hashed(token, bits, known) for token in block.markup] for block in page]
        for index, own in enumerate(hashed):
            row = [_hashed("", bits, known)[0], *(each[0] for each in own)]  # never empty
            if index:
                row += [each[1] for each in hashed[index - 1]]
            if index + 1 < len(hashed):
                row += [each[2] for each in hashed[index + 1]]
            buckets += row
            sizes.append(len(row))
    return np.array(buckets, np.int64), offsets_of(np.array(sizes, np.int64))


def _hashed(token: str, bits: int, known: dict[str, tuple[int, ...]]) -> tuple[int, ...]:
    found = known.get(token)
    if found is None:
        digest = hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=12).digest()
        parts = (int.from_bytes(digest[at : at + 4], "little") for at in (0, 4, 8))
        found = known[token] = tuple(part >> (32 - bits) for part in parts)
    return found
