"""`python -m train report`: one HTML page that needs nothing else, in which data never become markup."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from predict.errors import NewsieveError
from predict.labels import LABELS
from tests.program import Run, command, environment, jsonl, one_line, read_jsonl
from train.corpus import read_corpus
from train.report.answers import read_answers

EVIL = "<script>alert('x')</script> & <b>\"bold\"</b> <img src=x onerror=alert(1)> $x$ $\\frac{$"
STORY = "The council of Harrowmere voted on Monday to close the pool, after a debate that went on until midnight."
VOID = ("meta", "img", "br", "link")


@dataclass
class Seen(HTMLParser):
    """What a browser would find in a page: elements with attributes, and text."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    text: str = ""
    images: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read_page(path: Path) -> Seen:
    seen = Seen()
    seen.feed(path.read_text(encoding="utf-8"))
    seen.close()
    assert not seen.open
    sources = [attributes["src"] or "" for tag, attributes in seen.tags if tag == "img"]
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    seen.images = [base64.b64decode(source.partition(",")[2]) for source in sources]
    return seen


def gold_pages() -> list[dict[str, Any]]:
    """Pages with labels that no model would give, texts that are markup, and names that are, too."""
    paragraphs = [
        {"text": "Share", "kind": "interface"},
        {"text": f"{STORY} {EVIL}", "kind": "fundraising"},
        {"text": STORY, "kind": "story"},
        {"text": "By Marta Ilves"},
        {"text": "Advertisement", "kind": "ad_notice"},
        {"text": "We are owned by our readers.", "kind": "self_description", "flags": ["ownership"]},
    ]
    return [
        {
            "id": f"{EVIL} {n}",
            "lang": EVIL,
            "title": EVIL,
            "publisher": f"Post {n}",
            "fold": n,
            "paragraphs": paragraphs,
        }
        for n in range(2)
    ]


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> tuple[Path, Path]:
    """Labelled pages, and the answers of a poor model as the program writes them."""
    folder = tmp_path_factory.mktemp("answered")
    gold, answers = folder / "gold.jsonl", folder / "answers.jsonl"
    gold.write_bytes(jsonl(gold_pages()))
    program = command("classify", gold, "--model", small_model, "--probabilities", "-o", answers)
    subprocess.run(program, env=environment(), check=True, capture_output=True, timeout=120)
    return gold, answers


@pytest.fixture(scope="module")
def report(answered: tuple[Path, Path], small_model: Path, trainer_in: Callable[[Path], Run]) -> Seen:
    """The report on these answers, with a learning curve."""
    gold, answers = answered
    scores = {"accuracy": 0.8, "macro_f1": 0.5, "f1": {"journalism": 0.9}}
    points = [{"series": "real pages", "real_pages": n, "authored_paragraphs": 9, "scores": scores} for n in (0, 4, 8)]
    (gold.parent / "curve.json").write_bytes(jsonl([{"learning_curve": points}]))
    done = trainer_in(gold.parent)(
        *("report", "--out", "report", "--predictions", answers, "--gold", gold, "--model", small_model),
        *("--curve", "curve.json"),
    )
    assert done.returncode == 0, done.stderr.decode()
    assert [path.name for path in (gold.parent / "report").iterdir()] == ["index.html"]
    return read_page(gold.parent / "report" / "index.html")


def test_the_report_is_one_page_that_needs_nothing_else(report: Seen) -> None:
    # Two matrices, precision and recall, reliability, a learning curve by pages, languages.
    assert len(report.images) == 6
    assert all(ElementTree.fromstring(image).tag.endswith("svg") for image in report.images)
    assert not {"link", "iframe", "object", "script"} & {tag for tag, _ in report.tags}
    assert "10 labelled paragraphs on 2 pages" in report.text
    assert all(str(label) in report.text for label in LABELS)


def test_what_data_hold_is_text_and_never_markup(report: Seen) -> None:
    assert not {"script", "b"} & {tag for tag, _ in report.tags}
    assert not any(name.startswith("on") for _, attributes in report.tags for name in attributes)
    assert f"{STORY} {EVIL}" in report.text  # the error itself
    assert re.search(re.escape(EVIL) + " [01], " + re.escape(EVIL) + ", paragraph 2 of 6", report.text)
    assert "By Marta Ilves" in report.text  # what stands around it
    assert "by own words: " in report.text


