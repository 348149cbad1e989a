"""Spark: a DataFrame of pages, from Parquet to Parquet, says what one machine says, row by row.

200,000 pages are `benchmarks/spark.py`'s.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from predict import InputError
from tests.program import Run, read_jsonl

needs_java = pytest.mark.skipif(
    not (shutil.which("java") or os.environ.get("JAVA_HOME")),
    reason="no Java here, on which Spark runs (Debian: apt-get install default-jre-headless)",
)
pytestmark = [pytest.mark.frameworks, needs_java]
ROWS = 2_000


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """Two cores of this machine as a cluster; small Arrow batches, so that there are many."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "300")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture
def table(tmp_path: Path, real_pages: list[dict[str, str]]) -> Any:
    """A Parquet file of distinct pages, with a column of its own and one row without text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pages = [real_pages[i % len(real_pages)] for i in range(ROWS)]
    texts: list[str | None] = [f"{page['text']}\nParagraph {i} of this test." for i, page in enumerate(pages)]
    texts[77] = None
    columns = {"key": list(range(ROWS)), "title": [p["title"] for p in pages], "text": texts, "blob": [b"\xff"] * ROWS}
    table = pa.table(columns)
    pq.write_table(table, tmp_path / "pages.parquet", row_group_size=400)
    return table


def _rows(path: Path) -> list[dict[str, Any]]:
    """A Parquet file, or Spark's folder of them, by key."""
    import pyarrow.parquet as pq

    return sorted(pq.read_table(path).to_pylist(), key=lambda row: row["key"])


def test_clean_is_what_one_machine_makes_row_by_row(spark: Any, table: Any, tmp_path: Path, newsieve: Run) -> None:
    from predict.integrations.spark import clean

    pages = spark.read.parquet(str(tmp_path / "pages.parquet")).repartition(4)
    clean(pages).write.parquet(str(tmp_path / "spark"))
    done = newsieve("clean", "pages.parquet", "-o", "one.parquet", "--errors", "errors.jsonl")
    assert done.returncode == 1
    ours, one = _rows(tmp_path / "spark"), _rows(tmp_path / "one.parquet")
    errors = {row["key"]: row.pop("newsieve_error") for row in ours}
    assert [row for row in ours if row["key"] != 77] == one
    assert len(ours) == ROWS
    (said,) = read_jsonl((tmp_path / "errors.jsonl").read_bytes())
    assert {key: error for key, error in errors.items() if error} == {77: said["reason"]}
    assert ours[77] == {"key": 77, "title": table["title"][77].as_py(), "text": None, "blob": b"\xff", "removed": None}


def test_classify_is_what_one_machine_says_row_by_row(spark: Any, table: Any, tmp_path: Path, newsieve: Run) -> None:
    from predict.integrations.spark import classify

    classify(spark.read.parquet(str(tmp_path / "pages.parquet"))).write.parquet(str(tmp_path / "spark"))
    newsieve("classify", "pages.parquet", "-o", "one.parquet", "--errors", "errors.jsonl")
    ours, one = _rows(tmp_path / "spark"), _rows(tmp_path / "one.parquet")
    del ours[77]
    for mine, theirs in zip(ours, one, strict=True):
        assert mine["text"] == theirs["text"]
        assert _exact(mine) == _exact(theirs)
        wanted = [p["probability"] for p in theirs["paragraphs"]]
        assert [p["probability"] for p in mine["paragraphs"]] == pytest.approx(wanted, abs=1.01e-4)  # both rounded


def _exact(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: value for name, value in p.items() if name != "probability"} for p in row["paragraphs"]]


def test_paragraphs_and_another_model_and_probabilities(
    spark: Any, small_model: Path, small: Any, tmp_path: Path
) -> None:
    from predict.integrations.spark import classify

    lines = [["Share", "The ferry was late on Monday, and the one after it did not come."], []]
    frame = spark.createDataFrame([(lines[0],), (lines[1],)], "paragraphs array<string>")
    rows = classify(frame, probabilities=True, model=str(small_model)).collect()
    assert [row.newsieve_error for row in rows] == [None, None]
    assert sorted(len(row.paragraphs) for row in rows) == [0, 2]
    (full,) = (row for row in rows if row.paragraphs)
    for mine, theirs in zip(full.paragraphs, small.classify(lines[0]), strict=True):
        assert mine.probabilities.asDict() == pytest.approx(theirs.probabilities, abs=1e-4)


def test_each_worker_loads_the_model_once(spark: Any, table: Any, small_model: Path, tmp_path: Path) -> None:
    from predict.forms import Clean
    from predict.integrations.spark import _worker

    folder = shutil.copytree(small_model, tmp_path / "model")  # one that no worker has loaded before
    run, weights = _worker(Clean(), str(folder)), str(folder / "model.safetensors")

    def loads(batches: Any) -> Any:
        """What a worker does with a partition, and then how often the process opened the model's weights so far."""
        import builtins
        import os
        import sys

        import pyarrow as pa

        opened = builtins.__dict__.setdefault(weights, [])
        if not opened:
            opened.append("the hook")
            sys.addaudithook(lambda event, found: opened.append(event) if found and found[0] == weights else None)
        rows = sum(batch.num_rows for batch in run(batches))
        yield pa.RecordBatch.from_pydict({"worker": [os.getpid()], "loaded": [opened.count("open")], "rows": [rows]})

    pages = spark.read.parquet(str(tmp_path / "pages.parquet")).repartition(12)
    partitions = pages.mapInArrow(loads, "worker long, loaded long, rows long").collect()
    assert (len(partitions), sum(partition.rows for partition in partitions)) == (12, ROWS)
    assert {partition.loaded for partition in partitions} == {1}
    assert len({partition.worker for partition in partitions}) <= 4


def test_a_frame_without_text_is_refused_before_anything_runs(spark: Any) -> None:
    from predict.integrations.spark import clean

    with pytest.raises(InputError, match='no column "text" or "paragraphs"; the columns are id'):
        clean(spark.createDataFrame([(1,)], "id int"))
    with pytest.raises(InputError, match="newsieve_error already"):
        clean(spark.createDataFrame([("a", "b")], "text string, newsieve_error string"))
