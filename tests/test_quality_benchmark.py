"""The quality benchmark: what it says is left out is left out, and it touches its own part of BENCHMARKS.md alone."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from predict import context
from tests.program import ROOT
from train.corpus import read_corpus
from train.evaluate import training_rows
from train.fit import Fitted
from train.rows import Rows
from train.settings import TrainSettings

sys.path.insert(0, str(ROOT / "benchmarks"))
import ablation
import quality

from predict.errors import NewsieveError


def test_the_families_are_all_that_stage_1_reads(small_rows: Rows, small_settings: TrainSettings) -> None:
    settings = small_settings.features
    total = sum(ablation.family_rows(small_rows.texts, family, settings) for family in ablation.FAMILIES)
    assert abs(total - small_rows.features).max() < 1e-4


@pytest.mark.parametrize("family", ablation.FAMILIES)
def test_a_family_is_left_out_and_the_others_stay(small_rows: Rows, small_settings: TrainSettings, family: str) -> None:
    settings = small_settings.features
    left = ablation.rows_without(small_rows, family, settings)
    others = [name for name in ablation.FAMILIES if name != family]
    wanted = sum(ablation.family_rows(small_rows.texts, name, settings) for name in others)
    assert abs(left - wanted).max() < 1e-4
    assert left.nnz < small_rows.features.nnz


@pytest.mark.parametrize("group", sorted({*context.dense_groups(), *context.binned_groups()}))
def test_a_group_of_stage_2_is_held_at_zero(small_fit: Fitted, group: str) -> None:
    whole, left = small_fit.held_out, ablation.without_group(small_fit.held_out, group)
    for before, after, names in (
        (whole.dense, left.dense, context.dense_groups()),
        (whole.bins, left.bins, context.binned_groups()),
    ):
        mine = np.array([name == group for name in names], bool)
        assert not after[:, mine].any()
        assert np.array_equal(after[:, ~mine], before[:, ~mine])


def test_a_part_of_the_data_holds_whole_pages_and_the_smaller_parts(data_slice: Path) -> None:
    corpus = read_corpus([data_slice])
    real = {str(data_slice / "pages" / f"{lang}.jsonl") for lang in ("en", "ru")}
    split = ablation.split_corpus(corpus, real, 0, TrainSettings(jobs=1))
    rows = split.rows
    tested = np.array([page.source_file in real for page in corpus.pages])
    assert len(split.asked)
    assert np.array_equal(split.train, training_rows(rows, np.flatnonzero(tested), 0))
    parts = [split.part(share, 0.5) for share in ablation.SHARES]
    assert not (parts[0] & ~split.authored).any()
    for smaller, larger in pairwise(parts):
        assert not (smaller & ~larger).any()
    of_page = np.repeat(np.arange(len(rows.sizes)), rows.sizes)
    taken = [np.unique(parts[2][: rows.on_pages][of_page == page]).tolist() for page in range(len(rows.sizes))]
    assert all(values in ([True], [False]) for values in taken)


def test_the_part_is_added_once_and_others_are_left_alone() -> None:
    others = "# Benchmarks\n\nFast.\n"
    once = quality.into_markers(others, "Good.")
    assert once == "# Benchmarks\n\nFast.\n\n<!-- quality -->\nGood.\n<!-- /quality -->\n"
    assert quality.into_markers(once + "\nMore.\n", "Better.") == once.replace("Good.", "Better.") + "\nMore.\n"
    with pytest.raises(NewsieveError, match="without <!-- /quality -->"):
        quality.into_markers("<!-- quality -->\nlost", "Good.")
