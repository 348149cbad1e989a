"""The page this project began with: a donation appeal around and below a news story, designation and all.

It is another publisher's text and not part of the project; where it is absent, these tests are skipped.

They hold what is reached, which is less than the aim in two points: a designation is given once too often, and without
its title the page's headline is not kept by the default policy.
"""

import json
import os
from pathlib import Path

import pytest

from predict import Classifier, Flag, Label, Page
from predict.credibility import Report

SHARED = Path(os.environ.get("NEWSIEVE_CORPUS", Path(__file__).parent.parent.parent / "shared"))
SEED = SHARED / "seed"
pytestmark = pytest.mark.skipif(not SEED.is_dir(), reason="the seed page is not here")


@pytest.fixture(scope="module")
def truth() -> list[dict[str, object]]:
    return list(json.loads((SEED / "page.jsonl").read_text(encoding="utf-8"))["paragraphs"])


@pytest.fixture(scope="module")
def page() -> Page:
    return Classifier.load().classify((SEED / "page.txt").read_text(encoding="utf-8"))


def test_at_least_27_of_29_paragraphs_are_right(page: Page, truth: list[dict[str, object]]) -> None:
    wrong = [(t["kind"], str(p.kind), p.text[:50]) for p, t in zip(page, truth, strict=True) if p.kind != t["kind"]]
    assert len(truth) == 29
    assert len(wrong) <= 2, wrong


def test_both_designations_are_found_with_at_most_one_too_many(page: Page, truth: list[dict[str, object]]) -> None:
    given = {i for i, p in enumerate(page) if Flag.designation in p.flags}
    true = {i for i, t in enumerate(truth) if "designation" in (t.get("flags") or [])}  # type: ignore[operator]
    assert true <= given
    assert len(given) <= len(true) + 1


def test_no_paragraph_of_the_storys_body_is_taken_away(page: Page, truth: list[dict[str, object]]) -> None:
    body = [(p, kept) for p, t, kept in zip(page, truth, page.kept()) if t["kind"] == "story"][1:]
    assert len(body) == 10
    assert all(kept and p.label == Label.journalism for p, kept in body)


def test_the_headline_is_kept_where_the_title_is_known(truth: list[dict[str, object]]) -> None:
    headline = next(str(t["text"]) for t in truth if t["kind"] == "story")
    page = Classifier.load().classify((SEED / "page.txt").read_text(encoding="utf-8"), title=headline)
    assert headline in page.journalism


def test_the_report_names_both_designations_and_the_state_that_gave_them(page: Page) -> None:
    if Classifier.load().model.designations is None:
        pytest.skip("the shipped model was fitted before designations were told apart; fit it again")
    report = Report()
    report.add(page)
    designations = [s for s in report.as_dict()["publishers"][0]["statements"] if "designation" in s["flags"]]
    assert {("blocked", "RU"), ("foreign_agent", "RU")} <= {(s["status"], s.get("state")) for s in designations}
    texts = [s["text"] for s in designations]
    assert any("banned in Russia" in text for text in texts)
    assert any('branded as a "foreign agent"' in text for text in texts)
