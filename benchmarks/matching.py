"""What of a labelled page does an extractor's output still hold, and what is that worth?

An extractor writes text of its own cut: it splits a block at a link, or joins three buttons into one line. So a
labelled block is looked for by its letters and digits:

- a long one is kept if they stand in the output, wherever its lines end, or if seven in ten of their runs of ten do (a
  link inside may be missing);
- a short one ("Share") would stand inside of many a sentence. It is kept if it fills a line or several whole lines, or
  if a line that is no part of a single block is made up of blocks of the page, and it is one of these.

Where a text stands on the page more often than in the output, journalism counts as kept first.
"""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt

from predict.errors import NewsieveError
from predict.html.encoding import decode
from predict.labels import KINDS, LABEL_OF, Kind, Label
from train.corpus import Corpus
from train.html_pages import key
from train.records import Page

SHORT = 25  # letters and digits; a text of fewer must be bounded by lines or blocks
RUN = 10
LEAST_COVERED = 0.7
_LONGEST_JOINED = 5000  # a longer line is not taken apart into blocks
_INDEX = 2

Kept = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Labelled:
    """A page, its HTML as text, the keys of all its paragraphs, and which of them (indices) are labelled."""

    page: Page
    html: str
    keys: list[str]
    labelled: list[int]


def read_pages(corpus: Corpus, source: Path, folder: Path) -> list[Labelled]:
    """The labelled pages of a file that have their HTML beside them."""
    pages = []
    for page in corpus.pages:
        path = folder / f"{page.id}.html.gz"
        if page.source_file == str(source) and path.exists():
            keys = [key(paragraph.text) for paragraph in page.paragraphs]
            labelled = [i for i, p in enumerate(page.paragraphs) if p.measured and keys[i]]
            # Some parsers refuse text that declares an encoding of its bytes.
            html = decode(gzip.decompress(path.read_bytes()))[0]
            html = html.split("?>", 1)[-1] if html.lstrip().startswith("<?xml") else html
            pages.append(Labelled(page, html, keys, labelled))
    if not pages:
        raise NewsieveError(f"{folder}: no <id>.html.gz for any page of {source}")
    return pages


def kept_blocks(
    labelled: Sequence[str], journalism: Sequence[bool], page: Sequence[str], lines: Sequence[str]
) -> list[bool]:
    """For each labelled block, whether an extractor kept it.

    labelled, page: keys (see `key`) of the labelled blocks and of all of the page. journalism: for each labelled one.
    lines: the output's text.
    """
    output = _Output(page, lines)
    left = {text: output.count(text) for text in set(labelled)}
    kept = [False] * len(labelled)
    for index in sorted(range(len(labelled)), key=lambda i: not journalism[i]):
        text = labelled[index]
        kept[index] = left[text] > 0
        left[text] -= 1
    return kept


class _Output:
    """An extractor's output, to be asked how often it holds a block."""

    def __init__(self, page: Sequence[str], lines: Sequence[str]) -> None:
        keys = [text for line in lines if (text := key(line))]
        self._all = "".join(keys)
        self._ends = {0, *accumulate(map(len, keys))}
        self._runs = {self._all[i : i + RUN] for i in range(len(self._all) - RUN + 1)}
        blocks = sorted({text for text in page if text}, key=len, reverse=True)
        self._joined = Counter(_pieces(blocks, keys))

    def count(self, text: str) -> int:
        """How often the block with this key is there."""
        if len(text) < SHORT:
            return sum(self._bounded(text)) + self._joined[text]
        return self._all.count(text) or int(coverage(text, self._runs) >= LEAST_COVERED)

    def _bounded(self, text: str) -> Iterator[bool]:
        start = self._all.find(text)
        while start >= 0:
            yield start in self._ends and start + len(text) in self._ends
            start = self._all.find(text, start + 1)


def coverage(text: str, runs: set[str]) -> float:
    """The share of a key's runs of ten characters that are among `runs`."""
    own = [text[i : i + RUN] for i in range(len(text) - RUN + 1)]
    return sum(run in runs for run in own) / max(1, len(own))


