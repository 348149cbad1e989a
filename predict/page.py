"""A page taken apart: views over the columns that the model answered in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np

from predict.designation import Designation, DesignationModel
from predict.labels import FLAGS, KINDS, LABELS, Flag, Kind, Label
from predict.model import Answers
from predict.splitting import paragraph_spans

_JOURNALISM = LABELS.index(Label.journalism)


class Paragraph:
    """One block of a page's text and what it is."""

    def __init__(self, page: Page, index: int) -> None:
        self._page = page
        self._index = index

    @property
    def text(self) -> str:
        """The paragraph's text."""
        return self._page.texts[self._index]

    @property
    def start(self) -> int | None:
        """Offset in code points of its first character in the text given; None if the page was given as a list."""
        spans = self._page.spans
        return spans[self._index][0] if spans is not None else None

    @property
    def end(self) -> int | None:
        """Offset just past its last character, so that text[start:end] is the paragraph."""
        spans = self._page.spans
        return spans[self._index][1] if spans is not None else None

    @property
    def kind(self) -> Kind:
        """The fine answer, one of seven."""
        return KINDS[int(self._page.answers.kinds[self._index])]

    @property
    def label(self) -> Label:
        """The coarse answer, one of five."""
        return LABELS[int(self._page.answers.labels[self._index])]

    @property
    def flags(self) -> list[Flag]:
        """In what respects the publisher describes itself here; often none."""
        row = self._page.answers.flags[self._index]
        return [flag for flag, p, least in zip(FLAGS, row, self._page.flag_thresholds) if p >= least]

    @property
    def probability(self) -> float:
        """Probability of `label`, 0 to 1."""
        return float(self._page.answers.probabilities[self._index, self._page.answers.labels[self._index]])

    @property
    def probabilities(self) -> dict[str, float]:
        """Probability of each label, summing to 1."""
        row = self._page.answers.probabilities[self._index].tolist()
        return {str(label): value for label, value in zip(LABELS, row)}

    @property
    def flag_probabilities(self) -> dict[str, float]:
        """Probability of each flag; they do not exclude each other."""
        row = self._page.answers.flags[self._index].tolist()
        return {str(flag): value for flag, value in zip(FLAGS, row)}

    @property
    def designation(self) -> Designation | None:
        """Which status which state gave; None without that flag, or if the model cannot tell."""
        return self._page.designations.get(self._index)

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= 40 else self.text[:39] + "…"
        return f"Paragraph({self.kind}, {self.probability:.2f}, {text!r})"


class Page(Sequence[Paragraph]):
    """The paragraphs of one document, in order."""

    def __init__(
        self,
        texts: Sequence[str],
        answers: Answers,
        flag_thresholds: Sequence[float],
        keep_from: float,
        source: str | None = None,
        designation_model: DesignationModel | None = None,
        first: int = 0,
    ) -> None:
        """answers: of a whole batch, among which those of this page begin at `first`."""
        self.texts = texts
        self._of_batch = answers
        self._first = first
        self.flag_thresholds = flag_thresholds
        self._keep_from = keep_from
        self._source = source
        self._designation_model = designation_model

    def __getstate__(self) -> dict[str, Any]:
        """A page takes no other pages and no model with it when it is pickled."""
        told = {"designations": self.designations, "_designation_model": None}
        return {**self.__dict__, "_of_batch": self.answers, "_first": 0, **told}

    @cached_property
    def answers(self) -> Answers:
        """What the model says of its paragraphs, in columns."""
        return self._of_batch[self._first : self._first + len(self.texts)]

    @cached_property
    def spans(self) -> list[tuple[int, int]] | None:
        """(start, end) of each paragraph in the text given; None if the page was given as a list."""
        return paragraph_spans(self._source) if self._source is not None else None

    @cached_property
    def designations(self) -> dict[int, Designation]:
        """Which designation each paragraph with that flag names, by index; empty if the model cannot tell."""
        if self._designation_model is None:
            return {}
        column = FLAGS.index(Flag.designation)
        carried = (self.answers.flags[:, column] >= self.flag_thresholds[column]).nonzero()[0].tolist()
        return dict(zip(carried, self._designation_model.tell([self.texts[index] for index in carried])))

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, index: int) -> Paragraph: ...

    @overload
    def __getitem__(self, index: slice) -> list[Paragraph]: ...

    def __getitem__(self, index: int | slice) -> Paragraph | list[Paragraph]:
        if isinstance(index, slice):
            return [Paragraph(self, i) for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError("paragraph index out of range")
        return Paragraph(self, index % len(self))

    def __iter__(self) -> Iterator[Paragraph]:
        return (Paragraph(self, i) for i in range(len(self)))

    def kept(self, keep_from: float | None = None) -> list[bool]:
        """For each paragraph, whether `clean` keeps it: its probability of journalism is at least `keep_from`."""
        least = self._keep_from if keep_from is None else keep_from
        journalism = self.answers.probabilities[:, _JOURNALISM].astype(np.float64)
        kept: list[bool] = (journalism >= least).tolist()
        return kept

    @property
    def journalism(self) -> str:
        """The text that remains under the default policy, one paragraph a line."""
        return "\n".join(text for text, keep in zip(self.texts, self.kept()) if keep)

    def __repr__(self) -> str:
        return f"Page({len(self)} paragraphs)"
