"""`python -m train` as its users start it: real processes on a small slice of the data, and on data that are wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pytest

from predict import KINDS, Classifier
from predict.model_file import CARD_FILE, WEIGHTS_FILE, save_model
from tests.program import PAGE, Run, jsonl, one_line, read_jsonl
from train.card import model_card
from train.corpus import read_corpus
from train.designations import examples, fit_designations
from train.fit import fit
from train.rows import corpus_rows
from train.settings import TrainSettings

PARAGRAPHS = [{"text": "Council votes to keep the night bus", "kind": "story"}, {"text": "Share", "kind": "interface"}]


def page(number: int, **more: object) -> dict[str, object]:
    """A page of a publisher of its own."""
    return {"id": f"p{number}", "lang": "en", "title": "", "paragraphs": PARAGRAPHS, **more}


@pytest.fixture(scope="module")
def data(data_slice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of five pages and thirty single paragraphs, with one held-out page."""
    folder = tmp_path_factory.mktemp("tiny") / "data"
    for part, number in (("pages", 5), ("paragraphs", 30)):
        (folder / part).mkdir(parents=True)
        files = sorted((data_slice / part).iterdir())
        lines = [line for file in files for line in file.read_bytes().splitlines(keepends=True)]
        (folder / part / "all.jsonl").write_bytes(b"".join(lines[:number]))
    page_lines = (data_slice / "pages" / "ru.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "pages" / "test.jsonl").write_bytes(page_lines[-1])
    return folder


@pytest.fixture(scope="module")
def fitting(
    data: Path, trainer_in: Callable[[Path], Run], tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[bytes], Path]:
    """A fit of that data in several processes, and the model it wrote."""
    folder = tmp_path_factory.mktemp("fitted")
    return trainer_in(folder)("fit", "--data", data, "--out", "new/model", "--jobs", 2), folder / "new" / "model"


def test_a_model_is_fitted_from_a_data_folder(
    fitting: tuple[subprocess.CompletedProcess[bytes], Path], data: Path
) -> None:
    done, model = fitting
    assert (done.returncode, done.stdout) == (0, b"")
    first, *stages, last = done.stderr.decode().splitlines()
    assert first == "5 pages and 30 single paragraphs read"
    assert stages
    assert all(line.startswith("stage ") for line in stages)
    assert last == "wrote new/model"
    assert len(Classifier.load(model).classify(PAGE)) == len(PAGE.splitlines())
    card = json.loads((model / CARD_FILE).read_text(encoding="utf-8"))
    assert [entry["file"] for entry in card["data"]] == ["data/pages/all.jsonl", "data/paragraphs/all.jsonl"]


def test_several_processes_fit_the_same_bytes_as_one(
    fitting: tuple[subprocess.CompletedProcess[bytes], Path], data: Path, tmp_path: Path
) -> None:
    corpus, one_process = read_corpus([data]), TrainSettings(jobs=1)
    rows = corpus_rows(corpus, one_process)
    fitted = fit(rows, np.ones(len(rows.kinds), bool), one_process)
    told = fit_designations(examples(corpus))
    save_model(replace(fitted.model, card=model_card(corpus, fitted, one_process), designations=told), tmp_path)
    assert (tmp_path / WEIGHTS_FILE).read_bytes() == (fitting[1] / WEIGHTS_FILE).read_bytes()


def test_a_model_is_measured_on_the_held_out_pages(
    fitting: tuple[subprocess.CompletedProcess[bytes], Path], trainer: Run, data: Path, tmp_path: Path
) -> None:
    done = trainer("evaluate", "--data", data, "--model", fitting[1], "--out", "answers.jsonl")
    assert done.returncode == 0
    pages = read_jsonl((data / "pages" / "test.jsonl").read_bytes())
    labelled = sum("kind" in paragraph for paragraph in pages[0]["paragraphs"])
    assert done.stdout.decode().startswith(f"{data / 'pages' / 'test.jsonl'}: {labelled} paragraphs, accuracy 0.")
    answers = read_jsonl((tmp_path / "answers.jsonl").read_bytes())
    assert [(a["id"], len(a["paragraphs"])) for a in answers] == [(p["id"], len(p["paragraphs"])) for p in pages]


def test_cross_validation_answers_every_page_once(trainer: Run, data: Path, tmp_path: Path) -> None:
    pages = [page(i, fold=i % 2, publisher=f"Post {i}") for i in range(4)]
    (tmp_path / "mine.jsonl").write_bytes(jsonl(pages))
    singles = data / "paragraphs" / "all.jsonl"
    done = trainer("evaluate", "--data", singles, "--folds", "mine.jsonl", "--out", "answers.jsonl", "--jobs", 1)
    assert done.returncode == 0, done.stderr.decode()
    assert [line for line in done.stderr.decode().splitlines() if "fold" in line] == ["fold 0", "fold 1"]
    assert done.stdout.startswith(b"mine.jsonl: 8 paragraphs, accuracy ")
    answered = [answer["id"] for answer in read_jsonl((tmp_path / "answers.jsonl").read_bytes())]
    assert sorted(answered) == ["p0", "p1", "p2", "p3"]


def test_stage_1_is_exported_for_scikit_learn(trainer: Run, data: Path, tmp_path: Path) -> None:
    done = trainer("export", "--data", data, "--sklearn", "pipeline.joblib")
    assert done.returncode == 0
    assert b"load it only where you trust its source" in done.stderr
    pipeline = joblib.load(tmp_path / "pipeline.joblib")
    assert set(pipeline.predict(["Share", "He said so on Monday."])) <= set(KINDS)


def test_bad_data_are_named_line_by_line(trainer: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_bytes(jsonl([page(1), page(2, paragraphs=[]), {"text": "x", "lang": "en"}]) + b"{\n")
    done = trainer("check", "bad.jsonl")
    assert done.returncode == 2
    assert b"interface" in done.stdout  # what is sound is counted all the same
    problems = done.stderr.decode().splitlines()
    assert [problem.split(" ")[0] for problem in problems] == ["bad.jsonl:2:", "bad.jsonl:3:", "bad.jsonl:4:"]


# --- wrong use: one line and exit 2, before the work rather than after it --------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("fit --data missing.jsonl --out m", "missing.jsonl: cannot be read: No such file or directory"),
        ("fit --data one.jsonl --out a_file", "a_file: File exists"),
        ("evaluate --test singles.jsonl", "singles.jsonl: no pages to measure on"),
        ("evaluate --folds data/pages/all.jsonl", "leave data/pages/all.jsonl out of --data"),
        ("evaluate --out nowhere/answers.jsonl", "nowhere/answers.jsonl: the folder nowhere does not exist"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    trainer: Run, data: Path, tmp_path: Path, arguments: str, message: str
) -> None:
    (tmp_path / "one.jsonl").write_bytes(jsonl([page(1)]))
    (tmp_path / "singles.jsonl").write_bytes(jsonl([{"lang": "en", **paragraph} for paragraph in PARAGRAPHS]))
    (tmp_path / "a_file").touch()
    shutil.copytree(data, tmp_path / "data")
    done = trainer(*arguments.split())
    said = done.stderr.decode().splitlines()
    assert (done.returncode, done.stdout) == (2, b"")
    progress = ("single paragraphs read", "stage 1: out-of-fold scores")
    complaint = one_line("\n".join(line for line in said if not line.endswith(progress)).encode())
    assert complaint.startswith("train: ")
    assert message in complaint
