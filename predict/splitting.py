"""Where paragraphs are in a text: its non-empty lines.

Extractors put one block of a page on one line, so lines are the paragraphs. A line ends wherever Python's
`str.splitlines` says so (LF, CR LF, CR, form feed, U+2028 and so on); white space around it is not part of it.
"""

from __future__ import annotations


def split_paragraphs(text: str) -> list[str]:
    """Return the non-empty lines of `text`, stripped, in order."""
    return [line for raw in text.splitlines() if (line := raw.strip())]


def paragraph_spans(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of each paragraph of `split_paragraphs`, so that text[start:end] is the paragraph."""
    spans = []
    offset = 0
    for raw in text.splitlines(keepends=True):
        line = raw.strip()
        if line:
            start = offset + len(raw) - len(raw.lstrip())
            spans.append((start, start + len(line)))
        offset += len(raw)
    return spans
