"""datatrove: newsieve's blocks in a real run over JSON Lines, with two tasks."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from predict import Classifier
from tests.integrations.conftest import read_jsonl_gz, write_jsonl_gz

pytestmark = pytest.mark.frameworks


@pytest.fixture
def documents(tmp_path: Path, real_pages: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Three files of documents; datatrove passes over those without text."""
    full = [page for page in real_pages if page["text"]]
    records = [{"id": p["id"], "text": p["text"], "metadata": {"title": p["title"], "lang": "xx"}} for p in full]
    for number in range(3):
        write_jsonl_gz(tmp_path / "in" / f"{number}.jsonl.gz", records[number::3])
    return records


def _run(tmp_path: Path, *blocks: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Documents by id, and the statistics of the first of the blocks, from a run with two tasks in two processes."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    executor = LocalPipelineExecutor(
        pipeline=[JsonlReader(str(tmp_path / "in")), *blocks, JsonlWriter(str(tmp_path / "out"))],
        tasks=2,
        workers=2,
        logging_dir=str(tmp_path / "logs"),
        start_method="spawn",  # blocks are pickled into the workers, as on a cluster
    )
    executor.run()
    assert len(list((tmp_path / "out").iterdir())) == 2
    merged = json.loads((tmp_path / "logs" / "stats.json").read_text())
    written = [record for path in (tmp_path / "out").iterdir() for record in read_jsonl_gz(path)]
    statistics = {name: s if isinstance(s, int) else s["total"] for name, s in merged[1]["stats"].items()}
    return {record["id"]: record for record in written}, statistics


def test_the_formatter_leaves_the_journalism_and_counts_what_went(
    documents: list[dict[str, Any]], tmp_path: Path, shipped: Classifier
) -> None:
    from predict.integrations.datatrove import JournalismFormatter

    written, statistics = _run(tmp_path, JournalismFormatter())
    pages = {d["id"]: shipped.classify(d["text"], d["metadata"]["title"]) for d in documents}
    clean = {name: page.journalism for name, page in pages.items()}
    # datatrove's writer leaves out what is empty.
    assert {name: record.get("text", "") for name, record in written.items()} == clean
    removed = Counter(str(p.label) for page in pages.values() for p, keep in zip(page, page.kept()) if not keep)
    assert {k.removeprefix("removed_"): v for k, v in statistics.items() if k.startswith("removed_")} == removed
    assert statistics["total"] == len(documents)
    assert statistics["paragraphs"] == statistics["kept"] + sum(removed.values()) == sum(map(len, pages.values()))


def test_the_formatter_takes_a_policy_and_single_texts(shipped: Classifier, real_pages: list[dict[str, str]]) -> None:
    from predict.integrations.datatrove import JournalismFormatter

    text = real_pages[0]["text"]
    assert JournalismFormatter().format(text) == shipped.classify(text).journalism
    assert len(JournalismFormatter(policy="strict").format(text)) <= len(shipped.classify(text).journalism)


def test_the_filter_drops_pages_with_too_little_journalism_and_says_why(
    documents: list[dict[str, Any]], tmp_path: Path, shipped: Classifier
) -> None:
    from datatrove.pipeline.writers import JsonlWriter

    from predict.integrations.datatrove import JournalismFilter

    dropped = JsonlWriter(str(tmp_path / "dropped"))
    written, statistics = _run(tmp_path, JournalismFilter(600, 0.8, exclusion_writer=dropped))
    reasons = {
        record["id"]: record["metadata"]["filter_reason"]
        for path in (tmp_path / "dropped").iterdir()
        for record in read_jsonl_gz(path)
    }
    wanted = {}
    for d in documents:
        page = shipped.classify(d["text"], d["metadata"]["title"])
        chars = sum(len(p.text) for p, keep in zip(page, page.kept()) if keep)
        if chars < 600:
            wanted[d["id"]] = "too_few_characters_of_journalism"
        elif chars < 0.8 * sum(len(p.text) for p in page):
            wanted[d["id"]] = "too_small_a_share_of_journalism"
    assert reasons == wanted
    assert len(set(wanted.values())) == 2
    assert set(written) | set(reasons) == {d["id"] for d in documents}
    assert not set(written) & set(reasons)
    assert statistics["total"] == len(documents) == statistics["forwarded"] + statistics["dropped"]
    assert {k: v for k, v in statistics.items() if k.startswith("dropped_")} == {
        f"dropped_{reason}": number for reason, number in Counter(wanted.values()).items()
    }
    assert all(record["text"] == d["text"] for d in documents if (record := written.get(d["id"])))


def test_the_annotator_writes_down_what_each_paragraph_is_and_changes_nothing(
    documents: list[dict[str, Any]], tmp_path: Path, shipped: Classifier
) -> None:
    from predict.integrations.datatrove import ParagraphAnnotator

    written, statistics = _run(tmp_path, ParagraphAnnotator())
    labels: Counter[str] = Counter()
    for d in documents:
        record, page = written[d["id"]], shipped.classify(d["text"], d["metadata"]["title"])
        assert record["text"] == d["text"]
        assert record["metadata"]["lang"] == "xx"
        noted = record["metadata"]["paragraphs"]
        assert [(p["start"], p["end"], p["kind"], p["label"], p["flags"]) for p in noted] == [
            (p.start, p.end, str(p.kind), str(p.label), [str(f) for f in p.flags]) for p in page
        ]
        labels.update(p["label"] for p in noted)
        labels.update(flag for p in noted for flag in p["flags"])
    counted = {k.split("_", 1)[1]: v for k, v in statistics.items() if k.startswith(("label_", "flag_"))}
    assert counted == labels
    assert statistics["paragraphs"] == sum(v for k, v in statistics.items() if k.startswith("label_"))
