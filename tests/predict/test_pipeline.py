"""Pages go through in order and in constant memory, and one that breaks takes no other with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from predict import Classifier, Page
from predict.classifier import PageText
from predict.credibility import observe
from predict.credibility.transform import ForReport
from predict.forms import Classify, Clean, Transform
from predict.labels import LABELS
from predict.pipeline import Counts, Outcome, chunks, deliver, run
from predict.records import Bad, Piece, Record, Source
from tests.program import PAGE, jsonl, numbered_pages, read_jsonl


class Kept:
    """An output that can be looked at."""

    final = False

    def __init__(self) -> None:
        self.data: list[Any] = []
        self.end = ""

    def write(self, data: Any, ends_group: bool) -> None:
        self.data.append(data)

    def commit(self) -> None:
        self.end = self.end or "committed"

    def discard(self) -> None:
        self.end = self.end or "discarded"


class Noted:
    """A log that can be looked at."""

    def __init__(self) -> None:
        self.bad: list[tuple[str, Bad]] = []

    def add(self, source: Source, bad: Bad) -> None:
        self.bad.append((Path(source.path).name, bad))

    def flush(self) -> None:
        pass


def _deliver(outcomes: Iterable[Outcome]) -> tuple[Counts, dict[str, Kept], list[tuple[str, Bad]]]:
    outputs: dict[str, Kept] = {}
    log = Noted()

    def open_output(source: Source) -> Kept:
        return outputs.setdefault(Path(source.path).name, Kept())

    return deliver(outcomes, open_output, log, lambda outcome: None), outputs, log.bad


def _run(shipped: Classifier, sources: list[Source], transform: Transform | None = None, jobs: int = 1) -> Any:
    return _deliver(run(shipped, None, transform or Classify(), chunks(sources), jobs))


def _files(folder: Path, **contents: bytes) -> list[Source]:
    sources: list[Source] = []
    for name, data in contents.items():
        stem, _, suffix = name.rpartition("_")
        path = folder / f"{stem}.{suffix}"
        path.write_bytes(data)
        sources.append(Source(len(sources), str(path), "text" if suffix == "txt" else "jsonl", "jsonl"))
    return sources


def _records(output: Kept) -> list[Any]:
    return read_jsonl(b"".join(output.data))


def test_records_say_what_the_library_says(shipped: Classifier, tmp_path: Path) -> None:
    given = [{"id": "a", "text": PAGE, "title": "Night bus", "n": 1}, {"paragraphs": PAGE.split("\n"), "title": "x"}]
    _, outputs, _ = _run(shipped, _files(tmp_path, x_jsonl=jsonl(given)), Classify(probabilities=True))
    records = _records(outputs["x.jsonl"])
    pages = list(shipped.classify_many([PAGE, PAGE.split("\n")], ["Night bus", "x"]))
    for record, page, spans in zip(records, pages, (True, False)):
        assert [p["text"] for p in record["paragraphs"]] == page.texts
        for written, paragraph in zip(record["paragraphs"], page):
            assert written == {
                "text": paragraph.text,
                **({"start": paragraph.start, "end": paragraph.end} if spans else {}),
                "kind": paragraph.kind,
                "label": paragraph.label,
                "flags": paragraph.flags,
                "probability": pytest.approx(paragraph.probability, abs=6e-5),
                "probabilities": pytest.approx(paragraph.probabilities, abs=6e-5),
            }
            assert len(str(written["probability"])) <= len("0.1234")
    assert list(records[0]) == ["id", "text", "title", "n", "paragraphs"]


def test_clean_keeps_what_the_page_keeps_and_counts_the_rest(shipped: Classifier, tmp_path: Path) -> None:
    paragraphs = [{"text": line, "x": i} for i, line in enumerate([*PAGE.splitlines(), ""])]
    given = [{"text": PAGE, "id": 7}, {"paragraphs": paragraphs}, {"paragraphs": PAGE.splitlines(), "text": "old"}]
    _, outputs, _ = _run(shipped, _files(tmp_path, x_jsonl=jsonl(given)), Clean(0.5))
    of_text, of_objects, of_strings = _records(outputs["x.jsonl"])
    page = shipped.classify(PAGE)
    kept = [text for text, keep in zip(page.texts, page.kept(0.5)) if keep]
    assert of_text == {"text": "\n".join(kept), "id": 7, "removed": of_text["removed"]}
    assert of_text["removed"].keys() == set(map(str, LABELS))
    assert sum(of_text["removed"].values()) == len(page) - len(kept)
    assert all(paragraph in paragraphs for paragraph in of_objects["paragraphs"])
    assert of_objects["text"] == "\n".join(paragraph["text"] for paragraph in of_objects["paragraphs"])
    assert of_strings["text"] == "\n".join(of_strings["paragraphs"]) != "old"


def test_order_is_kept_and_workers_give_the_same_bytes(shipped: Classifier, tmp_path: Path) -> None:
    texts = {f"t{i}_txt": f"{PAGE}{i}".encode() for i in range(5)}
    lines = jsonl(numbered_pages(4000)) + b"not json\n"
    sources = _files(tmp_path, a_jsonl=lines, **texts, z_jsonl=lines[::-1])
    counts, outputs, bad = _run(shipped, sources)
    assert [record["id"] for record in _records(outputs["a.jsonl"])] == [f"p{i}" for i in range(4000)]
    assert len(list(chunks(sources))) > 6
    again = _run(shipped, sources, jobs=2)
    assert again[0] == counts
    assert again[2] == bad
    assert {name: b"".join(o.data) for name, o in again[1].items()} == {n: b"".join(o.data) for n, o in outputs.items()}


def test_answers_do_not_depend_on_what_was_finished_before(shipped: Classifier, tmp_path: Path) -> None:
    sources = _files(tmp_path, **{f"t{i}_txt": f"{PAGE * i}".encode() for i in range(9)})
    whole = {source.index: chunk for chunk in chunks(sources) for source in (piece.source for piece in chunk)}
    (rest,) = chunks(sources, finished={0, 1, 5})
    assert rest == whole[3]
    assert not list(chunks(sources, finished=set(range(9))))


@pytest.mark.parametrize("jobs", [1, 2])
def test_only_a_few_chunks_are_under_way(shipped: Classifier, tmp_path: Path, jobs: int) -> None:
    source = Source(0, str(tmp_path / "x.jsonl"), "jsonl", "jsonl")
    read = 0

    def endless() -> Iterator[list[Piece]]:
        nonlocal read
        while True:
            read += 1
            yield [Piece(source, jsonl(numbered_pages(2)))]

    outcomes = run(shipped, None, Classify(), endless(), jobs)
    for written in range(1, 30):
        next(outcomes)
        assert read <= written + 2 * jobs
    outcomes.close()


class Touchy(Classifier):
    """Breaks on one word."""

    def classify_many(self, texts: Iterable[PageText], titles: Iterable[str | None] | None = None) -> Iterator[Page]:
        texts = list(texts)
        if any("xyzzy" in text for text in texts):
            raise ZeroDivisionError("hollow\nvoice")
        return super().classify_many(texts, titles)


def test_a_page_that_breaks_takes_no_other_with_it(shipped: Classifier, tmp_path: Path) -> None:
    lines = jsonl([{"id": 1, "text": PAGE}, {"id": 2, "text": "xyzzy"}, {"id": 3, "text": PAGE}])
    counts, outputs, bad = _run(Touchy(shipped.model), _files(tmp_path, x_jsonl=lines))
    assert [record["id"] for record in _records(outputs["x.jsonl"])] == [1, 3]
    raw = b'{"id":2,"text":"xyzzy"}'
    assert bad == [("x.jsonl", Bad(2, "cannot be classified: ZeroDivisionError: hollow voice", raw))]
    assert counts == Counts(read=3, written=2, set_aside=1)


def test_a_file_that_breaks_off_leaves_no_output_and_the_others_go_on(shipped: Classifier, tmp_path: Path) -> None:
    sources = _files(tmp_path, a_jsonl=jsonl(numbered_pages(3)), b_txt=b"\xff", c_txt=b"Home", d_jsonl=b"")
    sources[0:0] = [Source(9, str(tmp_path / "gone.jsonl"), "jsonl", "jsonl")]
    counts, outputs, bad = _run(shipped, sources)
    assert {name: output.end for name, output in outputs.items()} == {
        "gone.jsonl": "discarded",
        "a.jsonl": "committed",
        "b.txt": "discarded",
        "c.txt": "committed",
        "d.jsonl": "committed",
    }
    assert bad == [("gone.jsonl", Bad(None, "no such file")), ("b.txt", Bad(None, "not UTF-8 at byte 0"))]
    assert counts == Counts(read=6, written=4, set_aside=2)


def test_an_error_while_writing_leaves_nothing_behind(shipped: Classifier, tmp_path: Path) -> None:
    class Full(Kept):
        def write(self, data: Any, ends_group: bool) -> None:
            raise OSError(28, "No space left on device")

    full = Full()
    outcomes = run(shipped, None, Classify(), chunks(_files(tmp_path, x_jsonl=jsonl(numbered_pages(3)))))
    with pytest.raises(OSError, match="No space"):
        deliver(outcomes, lambda source: full, Noted(), lambda outcome: None)
    assert full.end == "discarded"


def test_a_report_gets_publishers_and_what_pages_add_to_them(shipped: Classifier) -> None:
    page = shipped.classify(PAGE)
    record = Record(1, {"id": 5, "outlet": "Post", "text": PAGE}, PAGE, None)
    seen = observe(page, "5")
    assert ForReport("outlet")(record, page) == ("Post", seen)
    assert ForReport()(record, page) == (None, seen)
    assert ForReport("owner")(record, page) == (None, seen)