def _pieces(blocks: Sequence[str], lines: Sequence[str]) -> Iterator[str]:
    """The blocks (the longest first) that make up the lines which are none, nor a part of one."""
    text = "\n".join(blocks)
    starting = defaultdict(list)
    for block in blocks:
        starting[block[:_INDEX]].append(block)
    for line in lines:
        if len(line) <= _LONGEST_JOINED and line not in text:
            yield from _tiles(line, starting)


def _tiles(line: str, starting: dict[str, list[str]]) -> list[str]:
    """The blocks that a line is made up of without a rest; none if it is not."""
    following: dict[int, str] = {len(line): ""}
    for start in reversed(range(len(line))):
        candidates = starting.get(line[start : start + _INDEX], []) + starting.get(line[start : start + 1], [])
        for block in candidates:
            if start + len(block) in following and line.startswith(block, start):
                following[start] = block
                break
    if 0 not in following:
        return []
    tiles, at = [], 0
    while at < len(line):
        tiles.append(following[at])
        at += len(following[at])
    return tiles


@dataclass(frozen=True)
class Truth:
    """All labelled blocks. kinds: index into KINDS. chars: letters and digits of each."""

    kinds: npt.NDArray[np.int64]
    chars: npt.NDArray[np.int64]

    @classmethod
    def of(cls, kinds: Sequence[Kind], keys: Sequence[str]) -> Truth:
        """From the kinds and keys of the blocks."""
        return cls(np.array([KINDS.index(kind) for kind in kinds]), np.array([len(text) for text in keys]))

    @property
    def journalism(self) -> npt.NDArray[np.bool_]:
        """Which blocks are journalism."""
        wanted = [LABEL_OF[kind] == Label.journalism for kind in KINDS]
        return np.array(wanted)[self.kinds]


def truth_of(pages: Sequence[Labelled]) -> Truth:
    """The labelled blocks of all pages, in order."""
    paragraphs = [(p.page.paragraphs[i], p.keys[i]) for p in pages for i in p.labelled]
    return Truth.of([p.kind for p, _ in paragraphs if p.kind is not None], [text for _, text in paragraphs])


@dataclass(frozen=True)
class Figure:
    """How well journalism was kept, by one measure; each 0 to 1."""

    precision: float
    recall: float
    f1: float


def found(pages: Sequence[Labelled], lines: dict[str, list[str]]) -> Kept:
    """Which labelled blocks are in the output."""
    kept: list[bool] = []
    for p in pages:
        labelled = [p.page.paragraphs[i] for i in p.labelled]
        journalism = [q.kind is not None and LABEL_OF[q.kind] == Label.journalism for q in labelled]
        kept += kept_blocks([p.keys[i] for i in p.labelled], journalism, p.keys, lines[p.page.id])
    return np.array(kept)


def figure(truth: Truth, kept: Kept, by_chars: bool) -> Figure:
    """Precision, recall and F1 for journalism; blocks count alike or by their letters and digits."""
    weight = truth.chars if by_chars else np.ones_like(truth.chars)
    right = int(weight[kept & truth.journalism].sum())
    given, wanted = int(weight[kept].sum()), int(weight[truth.journalism].sum())
    return Figure(right / max(1, given), right / max(1, wanted), 2 * right / max(1, given + wanted))


def slipped(truth: Truth, kept: Kept) -> dict[Kind, float]:
    """For each kind, the share of its blocks that were kept."""
    return {kind: share(kept, truth.kinds == number) for number, kind in enumerate(KINDS)}


def share(kept: Kept, among: Kept) -> float:
    """The share of some blocks that were kept; 0 if there are none."""
    return float((kept & among).sum() / max(1, among.sum()))


def after(truth: Truth, before: Kept, kept: Kept) -> tuple[float, float]:
    """What newsieve does to an output: the share of its journalism that it keeps, and of the rest that it removes."""
    return share(kept, before & truth.journalism), 1 - share(kept, before & ~truth.journalism)
