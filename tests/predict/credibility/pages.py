"""Pages answered by hand, so that a test says what the model says."""

from __future__ import annotations

import numpy as np

from predict import FLAGS, KINDS, LABELS, Flag, Kind, Page
from predict.model import Answers


def make_page(*paragraphs: tuple[str, Kind, dict[Flag, float]], source: str | None = None) -> Page:
    """Text, kind, probabilities of flags of each paragraph."""
    labels = np.array([LABELS.index(kind.label) for _, kind, _ in paragraphs], np.int64)
    flags = np.array([[given.get(flag, 0.0) for flag in FLAGS] for _, _, given in paragraphs], np.float32)
    answers = Answers(
        np.array([KINDS.index(kind) for _, kind, _ in paragraphs], np.int64),
        labels,
        np.eye(len(LABELS), dtype=np.float32)[labels],
        flags.reshape(-1, len(FLAGS)),
    )
    return Page([text for text, _, _ in paragraphs], answers, [0.5] * len(FLAGS), keep_from=0.5, source=source)
