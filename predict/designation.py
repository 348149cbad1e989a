"""Designations told apart: which status a state gave a publisher, and which state.

The flag `designation` says that a paragraph names such a status. Two more linear heads, over the same features as
stage 1 in a smaller table, say which one it is: a softmax over the statuses, and one over the states that the data
shows often enough, beside "none of them, or none named". A state is only given where it is likely enough; "unknown" is
an answer too, and better than a wrong one.

Paragraphs of one page speak of one publisher, so the states that the page's designations name are evidence for each
other: where a paragraph alone leaves the state open, the page's surest answer for it is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from predict.labels import Status
from predict.scoring import Float, ParagraphModel
from predict.tokens import tokenize

UNKNOWN = ""  # the class of texts that name no state, or one that is not among the model's
STATE_FROM = 0.15  # least probability of a state that is given; below it, the state is unknown


class Designation(NamedTuple):
    """A status and the state that gave it, an ISO 3166 code or None for unknown, each with its probability."""

    status: Status
    state: str | None
    status_probability: float
    state_probability: float


@dataclass(frozen=True)
class DesignationModel:
    """Both heads. model: weights (buckets, statuses + states), as float16 where they come from a file, since few pages
    need them; states: codes, UNKNOWN among them."""

    model: ParagraphModel
    statuses: tuple[Status, ...]
    states: tuple[str, ...]

    def probabilities(self, texts: Sequence[str]) -> tuple[Float, Float]:
        """Probabilities of the statuses (N, statuses) and of the states (N, states) for N >= 1 texts."""
        scores = self._in_single_precision.scores(tokenize(texts))
        return _softmax(scores[:, : len(self.statuses)]), _softmax(scores[:, len(self.statuses) :])

    @cached_property
    def _in_single_precision(self) -> ParagraphModel:
        return replace(self.model, weights=self.model.weights.astype(np.float32, copy=False))

    def tell(self, texts: Sequence[str]) -> list[Designation]:
        """Say of the designations of one page which they are."""
        if not texts:
            return []
        statuses, states = self.probabilities(texts)
        of_page = self._surest_state(states)
        told = []
        for status, state in zip(statuses, states):
            given, probability = self._state(state)
            if given is None and of_page is not None:
                given, probability = of_page
            best = int(status.argmax())
            told.append(Designation(self.statuses[best], given, float(status[best]), probability))
        return told

    def _state(self, probabilities: Float) -> tuple[str | None, float]:
        best = int(probabilities.argmax())
        probability = float(probabilities[best])
        if self.states[best] == UNKNOWN or probability < STATE_FROM:
            return None, float(probabilities[self.states.index(UNKNOWN)]) if UNKNOWN in self.states else 0.0
        return self.states[best], probability

    def _surest_state(self, probabilities: Float) -> tuple[str, float] | None:
        given = [(state, p) for state, p in map(self._state, probabilities) if state is not None]
        return max(given, key=lambda each: each[1]) if given else None


def _softmax(scores: Float) -> Float:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
