"""Answers to labelled pages, in columns: prediction records are held against the pages they are said to be of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from predict.errors import NewsieveError
from predict.labels import FLAGS, KINDS, LABELS
from predict.model import KIND_TO_LABEL, Answers
from train.records import Page, Paragraph
from train.rows import UNLABELLED
from train.scores import Mask, Scores, Truth, measure

Record = dict[str, Any]


@dataclass(frozen=True)
class Answered:
    """N paragraphs of pages, what they are and what was answered.

    pages: as given. page: (N,) index into `pages`; place: (N,) index on the page. flags: (N, flags) flags given.
    """

    pages: tuple[Page, ...]
    page: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]
    answers: Answers
    flags: Mask
    truth: Truth

    @property
    def labelled(self) -> Mask:
        """Which paragraphs have a true kind: (N,)."""
        return np.asarray(self.truth.kinds != UNLABELLED, bool)

    @property
    def true_labels(self) -> npt.NDArray[np.int64]:
        """True labels (N,), indices into LABELS; without meaning where there is no true kind."""
        return np.asarray(KIND_TO_LABEL.argmax(axis=1)[self.truth.kinds], np.int64)

    def scores(self, among: Mask | None = None) -> Scores:
        """The figures over all paragraphs, or over those of a mask (N,). Raises NewsieveError if none is labelled."""
        at = np.arange(len(self.page)) if among is None else np.flatnonzero(among)
        answers, truth = self.answers, self.truth
        chosen = Answers(answers.kinds[at], answers.labels[at], answers.probabilities[at], answers.flags[at])
        return measure(chosen, self.flags[at], Truth(truth.kinds[at], truth.flags[at], truth.chars[at]))

    def scores_by(self, names: Sequence[str]) -> dict[str, Scores]:
        """The figures by a name of each page, the one with most labelled paragraphs first."""
        of_row = np.array(names, object)[self.page]
        groups = {name: of_row == name for name in dict.fromkeys(names)}
        found = {name: self.scores(rows) for name, rows in groups.items() if (rows & self.labelled).any()}
        return dict(sorted(found.items(), key=lambda item: -item[1].paragraphs))


def read_answers(pages: Sequence[Page], path: Path) -> Answered:
    """Read the prediction records of exactly these pages, in any order.

    Raises NewsieveError with file and line if a record is not one, or does not fit its page.
    """
    number = _numbered(pages)
    found: dict[int, list[tuple[Any, ...]]] = {}
    for line, raw in enumerate(path.read_bytes().splitlines(), 1):
        if not raw.strip():
            continue
        try:
            index, answers = _record(orjson.loads(raw), pages, number)
            if index in found:
                raise ValueError(f"page {pages[index].id} is answered twice")
            found[index] = answers
        except (ValueError, KeyError, TypeError) as error:
            what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise NewsieveError(f"{path}:{line}: {what}") from None
    missing = [page.id for index, page in enumerate(pages) if index not in found]
    if missing:
        raise NewsieveError(f"{path}: no answer to page {missing[0]}, nor to {len(missing) - 1} others")
    return _columns(tuple(pages), [answer for index in range(len(pages)) for answer in found[index]])


def _numbered(pages: Sequence[Page]) -> dict[str, int]:
    number: dict[str, int] = {}
    for index, page in enumerate(pages):
        if page.id in number:
            raise NewsieveError(f"{page.source_file}:{page.line}: there are two pages with the id {page.id}")
        number[page.id] = index
    return number


def _record(record: Record, pages: Sequence[Page], number: dict[str, int]) -> tuple[int, list[tuple[Any, ...]]]:
    if not isinstance(record, dict) or not isinstance(record["paragraphs"], list):
        raise ValueError('not a prediction record; an object with "id" and "paragraphs" is wanted')
    if record["id"] not in number:
        raise ValueError(f"page {record['id']} is not among the labelled pages")
    index = number[record["id"]]
    wanted, given = len(pages[index].paragraphs), len(record["paragraphs"])
    if wanted != given:
        raise ValueError(f"{given} answers for the {wanted} paragraphs of page {record['id']}")
    return index, [_answer(answer) for answer in record["paragraphs"]]


def _answer(answer: Record) -> tuple[Any, ...]:
    """Indices of kind and label, probabilities, flags; ValueError or KeyError where it is not one."""
    if not isinstance(answer, dict) or not isinstance(answer.get("probabilities"), dict):
        raise ValueError('an answer without "probabilities"; newsieve classify --probabilities writes them')
    probabilities = [float(answer["probabilities"][label]) for label in LABELS]
    if not all(0 <= p <= 1 for p in probabilities) or not math.isclose(sum(probabilities), 1, abs_tol=0.01):
        raise ValueError(f"probabilities that do not sum to 1: {probabilities}")
    for name, known in (("kind", KINDS), ("label", LABELS)):
        if answer[name] not in known:
            raise ValueError(f"unknown {name} {answer[name]!r}; known are {', '.join(known)}")
    kind, label = KINDS.index(answer["kind"]), LABELS.index(answer["label"])
    if not set(answer["flags"]) <= set(FLAGS):
        raise ValueError(f"unknown flags in {answer['flags']}; known are {', '.join(FLAGS)}")
    return kind, label, probabilities, [flag in answer["flags"] for flag in FLAGS]


def _columns(pages: tuple[Page, ...], given: list[tuple[Any, ...]]) -> Answered:
    paragraphs: list[Paragraph] = [paragraph for page in pages for paragraph in page.paragraphs]
    sizes = [len(page.paragraphs) for page in pages]
    kinds, labels, probabilities, flags = zip(*given, strict=True)
    flags_given = np.array(flags, bool)
    return Answered(
        pages=pages,
        page=np.repeat(np.arange(len(pages)), sizes),
        place=np.concatenate([np.arange(size) for size in sizes]),
        answers=Answers(
            np.array(kinds), np.array(labels), np.array(probabilities, np.float32), flags_given.astype(np.float32)
        ),
        flags=flags_given,
        truth=Truth(
            np.array([KINDS.index(p.kind) if p.kind and p.measured else UNLABELLED for p in paragraphs]),
            np.array([[flag in p.flags for flag in FLAGS] for p in paragraphs], bool),
            np.array([len(p.text) for p in paragraphs]),
        ),
    )
