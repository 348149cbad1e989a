"""What does the quality come from? Models fitted with less data or with fewer features, on one fold of real pages.

Nothing in `predict` or `train` can be switched off for this. A family of stage 1 is subtracted from the feature rows
before they are learned from, and a group of stage 2 is held at zero in the rows that its linear model reads. Stage 2 is
fitted again for each group, over the same out-of-fold scores of stage 1, which are the dear part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from joblib import Parallel, delayed

from predict import context
from predict.features import (
    SHAPE_VALUE,
    FeatureSettings,
    feature_scale,
    pair_buckets,
    shape_buckets,
    subword_buckets,
    word_buckets,
)
from predict.labels import LABELS
from predict.model import decide
from predict.scoring import HEADS
from predict.tokens import tokenize
from train.corpus import Corpus
from train.evaluate import answer_pages, training_rows
from train.fit import Fitted, fit
from train.report.curve import AUTHORED, REAL
from train.rows import UNLABELLED, Rows, corpus_rows
from train.scores import Scores, measure, truth_of
from train.settings import TrainSettings
from train.stage_1 import Mask, fit_stage_1, score_texts
from train.stage_2 import ContextRows, context_rows, fit_stage_2

SHARES = (0.0, 0.125, 0.25, 0.5, 1.0)
FAMILIES = ("words", "word pairs", "subwords", "shape")
VIEWS = ("whole", "cut out", "untitled")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Split:
    """A corpus with one fold of its real pages held out.

    asked: (pages,) indices of the pages held out. train: (R,) what may be learned from. authored: (R,) what the project
    wrote. draw: (R,) numbers from 0 to 1, equal on a page, by which parts of the data are taken.
    """

    rows: Rows
    asked: npt.NDArray[np.int64]
    train: Mask
    authored: Mask
    draw: npt.NDArray[np.float64]
    settings: TrainSettings

    def part(self, real: float, authored: float) -> Mask:
        """A share of the real and of the authored data to learn from; smaller shares lie within larger ones."""
        return np.asarray(self.train & (self.draw < np.where(self.authored, authored, real)), bool)

    def pages_in(self, part: Mask) -> int:
        """How many real pages a part holds."""
        of_page = np.repeat(np.arange(len(self.rows.sizes)), self.rows.sizes)
        return len(np.unique(of_page[(part & ~self.authored)[: self.rows.on_pages]]))


def split_corpus(corpus: Corpus, real_files: set[str], fold: int, settings: TrainSettings) -> Split:
    """Hold out the pages of `real_files` that fall into `fold`."""
    rows = corpus_rows(corpus, settings)
    real_page = np.array([page.source_file in real_files for page in corpus.pages])
    real_single = np.array([single.source_file in real_files for single in corpus.singles], bool)
    real = np.concatenate((np.repeat(real_page, rows.sizes), real_single))
    first = np.concatenate(([0], np.cumsum(rows.sizes)[:-1]))
    tested = np.flatnonzero(real_page)
    draw = np.random.default_rng(0).random(len(real_page) + len(real_single))
    return Split(
        rows=rows,
        asked=tested[rows.groups[first[tested]] == fold],
        train=training_rows(rows, tested, fold),
        authored=~real,
        draw=np.concatenate((np.repeat(draw[: len(real_page)], rows.sizes), draw[len(real_page) :])),
        settings=settings,
    )


def learning_curve(split: Split, whole: Fitted, say: Say) -> list[dict[str, object]]:
    """Fit on parts of the real pages beside all authored data, and the other way round; one entry a point."""
    alone = replace(split, settings=replace(split.settings, jobs=1))  # the points are fitted side by side instead
    points = [(series, share) for series in (REAL, AUTHORED) for share in SHARES]
    say(f"learning curve: {len(points)} points")
    parts = [split.part(share, 1.0) if series == REAL else split.part(1.0, share) for series, share in points]
    scores = Parallel(n_jobs=split.settings.jobs)(
        delayed(_scores_of_part)(alone, part, whole if share == 1 else None)
        for part, (_, share) in zip(parts, points, strict=True)
    )
    learned = [part & (split.rows.kinds != UNLABELLED) for part in parts]
    return [
        {
            "series": series,
            "real_pages": split.pages_in(part),
            "authored_paragraphs": int((part & split.authored).sum()),
            "labelled": int(part.sum()),
            "scores": found.as_dict(),
        }
        for (series, _), part, found in zip(points, learned, scores, strict=True)
    ]


def _scores_of_part(split: Split, part: Mask, fitted: Fitted | None) -> Scores:
    fitted = fitted or fit(split.rows, part, split.settings)
    rows = split.rows
    answered = answer_pages(fitted.model, rows, split.asked)
    at = np.flatnonzero(_asked_rows(split))
    return measure(answered.answers, answered.flags, truth_of(rows, at))


def _asked_rows(split: Split) -> Mask:
    """Which rows on pages stand on the pages held out: (N,)."""
    return np.isin(np.repeat(np.arange(len(split.rows.sizes)), split.rows.sizes), split.asked)


# --- stage 1 ---------------------------------------------------------------------------------------------------------


def stage_1_ablation(split: Split, say: Say) -> dict[str, Scores]:
    """Stage 1 alone, with everything and without each family of features."""
    say(f"stage 1, without {', '.join(FAMILIES)}")
    variants: list[str | None] = [None, *FAMILIES]
    scores = Parallel(n_jobs=split.settings.jobs)(delayed(_stage_1_without)(split, family) for family in variants)
    return dict(zip(["everything", *(f"without {family}" for family in FAMILIES)], scores, strict=True))


def _stage_1_without(split: Split, family: str | None) -> Scores:
    rows = split.rows
    if family:
        rows = replace(rows, features=rows_without(rows, family, split.settings.features))
    model = fit_stage_1(rows, split.train, split.settings).model(split.settings)
    at = np.flatnonzero(_asked_rows(split))
    scores = np.asarray(rows.features[at] @ model.weights + model.bias, np.float32)  # of rows that lack a family
    answers = decide(scores, np.ones(len(LABELS), np.float32))
    return measure(answers, answers.flags >= 0.5, truth_of(rows, at))


def rows_without(rows: Rows, family: str, settings: FeatureSettings) -> sp.csr_matrix:
    """The feature rows minus what one family adds to them.

    Raises ValueError if that takes away more than is there: then `family_rows` no longer counts as `predict` does.
    """
    batch = 4000
    parts = [family_rows(rows.texts[i : i + batch], family, settings) for i in range(0, len(rows.texts), batch)]
    left = (rows.features - sp.vstack(parts, format="csr")).tocsr()
    if left.nnz and left.data.min() < -1e-4:
        raise ValueError(f"the feature rows do not hold what the family {family!r} is said to add")
    left.data[np.abs(left.data) < 1e-5] = 0.0
    left.eliminate_zeros()
    return left.astype(np.float32)


def family_rows(texts: list[str], family: str, settings: FeatureSettings) -> sp.csr_matrix:
    """What one family adds to the feature rows of some paragraphs: (P, buckets)."""
    tokens = tokenize(texts)
    sizes = np.diff(tokens.indptr)
    scale = feature_scale(tokens, settings)
    if family == "words":
        buckets, counts = word_buckets(tokens, settings), sizes
    elif family == "word pairs":
        buckets, counts = pair_buckets(tokens, settings), sizes + 1
    elif family == "subwords":
        buckets, of_token = subword_buckets(tokens, np.arange(len(tokens.hashes)), settings)
        counts = np.diff(of_token[tokens.indptr])
    else:
        shapes = shape_buckets(tokens, settings)
        buckets, counts = shapes.ravel(), np.full(len(sizes), shapes.shape[1])
        scale = np.full(len(sizes), SHAPE_VALUE)
    indptr = np.concatenate(([0], np.cumsum(counts)))
    family_features = sp.csr_matrix((np.repeat(scale, counts), buckets, indptr), shape=(len(texts), settings.buckets))
    family_features.sum_duplicates()
    return family_features


# --- stage 2 ---------------------------------------------------------------------------------------------------------


def stage_2_ablation(split: Split, whole: Fitted, say: Say) -> dict[str, dict[str, Scores]]:
    """Scores by view of the pages held out: with everything, without each group of stage 2, without stage 2, and
    fitted without pages cut out as an extractor leaves them."""
    say("stage 2, without each of its groups")
    stage_1 = np.zeros((split.rows.on_pages, HEADS), np.float32)
    at = np.flatnonzero(_asked_rows(split))
    stage_1[at] = score_texts(whole.model.paragraphs, [split.rows.texts[row] for row in at])
    views = dict(_views(split, stage_1))
    found = {
        "everything": {name: _scores_by(whole, view, view.scores_by(whole.model.pages)) for name, view in views.items()}
    }

    labelled = at[split.rows.kinds[at] != UNLABELLED]  # as in the views
    found["no stage 2"] = {"whole": _scores_by(whole, views["whole"], stage_1[labelled])}
    uncropped = np.arange(len(whole.held_out.kinds)) < _rows_before_cropped(split)
    every = np.ones(len(uncropped), bool)
    groups = sorted({*context.dense_groups(), *context.binned_groups()})
    variants: list[tuple[str | None, Mask]] = [(None, uncropped), *((group, every) for group in groups)]
    fitted = Parallel(n_jobs=split.settings.jobs)(
        delayed(_without_group)(whole, group, train, views, split.settings) for group, train in variants
    )
    names = ["no cropped pages, no pieces in training", *(f"without {group}" for group in groups)]
    return found | dict(zip(names, fitted, strict=True))


def _views(split: Split, stage_1: npt.NDArray[np.float32]) -> Iterator[tuple[str, ContextRows]]:
    """The pages held out as users may have them: whole, as an extractor leaves them, without their titles."""
    asked = np.zeros(len(split.rows.kinds), bool)
    asked[: split.rows.on_pages] = _asked_rows(split)
    whole = 0
    for name, cropped, untitled in zip(VIEWS, (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)):
        shares = replace(split.settings, crop_share=cropped, untitled_share=untitled, piece_share=0.0)
        data = context_rows(split.rows, stage_1, asked, shares)
        whole = whole or len(data.kinds)  # which always come first
        start = 0 if name == "whole" else whole
        yield name, _mapped(data, lambda column, start=start: column[start:])


def _rows_before_cropped(split: Split) -> int:
    """How many of the rows that stage 2 learns from come before those of cropped pages."""
    nothing = np.zeros((split.rows.on_pages, HEADS), np.float32)
    before = replace(split.settings, crop_share=0.0, piece_share=0.0)
    return len(context_rows(split.rows, nothing, split.train, before).kinds)


def _mapped(data: ContextRows, change: Callable[..., npt.NDArray[np.generic]]) -> ContextRows:
    return ContextRows(*(change(getattr(data, field)) for field in ContextRows.__annotations__))


def without_group(data: ContextRows, group: str | None) -> ContextRows:
    """The same rows with the columns of a group held at 0."""
    dense = np.array([name != group for name in context.dense_groups()])
    binned = np.array([name != group for name in context.binned_groups()])
    return replace(data, dense=data.dense * dense.astype(np.float32), bins=data.bins * binned)


def _without_group(
    whole: Fitted, group: str | None, train: Mask, views: dict[str, ContextRows], settings: TrainSettings
) -> dict[str, Scores]:
    model = fit_stage_2(without_group(whole.held_out, group), train, settings)
    return {name: _scores_by(whole, view, without_group(view, group).scores_by(model)) for name, view in views.items()}


def _scores_by(whole: Fitted, view: ContextRows, scores: npt.NDArray[np.float32]) -> Scores:
    """Measure under the label weights and flag thresholds of the whole model."""
    answers = whole.model.decide(scores)
    given = answers.flags >= whole.model.flag_thresholds
    return measure(answers, given, truth_of(view))
