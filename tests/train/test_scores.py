"""Scores: the figures of plain counting, and those of the tool that others measure with."""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predict.errors import NewsieveError
from predict.labels import FLAGS, KINDS, LABELS
from predict.model import Answers
from train.rows import UNLABELLED
from train.scores import Ratio, Scores, Truth, format_scores, measure


@dataclass(frozen=True)
class Case:
    """A labelled paragraph and what was answered."""

    kind: str | None
    flags: frozenset[str]
    chars: int
    answered: str
    given: frozenset[str]
    probabilities: tuple[float, ...]

    @property
    def label(self) -> str | None:
        return None if self.kind is None else LABEL[self.kind]

    @property
    def answered_label(self) -> str:
        return LABEL[self.answered]

    @property
    def probability(self) -> float:
        return self.probabilities[NAMES.index(self.answered_label)]


LABEL = {str(kind): str(kind.label) for kind in KINDS}
NAMES = [str(label) for label in LABELS]
FLAG_NAMES = [str(flag) for flag in FLAGS]
KIND_NAMES = [str(kind) for kind in KINDS]
# Round numbers too, for ties and for the borders of bins.
PROBABILITY = st.one_of(
    st.floats(0, 1, width=32), st.integers(0, 10).map(lambda tenths: float(np.float32(tenths / 10)))
)
SOME_FLAGS = st.frozensets(st.sampled_from(FLAG_NAMES))
CASES = st.lists(
    st.builds(
        Case,
        kind=st.one_of(st.none(), st.sampled_from(KIND_NAMES), st.just("story")),
        flags=SOME_FLAGS,
        chars=st.integers(1, 300),
        answered=st.sampled_from(KIND_NAMES),
        given=SOME_FLAGS,
        probabilities=st.tuples(*[PROBABILITY] * len(LABELS)),
    ),
    min_size=1,
    max_size=30,
).filter(lambda cases: any(case.kind for case in cases))


def measured(cases: list[Case]) -> Scores:
    """The figures of newsieve."""
    answers = Answers(
        np.array([KIND_NAMES.index(case.answered) for case in cases]),
        np.array([NAMES.index(case.answered_label) for case in cases]),
        np.array([case.probabilities for case in cases], np.float32),
        np.zeros((len(cases), len(FLAGS)), np.float32),
    )
    truth = Truth(
        np.array([UNLABELLED if case.kind is None else KIND_NAMES.index(case.kind) for case in cases]),
        np.array([[flag in case.flags for flag in FLAG_NAMES] for case in cases]),
        np.array([case.chars for case in cases]),
    )
    return measure(answers, np.array([[flag in case.given for flag in FLAG_NAMES] for case in cases]), truth)


def flat(figures: dict[str, Any]) -> dict[str, float]:
    """Precision, recall, F1 and count of each name, as ratios or as tuples, laid side by side."""
    columns = {
        name: (r.precision, r.recall, r.f1, r.count) if isinstance(r, Ratio) else r for name, r in figures.items()
    }
    return {f"{name} {i}": value for name, values in columns.items() for i, value in enumerate(values)}


# --- by hand ---------------------------------------------------------------------------------------------------------


def counted(pairs: list[tuple[bool, bool]]) -> tuple[float, float, float, int]:
    """Precision, recall, F1 and number of the true ones, of pairs (given, true)."""
    hits = sum(given_one and true for given_one, true in pairs)
    of_given, of_true = sum(given_one for given_one, _ in pairs), sum(true for _, true in pairs)
    precision, recall = hits / of_given if of_given else 0.0, hits / of_true if of_true else 0.0
    both = precision + recall
    return precision, recall, 2 * precision * recall / both if both else 0.0, of_true


def removed_by_hand(cases: list[Case], share: float) -> float:
    """Lower the threshold paragraph by paragraph until enough journalism is kept; what else is kept then?"""
    order = sorted(cases, key=lambda c: (-c.probabilities[0], -c.chars, c.label != "journalism"))
    good = sum(c.chars for c in cases if c.label == "journalism")
    bad = sum(c.chars for c in cases if c.label != "journalism")
    if not good or not bad:
        return 0.0
    kept = {True: 0, False: 0}
    for case in order:
        kept[case.label == "journalism"] += case.chars
        if kept[True] >= share * good:
            break
    return 1 - kept[False] / bad


