"""A page read from HTML, as a value: what the rest of the program needs to know of this package."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

GROUPS = 8  # that a block belongs to


@dataclass(frozen=True)
class Block:
    """A paragraph of a page.

    text: one line. markup: what the elements around it say, as short tokens. groups: what it shares with other
    blocks of the page, as numbers that are equal where it is the same: how it is built, and the elements around it,
    innermost first.
    """

    text: str
    markup: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()


class HtmlPage(list[Block]):
    """The blocks of a page in reading order. title, language: "" where unknown. encoding: None if given as `str`."""

    def __init__(self, blocks: Iterable[Block], title: str, language: str, encoding: str | None) -> None:
        super().__init__(blocks)
        self.title = title
        self.language = language
        self.encoding = encoding

    @property
    def texts(self) -> list[str]:
        """The texts of the blocks."""
        return [block.text for block in self]
