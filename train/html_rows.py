"""Labelled pages of HTML in columns, as fitting wants them: one row a block, labelled where its paragraph is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from predict.html.page import HtmlPage
from predict.labels import FLAGS
from predict.layout import PageLayout
from train.html_pages import LabelledHtml
from train.rows import KIND_INDEX, UNLABELLED, Rows
from train.stage_2 import page_layout


@dataclass(frozen=True)
class HtmlRows:
    """N blocks of whole pages.

    pages: the pages. numbers: (pages,) index of each among the corpus's pages. sizes: (pages,). kinds: (N,) index into
    KINDS or UNLABELLED. flags: (N, flags). groups: (N,) fold of the publisher. chars: (N,). weights, standoff: (N,) as
    in `train.rows.Rows`. layout: as prediction lays these pages out.
    """

    pages: list[HtmlPage]
    numbers: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int64]
    flags: npt.NDArray[np.bool_]
    groups: npt.NDArray[np.int64]
    chars: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    standoff: npt.NDArray[np.bool_]
    layout: PageLayout

    @property
    def labelled(self) -> npt.NDArray[np.bool_]:
        """Which blocks have a kind."""
        return np.asarray(self.kinds != UNLABELLED)

    @property
    def texts(self) -> list[str]:
        """The blocks' texts: (N,)."""
        return [block.text for page in self.pages for block in page]


def html_rows(pages: Sequence[LabelledHtml], rows: Rows) -> HtmlRows:
    """Put the pages that have blocks into columns. rows: those of the corpus that the pages are numbered in."""
    pages = [page for page in pages if page.html]
    sizes = np.array([len(page.html) for page in pages], np.int64)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    kinds = np.full(int(starts[-1]), UNLABELLED, np.int64)
    flags = np.zeros((len(kinds), len(FLAGS)), bool)
    weights, standoff = np.ones(len(kinds)), np.zeros(len(kinds), bool)
    first_row = np.concatenate(([0], np.cumsum(rows.sizes)))
    for page, start in zip(pages, starts):
        paragraphs = page.page.paragraphs
        # Paragraphs may share a block; those that it is measured by go first.
        for index, block in sorted(page.matches.items(), key=lambda match: paragraphs[match[0]].standoff):
            paragraph = paragraphs[index]
            if paragraph.kind is not None and kinds[start + block] == UNLABELLED:
                kinds[start + block] = KIND_INDEX[paragraph.kind]
                flags[start + block] = [flag in paragraph.flags for flag in FLAGS]
                row = first_row[page.number] + index
                weights[start + block], standoff[start + block] = rows.weights[row], rows.standoff[row]
    numbers = np.array([page.number for page in pages], np.int64)
    texts = [block.text for page in pages for block in page.html]
    return HtmlRows(
        pages=[page.html for page in pages],
        numbers=numbers,
        sizes=sizes,
        kinds=kinds,
        flags=flags,
        groups=np.repeat(rows.groups[first_row[numbers]], sizes),
        chars=np.array([len(text) for text in texts], np.int64),
        weights=weights,
        standoff=standoff,
        layout=page_layout(texts, [page.html.title for page in pages], sizes),
    )
