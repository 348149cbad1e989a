"""What markup adds is learned beside the text model, which stays as it is to the last bit."""

from __future__ import annotations

import gzip
import html
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest

from predict import Classifier, read_html
from predict.errors import ModelError, NewsieveError
from predict.explain import explain, format_explanations
from predict.labels import KINDS
from predict.model_file import load_model, save_model
from train.card import model_card
from train.corpus import read_corpus
from train.fit import Fitted
from train.html_evaluate import cross_validate_html, measure_html, write_html_answers
from train.html_fit import FittedHtml, fit_html
from train.html_pages import LabelledHtml, align, format_found, format_missed, labelled_html
from train.html_rows import HtmlRows, html_rows
from train.rows import Rows, corpus_rows
from train.settings import TrainSettings
from train.stage_1 import fit_by_fold

TEMPLATE = {
    "story": '<p class="article__text">{}</p>',
    "teaser": '<div class="related-card"><a href="/story/x"><h3>{}</h3></a></div>',
    "credit": '<span class="byline-author"><address>{}</address></span>',
    "interface": '<nav class="main-menu"><ul><li><a href="#">{}</a></li></ul></nav>',
    "fundraising": '<aside id="supportBox"><p>{}</p></aside>',
    "ad_notice": '<div class="ad-slot"><small>{}</small></div>',
    "self_description": '<footer class="imprint"><p>{}</p></footer>',
}


def as_html(page: dict) -> str:  # type: ignore[type-arg]
    body = "".join(TEMPLATE[p.get("kind", "story")].format(html.escape(p["text"])) for p in page["paragraphs"])
    return f"<!doctype html><title>{html.escape(page['title'])}</title><body>{body}</body>"


