"""The worst errors: where the answer was wrong and sure of it, with what stands around and what decided.

Worst is the least probability of the true label. A text that many pages share ("Share", "Read more") counts once, or
one menu entry would fill the list; so would a page that is wrong from top to bottom, of which a few are enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from predict.explain import Explanation, explain
from predict.labels import KINDS, LABELS, Kind, Label
from predict.model import Model
from train.records import Page
from train.report.answers import Answered

MOST = 50
MOST_OF_PAGE = 3
REACH = 2  # neighbours shown on either side


@dataclass(frozen=True)
class WrongAnswer:
    """A paragraph with a wrong label. place: index on its page. The probabilities are those of the two labels."""

    page: Page
    place: int
    true: Kind
    given: Kind
    given_label: Label
    probability_true: float
    probability_given: float

    @property
    def text(self) -> str:
        """The paragraph itself."""
        return self.page.paragraphs[self.place].text

    @property
    def before(self) -> list[str]:
        """The paragraphs before it, as many as are shown."""
        return [p.text for p in self.page.paragraphs[max(0, self.place - REACH) : self.place]]

    @property
    def after(self) -> list[str]:
        """The paragraphs after it, as many as are shown."""
        return [p.text for p in self.page.paragraphs[self.place + 1 : self.place + 1 + REACH]]


@dataclass(frozen=True)
class ExplainedError:
    """A wrong answer, and what a model says of the same paragraph and why."""

    wrong: WrongAnswer
    explanation: Explanation


def worst_errors(answered: Answered, most: int = MOST) -> list[WrongAnswer]:
    """The wrong labels, the worst first; equal texts once, and MOST_OF_PAGE of a page."""
    answers, truth = answered.answers, answered.true_labels
    of_truth = answers.probabilities[np.arange(len(truth)), truth]
    wrong = np.flatnonzero(answered.labelled & (answers.labels != truth))
    found: list[WrongAnswer] = []
    seen: set[str] = set()
    of_page = np.zeros(len(answered.pages), np.int64)
    for row in wrong[np.argsort(of_truth[wrong], kind="stable")]:
        error = WrongAnswer(
            page=answered.pages[answered.page[row]],
            place=int(answered.place[row]),
            true=KINDS[answered.truth.kinds[row]],
            given=KINDS[answers.kinds[row]],
            given_label=LABELS[answers.labels[row]],
            probability_true=float(of_truth[row]),
            probability_given=float(answers.probabilities[row, answers.labels[row]]),
        )
        if error.text not in seen and of_page[answered.page[row]] < MOST_OF_PAGE:
            found.append(error)
            seen.add(error.text)
            of_page[answered.page[row]] += 1
        if len(found) == most:
            break
    return found


def explain_errors(errors: Sequence[WrongAnswer], model: Model) -> list[ExplainedError]:
    """Explain what `model` says of each, within its page."""

    @cache
    def explained(page: Page) -> list[Explanation]:
        return explain(model, [paragraph.text for paragraph in page.paragraphs], page.title or None)

    return [ExplainedError(error, explained(error.page)[error.place]) for error in errors]
