"""Forms: what a page becomes once it is classified.

A record keeps all its fields, in place, and gains what the model says; so a step of newsieve can stand anywhere in
somebody's pipeline. The model answers in columns, which are turned into lists once for a page, not once for a
paragraph.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
import orjson

from predict.labels import FLAGS, KINDS, LABELS
from predict.page import Page
from predict.records import Record
from predict.streams import Form

_KIND_NAMES = [str(kind) for kind in KINDS]
_LABEL_NAMES = [str(label) for label in LABELS]
_FLAG_NAMES = [str(flag) for flag in FLAGS]
_DECIMALS = 4


@dataclass(frozen=True)
class Classify:
    """Gives a record `paragraphs`: each paragraph and what it is. `probabilities` adds those of all labels."""

    probabilities: bool = False

    def __call__(self, record: Record, page: Page) -> dict[str, Any]:
        """Return the record with all its fields and the answers."""
        answers = _answers(page, self.probabilities)
        if isinstance(record.texts, str):
            paragraphs = [
                {"text": text, "start": start, "end": end, **answer}
                for text, (start, end), answer in zip(page.texts, page.spans or [], answers)
            ]
        else:
            paragraphs = [
                {**given, **answer} if isinstance(given, dict) else {"text": given, **answer}
                for given, answer in zip(record.fields["paragraphs"], answers)
            ]
        return {**record.fields, "paragraphs": paragraphs}


@dataclass(frozen=True)
class Clean:
    """Gives a record `text`: what remains, and `removed`: the number of paragraphs taken away, by label.

    A record that came with `paragraphs` keeps those that remain, as they came. keep_from: as of `Page.kept`.
    """

    keep_from: float | None = None

    def __call__(self, record: Record, page: Page) -> dict[str, Any]:
        """Return the record with all its other fields."""
        keep = page.kept(self.keep_from)
        removed = np.bincount(page.answers.labels[~np.asarray(keep, bool)], minlength=len(LABELS))
        fields = {**record.fields, "text": "\n".join(compress(page.texts, keep))}
        if not isinstance(record.texts, str):
            fields["paragraphs"] = list(compress(record.fields["paragraphs"], keep))
        fields["removed"] = dict(zip(_LABEL_NAMES, removed.tolist()))
        return fields


# Any of these, `predict.credibility.transform.ForReport`, or what else makes something of a page.
Transform = Callable[[Record, Page], Any]


def _answers(page: Page, probabilities: bool) -> Iterator[dict[str, Any]]:
    """What the model says of each paragraph, as a record has it."""
    answers = page.answers
    rounded = answers.probabilities.astype(np.float64).round(_DECIMALS)
    sure = rounded[np.arange(len(rounded)), answers.labels].tolist()
    flags = _flags(page)
    rows = rounded.tolist() if probabilities else []
    for index, (kind, label, probability) in enumerate(zip(answers.kinds.tolist(), answers.labels.tolist(), sure)):
        answer = {
            "kind": _KIND_NAMES[kind],
            "label": _LABEL_NAMES[label],
            "flags": flags.get(index, []),
            "probability": probability,
        }
        if probabilities:
            answer["probabilities"] = dict(zip(_LABEL_NAMES, rows[index]))
        yield answer


def _flags(page: Page) -> dict[int, list[str]]:
    """The flags of the few paragraphs that have any, by index."""
    given = page.answers.flags >= np.asarray(page.flag_thresholds, np.float32)
    return {index: list(compress(_FLAG_NAMES, given[index])) for index in np.flatnonzero(given.any(axis=1)).tolist()}


# --- as bytes --------------------------------------------------------------------------------------------------------


def encode(record: Record, made: Any, output: Form) -> Any:
    """Turn what a transform made of a record into what an output of this form takes."""
    if output == "jsonl":
        return json_line(made, record.plain)
    if output == "text":
        return f"{made['text']}\n".encode() if made["text"] else b""
    return made


def json_line(fields: dict[str, Any], plain: bool = True) -> bytes:
    """One line of JSON. What orjson cannot write (see `Record.plain`; nesting beyond 254) Python's own writer does."""
    if plain:
        try:
            return orjson.dumps(fields, default=_foreign, option=orjson.OPT_APPEND_NEWLINE)
        except orjson.JSONEncodeError:
            pass
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"), default=_foreign).encode() + b"\n"


def _foreign(value: object) -> str:
    """Values of a Parquet column that JSON has no form for."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
