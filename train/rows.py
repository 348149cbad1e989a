"""The corpus in columns, as fitting wants it: one row a paragraph, pages first, then single paragraphs."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from predict.labels import FLAGS, KINDS
from train.corpus import Corpus
from train.records import Paragraph
from train.settings import TrainSettings
from train.vectorizer import ParagraphVectorizer

UNLABELLED = -1
NOBODY = -1
KIND_INDEX = {kind: index for index, kind in enumerate(KINDS)}


@dataclass(frozen=True)
class Rows:
    """R paragraphs, of which the first N stand on pages.

    texts: (R,). titles: (pages,), "" where there is none. features: (R, buckets). kinds: (R,) index into KINDS,
    UNLABELLED where there is none. flags: (R, flags). groups: (R,) the fold that the paragraph's publisher falls
    into. sizes: (pages,) paragraphs of each page. chars: (R,) lengths. weights: (R,) how much each counts in
    fitting (for the flags of stage 1, all count alike). standoff: (R,) whether its label is a standoff one, by
    which nothing is measured. folded: (R,) whether the data itself names its fold. publishers: (R,) a number for
    each publisher, NOBODY where none is named.
    """

    texts: list[str]
    titles: list[str]
    features: sp.csr_matrix
    kinds: npt.NDArray[np.int64]
    flags: npt.NDArray[np.bool_]
    groups: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    chars: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    standoff: npt.NDArray[np.bool_]
    folded: npt.NDArray[np.bool_]
    publishers: npt.NDArray[np.int64]

    @property
    def on_pages(self) -> int:
        """N, the number of rows that stand on pages."""
        return int(self.sizes.sum())


def fold_of(publisher: str | None, fold: int | None, folds: int) -> int:
    """The fold a publisher falls into: the one the data names, else one drawn from its name, always the same."""
    if fold is not None:
        return fold % folds
    return zlib.crc32((publisher or "").encode("utf-8", "surrogatepass")) % folds


def corpus_rows(corpus: Corpus, settings: TrainSettings) -> Rows:
    """Compute the features of every paragraph of a corpus, labelled or not."""
    paragraphs: list[Paragraph] = [p for page in corpus.pages for p in page.paragraphs]
    groups = [
        fold_of(page.publisher or page.id, page.fold, settings.folds) for page in corpus.pages for _ in page.paragraphs
    ]
    paragraphs += [single.paragraph for single in corpus.singles]
    groups += [fold_of(s.publisher or s.paragraph.text, s.fold, settings.folds) for s in corpus.singles]
    folded = [page.fold is not None for page in corpus.pages for _ in page.paragraphs]
    folded += [single.fold is not None for single in corpus.singles]
    publishers = [page.publisher for page in corpus.pages for _ in page.paragraphs]
    publishers += [single.publisher for single in corpus.singles]
    texts = [p.text for p in paragraphs]
    sizes = np.array([len(page.paragraphs) for page in corpus.pages], np.int64)
    standoff = np.array([p.standoff for p in paragraphs], bool)
    weights = np.where(np.arange(len(texts)) < sizes.sum(), 1.0, settings.single_weight)
    vectorizer = ParagraphVectorizer(settings.features.bits, settings.features.subword_lengths)
    return Rows(
        texts=texts,
        titles=[page.title or "" for page in corpus.pages],
        features=vectorizer.transform(texts),
        kinds=np.array([UNLABELLED if p.kind is None else KIND_INDEX[p.kind] for p in paragraphs], np.int64),
        flags=np.array([[flag in p.flags for flag in FLAGS] for p in paragraphs], bool).reshape(-1, len(FLAGS)),
        groups=np.array(groups, np.int64),
        sizes=sizes,
        chars=np.array([len(text) for text in texts], np.int64),
        weights=np.where(standoff, settings.standoff_weight, weights),
        standoff=standoff,
        folded=np.array(folded, bool),
        publishers=_numbered(publishers),
    )


def _numbered(names: list[str | None]) -> npt.NDArray[np.int64]:
    numbers = {name: number for number, name in enumerate(dict.fromkeys(filter(None, names)))}
    return np.array([numbers.get(name or "", NOBODY) for name in names], np.int64)
