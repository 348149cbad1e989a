"""How good is it? Cross-validation by publisher on labelled pages, everything else always in training.

For each fold, a model is fitted from scratch (both stages, thresholds and all) on the training data and the pages of
the other folds, and answers the fold's pages. No publisher is on both sides. The answers are written in the form of
prediction records, so that any scorer can read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from predict import Classifier
from predict.labels import FLAGS, KINDS, LABELS
from predict.model import KIND_TO_LABEL, Answers, Model
from train.fit import Say, fit
from train.rows import NOBODY, UNLABELLED, Rows
from train.scores import Scores, measure, truth_of
from train.settings import TrainSettings
from train.stage_1 import Mask, score_texts
from train.stage_2 import page_layout


@dataclass(frozen=True)
class FoldAnswers:
    """What a model that never saw them says of some pages: page indices, answers row by row, flags given (N, flags)."""

    pages: npt.NDArray[np.int64]
    answers: Answers
    flags: npt.NDArray[np.bool_]


def answer_pages(model: Model, rows: Rows, pages: npt.NDArray[np.int64]) -> FoldAnswers:
    """Answer some of the corpus's pages."""
    page = np.repeat(np.arange(len(rows.sizes)), rows.sizes)
    chosen = np.flatnonzero(np.isin(page, pages))
    texts = [rows.texts[row] for row in chosen]
    scores = score_texts(model.paragraphs, texts)
    layout = page_layout(texts, [rows.titles[p] for p in pages], rows.sizes[pages])
    scores = np.where((layout.size > 1)[:, None], model.pages.scores(scores, layout), scores)
    answers = model.decide(scores)
    return FoldAnswers(pages, answers, answers.flags >= model.flag_thresholds)


def share_right(model: Model, rows: Rows) -> float:
    """Share of the labelled rows whose label the model gets right: on pages with both stages, singles with stage 1."""
    pages = np.arange(len(rows.sizes))
    on_pages = answer_pages(model, rows, pages).answers.labels if len(pages) else pages
    alone = score_texts(model.paragraphs, rows.texts[rows.on_pages :])
    given = np.concatenate([on_pages, model.decide(alone).labels])
    labelled = rows.kinds != UNLABELLED
    truth = KIND_TO_LABEL.argmax(axis=1)[rows.kinds]
    return float((given == truth)[labelled].mean())


def cross_validate(
    rows: Rows,
    tested: npt.NDArray[np.int64],
    settings: TrainSettings,
    say: Say,
    models: Mapping[int, Classifier] | None = None,
) -> Iterator[FoldAnswers]:
    """Answer the pages `tested` (indices), fold by fold; all other rows are always in training.

    models: those of the folds, if they are fitted already (`train.fold_models`).
    """
    page_fold = rows.groups[np.concatenate(([0], np.cumsum(rows.sizes)))[tested]]
    for fold in np.unique(page_fold):
        say(f"fold {fold}")
        inside = tested[page_fold == fold]
        if models is None:
            model = fit(rows, training_rows(rows, tested, int(fold)), settings).model
        else:
            model = models[int(fold)].model
        yield answer_pages(model, rows, inside)


def transfer(rows: Rows, train: Mask, settings: TrainSettings, say: Say) -> Scores:
    """What a model fitted on the rows `train` alone reaches on the pages that have none of them."""
    page = np.repeat(np.arange(len(rows.sizes)), rows.sizes)
    others = np.setdiff1d(page, page[train[: rows.on_pages]])
    answered = answer_pages(fit(rows, train, settings, say).model, rows, others)
    return measure(answered.answers, answered.flags, truth_of(rows, np.flatnonzero(np.isin(page, others))))


def training_rows(rows: Rows, tested: npt.NDArray[np.int64], fold: int) -> Mask:
    """Mask over all rows: those that may be learned from when the pages `tested` of `fold` are answered.

    Everything else of these pages' publishers stays out, too, and whatever the data itself puts into the fold.
    """
    page = np.repeat(np.arange(len(rows.sizes)), rows.sizes)
    inside = rows.groups == fold
    out = inside & rows.folded
    inside[: rows.on_pages] &= np.isin(page, tested)
    inside[rows.on_pages :] = False
    theirs = np.isin(rows.publishers, rows.publishers[inside]) & (rows.publishers != NOBODY)
    return np.asarray(~(out | inside | theirs), bool)


def write_answers(path: Path, ids: list[str], rows: Rows, folds: list[FoldAnswers]) -> None:
    """Write one prediction record a page, in the form of `newsieve classify --probabilities`."""
    with path.open("wb") as file:
        for fold in folds:
            ends = np.cumsum(rows.sizes[fold.pages])
            for page, end in zip(fold.pages, ends):
                span = range(int(end - rows.sizes[page]), int(end))
                record = {"id": ids[page], "paragraphs": [answer_record(fold.answers, fold.flags, i) for i in span]}
                file.write(orjson.dumps(record) + b"\n")


def answer_record(answers: Answers, flags: npt.NDArray[np.bool_], row: int) -> dict[str, Any]:
    """What is said of one paragraph. flags: (N, flags), those that are given."""
    probabilities = answers.probabilities[row].tolist()
    return {
        "kind": str(KINDS[answers.kinds[row]]),
        "label": str(LABELS[answers.labels[row]]),
        "flags": [str(flag) for flag, given in zip(FLAGS, flags[row]) if given],
        "probabilities": {str(label): round(p, 6) for label, p in zip(LABELS, probabilities)},
    }
