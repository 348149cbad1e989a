"""Twenty corrected paragraphs: the model learns them and forgets nothing else. Measured on held-out pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from predict import Classifier
from predict.labels import Kind
from predict.model_file import load_model
from tests.program import ROOT, Run, jsonl, read_jsonl

HELD_OUT = ROOT / "data" / "pages" / "test.jsonl"
SHIPPED = ROOT / "models" / "default"
NUMBER = 20
Right = npt.NDArray[np.bool_]


def right_labels(model: Path) -> Right:
    """Whether each paragraph of the held-out pages gets its label, one after the other."""
    sieve = Classifier.load(model)
    pages = read_jsonl(HELD_OUT.read_bytes())
    texts = [[p["text"] for p in page["paragraphs"]] for page in pages]
    answered = sieve.classify_many(texts, [page["title"] for page in pages])
    given = [paragraph.label for page in answered for paragraph in page]
    truth = [Kind[paragraph["kind"]].label for page in pages for paragraph in page["paragraphs"]]
    return np.array([one == other for one, other in zip(given, truth, strict=True)])


@pytest.fixture(scope="module")
def taught(trainer_in: Callable[[Path], Run], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Right]:
    """A model taught twenty of the paragraphs that the shipped one gets wrong, what was said, which ones they were."""
    folder = tmp_path_factory.mktemp("taught")
    wrong = np.flatnonzero(~right_labels(SHIPPED))
    chosen = np.isin(np.arange(len(right_labels(SHIPPED))), wrong[:: len(wrong) // NUMBER][:NUMBER])
    pages, at = read_jsonl(HELD_OUT.read_bytes()), 0
    for page in pages:
        for paragraph in page["paragraphs"]:
            if not chosen[at]:
                for part in ("kind", "flags", "designation"):
                    paragraph.pop(part, None)
            at += 1
    (folder / "mine.jsonl").write_bytes(jsonl(pages))
    run = trainer_in(folder)("fit", "--base", SHIPPED, "--data", "mine.jsonl", "--out", "taught")
    assert run.returncode == 0, run.stderr.decode()
    return folder / "taught", run.stderr.decode(), chosen


def test_most_of_what_was_corrected_is_right_afterwards(taught: tuple[Path, str, Right]) -> None:
    model, said, chosen = taught
    assert right_labels(model)[chosen].mean() >= 0.6
    assert "labels right: 0.000 of them before" in said


def test_what_was_right_stays_right(taught: tuple[Path, str, Right]) -> None:
    model, _, chosen = taught
    before, now = right_labels(SHIPPED)[~chosen], right_labels(model)[~chosen]
    assert now.mean() >= before.mean() - 0.01


def test_the_card_says_that_the_model_was_corrected(taught: tuple[Path, str, Right]) -> None:
    card = load_model(taught[0]).card
    corrected = card["corrected"]
    assert isinstance(corrected, dict)
    assert corrected["data"][0]["file"] == "mine.jsonl"
    assert card["held_out"] == load_model(SHIPPED).card["held_out"]


def test_data_without_a_kind_teach_nothing_and_say_so(trainer_in: Callable[[Path], Run], tmp_path: Path) -> None:
    page = {"id": "a", "lang": "en", "title": "", "paragraphs": [{"text": "Menu"}, {"text": "A story"}]}
    (tmp_path / "mine.jsonl").write_bytes(jsonl([page]))
    run = trainer_in(tmp_path)("fit", "--base", SHIPPED, "--data", "mine.jsonl", "--out", "taught")
    assert run.returncode == 2
    assert '"kind"' in run.stderr.decode().splitlines()[-1]
    assert b"Traceback" not in run.stderr
