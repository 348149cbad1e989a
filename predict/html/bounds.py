"""Bounds: pages that would take a parser too long, refused before it starts.

A parser of HTML is quick on pages and slow on what is made to be slow. At every block element it looks through the
elements that are open, so its work grows with tags times depth; formatting elements that are never closed are opened
again in every block, so its memory does; and each attribute is compared with all others of its tag. So the tags are
counted first, in one pass whose work grows with the page alone. The count is meant never to be less than what the
parser will see: a start tag counts wherever it may be one, an end tag only where it is one for certain.

Pages that people read stay far below the bounds: the worst of 900 news pages needs an eightieth of MAX_WORK.
"""

from __future__ import annotations

import re
from collections import Counter

from predict.errors import InputError
from predict.html.tags import BARRIERS, BLOCKS, FLAT, FOREIGN, FORMATTING, RAW, SCRIPTS

MAX_HTML_BYTES = 16 << 20
MAX_WORK = 100_000_000  # open elements looked at, over all tags: a second or two
MAX_REOPENED = 3_000_000  # formatting elements opened again, a hundred bytes each
MAX_ATTRIBUTES = 4_000  # of one tag
_SMALL = 20_000  # characters, in which nothing can go wrong

_BINARY_HEAD = 4096
_BINARY_SHARE = 0.02
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_MAGIC = {
    b"%PDF-": "PDF",
    b"\x1f\x8b": "gzip (name it .html.gz)",
    b"\x28\xb5\x2f\xfd": "zstd (name it .html.zst)",
    b"PK\x03\x04": "ZIP",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
}

_REACH = 40  # open elements that an end tag is looked for among

_W = r"[\t\n\f\r ]"
# Attributes as the standard reads them, so that no quotation mark opens what it should not. A look-ahead and its echo
# are taken whole or not at all: otherwise a tag that never ends would be tried in a million ways.
_VALUE = r"(?:\"[^\"]*\"|'[^']*'|[^\t\n\f\r >\"'][^\t\n\f\r >]*|(?=>))"
_ATTRIBUTE = rf"(?:[\t\n\f\r /]+|[^\t\n\f\r />][^\t\n\f\r />=]*(?:{_W}*={_W}*{_VALUE})?)"
_TOKEN = re.compile(
    rf"<([a-z][^\t\n\f\r />]*)(?=({_ATTRIBUTE}{{0,{2 * MAX_ATTRIBUTES}}}))\2"
    r"|</([a-z][^\t\n\f\r />]*)[^>]*"
    r"|<!--(?:-?>|.*?(?:--!?>|\Z))|<!\[CDATA\[.*?(?:\]\]>|\Z)|<[!?][^>]*|</[^a-z>][^>]*",
    re.DOTALL | re.IGNORECASE,
)
_START = re.compile(r"<([a-z][^\t\n\f\r />]*)", re.IGNORECASE)


def check_bytes(data: bytes) -> None:
    """Raise InputError if this is no HTML but something binary, or too much of it."""
    if len(data) > MAX_HTML_BYTES:
        raise too_large()
    name = next((name for magic, name in _MAGIC.items() if data.startswith(magic)), None)
    head = data[:_BINARY_HEAD]
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))  # UTF-16 is full of zero bytes
    if name or (not wide and len(_BINARY.findall(head)) > _BINARY_SHARE * len(head)):
        raise InputError(f"not HTML but {name or 'binary data'}")


def too_large() -> InputError:
    """The error for a page beyond MAX_HTML_BYTES."""
    return InputError(f"an HTML page of more than {MAX_HTML_BYTES >> 20} MB")


def check_tags(text: str) -> None:
    """Raise InputError if a parser could take too long over this."""
    if len(text) > MAX_HTML_BYTES:
        raise too_large()
    if len(text) > _SMALL:
        _Count(text).run()


class _Count:
    """What is open at each tag, at most. deepest: the most elements that were open at once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._stack: list[str] = []
        self._formatting: list[str] = []
        self._known: Counter[str] = Counter()
        self._certain = True
        self._work = self._reopened = 0
        self.deepest = 0

    def run(self) -> None:
        """Read all tags."""
        at, end = 0, len(self._text)
        while at < end:
            token = _TOKEN.search(self._text, at)
            if token is None:
                return
            at = token.end()
            start, attributes, ending = token.groups()
            if start is not None:
                if at < end and self._text[at] != ">":
                    raise InputError(f"a tag with more than {MAX_ATTRIBUTES:,} attributes")
                self._starts_within(attributes)
                name = start.lower()
                self._start(name, attributes)
                if name in RAW:
                    at = self._raw(name, at)
            elif ending is not None:
                self._end(ending.lower())
            else:
                self._starts_within(token.group()[1:])

    def _start(self, name: str, attributes: str) -> None:
        depth = len(self._stack) + len(self._formatting)
        self.deepest = max(self.deepest, depth)
        self._work += depth
        self._reopened += len(self._formatting)
        if self._work > MAX_WORK or self._reopened > MAX_REOPENED:
            raise InputError("elements are nested too deeply, or too many are never closed")
        if name in FORMATTING:
            key = name + attributes
            if self._known[key] < 3:  # a parser, too, opens no more than three that are equal again
                self._known[key] += 1
                self._formatting.append(key)
        if name not in FLAT:
            self._stack.append(name)

    def _starts_within(self, region: str) -> None:
        """Count what would be start tags if the region were not what it looks like."""
        if "<" in region:
            for name in _START.findall(region):
                self._start(name.lower(), "")

    def _raw(self, name: str, at: int) -> int:
        """Pass over what a script and the like hold."""
        close = re.compile(rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE).search(self._text, at)
        stop = close.start() if close else len(self._text)
        exact = name in SCRIPTS and not any(each in FOREIGN for each in self._stack)
        region = self._text[at:stop] if name == "script" or not exact else ""
        if not exact:
            self._starts_within(region)
        elif "<!--" in region and "<script" in region.lower():
            self._certain = False  # such a script may end later than it seems to
        return stop

    def _end(self, name: str) -> None:
        self._reopened += len(self._formatting)
        if not self._certain or name in FLAT:
            return
        if name in FORMATTING:
            self._forget(name)
        for back, each in enumerate(reversed(self._stack[-_REACH:]), 1):
            if each == name:
                if name in FORMATTING:
                    del self._stack[-back]
                else:
                    del self._stack[-back:]
                return
            if each in BARRIERS or (name not in BLOCKS and name not in FORMATTING and each not in FORMATTING):
                return

    def _forget(self, name: str) -> None:
        for index in range(len(self._formatting) - 1, max(-1, len(self._formatting) - _REACH), -1):
            key = self._formatting[index]
            if re.match(rf"{name}(?:[\t\n\f\r /]|\Z)", key):
                del self._formatting[index]
                self._known[key] -= 1
                return
