"""A page as a table for people, and what any text needs before it may stand on a terminal.

Paragraphs come from strangers. Shown as they are, they could move the cursor, change colours or run over the edge, so
everything is first made visible and then measured in columns, not characters: an East Asian wide character takes two
columns, a combining mark none. Where a terminal may differ (sequences of emoji), the measure errs on the wide side.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

import numpy as np

from predict.labels import FLAGS, LABELS, Label
from predict.page import Page, Paragraph

LABEL_COLOURS = {
    Label.journalism: "32",
    Label.ui_residue: "34",
    Label.fundraising: "33",
    Label.ad_notice: "35",
    Label.self_description: "36",
}
BOLD = "1"
SHORT_LABEL = {label: str(label) for label in LABELS} | {Label.self_description: "self_descr."}
_LABEL_COLUMNS = max(map(len, SHORT_LABEL.values()))
_KIND_COLUMNS = len("interface")

_PER_COLUMN = 16  # characters read for each column to fill: bounds the work on a paragraph of any length
_JOINERS = "\u200c\u200d"
_LAST_C0, _DELETE = 0x1F, 0x7F

Segment = tuple[str, str]  # a piece of a line and its ANSI colour code, "" for none


def _visible_char(char: str) -> str:
    if char.isprintable():
        # Without variation selectors a sign is drawn in its plain form, whose width is known.
        return "" if "\ufe00" <= char <= "\ufe0f" else char
    if char.isspace():
        return " "
    if unicodedata.category(char) == "Cf":  # direction overrides, soft hyphens and the like; joiners shape letters
        return char if char in _JOINERS else ""
    code = ord(char)
    if code <= _LAST_C0:
        return chr(0x2400 + code)
    return "\u2421" if code == _DELETE else "\ufffd"


def visible(text: str) -> str:
    """Make text harmless on a terminal: one line, control characters as signs (ESC as "␛"), surrogates as "�"."""
    return text if text.isascii() and text.isprintable() else "".join(map(_visible_char, text))


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def column_width(text: str) -> int:
    """Columns that visible text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _prefix(text: str, width: int) -> str:
    """The longest beginning of visible text that takes at most `width` columns."""
    used = 0
    for at, char in enumerate(text):
        used += _columns(char)
        if used > width:
            return text[:at]
    return text


def cut(text: str, width: int) -> str:
    """Make text visible and cut it to `width` columns, with "…" where something is missing."""
    if width <= 0:
        return ""
    head = text[: _PER_COLUMN * width]
    shown = visible(head)
    if len(head) == len(text) and column_width(shown) <= width:
        return shown
    return _prefix(shown, width - 1) + "…"


def wrap(text: str, width: int, most: int) -> list[str]:
    """Make text visible and break it into at most `most` lines of `width` columns, the last cut with "…"."""
    width = max(width, 1)
    head = text[: _PER_COLUMN * width * most]
    rest = visible(head).strip() + ("…" if len(head) < len(text) else "")
    lines: list[str] = []
    while rest and len(lines) < most - 1:
        line = _prefix(rest, width)
        if len(line) < len(rest):
            at_space = len(line) if rest[len(line)] == " " else line.rfind(" ")
            line = line[:at_space] if at_space > 0 else line
        if not line:  # not even one character fits
            break
        lines.append(line.rstrip())
        rest = rest[len(line) :].lstrip()
    return [*lines, cut(rest, width)] if rest else lines


def paint(segments: Iterable[Segment], width: int, colour: bool) -> str:
    """Join segments into one line of at most `width` columns; without `colour`, as plain text."""
    line = []
    left = width
    for text, code in segments:
        shown = cut(text, left)
        left -= column_width(shown)
        line.append(f"\x1b[{code}m{shown}\x1b[0m" if colour and code and shown else shown)
    return "".join(line).rstrip(" ")


def label_segment(label: Label) -> Segment:
    """A label padded to its column, in its own colour."""
    return SHORT_LABEL[label].ljust(_LABEL_COLUMNS), LABEL_COLOURS[label]


def kind_text(paragraph: Paragraph) -> str:
    """The kind where it says more than the label, padded to its column."""
    more = paragraph.label == Label.ui_residue
    return (str(paragraph.kind) if more else "").ljust(_KIND_COLUMNS)


def _flag_text(paragraph: Paragraph) -> str:
    carried = paragraph.flags
    return "".join(flag[0].upper() if flag in carried else " " for flag in FLAGS)


def _row(number: int, digits: int, paragraph: Paragraph) -> list[Segment]:
    return [
        (f"{number:>{digits}} ", ""),
        label_segment(paragraph.label),
        (f" {kind_text(paragraph)} {paragraph.probability:4.0%} {_flag_text(paragraph)} ", ""),
        (paragraph.text.strip(), ""),
    ]


def _header(digits: int) -> list[Segment]:
    label, kind = "label".ljust(_LABEL_COLUMNS), "kind".ljust(_KIND_COLUMNS)
    return [(f"{'#':>{digits}} {label} {kind} sure {' ' * len(FLAGS)} text", BOLD)]


def percent(part: int, whole: int) -> str:
    """A share for people; of nothing, it is 0%."""
    return f"{part / whole if whole else 0:.0%}"


def counted(number: int, noun: str) -> str:
    """A number and its noun: "1 page", "1,200 pages"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _summary(page: Page) -> str:
    counts = np.bincount(page.answers.labels, minlength=len(LABELS)).tolist()
    by_label = ", ".join(f"{n:,} {label}" for n, label in zip(counts, LABELS) if n)
    kept = sum(len(text) for text, keep in zip(page.texts, page.kept()) if keep)
    whole = sum(map(len, page.texts))
    return (
        f"{counted(len(page), 'paragraph')}: {by_label}; {kept:,} of {whole:,} characters kept ({percent(kept, whole)})"
    )


def _legend(page: Page) -> str:
    flags = dict.fromkeys(flag for paragraph in page for flag in paragraph.flags)
    return "flags: " + ", ".join(f"{flag[0].upper()} {flag}" for flag in FLAGS if flag in flags) if flags else ""


def format_table(page: Page, width: int = 80, colour: bool = False) -> str:
    """Show a page: one row a paragraph, then counts by label and the share of characters that `clean` keeps.

    No line takes more than `width` columns; the text of a paragraph is cut to fit. Its kind is shown where the label
    does not say it. `colour` adds ANSI colours, one for each label. No line feed at the end.
    """
    if not len(page):
        return cut("no paragraphs", width)
    digits = max(len(str(len(page))), 2)
    lines = [paint(_header(digits), width, colour)]
    lines += [paint(_row(number, digits, paragraph), width, colour) for number, paragraph in enumerate(page, 1)]
    for text in (_legend(page), _summary(page)):
        lines += wrap(text, width, len(text))
    return "\n".join(lines)
