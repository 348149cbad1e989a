"""newsieve as datatrove pipeline blocks.

    from predict.integrations.datatrove import JournalismFilter, JournalismFormatter, ParagraphAnnotator

A formatter that leaves the journalism of each page, a filter that drops pages with too little of it, and a block that
only writes down what each paragraph is. A page's `metadata["title"]`, where there is one, is used. Pages are classified
in batches, and the model is loaded once in each process.

Needs datatrove (the extra `datatrove`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from predict.forms import Classify, Clean
from predict.integrations import sieve_of
from predict.page import Page
from predict.records import Record
from predict.streams import optional

PipelineStep: Any = optional("datatrove.pipeline.base", "datatrove").PipelineStep
BaseFormatter: Any = optional("datatrove.pipeline.formatters.base", "datatrove").BaseFormatter
BaseFilter: Any = optional("datatrove.pipeline.filters.base_filter", "datatrove").BaseFilter
StatHints: Any = optional("datatrove.utils.typeshelper", "datatrove").StatHints
batched: Any = optional("datatrove.utils.batching", "datatrove").batched

BATCH = 100  # pages that are classified together


def _pages(documents: list[Any], model: str | None) -> list[Page]:
    """Classify datatrove documents."""
    titles = (document.metadata.get("title") for document in documents)
    return list(
        sieve_of(model).classify_many(
            (document.text for document in documents), (title if isinstance(title, str) else None for title in titles)
        )
    )


def _record(document: Any) -> Record:
    return Record(1, {}, document.text, None)


class _PageStep(PipelineStep):  # type: ignore[misc]
    """A block that changes each document by what its page is, and passes it on."""

    def _change(self, document: Any, page: Page) -> None:
        raise NotImplementedError

    def run(self, data: Iterable[Any], rank: int = 0, world_size: int = 1) -> Iterator[Any]:
        """Change documents, batch by batch."""
        for batch in batched(data, BATCH):
            documents = list(batch)
            with self.track_time("batch"):
                for document, page in zip(documents, _pages(documents, self.model)):
                    self.stat_update(StatHints.total)
                    self._change(document, page)
            for document in documents:
                self.update_doc_stats(document)
                yield document


class JournalismFormatter(_PageStep, BaseFormatter):  # type: ignore[misc]
    """Text in, journalism out. Statistics: `paragraphs`, `kept`, and `removed_<label>` for each label that went.

    model: a model folder, None for the shipped one. policy: as of `newsieve clean --policy`; None is the default.
    """

    name = "newsieve: journalism"

    def __init__(self, model: str | None = None, policy: str | None = None) -> None:
        super().__init__()
        self.model = model
        self.clean = Clean(sieve_of(model).keep_from(policy) if policy is not None else None)

    def format(self, text: str) -> str:
        """What remains of one page."""
        (page,) = sieve_of(self.model).classify_many([text])
        return str(self.clean(Record(1, {}, text, None), page)["text"])

    def _change(self, document: Any, page: Page) -> None:
        cleaned = self.clean(_record(document), page)
        document.text = cleaned["text"]
        self.stat_update("paragraphs", value=len(page))
        self.stat_update("kept", value=len(page) - sum(cleaned["removed"].values()))
        for label, number in cleaned["removed"].items():
            if number:
                self.stat_update(f"removed_{label}", value=number)


class JournalismFilter(BaseFilter):  # type: ignore[misc]
    """Drop pages with too little journalism. The reason is counted and, with an exclusion writer, recorded.

    min_chars: characters of journalism that a page needs. min_share: share of the page's characters that they need to
    be, 0 to 1. exclusion_writer: a datatrove writer for what is dropped. model: a model folder.
    """

    name = "newsieve: enough journalism"

    def __init__(
        self,
        min_chars: int = 250,
        min_share: float = 0.0,
        exclusion_writer: Any = None,
        model: str | None = None,
        batch_size: int = BATCH,
    ) -> None:
        super().__init__(exclusion_writer, batch_size)
        self.min_chars = min_chars
        self.min_share = min_share
        self.model = model

    def filter(self, doc: Any) -> bool | tuple[bool, str]:
        """Whether one page is kept, or False and the reason."""
        return self.filter_batch([doc])[0]

    def filter_batch(self, batch: list[Any]) -> list[bool | tuple[bool, str]]:
        """The same for several pages at once."""
        documents = list(batch)
        return [self._enough(page) for page in _pages(documents, self.model)]

    def _enough(self, page: Page) -> bool | tuple[bool, str]:
        chars = np.array([len(text) for text in page.texts], np.int64)
        journalism = int(chars[page.kept()].sum()) if len(page) else 0
        if journalism < self.min_chars:
            return False, "too_few_characters_of_journalism"
        if journalism < self.min_share * chars.sum():
            return False, "too_small_a_share_of_journalism"
        return True


class ParagraphAnnotator(_PageStep):
    """Write down what each paragraph is, as `newsieve classify` does, in `metadata["paragraphs"]`.

    Statistics: `paragraphs`, and `label_<label>` and `flag_<flag>` for each that was given. model: a model folder.
    probabilities: add those of all labels.
    """

    type = "🏷 - ANNOTATOR"
    name = "newsieve: paragraphs"

    def __init__(self, model: str | None = None, probabilities: bool = False) -> None:
        super().__init__()
        self.model = model
        self.classify = Classify(probabilities)

    def _change(self, document: Any, page: Page) -> None:
        paragraphs = self.classify(_record(document), page)["paragraphs"]
        document.metadata["paragraphs"] = paragraphs
        self.stat_update("paragraphs", value=len(paragraphs))
        for paragraph in paragraphs:
            self.stat_update(f"label_{paragraph['label']}", *(f"flag_{flag}" for flag in paragraph["flags"]))
