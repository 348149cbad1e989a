"""Models of the folds: for each fold of the real pages, one as users have it, on disk, that saw nothing of the fold.

Fitting them takes most of the time of an evaluation, and several evaluations want the same ones: of text, of HTML, of
what extractors leave. So whole models are fitted, the part for HTML included, saved, and loaded again like any other.
They are kept under a name made of all that they depend on (the data, the settings, the code that fits and that computes
features): a run that is repeated fits nothing, and none uses what is out of date.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import sklearn

from predict import Classifier
from predict.errors import NewsieveError
from predict.model_file import save_model
from train.corpus import Corpus
from train.evaluate import training_rows
from train.fit import fit
from train.html_fit import fit_html
from train.html_pages import labelled_html
from train.html_rows import HtmlRows, html_rows
from train.rows import Rows, corpus_rows
from train.settings import TrainSettings

ROOT = Path(__file__).parent.parent
_CODE = ("train/*.py", "predict/*.py", "predict/html/*.py", "predict/*.npy")


def folds_of(corpus: Corpus, source: Path, most: int = TrainSettings.folds) -> list[int]:
    """The folds of the pages of a file. Raises NewsieveError if a page has none, or one that is not below `most`."""
    folds = {page.fold for page in corpus.pages if page.source_file == str(source)}
    if None in folds:
        raise NewsieveError(f'{source}: a page without "fold"; each needs one, the same for all of a publisher\'s')
    known = sorted(fold for fold in folds if fold is not None)
    if known and known[-1] >= most:
        raise NewsieveError(f'{source}: "fold" is {known[-1]}; the models are fitted in folds 0 to {most - 1}')
    return known


def models_name(corpus: Corpus, source: Path, html: Path, settings: TrainSettings) -> str:
    """A name for all that the models depend on."""
    state = hashlib.sha256(repr((replace(settings, jobs=1), np.__version__, sklearn.__version__)).encode())
    state.update(repr([(file.sha256, file.name == str(source)) for file in corpus.files]).encode())
    state.update(repr([page.id for page in corpus.pages]).encode())
    files = [path for pattern in _CODE for path in ROOT.glob(pattern)] + list(html.iterdir())
    for path in sorted(path for path in files if path.is_file()):
        state.update(hashlib.sha256(path.read_bytes()).digest())
    return state.hexdigest()[:12]


def fitted_models(
    corpus: Corpus, source: Path, html: Path, folder: Path, settings: TrainSettings, say: Callable[[str], None]
) -> dict[int, Classifier]:
    """The model of each fold of the pages of `source`, kept in a folder in `folder`, or fitted and written there."""
    folder = folder / f"models-{models_name(corpus, source, html, settings)}"
    inputs = _Inputs(corpus, html, settings)
    models = {}
    for fold in folds_of(corpus, source, settings.folds):
        path = folder / str(fold)
        if not path.exists():
            say(f"fitting the model of fold {fold}")
            _fit(inputs, source, fold, path)
        models[fold] = Classifier.load(path)
    return models


class _Inputs:
    """Rows of the corpus and of its HTML, made when the first model needs them."""

    def __init__(self, corpus: Corpus, html: Path, settings: TrainSettings) -> None:
        self.corpus = corpus
        self.settings = settings
        self._folder = html

    @cached_property
    def rows(self) -> Rows:
        return corpus_rows(self.corpus, self.settings)

    @cached_property
    def html(self) -> HtmlRows:
        return html_rows(list(labelled_html(self.corpus, self._folder)), self.rows)


def _fit(inputs: _Inputs, source: Path, fold: int, path: Path) -> None:
    tested = np.array([i for i, page in enumerate(inputs.corpus.pages) if page.source_file == str(source)])
    train = training_rows(inputs.rows, tested, fold)
    fitted = fit(inputs.rows, train, inputs.settings)
    html = fit_html(inputs.rows, inputs.html, train, fitted.by_fold, inputs.settings, lambda text: None)
    unfinished = path.with_name(f"{path.name}.unfinished")
    save_model(replace(fitted.model, html=html.model), unfinished)
    os.replace(unfinished, path)