def miscalibration_by_hand(cases: list[Case]) -> float:
    bins: defaultdict[int, list[Case]] = defaultdict(list)
    for case in cases:
        bins[min(9, int(case.probability * 10))].append(case)
    gaps = [sum(c.probability - (c.label == c.answered_label) for c in full) for full in bins.values()]
    return sum(map(abs, gaps)) / len(cases)


@given(CASES)
def test_figures_are_those_of_plain_counting(cases: list[Case]) -> None:
    scores = measured(cases)
    known = [case for case in cases if case.kind]
    by_label = {n: counted([(c.answered_label == n, c.label == n) for c in known]) for n in NAMES}
    by_flag = {n: counted([(n in c.given, n in c.flags) for c in known]) for n in FLAG_NAMES}
    by_flag["any"] = counted([(bool(c.given), bool(c.flags)) for c in known])

    assert scores.paragraphs == len(known)
    assert scores.accuracy == pytest.approx(sum(c.label == c.answered_label for c in known) / len(known))
    assert scores.kind_accuracy == pytest.approx(sum(c.kind == c.answered for c in known) / len(known))
    assert flat(scores.labels) == pytest.approx(flat(by_label))
    assert flat(scores.flags) == pytest.approx(flat(by_flag))
    present = [f1 for _, _, f1, number in by_label.values() if number]
    assert scores.macro_f1 == pytest.approx(sum(present) / len(present))
    assert scores.removed_at == pytest.approx({str(s): removed_by_hand(known, s) for s in (0.99, 0.995)})
    assert scores.ece == pytest.approx(miscalibration_by_hand(known), abs=1e-9)


def test_figures_of_a_page_that_anybody_can_check() -> None:
    nothing: frozenset[str] = frozenset()
    scores = measured(
        [
            Case("story", nothing, 100, "story", nothing, (0.9, 0.1, 0, 0, 0)),
            Case("story", nothing, 100, "teaser", nothing, (0.4, 0.6, 0, 0, 0)),
            Case("interface", nothing, 30, "teaser", nothing, (0.5, 0.5, 0, 0, 0)),
            Case("interface", frozenset({"mission"}), 10, "interface", frozenset({"mission"}), (0.1, 0.9, 0, 0, 0)),
            Case(None, nothing, 999, "story", nothing, (1, 0, 0, 0, 0)),
        ]
    )
    assert (scores.paragraphs, scores.accuracy, scores.kind_accuracy) == (4, 0.75, 0.5)
    assert scores.labels["ui_residue"].recall == 1
    assert scores.labels["ui_residue"].precision == pytest.approx(2 / 3)
    assert scores.removed_at["0.995"] == pytest.approx(0.25)
    assert scores.flags["mission"].f1 == scores.flags["any"].f1 == 1
    lines = format_scores("pages", scores).splitlines()
    assert lines[0].startswith("pages: 4 paragraphs, accuracy 0.750, ")
    assert "removed at 99.5 % kept 0.250" in lines[0]
    assert [line.split()[0] for line in lines[1:]] == ["journalism", "ui_residue", "mission", "any"]


def test_nothing_labelled_is_nothing_to_measure_with() -> None:
    with pytest.raises(NewsieveError, match="no labelled paragraph"):
        measured([Case(None, frozenset(), 1, "story", frozenset(), (1, 0, 0, 0, 0))])


# --- by the shared tool ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tool(shared: Path) -> Any:
    """The scorer that stands beside the real pages."""
    spec = importlib.util.spec_from_file_location("score", shared / "tools" / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@given(cases=CASES)
def test_the_shared_tool_counts_the_same(tool: Any, cases: list[Case]) -> None:
    known = [case for case in cases if case.kind]
    rows = [
        (
            {},
            {"text": "x" * case.chars, "kind": case.kind, "flags": sorted(case.flags)},
            {
                "label": case.answered_label,
                "kind": case.answered,
                "flags": sorted(case.given),
                "probabilities": dict(zip(NAMES, case.probabilities)),
            },
        )
        for case in known
    ]
    report, scores = tool.report(rows), measured(cases)
    for name in ("paragraphs", "accuracy", "kind_accuracy", "macro_f1", "ece"):
        assert getattr(scores, name) == pytest.approx(report[name], abs=1e-9), name
    for group in ("labels", "flags"):
        assert flat(getattr(scores, group)) == pytest.approx(flat(report[group])), group
    assert scores.removed_at["0.99"] == pytest.approx(report["removed_at_99"] or 0.0)
    assert scores.removed_at["0.995"] == pytest.approx(report["removed_at_99.5"] or 0.0)
