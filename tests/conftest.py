"""What tests share: a small model fitted on a slice of the data, the shipped model, real pages where there are any."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.program import ROOT

# Before NumPy is loaded, here and in the processes that tests start: on small data, threads that wait for each other
# cost more than they save.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

if TYPE_CHECKING:
    from predict import Classifier
    from train.fit import Fitted
    from train.rows import Rows
    from train.settings import TrainSettings

# A busy machine is slow; that is no failure.
settings.register_profile("newsieve", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("newsieve")


@pytest.fixture(scope="session")
def data_slice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a few pages and single paragraphs of the project's own."""
    folder = tmp_path_factory.mktemp("slice") / "data"
    slices = {"pages": {"en": 4, "ru": 4, "de": 2, "zh": 1}, "paragraphs": {"en": 60, "ru": 60, "zh": 30}}
    for part, languages in slices.items():
        (folder / part).mkdir(parents=True)
        for language, number in languages.items():
            lines = (ROOT / "data" / part / f"{language}.jsonl").read_bytes().splitlines(keepends=True)
            (folder / part / f"{language}.jsonl").write_bytes(b"".join(lines[:: len(lines) // number][:number]))
    return folder


@pytest.fixture(scope="session")
def small_settings() -> TrainSettings:
    """Settings under which a fit takes a second or two."""
    from predict.features import FeatureSettings
    from train.settings import TrainSettings

    return TrainSettings(features=FeatureSettings(bits=12, subword_lengths=(3, 4)), jobs=1)


@pytest.fixture(scope="session")
def small_rows(data_slice: Path, small_settings: TrainSettings) -> Rows:
    """The slice in columns."""
    from train.corpus import read_corpus
    from train.rows import corpus_rows

    return corpus_rows(read_corpus([data_slice]), small_settings)


@pytest.fixture(scope="session")
def small_fit(small_rows: Rows, small_settings: TrainSettings) -> Fitted:
    """A model of the slice, with the scikit-learn objects it comes from."""
    import numpy as np

    from train.fit import fit

    return fit(small_rows, np.ones(len(small_rows.kinds), bool), small_settings)


@pytest.fixture(scope="session")
def small_model(small_fit: Fitted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model as a folder on disk."""
    from predict.model_file import save_model

    folder = tmp_path_factory.mktemp("model")
    save_model(small_fit.model, folder)
    return folder


@pytest.fixture(scope="session")
def small(small_model: Path) -> Classifier:
    """A classifier with the small model: right in its mechanics, poor in its judgement."""
    from predict import Classifier

    return Classifier.load(small_model)


@pytest.fixture(scope="session")
def shipped() -> Classifier:
    """The classifier that users get."""
    from predict import Classifier

    return Classifier.load()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real pages, which are no part of the project; NEWSIEVE_CORPUS, or `../shared`."""
    folder = Path(os.environ.get("NEWSIEVE_CORPUS", ROOT.parent / "shared"))
    if not (folder / "corpus" / "pages.jsonl").is_file():
        pytest.skip("no real pages here (see NEWSIEVE_CORPUS)")
    return folder
