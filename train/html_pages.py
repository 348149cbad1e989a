"""Labelled pages beside their HTML: which block of the page is which labelled paragraph.

The labels were given to text, so text is what binds the two: a block is a paragraph's own where their letters and
digits are equal. The blocks of a page and its paragraphs are two sequences in the same order, and are aligned as such
(the longest matching stretches first, as `difflib` does); what is left over, because the order differs, is matched
wherever it stands.
"""

from __future__ import annotations

import gzip
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from predict.errors import InputError, NewsieveError
from predict.html.page import HtmlPage
from predict.html.reader import read_html
from train.corpus import Corpus
from train.records import Page


@dataclass(frozen=True)
class LabelledHtml:
    """A page with its HTML.

    number: of the page in its corpus. matches: paragraph -> block, of those that were found anywhere. aligned: how many
    of the labelled ones were found in the order of the document.
    """

    number: int
    page: Page
    html: HtmlPage
    matches: dict[int, int]
    aligned: int

    def measured(self) -> list[int]:
        """The paragraphs that have a kind to measure by, and letters or digits to be known by."""
        return [i for i, p in enumerate(self.page.paragraphs) if p.measured and key(p.text)]

    def missed(self) -> list[int]:
        """The labelled paragraphs that no block is equal to."""
        return [i for i in self.measured() if i not in self.matches]


def key(text: str) -> str:
    """Letters and digits of a text, small."""
    return "".join(filter(str.isalnum, text.lower()))


def labelled_html(corpus: Corpus, folder: Path) -> Iterator[LabelledHtml]:
    """Read `<id>.html` or `<id>.html.gz` of `folder` for every page of a corpus that has one.

    Raises NewsieveError where one cannot be read, or none is there.
    """
    some = False
    for number, page in enumerate(corpus.pages):
        path = next((p for p in (folder / f"{page.id}.html", folder / f"{page.id}.html.gz") if p.exists()), None)
        if path is None:
            continue
        some = True
        html = _read(path)
        paragraphs = [key(paragraph.text) for paragraph in page.paragraphs]
        matches, in_order = align(paragraphs, [key(block.text) for block in html])
        aligned = sum(i in in_order for i, p in enumerate(page.paragraphs) if p.measured)
        yield LabelledHtml(number, page, html, matches, aligned)
    if not some:
        raise NewsieveError(f"{folder}: no <id>.html or <id>.html.gz for any page")


def _read(path: Path) -> HtmlPage:
    try:
        data = path.read_bytes()
        return read_html(gzip.decompress(data) if path.suffix == ".gz" else data)
    except (InputError, OSError, EOFError, zlib.error) as error:
        raise NewsieveError(f"{path}: {error}") from None


def align(paragraphs: Sequence[str], blocks: Sequence[str]) -> tuple[dict[int, int], set[int]]:
    """Match the keys of paragraphs to those of blocks.

    Returns paragraph -> block, and which paragraphs were matched in order. A paragraph that the page says several times
    may share its block.
    """
    matcher = SequenceMatcher(None, paragraphs, blocks, autojunk=False)
    matches = {m.a + i: m.b + i for m in matcher.get_matching_blocks() for i in range(m.size)}
    in_order = set(matches)
    where = defaultdict(list)
    taken = set(matches.values())
    for index, text in enumerate(blocks):
        where[text].append(index)
    for index, text in enumerate(paragraphs):
        if text and index not in matches and text in where:
            free = [block for block in where[text] if block not in taken]
            matches[index] = free[0] if free else where[text][0]
            taken.add(matches[index])
    return matches, in_order


def format_found(pages: Sequence[LabelledHtml]) -> str:
    """Say how many labelled paragraphs are found, how many of them in order, and which kinds are missed most."""
    total = sum(len(page.measured()) for page in pages)
    missed = Counter(str(page.page.paragraphs[i].kind) for page in pages for i in page.missed())
    found = total - sum(missed.values())
    aligned = sum(page.aligned for page in pages)
    by_kind = ", ".join(f"{kind} {count}" for kind, count in missed.most_common())
    return (
        f"{len(pages)} pages, {sum(len(page.html) for page in pages):,} blocks\n"
        f"labelled paragraphs {total:,}, found {found:,} ({found / max(1, total):.4f}), "
        f"in the order of the document {aligned:,} ({aligned / max(1, found):.4f} of them)\n"
        f"missed: {by_kind or 'none'}"
    )


def format_missed(pages: Sequence[LabelledHtml]) -> str:
    """List what is missed, a paragraph a line: page, number, kind, text."""
    lines = []
    for page in pages:
        for i in page.missed():
            paragraph = page.page.paragraphs[i]
            lines.append(f"{page.page.id}\t{i + 1}\t{paragraph.kind}\t{paragraph.text[:100]}")
    return "\n".join(lines)
