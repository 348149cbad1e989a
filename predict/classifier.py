"""The door to newsieve from Python: load a model, give it pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from predict.errors import NewsieveError
from predict.features import offsets_of
from predict.model import Answers, Model
from predict.model_file import load_model
from predict.page import Page
from predict.splitting import split_paragraphs

DEFAULT_POLICY = "keep-0.995"
BATCH_CHARS = 1 << 18  # pages are classified together until they hold this many characters
_EMPTY = Answers(
    np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 5), np.float32), np.zeros((0, 3), np.float32)
)

PageText = str | Sequence[str]


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

        text: the page, whose non-empty lines are the paragraphs, or the paragraphs themselves. title: the page's
        title, if known; a headline is told from other pages' headlines by it.
        """
        return next(self.classify_many([text], [title]))

    def classify_many(self, texts: Iterable[PageText], titles: Iterable[str | None] | None = None) -> Iterator[Page]:
        """Classify a stream of pages, in order. Reads ahead by one batch of about BATCH_CHARS characters."""
        batch: list[tuple[PageText, str | None]] = []
        chars = 0
        pairs = zip(texts, titles) if titles is not None else ((text, None) for text in texts)
        for text, title in pairs:
            batch.append((text, title))
            chars += len(text) if isinstance(text, str) else sum(map(len, text))
            if chars >= BATCH_CHARS:
                yield from self._classify_batch(batch)
                batch, chars = [], 0
        yield from self._classify_batch(batch)

    def _classify_batch(self, batch: list[tuple[PageText, str | None]]) -> Iterator[Page]:
        paragraphs = [split_paragraphs(text) if isinstance(text, str) else text for text, _ in batch]
        sizes = np.fromiter(map(len, paragraphs), np.int64, len(paragraphs))
        texts = list(chain.from_iterable(paragraphs))
        answers = self.model.answer(texts, [title or "" for _, title in batch], sizes) if texts else _EMPTY
        bounds = offsets_of(sizes).tolist()
        thresholds = self.model.flag_thresholds.tolist()
        keep_from = self.model.policies.get(DEFAULT_POLICY, 0.5)
        for (text, _), lines, start, end in zip(batch, paragraphs, bounds, bounds[1:]):
            source = text if isinstance(text, str) else None
            yield Page(lines, answers[start:end], thresholds, keep_from, source, self.model.designations)
