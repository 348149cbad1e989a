"""The door to newsieve from Python: load a model, give it pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from predict.errors import NewsieveError
from predict.html.page import HtmlPage
from predict.model import Answers, Model
from predict.model_file import load_model
from predict.page import Page
from predict.splitting import split_paragraphs
from predict.tokens import offsets_of

DEFAULT_POLICY = "keep-0.995"
BATCH_CHARS = 1 << 19  # pages are classified together until they hold this many characters
_EMPTY = Answers(
    np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 5), np.float32), np.zeros((0, 3), np.float32)
)

PageText = str | Sequence[str] | HtmlPage


class Classifier:
    """Takes pages apart into labelled paragraphs.

    >>> from predict import Classifier
    >>> sieve = Classifier.load()
    >>> [str(p.label) for p in sieve.classify("Share\\nSupport our reporting: donate today")]
    ['ui_residue', 'fundraising']
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    @classmethod
    def load(cls, folder: Path | str | None = None) -> Classifier:
        """Load a model folder, by default the shipped one. Raises ModelError if it cannot be used."""
        return cls(load_model(folder))

    def keep_from(self, policy: str = DEFAULT_POLICY) -> float:
        """Least probability of journalism that a paragraph needs to be kept under a named policy of the model."""
        try:
            return self.model.policies[policy]
        except KeyError:
            known = ", ".join(self.model.policies)
            raise NewsieveError(f"the model has no policy {policy!r}; it has {known}") from None

    def classify(self, text: PageText, title: str | None = None) -> Page:
        """Classify one page.

        text: the page, whose non-empty lines are the paragraphs, or the paragraphs themselves, or what `read_html` made
        of it; its markup is then seen, too. title: the page's title, if known (HTML has its own); a headline is told
        from other pages' headlines by it.
        """
        return next(self.classify_many([text], [title]))

    def classify_many(self, texts: Iterable[PageText], titles: Iterable[str | None] | None = None) -> Iterator[Page]:
        """Classify a stream of pages, in order. Reads ahead by one batch of about BATCH_CHARS characters."""
        if isinstance(texts, str):
            raise TypeError("many pages are an iterable of pages; one page, a string, goes to classify")
        batch: list[_Given] = []
        chars = 0
        pairs = zip(texts, titles) if titles is not None else ((text, None) for text in texts)
        for text, title in pairs:
            given = _given(text, title)
            batch.append(given)
            chars += len(text) if isinstance(text, str) else sum(map(len, given.paragraphs))
            if chars >= BATCH_CHARS:
                yield from self._classify_batch(batch)
                batch, chars = [], 0
        yield from self._classify_batch(batch)

    def _classify_batch(self, batch: list[_Given]) -> Iterator[Page]:
        """Text and HTML each go through their own part of the model, all of a batch at once."""
        by_markup = [given.html is not None and self.model.html is not None for given in batch]
        of_text = self._pages([given for given, markup in zip(batch, by_markup) if not markup], False)
        of_html = self._pages([given for given, markup in zip(batch, by_markup) if markup], True)
        yield from (next(of_html if markup else of_text) for markup in by_markup)

    def _pages(self, batch: list[_Given], by_markup: bool) -> Iterator[Page]:
        part = self.model.for_html() if by_markup else self.model
        sizes = np.fromiter((len(given.paragraphs) for given in batch), np.int64, len(batch))
        texts = list(chain.from_iterable(given.paragraphs for given in batch))
        titles = [given.title for given in batch]
        if not texts:
            answers = _EMPTY
        elif by_markup:
            answers = self.model.answer_html([given.html for given in batch if given.html is not None], titles)
        else:
            answers = self.model.answer(texts, titles, sizes)
        thresholds = part.flag_thresholds.tolist()
        keep_from = part.policies.get(DEFAULT_POLICY, 0.5)
        designations = self.model.designations
        for given, first in zip(batch, offsets_of(sizes).tolist()):
            yield Page(given.paragraphs, answers, thresholds, keep_from, given.source, designations, first)


class _Given(NamedTuple):
    """A page as it was given. source: the text that its paragraphs are lines of. html: its blocks."""

    paragraphs: Sequence[str]
    title: str
    source: str | None
    html: HtmlPage | None


def _given(text: PageText, title: str | None) -> _Given:
    _require_page(text)
    if isinstance(text, str):
        return _Given(split_paragraphs(text), title or "", text, None)
    if isinstance(text, HtmlPage):
        return _Given(text.texts, title or text.title, None, text)
    return _Given(text, title or "", None, None)


def _require_page(given: object) -> None:
    if isinstance(given, (bytes, bytearray)) or not isinstance(given, Sequence):
        wanted = "a page is a string, a list of strings, or what read_html made of HTML"
        raise TypeError(f"{wanted}, not of type {type(given).__name__}")
