"""Standoff labels: they find their paragraphs by number and digest, teach, and measure nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from predict.labels import Flag, Kind
from train.card import model_card
from train.corpus import Corpus, CorpusError, parse_corpus, read_corpus
from train.fit import Fitted, decisions
from train.rows import UNLABELLED, Rows, corpus_rows
from train.scores import truth_of
from train.settings import TrainSettings
from train.stage_1 import fit_stage_1
from train.standoff import applied, digest

PAGE = {
    "id": "quay-1",
    "lang": "en",
    "title": "Ferry late",
    "paragraphs": [{"text": "Ferry late", "kind": "story"}, {"text": "Owned by Quay Ltd"}, {"text": "Chip in £3"}],
}
LABELS = {
    "page": "quay-1",
    "paragraphs": [
        {"number": 3, "sha256": digest("Chip in £3"), "kind": "fundraising"},
        {"number": 2, "sha256": digest("Owned by Quay Ltd"), "kind": "self_description", "flags": ["ownership"]},
    ],
}


def write(path: Path, *records: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    return path


@pytest.mark.parametrize("labels_first", [True, False])
def test_labels_go_to_the_paragraphs_of_the_page_that_they_name(tmp_path: Path, labels_first: bool) -> None:
    files = [write(tmp_path / "pages.jsonl", PAGE), write(tmp_path / "labels.jsonl", LABELS)]
    corpus = read_corpus(files[::-1] if labels_first else files)
    story, imprint, appeal = corpus.pages[0].paragraphs
    assert (story.kind, story.standoff) == (Kind.story, False)
    assert (imprint.kind, imprint.flags, imprint.standoff) == (Kind.self_description, {Flag.ownership}, True)
    assert (appeal.kind, appeal.flags, appeal.standoff) == (Kind.fundraising, frozenset(), True)
    assert applied(corpus.pages) == 2


def test_a_data_folder_brings_labels_for_pages_from_elsewhere(tmp_path: Path) -> None:
    write(tmp_path / "data" / "standoff" / "web.jsonl", LABELS)
    pages = write(tmp_path / "real.jsonl", PAGE)
    assert applied(read_corpus([tmp_path / "data", pages]).pages) == 2


def test_labels_of_pages_that_are_not_here_wait_and_harm_nothing(tmp_path: Path) -> None:
    corpus = read_corpus([write(tmp_path / "labels.jsonl", LABELS), write(tmp_path / "p.jsonl", {**PAGE, "id": "b"})])
    assert applied(corpus.pages) == 0
    assert [record.page for record in corpus.standoff] == ["quay-1"]


@pytest.mark.parametrize(
    ("label", "what"),
    [
        ({"number": 4, "sha256": digest("Chip in £3"), "kind": "story"}, "page quay-1, paragraph 4: the page has 3"),
        ({"number": 3, "sha256": digest("Chip in £4"), "kind": "story"}, "paragraph 3: its text is another one"),
        ({"number": 1, "sha256": digest("Ferry late"), "kind": "teaser"}, "paragraph 1: it is labelled already"),
    ],
)
def test_a_label_that_cannot_be_the_page_s_is_named_and_none_of_its_page_is_given(
    tmp_path: Path, label: dict[str, object], what: str
) -> None:
    labels = write(tmp_path / "labels.jsonl", {"page": "quay-1", "paragraphs": [LABELS["paragraphs"][1], label]})  # type: ignore[index]
    corpus, problems = parse_corpus([write(tmp_path / "pages.jsonl", PAGE), labels])
    assert [(p.file, p.line) for p in problems] == [(str(labels), 1)]
    assert what in problems[0].what
    assert applied(corpus.pages) == 0


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"number": 0}, '"number" is 0; a whole number from 1'),
        ({"number": True}, '"number" is true'),
        ({"sha256": "ABCDEF0123456789"}, '"sha256" is "ABCDEF0123456789"; the first 16 digits'),
        ({"kind": "news"}, '"kind" has "news"; known are story'),
        ({"flags": ["owner"]}, '"flags" has "owner"'),
        ({"text": "Chip in £3"}, 'unknown key "text"'),
        ({"kind": "self_description"}, "a self_description has at least one of the flags"),
        ({"flags": ["designation"]}, "the flag designation wants its status and state"),
    ],
)
def test_what_is_not_in_the_format_is_named(tmp_path: Path, change: dict[str, object], what: str) -> None:
    label = {"number": 3, "sha256": digest("Chip in £3"), "kind": "fundraising", **change}
    file = write(tmp_path / "labels.jsonl", LABELS, {"page": "quay-2", "paragraphs": [label]})
    with pytest.raises(CorpusError) as error:
        read_corpus([file])
    assert f"{file}:2: paragraph 1: {what}" in str(error.value)


def test_a_paragraph_labelled_twice_is_a_problem(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{name}.jsonl", LABELS) for name in "ab"]
    _, problems = parse_corpus([write(tmp_path / "pages.jsonl", PAGE), *files])
    assert {problem.file for problem in problems} == {str(files[1])}
    assert "labelled already" in problems[0].what


def test_a_paragraph_labelled_twice_in_one_record_is_a_problem(tmp_path: Path) -> None:
    twice = {"page": "quay-1", "paragraphs": [*LABELS["paragraphs"], LABELS["paragraphs"][0]]}  # type: ignore[misc]
    _, problems = parse_corpus([write(tmp_path / "labels.jsonl", twice)])
    assert [problem.what for problem in problems] == ["a paragraph is labelled twice"]


def test_a_page_may_have_a_key_of_that_name(tmp_path: Path) -> None:
    assert len(read_corpus([write(tmp_path / "pages.jsonl", {**PAGE, "page": 3})]).pages) == 1


# --- what they do ----------------------------------------------------------------------------------------------------


def test_they_teach_with_less_weight_and_nothing_is_measured_by_them(tmp_path: Path) -> None:
    settings = TrainSettings()
    corpus = read_corpus([write(tmp_path / "pages.jsonl", PAGE), write(tmp_path / "labels.jsonl", LABELS)])
    rows = corpus_rows(corpus, settings)
    assert rows.standoff.tolist() == [False, True, True]
    assert rows.weights.tolist() == [1.0, settings.standoff_weight, settings.standoff_weight]
    assert (truth_of(rows).kinds == UNLABELLED).tolist() == [False, True, True]
    assert (rows.kinds != UNLABELLED).all()


def test_stage_1_learns_from_them(small_rows: Rows, small_settings: TrainSettings) -> None:
    everything = np.ones(len(small_rows.kinds), bool)
    some = (np.arange(len(everything)) % 4 == 0) & (small_rows.kinds != UNLABELLED)
    without = replace(small_rows, kinds=np.where(some, UNLABELLED, small_rows.kinds))
    with_them = replace(small_rows, standoff=some, weights=np.where(some, 0.4, small_rows.weights))
    learned, ignored = (fit_stage_1(rows, everything, small_settings).kinds.coef_ for rows in (with_them, without))
    assert not np.allclose(learned, ignored)


def test_the_card_says_what_policies_keep_of_what_is_measured(small_fit: Fitted, small_rows: Rows) -> None:
    data = small_fit.held_out
    some = np.arange(len(data.kinds)) % 3 == 0
    wrong = np.where(some, (data.kinds + 1) % 7, data.kinds)
    held_out = [replace(data, standoff=some, kinds=kinds) for kinds in (data.kinds, wrong)]
    card = [model_card(read_nothing(), replace(small_fit, held_out=each), TrainSettings()) for each in held_out]
    assert card[0]["policies"] == card[1]["policies"]
    assert card[0]["held_out"] == card[1]["held_out"]


def read_nothing() -> Corpus:
    return Corpus((), (), ())


def test_no_line_is_drawn_by_them(small_fit: Fitted) -> None:
    data, scores = small_fit.held_out, small_fit.held_out_scores
    some = np.arange(len(data.kinds)) % 5 == 0
    fair = replace(data, standoff=some)
    lied_to = replace(fair, kinds=np.where(some, (data.kinds + 1) % 7, data.kinds), flags=data.flags ^ some[:, None])
    drawn, again = decisions(fair, scores), decisions(lied_to, scores)
    assert drawn.policies == again.policies
    assert np.array_equal(drawn.label_weights, again.label_weights)
    assert np.array_equal(drawn.flag_thresholds, again.flag_thresholds)
