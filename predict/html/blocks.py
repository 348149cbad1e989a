"""Blocks: the paragraphs of a page as a reader sees them, in the order of the document.

A block is a stretch of text that nothing breaks: it ends where an element begins or ends that browsers lay out as a
block, cell, list item, button, label or option, and at two line breaks in a row; one line break is white space. What
no reader sees is left out: scripts, styles, templates, the text that stands in for a missing player or script, and
elements hidden by the attribute `hidden`, or by `display: none` or `visibility: hidden` in their own style. Hidden
elements stay where they hold more text than the page shows, because such a page is unveiled by a script.

The tree is the parser's; the walk over it is a loop, not a recursion, so its depth does not matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from predict.html.markup import CHAIN, Element, Place
from predict.html.tags import BREAKING, UNSEEN

_HIDING = re.compile(r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_SEEN = re.compile(r"[^\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


@dataclass(frozen=True)
class Segment:
    """A block's text, and where it stands in the tree."""

    text: str
    place: Place


class _Run:
    """The text of the block that is being read.

    chain: the elements around its first piece of text, outermost first. depth: how many of them hold all of it. dip:
    the least depth since its last piece. common: the least depth since the block before.
    """

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.shown: list[str] = []
        self.chain: list[Element] = []
        self.depth = self.dip = self.common = 0
        self.chars = self.linked = 0

    def add(self, text: str, stack: list[Element], linked: bool, hidden: bool) -> None:
        """Take a piece of text that stands in the elements of `stack`."""
        self.pieces.append(text)
        if not hidden:
            self.shown.append(text)
        size = len(text.strip())
        if not size:
            return
        if not self.chars:
            self.chain = stack[:]
            self.depth = len(stack)
            self.common = self.dip
        self.depth = min(self.depth, self.dip) if self.chars else self.depth
        self.dip = len(stack)
        self.chars += size
        self.linked += size if linked else 0

    def place(self) -> Place:
        """Where the block stands."""
        chain = tuple(self.chain[max(0, self.depth - CHAIN) : self.depth][::-1])
        return Place(chain, self.depth, self.linked / self.chars, min(self.common, self.depth))


class _Reader:
    """Gathers segments: all of them, and those that are seen."""

    def __init__(self) -> None:
        self.every: list[Segment] = []
        self.seen: list[Segment] = []
        self.hidden_chars = self.seen_chars = 0
        self.run = _Run()

    def end_block(self) -> None:
        """Finish the block that is being read, if there is one."""
        run = self.run
        if not run.pieces:
            return
        if run.chars:
            place = run.place()
            every = clean_text("".join(run.pieces))
            seen = every if len(run.shown) == len(run.pieces) else clean_text("".join(run.shown))
            if every:
                self.every.append(Segment(every, place))
            if seen:
                self.seen.append(Segment(seen, place))
            self.seen_chars += len(seen)
            self.hidden_chars += len(every) - len(seen)
            self.run = _Run()
            self.run.dip = min(run.dip, run.depth)
        else:
            run.pieces, run.shown = [], []


def clean_text(text: str) -> str:
    """Collapse white space, line ends of all kinds among it; drop control characters; "" if nothing can be seen."""
    text = " ".join(_CONTROL.sub("", text).split())
    return text if _SEEN.search(text) else ""


def find_blocks(body: Any, hidden: bool = False) -> list[Segment]:
    """Return the blocks below a node of the parser's tree. hidden: with what is hidden."""
    reader = _Reader()
    stack: list[Element] = []
    links: list[int] = []  # depths of the links that are open
    veils: list[int] = []  # and of the hidden elements
    breaks = 0
    node = body
    while node is not None:
        tag = node.tag or "-"  # what is neither text nor element has no name, or one that is none
        below = None
        if tag == "-text":
            text = node.text_content
            if text:
                reader.run.add(text, stack, bool(links), bool(veils))
                if breaks and not text.isspace():
                    breaks = 0
        elif tag == "br":
            breaks += 1
            reader.run.pieces.append(" ")
            reader.run.shown.append(" ")
            if breaks > 1:
                reader.end_block()
        else:
            if tag in BREAKING:
                reader.end_block()
                breaks = 0
            if tag not in UNSEEN and tag[0] not in "-!":
                below = node.first_child
                if below is not None:
                    attributes = node.attributes
                    if tag == "a":
                        links.append(len(stack))
                    if "hidden" in attributes or _HIDING.search(attributes.get("style") or ""):
                        veils.append(len(stack))
                    stack.append(Element(tag, attributes))
        if below is not None:
            node = below
            continue
        while stack:
            after = node.next
            if after is not None:
                break
            node = node.parent
            if stack.pop().tag in BREAKING:
                reader.end_block()
                breaks = 0
            depth = len(stack)
            if depth < reader.run.dip:
                reader.run.dip = depth
            if links and links[-1] == depth:
                links.pop()
            if veils and veils[-1] == depth:
                veils.pop()
        else:
            break
        node = after
    reader.end_block()
    unveiled = hidden or reader.hidden_chars > reader.seen_chars
    return reader.every if unveiled else reader.seen
