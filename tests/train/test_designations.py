"""Designations told apart: fitted on the data's own examples, measured on its held-out pages."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from predict import Classifier, Flag, ModelError, Status
from predict.designation import DesignationModel
from predict.model_file import WEIGHTS_FILE, load_model, save_model
from tests.program import ROOT
from tests.strategies import random_model
from train.corpus import is_held_out, parse_corpus
from train.designations import Example, answers, examples, fit_designations, measure_told


@pytest.fixture(scope="module")
def given() -> list[Example]:
    corpus, problems = parse_corpus([ROOT / "data"], held_out=True)
    assert problems == []
    return examples(corpus)


@pytest.fixture(scope="module")
def told(given: list[Example]) -> DesignationModel:
    """Fitted on everything but the held-out pages."""
    model = fit_designations([each for each in given if not is_held_out(each.place[0])])
    assert model is not None
    return model


def test_every_designation_of_the_data_says_which(given: list[Example]) -> None:
    assert len(given) > 800
    assert {each.status for each in given} == set(Status)


def test_held_out_designations_are_told_apart(told: DesignationModel, given: list[Example]) -> None:
    measured = measure_told(answers(told, [each for each in given if is_held_out(each.place[0])]))
    assert measured.number == 48
    assert measured.status >= 0.90
    assert measured.state >= 0.90
    assert measured.named_right >= 0.90
    assert measured.named >= 0.7


@pytest.mark.parametrize(
    ("text", "status", "state"),
    [
        ("Our newsroom was declared a foreign agent by the Russian justice ministry.", Status.foreign_agent, "RU"),
        ("Генпрокуратура признала нас нежелательной организацией.", Status.undesirable, "RU"),
        ("Суд в Минске признал наши материалы экстремистскими.", Status.extremist, "BY"),
        ("Registered under the US Foreign Agents Registration Act (FARA).", Status.registered_agent, "US"),
        ("China state-affiliated media", Status.state_affiliated, "CN"),
        ("Our site is blocked.", Status.blocked, None),
    ],
)
def test_what_one_would_expect_of_plain_wordings(
    told: DesignationModel, text: str, status: Status, state: str | None
) -> None:
    (answer,) = told.tell([text])
    assert (answer.status, answer.state) == (status, state)


def test_the_page_helps_where_a_paragraph_leaves_the_state_open(told: DesignationModel) -> None:
    bare = "Our site is blocked. Use our mirror."
    assert told.tell([bare])[0].state is None
    together = told.tell([bare, "The Russian prosecutor general declared us undesirable."])
    assert [each.state for each in together] == ["RU", "RU"]


def test_a_saved_model_tells_the_same(told: DesignationModel, given: list[Example], tmp_path: Path) -> None:
    save_model(replace(random_model(4), designations=told), tmp_path)
    assert (tmp_path / WEIGHTS_FILE).stat().st_size < 4_000_000
    loaded = load_model(tmp_path).designations
    texts = [each.text for each in given[:20]]
    assert loaded is not None
    assert loaded.tell(texts) == told.tell(texts)


def test_a_model_without_it_still_loads_and_leaves_it_open(tmp_path: Path) -> None:
    save_model(replace(random_model(4), flag_thresholds=random_model(4).flag_thresholds * 0), tmp_path)
    page = Classifier.load(tmp_path).classify("Share\nWe were declared a foreign agent.")
    assert [Flag.designation in paragraph.flags for paragraph in page] == [True, True]
    assert [paragraph.designation for paragraph in page] == [None, None]


def test_a_paragraph_says_its_designation_only_with_the_flag(told: DesignationModel) -> None:
    model = random_model(4)
    always, never = (replace(model, flag_thresholds=model.flag_thresholds * n, designations=told) for n in (0, 4))
    text = "Share\nOur newsroom was declared a foreign agent by the Russian justice ministry."
    answer = Classifier(always).classify(text)[1].designation
    assert answer is not None
    assert (answer.status, answer.state) == (Status.foreign_agent, "RU")
    assert Classifier(never).classify(text)[1].designation is None


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda about: about | {"features": {"bits": 40}}, "wanted 1 to 22"),
        (lambda about: about | {"states": []}, "without statuses or states"),
        (lambda about: 7, "bits = None"),
        (lambda about: about | {"states": about["states"][1:]}, "designations.weights is"),
        (lambda about: about | {"statuses": ["saint", *about["statuses"][1:]]}, "statuses are not those"),
    ],
)
def test_a_file_that_does_not_fit_is_one_clear_error(
    told: DesignationModel, tmp_path: Path, spoil: Callable[[dict[str, object]], object], said: str
) -> None:
    import json

    from safetensors.numpy import load, save

    save_model(replace(random_model(4), designations=told), tmp_path)
    data = (tmp_path / WEIGHTS_FILE).read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["newsieve"])
    header["designations"] = spoil(header["designations"])
    (tmp_path / WEIGHTS_FILE).write_bytes(save(load(data), {"newsieve": json.dumps(header)}))
    with pytest.raises(ModelError, match=said):
        load_model(tmp_path)


def test_too_little_to_tell_apart_gives_no_model() -> None:
    one = Example("We were declared a foreign agent.", Status.foreign_agent, "RU", ("a", 1))
    assert fit_designations([]) is None
    assert fit_designations([one] * 3) is None


def test_the_program_measures_on_examples_that_it_did_not_learn_from(data_slice: Path) -> None:
    pages = data_slice / "pages"
    source = (ROOT / "data" / "pages" / "test.jsonl").read_bytes()
    few = data_slice.parent / "few"
    (few / "pages").mkdir(parents=True)
    (few / "pages" / "test.jsonl").write_bytes(source)
    (few / "pages" / "ru.jsonl").write_bytes((pages / "ru.jsonl").read_bytes())
    command = [sys.executable, "-m", "train", "designations", str(few)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "train: too few designations to learn from\n"
