"""The benchmark against extractors: what it counts as kept is in the output, and what is not there does not count."""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from predict.errors import NewsieveError
from predict.labels import Kind
from tests.program import ROOT, jsonl, read_jsonl
from train.corpus import read_corpus
from train.html_pages import key
from train.settings import TrainSettings

sys.path.insert(0, str(ROOT / "benchmarks"))
import extracting
import extractors
import matching

from train import fold_models

STORY = "The ferry to Aldersund was late again on Monday, and nobody on the quay could say why it was."
PAGE = [
    "Share",
    "Print",
    "Late again",
    STORY,
    "Share prices of the ferry company fell by a third.",
    "Read on",
    "Late again",
]


def kept(lines: list[str]) -> list[str]:
    """Which blocks of PAGE, all labelled, count as kept; the first headline and the sentences are journalism."""
    keys = [key(text) for text in PAGE]
    journalism = [False, False, True, True, True, False, False]
    return [text for text, keep in zip(PAGE, matching.kept_blocks(keys, journalism, keys, lines)) if keep]


def test_nothing_is_kept_by_nothing_and_everything_by_the_whole_page() -> None:
    assert kept([]) == []
    assert kept(PAGE) == PAGE


def test_a_short_block_is_not_found_inside_of_a_sentence() -> None:
    assert kept([PAGE[4]]) == [PAGE[4]]


def test_a_block_counts_however_the_output_cuts_its_lines() -> None:
    assert kept([STORY[:40], STORY[40:]]) == [STORY]
    assert kept(["Read", "on"]) == ["Read on"]
    assert kept(["- Share | Print"]) == ["Share", "Print"]
    assert kept([f"{STORY} Share"]) == ["Share", STORY]


def test_a_block_that_lost_a_word_is_kept_and_one_that_lost_half_is_not() -> None:
    assert kept([STORY.replace("nobody", "")]) == [STORY]
    assert kept([STORY[:45]]) == []


def test_of_two_equal_texts_the_journalism_is_kept_first() -> None:
    keys = [key("Late again")] * 2
    assert matching.kept_blocks(keys, [False, True], keys, ["Late again"]) == [False, True]


def test_the_figures_are_those_of_the_definition() -> None:
    truth = matching.Truth.of(
        [Kind.story, Kind.story, Kind.teaser, Kind.interface], ["a" * 30, "b" * 10, "c" * 20, "d"]
    )
    given = np.array([True, False, True, False])
    blocks, chars = (matching.figure(truth, given, by_chars) for by_chars in (False, True))
    assert (blocks.precision, blocks.recall, blocks.f1) == (0.5, 0.5, 0.5)
    assert (chars.precision, chars.recall, chars.f1) == (30 / 50, 30 / 40, 60 / 90)
    assert matching.slipped(truth, given)[Kind.teaser] == 1
    assert matching.after(truth, given, np.array([True, False, False, False])) == (1, 1)


def test_it_writes_between_its_markers_alone() -> None:
    new = f"{extractors.BEGIN}\nnew\n{extractors.END}"
    old = f"# Benchmarks\n\n{extractors.BEGIN}\nold\n{extractors.END}\n\nmore\n"
    assert extractors.into_markers(old, new) == f"# Benchmarks\n\n{new}\n\nmore\n"
    assert extractors.into_markers("# Benchmarks\n", new) == f"# Benchmarks\n\n{new}\n"
    with pytest.raises(NewsieveError, match="put the second"):
        extractors.into_markers(extractors.BEGIN, new)


# --- out of fold -----------------------------------------------------------------------------------------------------


def write_pages(folder: Path, pages: list[dict[str, Any]]) -> tuple[Path, Path]:
    """A file of labelled pages and the folder of their HTML."""
    (folder / "html").mkdir(exist_ok=True)
    for page in pages:
        blocks = "".join(f'<p class="{p["kind"]}">{escape(p["text"])}</p>' for p in page["paragraphs"])
        (folder / "html" / f"{page['id']}.html").write_text(blocks, encoding="utf-8")
    (folder / "pages.jsonl").write_bytes(jsonl(pages))
    return folder / "pages.jsonl", folder / "html"


def test_the_model_of_a_fold_saw_nothing_of_it_and_is_fitted_once(
    data_slice: Path, small_settings: TrainSettings, tmp_path: Path
) -> None:
    lines = b"".join((data_slice / "pages" / f"{lang}.jsonl").read_bytes() for lang in ("en", "ru"))
    pages = [{**page, "fold": number % 3} for number, page in enumerate(read_jsonl(lines))]
    said: list[str] = []

    def fitted() -> dict[int, bytes]:
        source, html = write_pages(tmp_path, pages)
        corpus = read_corpus([source, data_slice / "paragraphs" / "en.jsonl"])
        models = fold_models.fitted_models(corpus, source, html, tmp_path, small_settings, said.append)
        assert models.keys() == {0, 1, 2}
        assert all(model.model.html is not None for model in models.values())
        folder = tmp_path / f"models-{fold_models.models_name(corpus, source, html, small_settings)}"
        return {fold: (folder / str(fold) / "model.safetensors").read_bytes() for fold in models}

    first = fitted()
    assert fitted() == first
    assert len(said) == 3
    for page in pages:
        if page["fold"] == 1:  # the other folds' models learn other texts from there
            page["paragraphs"] = [{**p, "text": p["text"][::-1]} for p in page["paragraphs"]]
    other = fitted()
    assert len(said) == 6
    assert {fold for fold in first if other[fold] == first[fold]} == {1}


def test_pages_without_a_fold_are_refused(data_slice: Path) -> None:
    source = data_slice / "pages" / "en.jsonl"
    with pytest.raises(NewsieveError, match='without "fold"'):
        fold_models.folds_of(read_corpus([source]), source)


# --- extractors ------------------------------------------------------------------------------------------------------


def test_a_title_is_put_before_the_text_unless_it_is_there() -> None:
    assert extracting.titled("Late again", [STORY]) == ["Late again", STORY]
    assert extracting.titled("Late again", ["LATE AGAIN!", STORY]) == ["LATE AGAIN!", STORY]
    assert extracting.titled(None, [STORY]) == [STORY]
