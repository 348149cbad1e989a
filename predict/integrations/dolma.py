"""Dolma attribute files: what each stretch of a document is, beside the documents and line by line with them.

    python -m predict.integrations.dolma documents/ attributes/newsieve --jobs 2

Dolma's mixer takes spans out of documents, or documents out of a corpus, by attributes that lie in a folder of their
own: `attributes/newsieve/x.jsonl.gz` has on each line the `id` of that line of `documents/x.jsonl.gz`, and spans
`[start, end, score]` under `<experiment>__<tagger>__<name>`, counted in characters, which is how Dolma's own taggers
write them. Names are the seven kinds (score: probability of the kind's label), the three flags (probability of the
flag), and `removed`: what `newsieve clean` takes out (probability that it is no journalism). Dolma is not needed.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from predict import folders, output, pipeline
from predict.classifier import Classifier
from predict.errors import InputError, NewsieveError
from predict.labels import FLAGS, KINDS, LABELS, Label
from predict.page import Page
from predict.records import Bad, Record, Source

_DECIMALS = 4
_JOURNALISM = LABELS.index(Label.journalism)
Spans = list[list[float]]


@dataclass(frozen=True)
class ToAttributes:
    """Makes the attributes of a document. prefix: what stands before each name."""

    prefix: str = "newsieve__newsieve__"

    def __call__(self, record: Record, page: Page) -> dict[str, Any]:
        """Return the line that stands beside the document's. Raises InputError if it is no Dolma document."""
        if "id" not in record.fields or page.spans is None:
            raise InputError('a Dolma document has "id" and "text"')
        about: dict[str, Any] = {key: record.fields[key] for key in ("id", "source") if key in record.fields}
        return {**about, "attributes": {self.prefix + name: spans for name, spans in _spans(page).items()}}


def _spans(page: Page) -> dict[str, Spans]:
    answers = page.answers
    sure = answers.probabilities[np.arange(len(page)), answers.labels]
    given = answers.flags >= np.asarray(page.flag_thresholds, np.float32)
    removed = ~np.asarray(page.kept(), bool)
    found = {str(kind): _where(page, answers.kinds == index, sure) for index, kind in enumerate(KINDS)}
    found |= {str(flag): _where(page, given[:, i], answers.flags[:, i]) for i, flag in enumerate(FLAGS)}
    return {**found, "removed": _where(page, removed, 1 - answers.probabilities[:, _JOURNALISM])}


def _where(page: Page, chosen: Any, scores: Any) -> Spans:
    rounded = scores.astype(np.float64).round(_DECIMALS).tolist()
    spans = page.spans or []
    return [[*spans[index], rounded[index]] for index in np.flatnonzero(chosen).tolist()]


class _Strict:
    """A log that takes nothing: the mixer reads both files in step, so that no line may be left out."""

    def add(self, source: Source, bad: Bad) -> None:
        """Raise InputError that names the line."""
        raise InputError(f"{output.where(source, bad)}: {bad.reason}; Dolma needs every line, nothing was written")

    def flush(self) -> None:
        """Nothing is held."""


def write_attributes(
    documents: Path | str, attributes: Path | str, model: Path | None = None, jobs: int = 1, name: str = "newsieve"
) -> int:
    """Write the attribute files of a folder of documents (or one file); return the number of documents.

    attributes: the folder, `attributes/<name>` beside `documents`. name: the experiment's, which begins each
    attribute's. Raises InputError at the first line that is no document; the file that it is in is then not written.
    """
    planned = folders.plan([str(documents)], os.path.join(attributes, ""), as_records=False)
    folders.make_folders(planned.folders())
    transform = ToAttributes(f"{name}__newsieve__")
    outcomes = pipeline.run(Classifier.load(model), model, transform, pipeline.chunks(planned.sources), jobs)
    with closing(outcomes):
        counts = pipeline.deliver(
            outcomes,
            lambda source: output.open_output(planned.targets[source.index], source),
            _Strict(),
            lambda outcome: None,
        )
    return counts.written


@click.command()
@click.argument("documents", type=click.Path(path_type=Path))
@click.argument("attributes", type=click.Path(path_type=Path))
@click.option("--model", type=click.Path(path_type=Path), metavar="DIR", help="Another model than the shipped one.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, metavar="N", help="Worker processes.")
@click.option("--name", default="newsieve", show_default=True, help="Experiment; it begins each attribute's name.")
def _main(documents: Path, attributes: Path, model: Path | None, jobs: int, name: str) -> None:
    """Write Dolma ATTRIBUTES beside DOCUMENTS (.jsonl, .jsonl.gz)."""
    try:
        click.echo(f"{write_attributes(documents, attributes, model, jobs, name):,} documents", err=True)
    except NewsieveError as error:
        click.echo(f"newsieve: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    _main()
