"""The classifier: pages in, paragraphs with answers out, whatever the pages are."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predict import FLAGS, LABELS, Classifier, Kind, Label, NewsieveError, Page
from predict.classifier import BATCH_CHARS, DEFAULT_POLICY
from predict.model_file import WEIGHTS_FILE, default_model_folder
from predict.splitting import split_paragraphs
from tests.program import PAGE, ROOT, environment
from tests.strategies import PARAGRAPHS

APPEAL = ["Support our newsroom. Choose how often you want to give:", "Once", "Monthly", "Annual", "Continue"]


def facts(page: Page) -> list[tuple[object, ...]]:
    return [(p.text, p.kind, p.label, p.flags, p.probability) for p in page]


# --- what a page is taken apart into ---------------------------------------------------------------------------------


def test_the_paragraphs_of_a_text_are_its_lines_and_stand_where_they_say(small: Classifier) -> None:
    text = f"\ufeff{PAGE}\r\n\r\n  the end \u2028"
    page = small.classify(text)
    assert [p.text for p in page] == split_paragraphs(text)
    assert [text[p.start : p.end] for p in page] == [p.text for p in page]


def test_the_paragraphs_of_a_list_are_its_members_as_they_are(small: Classifier) -> None:
    given_texts = ["  Two\nlines ", "", "Share"]
    page = small.classify(given_texts)
    assert [p.text for p in page] == given_texts
    assert [(p.start, p.end) for p in page] == [(None, None)] * 3


def test_lines_and_a_list_of_the_same_lines_are_answered_the_same(small: Classifier) -> None:
    assert facts(small.classify(PAGE)) == facts(small.classify(PAGE.splitlines()))


@pytest.mark.parametrize("nothing", ["", " \n\t\r\n\u2028", []])
def test_a_page_of_nothing_has_no_paragraphs(small: Classifier, nothing: str | list[str]) -> None:
    page = small.classify(nothing, "A title")
    assert (len(page), list(page), page.journalism, page.kept()) == (0, [], "", [])


def test_a_page_of_one_line(small: Classifier) -> None:
    (paragraph,) = small.classify("Share")
    assert (paragraph.text, paragraph.start, paragraph.end) == ("Share", 0, 5)


@settings(max_examples=50)
@given(texts=PARAGRAPHS, title=st.one_of(st.none(), st.text()))
def test_answers_agree_with_each_other_on_any_text(small: Classifier, texts: list[str], title: str | None) -> None:
    page = small.classify(texts, title)
    assert len(page) == len(texts)
    for paragraph in page:
        assert paragraph.label == paragraph.kind.label
        assert list(paragraph.probabilities) == [str(label) for label in LABELS]
        assert sum(paragraph.probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert paragraph.probability == pytest.approx(paragraph.probabilities[paragraph.label])
        assert list(paragraph.flag_probabilities) == [str(flag) for flag in FLAGS]
        least = dict(zip(FLAGS, small.model.flag_thresholds.tolist()))
        assert paragraph.flags == [flag for flag in FLAGS if paragraph.flag_probabilities[flag] >= least[flag]]


def test_what_remains_is_what_is_likely_enough_to_be_journalism(small: Classifier) -> None:
    page = small.classify(PAGE)
    for least in (small.keep_from(), 0.0, 0.5, 1.1):
        likely = [p.probabilities[Label.journalism] >= least for p in page]
        assert page.kept(least) == likely
    assert page.kept() == page.kept(small.keep_from(DEFAULT_POLICY))
    assert page.journalism == "\n".join(p.text for p, keep in zip(page, page.kept()) if keep)


def test_a_policy_that_the_model_does_not_have_is_named_with_those_it_has(small: Classifier) -> None:
    with pytest.raises(NewsieveError, match=r"no policy 'harsh'; it has .*strict"):
        small.keep_from("harsh")


def test_a_page_is_a_sequence(small: Classifier) -> None:
    page = small.classify("One\nTwo\nThree")
    assert [page[0].text, page[-1].text] == ["One", "Three"]
    assert [p.text for p in page[1:]] == ["Two", "Three"]
    assert [p.text for p in reversed(page)] == ["Three", "Two", "One"]
    for outside in (3, -4):
        with pytest.raises(IndexError):
            page[outside]
    assert repr(page) == "Page(3 paragraphs)"
    assert repr(page[0]).startswith("Paragraph(")


# --- many pages ------------------------------------------------------------------------------------------------------


def test_many_pages_come_out_in_order_with_their_titles(small: Classifier) -> None:
    texts = [f"{PAGE}\nNumber {i}" * (i % 3) for i in range(20)]
    titles = [f"Title {i}" if i % 2 else None for i in range(20)]
    pages = list(small.classify_many(texts, titles))
    assert [[p.text for p in page] for page in pages] == [split_paragraphs(text) for text in texts]
    for text, title, page in zip(texts, titles, pages):
        alone = small.classify(text, title)
        np.testing.assert_allclose(page.answers.probabilities, alone.answers.probabilities, atol=1e-5)


def test_a_page_that_is_pickled_takes_none_of_the_others_along(small: Classifier) -> None:
    pages = list(small.classify_many([f"{PAGE}\nNumber {i}" for i in range(200)]))
    page = pages[150]
    assert len(pickle.dumps(page)) < 2 * len(pickle.dumps(small.classify(f"{PAGE}\nNumber 150")))
    assert len(pickle.dumps(Classifier.load().classify(PAGE))) < 20_000  # the model stays where it is
    again = pickle.loads(pickle.dumps(page))
    assert [(p.text, p.label, p.flags, p.probabilities) for p in again] == [
        (p.text, p.label, p.flags, p.probabilities) for p in page
    ]


@pytest.mark.parametrize("page", [None, b"Share", {"text": "Share"}, 7])
def test_what_is_no_page_is_refused_in_words(small: Classifier, page: object) -> None:
    with pytest.raises(TypeError, match="a page is a string, a list of strings"):
        small.classify(page)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="one page, a string, goes to classify"):
        next(small.classify_many("Share"))


def test_a_stream_without_end_is_answered_as_it_comes(small: Classifier) -> None:
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield PAGE

    pages = small.classify_many(endless())
    assert [len(next(pages)) for _ in range(3)] == [len(PAGE.splitlines())] * 3
    assert read <= BATCH_CHARS // len(PAGE) + 1


def test_more_pages_than_are_classified_at_once_come_out_once_each(small: Classifier) -> None:
    texts = [f"Page {i}\n{'It rained on. ' * 1000}" for i in range(3 * BATCH_CHARS // 14_000)]
    assert [page[0].text for page in small.classify_many(texts)] == [f"Page {i}" for i in range(len(texts))]


def test_no_pages_are_no_pages(small: Classifier) -> None:
    assert list(small.classify_many([])) == []


# --- the model that users get ----------------------------------------------------------------------------------------


def test_the_shipped_model_is_small_and_says_what_it_is(shipped: Classifier) -> None:
    folder = default_model_folder()
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 8_000_000
    assert (folder / WEIGHTS_FILE).is_file()
    assert shipped.model.card["name"] == "newsieve"
    assert DEFAULT_POLICY in shipped.model.policies


def test_the_example_of_the_documentation(shipped: Classifier) -> None:
    page = shipped.classify("Share\nSupport our reporting: donate today")
    assert [str(p.label) for p in page] == ["ui_residue", "fundraising"]


def test_buttons_under_an_appeal_are_buttons(shipped: Classifier) -> None:
    story = [line for line in PAGE.splitlines() if len(line) > 80]
    kinds = [p.kind for p in shipped.classify([*story, *APPEAL, *story])]
    assert kinds[len(story)] == Kind.fundraising
    assert set(kinds[len(story) + 1 : len(story) + len(APPEAL)]) == {Kind.interface}
    assert {*kinds[: len(story)], *kinds[-len(story) :]} == {Kind.story}


def test_a_page_in_which_a_publisher_is_reported_on_carries_no_designation(shipped: Classifier) -> None:
    news = "The court fined a village newspaper for omitting the words that the law on foreign agents asks for."
    notice = "The Onega Lamp has been listed as a foreign agent by Russia's Justice Ministry."
    (about_others,), (about_itself,) = shipped.classify([news]), shipped.classify([notice])
    assert "designation" not in about_others.flags
    assert "designation" in about_itself.flags


# --- what it needs ---------------------------------------------------------------------------------------------------


def test_classifying_imports_nothing_that_training_needs(small_model: Path, tmp_path: Path) -> None:
    code = (
        "import sys, predict\n"
        f"page = predict.Classifier.load({str(small_model)!r}).classify('Share\\nDonate')\n"
        "assert len(page) == 2 and page[0].flags is not None and page.journalism is not None\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(), capture_output=True, check=True, text=True
    )
    loaded = set(done.stdout.split())
    assert "numpy" in loaded
    assert not loaded & {"sklearn", "scipy", "pandas", "joblib", "matplotlib", "train", "pyarrow", "click"}


def test_predict_never_imports_train() -> None:
    sources = sorted((ROOT / "predict").rglob("*.py"))
    lines = [line.strip() for source in sources for line in source.read_text(encoding="utf-8").splitlines()]
    heavy = ("train", "sklearn", "scipy", "pandas")
    assert [
        line for line in lines if line.startswith(("import ", "from ")) and line.split()[1].split(".")[0] in heavy
    ] == []