def test_the_worst_error_comes_first_and_equal_texts_once(report: Seen, answered: tuple[Path, Path]) -> None:
    label_of = {"interface": "ui_residue", "story": "journalism"}
    wrong: dict[str, float] = {}
    for given, true in zip(read_jsonl(answered[1].read_bytes()), gold_pages()):
        for answer, paragraph in zip(given["paragraphs"], true["paragraphs"]):
            kind = paragraph.get("kind")
            label = label_of.get(kind, kind)
            if label and label != answer["label"]:
                least = min(wrong.get(paragraph["text"], 1.0), answer["probabilities"][label])
                wrong[paragraph["text"]] = least
    assert len(wrong) >= 2
    assert f"The {len(wrong)} worst errors" in report.text
    first = min(wrong, key=lambda text: wrong[text])
    assert first in report.text.partition("1. ")[2].partition("2. ")[0]


def test_without_predictions_the_report_cross_validates(
    trainer: Run, data_slice: Path, small_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.jsonl").write_bytes(jsonl(gold_pages()))
    singles = data_slice / "paragraphs" / "en.jsonl"
    done = trainer(
        *("report", "--out", "new/report", "--folds", "mine.jsonl", "--data", singles),
        *("--model", small_model, "--jobs", 1),
    )
    assert done.returncode == 0, done.stderr.decode()
    assert [line for line in done.stderr.decode().splitlines() if "fold" in line] == ["fold 0", "fold 1"]
    seen = read_page(tmp_path / "new" / "report" / "index.html")
    assert "10 labelled paragraphs" in seen.text
    assert "Left out: benchmarks/quality.py has not measured one here." in seen.text
    records = read_jsonl((tmp_path / "new" / "report" / "predictions.jsonl").read_bytes())
    assert [record["id"] for record in records] == [page["id"] for page in gold_pages()]


def edited(record: dict[str, Any], **changes: object) -> dict[str, Any]:
    """The same record with its first answer changed."""
    first, *others = record["paragraphs"]
    return {**record, "paragraphs": [{**first, **changes}, *others]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, b: [a], "mine.jsonl: no answer to page"),
        (lambda a, b: [a, b, a], "mine.jsonl:3: page .* is answered twice"),
        (lambda a, b: [{**a, "id": "other"}, b], "mine.jsonl:1: page other is not among the labelled pages"),
        (lambda a, b: [a, {**b, "paragraphs": []}], "mine.jsonl:2: 0 answers for the 6 paragraphs"),
        (lambda a, b: [a, {"id": b["id"]}], "mine.jsonl:2: 'paragraphs' is missing"),
        (lambda a, b: [a, 7], "mine.jsonl:2: not a prediction record"),
        (lambda a, b: [edited(a, probabilities=None), b], 'mine.jsonl:1: an answer without "probabilities"'),
        (lambda a, b: [edited(a, kind="advert"), b], "mine.jsonl:1: unknown kind 'advert'; known are story"),
        (lambda a, b: [edited(a, flags=["owner"]), b], "mine.jsonl:1: unknown flags"),
    ],
)
def test_answers_that_do_not_fit_are_named(
    answered: tuple[Path, Path], tmp_path: Path, change: Any, message: str
) -> None:
    mine = tmp_path / "mine.jsonl"
    mine.write_bytes(jsonl(change(*read_jsonl(answered[1].read_bytes()))))
    with pytest.raises(NewsieveError, match=message):
        read_answers(read_corpus([answered[0]]).pages, mine)


def test_wrong_use_is_one_line(trainer: Run, answered: tuple[Path, Path], small_model: Path, tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_bytes(b"")
    alone = trainer("report", "--out", "report", "--predictions", "none.jsonl")
    assert alone.returncode == 2
    assert b"give --predictions with --gold" in alone.stderr
    done = trainer("report", "--out", "r", "--predictions", "none.jsonl", "--gold", answered[0], "--model", small_model)
    assert (done.returncode, done.stdout) == (2, b"")
    assert one_line(done.stderr).startswith("train: none.jsonl: no answer to page")
