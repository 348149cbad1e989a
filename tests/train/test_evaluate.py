"""Cross-validation: pages are answered by models that have seen nothing of their publishers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predict import Classifier
from predict.features import FeatureSettings
from predict.labels import FLAGS, KINDS
from tests.program import read_jsonl
from train.corpus import Corpus, read_corpus
from train.evaluate import answer_pages, cross_validate, training_rows, write_answers
from train.fit import Fitted
from train.records import Single
from train.rows import Rows, corpus_rows, fold_of
from train.settings import TrainSettings

QUICK = TrainSettings(FeatureSettings(6, (3,)), paragraph_iterations=4, context_iterations=4, folds=3, jobs=1)
PUBLISHERS = ["Quay Post", "Bay Lantern", "Mill Gazette", "", None]
FOLDS = st.one_of(st.none(), st.integers(0, 4))


@pytest.fixture(scope="module")
def corpus(data_slice: Path) -> Corpus:
    return read_corpus([data_slice])


def published(corpus: Corpus, pages: list[tuple[int, int | None]], singles: list[tuple[int, int | None]]) -> Corpus:
    """Short pages and singles of given publishers (index into PUBLISHERS) and folds."""
    some_pages = [
        replace(page, publisher=PUBLISHERS[publisher], fold=fold, paragraphs=page.paragraphs[10:13])
        for page, (publisher, fold) in zip(corpus.pages, pages)
    ]
    some_singles = [
        replace(single, publisher=PUBLISHERS[publisher], fold=fold)
        for single, (publisher, fold) in zip(corpus.singles, singles)
    ]
    return replace(corpus, pages=tuple(some_pages), singles=tuple(some_singles))


def publishers_of(corpus: Corpus) -> np.ndarray:
    names = [page.publisher or page.id for page in corpus.pages for _ in page.paragraphs]
    return np.array(names + [single.publisher or f"nobody {i}" for i, single in enumerate(corpus.singles)])


PLACES = st.lists(st.tuples(st.integers(0, len(PUBLISHERS) - 1), FOLDS), min_size=2, max_size=9)


@settings(max_examples=50)
@given(pages=PLACES, singles=PLACES, tested=st.sets(st.integers(0, 8), min_size=1))
def test_no_publisher_is_on_both_sides(
    corpus: Corpus,
    pages: list[tuple[int, int | None]],
    singles: list[tuple[int, int | None]],
    tested: set[int],
) -> None:
    mixed = published(corpus, pages, singles)
    rows = corpus_rows(mixed, QUICK)
    pages_tested = np.array(sorted(tested & set(range(len(pages)))), np.int64)
    page = np.repeat(np.arange(len(rows.sizes)), rows.sizes)
    names = publishers_of(mixed)
    answered: list[int] = []
    for fold in np.unique(rows.groups[: rows.on_pages]).tolist():
        learned = training_rows(rows, pages_tested, fold)
        asked = np.zeros(len(learned), bool)
        asked[: rows.on_pages] = np.isin(page, pages_tested) & (rows.groups[: rows.on_pages] == fold)
        answered += np.unique(page[asked[: rows.on_pages]]).tolist()
        if asked.any():
            assert not set(names[learned]) & set(names[asked])
            assert not (learned & rows.folded & (rows.groups == fold)).any()
            # Nothing is left out for nothing: what is not learned from is of these publishers or this fold.
            left_out = ~learned & ~np.isin(names, names[asked])
            assert (rows.groups[left_out] == fold).all()
            assert rows.folded[left_out].all()
    assert sorted(answered) == pages_tested.tolist()


def test_answers_are_those_of_models_that_learned_nothing_from_the_publisher(corpus: Corpus) -> None:
    places = [(i % 3, i % 3) for i in range(9)]
    whole = replace(
        published(corpus, places, [(3, None)] * 100),
        pages=tuple(replace(page, fold=i % 3, publisher=PUBLISHERS[i % 3]) for i, page in enumerate(corpus.pages[:9])),
    )
    own_single = Single(whole.singles[0].paragraph, "en", PUBLISHERS[1], None, "more.jsonl", 1)
    rows = corpus_rows(replace(whole, singles=(*whole.singles, own_single)), QUICK)
    pages = np.arange(9)
    before = {tuple(fold.pages.tolist()): fold for fold in cross_validate(rows, pages, QUICK, lambda text: None)}
    assert sorted(before) == [(0, 3, 6), (1, 4, 7), (2, 5, 8)]

    theirs = (rows.groups == 1) & rows.folded
    theirs[-1] = True  # the publisher's single paragraph, of which the data names no fold
    kinds = np.where(theirs & (rows.kinds >= 0), (rows.kinds + 3) % len(KINDS), rows.kinds)
    lied_to = replace(rows, kinds=kinds, flags=rows.flags ^ theirs[:, None])
    after = {tuple(fold.pages.tolist()): fold for fold in cross_validate(lied_to, pages, QUICK, lambda text: None)}
    own, others = (1, 4, 7), (0, 3, 6)
    assert np.array_equal(before[own].answers.probabilities, after[own].answers.probabilities)
    assert np.array_equal(before[own].flags, after[own].flags)
    assert not np.array_equal(before[others].answers.probabilities, after[others].answers.probabilities)


def test_pages_are_answered_as_users_would_see_them(small_fit: Fitted, small_rows: Rows, small: Classifier) -> None:
    pages = np.array([1, 2, 5])
    answered = answer_pages(small_fit.model, small_rows, pages)
    ends = np.cumsum(small_rows.sizes)
    texts = [small_rows.texts[ends[p] - small_rows.sizes[p] : ends[p]] for p in pages]
    seen = list(small.classify_many(texts, [small_rows.titles[p] for p in pages]))
    np.testing.assert_allclose(
        answered.answers.probabilities, np.concatenate([page.answers.probabilities for page in seen]), atol=1e-4
    )
    given_flags = [[flag for flag, yes in zip(FLAGS, row) if yes] for row in answered.flags]
    assert given_flags == [paragraph.flags for page in seen for paragraph in page]


def test_answers_are_written_as_records_one_a_page(small_fit: Fitted, small_rows: Rows, tmp_path: Path) -> None:
    folds = [answer_pages(small_fit.model, small_rows, np.array(pages)) for pages in ([3, 4], [0])]
    path = tmp_path / "answers.jsonl"
    write_answers(path, [f"page {i}" for i in range(len(small_rows.sizes))], small_rows, folds)
    records = read_jsonl(path.read_bytes())
    assert [record["id"] for record in records] == ["page 3", "page 4", "page 0"]
    assert [len(record["paragraphs"]) for record in records] == small_rows.sizes[[3, 4, 0]].tolist()
    paragraph = records[1]["paragraphs"][0]
    row = folds[0].answers[int(small_rows.sizes[3]) :]
    assert paragraph["kind"] == KINDS[row.kinds[0]]
    assert sum(paragraph["probabilities"].values()) == pytest.approx(1, abs=1e-4)


@given(st.text(), st.integers(1, 9))
def test_a_publisher_always_falls_into_the_same_fold(name: str, folds: int) -> None:
    assert fold_of(name, None, folds) == fold_of(name, None, folds) in range(folds)
    assert fold_of(name, folds + 1, folds) == (folds + 1) % folds