@pytest.fixture(scope="module")
def folder(data_slice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of the slice as HTML, one of them compressed, one missing."""
    folder = tmp_path_factory.mktemp("html")
    pages = [
        orjson.loads(line) for file in sorted(data_slice.glob("pages/*")) for line in file.read_bytes().splitlines()
    ]
    for number, page in enumerate(pages[1:]):
        data = as_html(page).encode()
        if number:
            (folder / f"{page['id']}.html").write_bytes(data)
        else:
            (folder / f"{page['id']}.html.gz").write_bytes(gzip.compress(data))
    return folder


@pytest.fixture(scope="module")
def rows(data_slice: Path, html_settings: TrainSettings) -> Rows:
    return corpus_rows(read_corpus([data_slice]), html_settings)


@pytest.fixture(scope="module")
def html_settings(small_settings: TrainSettings) -> TrainSettings:
    return replace(small_settings, markup_bits=12, markup_iterations=20)


@pytest.fixture(scope="module")
def pages(data_slice: Path, folder: Path) -> list[LabelledHtml]:
    return list(labelled_html(read_corpus([data_slice]), folder))


@pytest.fixture(scope="module")
def blocks(pages: list[LabelledHtml], rows: Rows) -> HtmlRows:
    return html_rows(pages, rows)


@pytest.fixture(scope="module")
def fitted(rows: Rows, blocks: HtmlRows, html_settings: TrainSettings) -> FittedHtml:
    everything = np.ones(len(rows.kinds), bool)
    by_fold = fit_by_fold(rows, everything, html_settings)
    return fit_html(rows, blocks, everything, by_fold, html_settings, lambda text: None)


@pytest.fixture(scope="module")
def with_html(small_fit: Fitted, fitted: FittedHtml, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("with_html")
    save_model(replace(small_fit.model, html=fitted.model), path)
    return path


def test_every_paragraph_is_found_in_the_html_it_came_from(data_slice: Path, pages: list[LabelledHtml]) -> None:
    assert len(pages) == len(read_corpus([data_slice]).pages) - 1
    assert all(not page.missed() for page in pages)
    assert "(1.0000)" in format_found(pages)
    assert format_missed(pages) == ""


def test_paragraphs_are_matched_in_order_first() -> None:
    matches, in_order = align(["menu", "story", "menu", "gone", "late"], ["late", "menu", "story", "menu"])
    assert matches == {0: 1, 1: 2, 2: 3, 4: 0}
    assert in_order == {0, 1, 2}
    assert align(["same", "same"], ["same"])[0] == {0: 0, 1: 0}


def test_what_is_missed_is_named(pages: list[LabelledHtml]) -> None:
    page = replace(pages[0], matches={})
    first = page.measured()[0]
    assert format_missed([page]).startswith(f"{page.page.id}\t{first + 1}\t{page.page.paragraphs[first].kind}\t")


def test_a_folder_without_the_pages_is_refused(data_slice: Path, tmp_path: Path) -> None:
    with pytest.raises(NewsieveError, match=r"no <id>\.html"):
        list(labelled_html(read_corpus([data_slice]), tmp_path))


def test_a_page_that_cannot_be_read_is_named(data_slice: Path, pages: list[LabelledHtml], tmp_path: Path) -> None:
    (tmp_path / f"{pages[0].page.id}.html.gz").write_bytes(b"\x1f\x8bnot")
    with pytest.raises(NewsieveError, match=rf"{pages[0].page.id}\.html\.gz: "):
        list(labelled_html(read_corpus([data_slice]), tmp_path))


def test_text_is_answered_as_if_there_were_no_html(
    small: Classifier, with_html: Path, pages: list[LabelledHtml]
) -> None:
    texts = ["\n".join(page.html.texts) for page in pages]
    for alone, beside in zip(small.classify_many(texts), Classifier.load(with_html).classify_many(texts)):
        assert np.array_equal(alone.answers.probabilities, beside.answers.probabilities)
        assert np.array_equal(alone.answers.flags, beside.answers.flags)
        assert alone.kept() == beside.kept()


def test_a_model_without_the_part_answers_html_as_text(small: Classifier, pages: list[LabelledHtml]) -> None:
    page = pages[0].html
    as_text = small.classify(page.texts, title=page.title)
    assert np.array_equal(small.classify(page).answers.probabilities, as_text.answers.probabilities)


def test_markup_decides_where_words_do_not(with_html: Path) -> None:
    """Nonsense everywhere: only the markup tells what it is."""
    kinds = ["interface"] * 6 + ["credit", *["story"] * 8, "fundraising", "fundraising", *["teaser"] * 4]
    body = "".join(TEMPLATE[kind].format(f"Zyx wvu tsr qpo {5 * chr(97 + at)}") for at, kind in enumerate(kinds))
    page = Classifier.load(with_html).classify(read_html(f"<body>{body}</body>"))
    right = sum(str(p.kind) == kind for p, kind in zip(page, kinds))
    assert right > 0.7 * len(kinds)
    without = Classifier.load(with_html).classify([p.text for p in page])
    assert right > sum(str(p.kind) == kind for p, kind in zip(without, kinds))


def test_learned_pages_are_answered_better_with_their_markup(
    small: Classifier, with_html: Path, pages: list[LabelledHtml], blocks: HtmlRows
) -> None:
    def share(sieve: Classifier, markup: bool) -> float:
        answers = sieve.classify_many([page.html if markup else page.html.texts for page in pages])
        given = np.concatenate([page.answers.kinds for page in answers])
        return float((given == blocks.kinds)[blocks.labelled].mean())

    assert share(Classifier.load(with_html), True) > max(0.9, share(small, False))


def test_the_part_comes_back_from_disk_as_it_was(with_html: Path, fitted: FittedHtml) -> None:
    loaded = load_model(with_html).html
    assert loaded is not None
    assert np.array_equal(loaded.markup.weights, fitted.model.markup.weights)
    assert np.array_equal(loaded.markup.numbers, fitted.model.markup.numbers)
    assert np.array_equal(loaded.pages.bins, fitted.model.pages.bins)
    assert loaded.policies == fitted.model.policies


def test_a_part_that_does_not_fit_is_refused(with_html: Path, tmp_path: Path) -> None:
    model = load_model(with_html)
    assert model.html is not None
    markup = replace(model.html.markup, numbers=model.html.markup.numbers[:-1])
    save_model(replace(model, html=replace(model.html, markup=markup)), tmp_path)
    with pytest.raises(ModelError, match=r"html\.numbers"):
        load_model(tmp_path)
    markup = replace(model.html.markup, bits=30)
    save_model(replace(model, html=replace(model.html, markup=markup)), tmp_path)
    with pytest.raises(ModelError, match="HTML setting bits"):
        load_model(tmp_path)


def test_an_explanation_names_the_markup(small: Classifier, with_html: Path, pages: list[LabelledHtml]) -> None:
    page = pages[0].html
    explained = explain(load_model(with_html), page)
    assert [{c.what for c in each.markup} for each in explained] == [set(block.markup) for block in page]
    assert [each.kind for each in explained] == [p.kind for p in Classifier.load(with_html).classify(page)]
    assert "markup:" in format_explanations(explained)
    assert not any(each.markup for each in explain(small.model, page))


def test_the_card_describes_the_part(
    data_slice: Path, small_fit: Fitted, html_settings: TrainSettings, fitted: FittedHtml
) -> None:
    card = model_card(read_corpus([data_slice]), small_fit, html_settings, fitted)
    part = card["html"]
    assert isinstance(part, dict)
    assert 0 <= part["held_out"]["accuracy"] <= 1
    assert set(part["policies"]) == set(fitted.model.policies)
    assert "html" not in model_card(read_corpus([data_slice]), small_fit, html_settings)


def test_folds_answer_every_page_once_and_can_be_scored_elsewhere(
    rows: Rows, blocks: HtmlRows, pages: list[LabelledHtml], html_settings: TrainSettings, tmp_path: Path
) -> None:
    folds = list(cross_validate_html(rows, blocks, html_settings, lambda text: None))
    answered = np.sort(np.concatenate([fold.blocks for fold in folds]))
    assert np.array_equal(answered, np.arange(len(blocks.kinds)))
    assert measure_html(blocks, folds).paragraphs == int(blocks.labelled.sum())
    write_html_answers(tmp_path / "answers.jsonl", pages, blocks, folds)
    answers = [orjson.loads(line) for line in (tmp_path / "answers.jsonl").read_bytes().splitlines()]
    gold = [orjson.loads(line) for line in (tmp_path / "answers.gold.jsonl").read_bytes().splitlines()]
    assert [len(page["paragraphs"]) for page in answers] == [len(page["paragraphs"]) for page in gold]
    assert {page["id"] for page in gold} == {page.page.id for page in pages}
    assert all(p["kind"] in map(str, KINDS) for page in answers for p in page["paragraphs"])
