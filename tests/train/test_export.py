"""The exported pipeline: stage 1 for those who want to go on with scikit-learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.pipeline import Pipeline

from predict.errors import NewsieveError
from predict.labels import KINDS
from predict.scoring import log_softmax
from predict.tokens import tokenize
from tests.program import PAGE
from tests.strategies import PARAGRAPHS
from train.export import export_pipeline
from train.fit import Fitted
from train.rows import Rows
from train.settings import TrainSettings


@pytest.fixture(scope="module")
def pipeline(small_rows: Rows, small_settings: TrainSettings) -> Pipeline:
    return export_pipeline(small_rows, small_settings)


@settings(max_examples=40)
@given(texts=PARAGRAPHS)
def test_its_probabilities_are_those_of_stage_1(pipeline: Pipeline, small_fit: Fitted, texts: list[str]) -> None:
    expected = np.exp(log_softmax(small_fit.model.paragraphs.scores(tokenize(texts))))
    columns = [KINDS.index(name) for name in pipeline.classes_]
    np.testing.assert_allclose(pipeline.predict_proba(texts), expected[:, columns], atol=1e-5)


def test_it_gives_names_of_kinds(pipeline: Pipeline) -> None:
    texts = PAGE.splitlines()
    kinds = pipeline.predict(texts)
    assert set(kinds) <= set(KINDS)
    assert kinds.tolist() == pipeline.classes_[pipeline.predict_proba(texts).argmax(axis=1)].tolist()


def test_data_of_one_kind_are_refused(small_rows: Rows, small_settings: TrainSettings) -> None:
    with pytest.raises(NewsieveError, match="fewer than two kinds"):
        export_pipeline(replace(small_rows, kinds=np.zeros_like(small_rows.kinds)), small_settings)
