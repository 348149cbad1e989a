"""How good is it on HTML? Cross-validation by publisher over the blocks that are labelled paragraphs.

As for the text (`train.evaluate`): for each fold everything is fitted from scratch on the data and the pages of the
other folds, and answers the fold's pages the way users' pages are answered, from the HTML.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from predict import Classifier
from predict.model import Answers, Model
from train.evaluate import answer_record, training_rows
from train.fit import Say
from train.html_fit import fit_html
from train.html_pages import LabelledHtml
from train.html_rows import HtmlRows
from train.rows import Rows
from train.scores import Scores, measure, truth_of
from train.settings import TrainSettings
from train.stage_1 import fit_by_fold, fit_stage_1


@dataclass(frozen=True)
class HtmlFold:
    """The pages of a fold (indices into the rows of HTML), their blocks (indices), the answers, and the flags given."""

    pages: npt.NDArray[np.int64]
    blocks: npt.NDArray[np.int64]
    answers: Answers
    flags: npt.NDArray[np.bool_]


def cross_validate_html(
    rows: Rows, html: HtmlRows, settings: TrainSettings, say: Say, models: Mapping[int, Classifier] | None = None
) -> Iterator[HtmlFold]:
    """Answer all pages of HTML, fold by fold. models: as in `train.evaluate.cross_validate`."""
    page_fold = html.groups[np.concatenate(([0], np.cumsum(html.sizes)))[:-1]]
    for fold in np.unique(page_fold):
        say(f"fold {fold}")
        model = models[int(fold)].model if models else _fit(rows, html, int(fold), settings, say)
        inside = np.flatnonzero(page_fold == fold)
        pages = [html.pages[i] for i in inside]
        answers = model.answer_html(pages, [page.title for page in pages])
        yield HtmlFold(
            inside, np.flatnonzero(html.groups == fold), answers, answers.flags >= model.for_html().flag_thresholds
        )


def _fit(rows: Rows, html: HtmlRows, fold: int, settings: TrainSettings, say: Say) -> Model:
    """A model that saw nothing of a fold, and of text only what HTML needs."""
    train = training_rows(rows, html.numbers, fold)
    fitted = fit_html(rows, html, train, fit_by_fold(rows, train, settings), settings, say).model
    text = fit_stage_1(rows, train, settings).model(settings)
    return Model(text, fitted.pages, fitted.label_weights, fitted.flag_thresholds, fitted.policies, html=fitted)


def measure_html(html: HtmlRows, folds: Sequence[HtmlFold]) -> Scores:
    """The figures over the labelled blocks."""
    blocks = np.concatenate([fold.blocks for fold in folds])
    answers = Answers(*(np.concatenate([getattr(f.answers, name) for f in folds]) for name in Answers.__annotations__))
    flags = np.concatenate([fold.flags for fold in folds])
    return measure(answers, flags, truth_of(html, blocks))


def write_html_answers(path: Path, pages: Sequence[LabelledHtml], html: HtmlRows, folds: Sequence[HtmlFold]) -> None:
    """Write two files for any scorer: `path`, a prediction record for each page, and beside it the labelled paragraphs
    that it is about, those that were found, as `<stem>.gold.jsonl`."""
    by_number = {page.number: page for page in pages}
    gold = path.with_name(f"{path.stem}.gold.jsonl")
    with path.open("wb") as answers_file, gold.open("wb") as gold_file:
        for fold in folds:
            starts = np.concatenate(([0], np.cumsum(html.sizes[fold.pages])))
            for index, (start, _) in zip(fold.pages, pairwise(starts.tolist())):
                page = by_number[int(html.numbers[index])]
                found = sorted(i for i in page.measured() if i in page.matches)
                records = [answer_record(fold.answers, fold.flags, start + page.matches[i]) for i in found]
                answers_file.write(_line(page, records))
                gold_file.write(_line(page, [_gold(page, i) for i in found]))


def _gold(page: LabelledHtml, index: int) -> dict[str, Any]:
    paragraph = page.page.paragraphs[index]
    return {"text": paragraph.text, "kind": str(paragraph.kind), "flags": sorted(map(str, paragraph.flags))}


def _line(page: LabelledHtml, paragraphs: list[dict[str, Any]]) -> bytes:
    record = {"id": page.page.id, "lang": page.page.lang, "fold": page.page.fold, "paragraphs": paragraphs}
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
