"""newsieve on Spark against newsieve on one machine: the same rows? how many a second?

    pip install -e ".[train,spark,parquet]"                    # and Java; Linux
    python benchmarks/spark.py [--pages 200000] [--folder FOLDER]

Makes so many pages of those in `data/`: each has the kinds of a real one's paragraphs in their order, and for each
paragraph another of that kind and language; one word in fifty is made up anew, so that, as on the web, words keep
coming that nobody saw before. They go from Parquet to Parquet by `newsieve clean` with --jobs 1 and 2, and by Spark
with two cores, in turn. Prints whether the rows are equal, and throughput on the wall and per second of processor, the
processes that Spark starts included. `unchanged` hands the rows to Python and back and does nothing: what Spark, Arrow
and Parquet cost alone. FOLDER keeps the pages and the results; about 1 GB.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from train.corpus import Page, read_corpus
from train.tables import format_table

ROOT = Path(__file__).resolve().parent.parent
NEW_WORDS = 0.02
GROUP_ROWS = 5_000  # of a row group, the least that Spark reads at a time
ON_SPARK = """
import sys
from pyspark.sql import SparkSession
from predict.integrations.spark import clean
source, target, what = sys.argv[1:]
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.sql.files.maxPartitionBytes", "16m")
    .config("spark.sql.execution.arrow.maxRecordsPerBatch", "1000")
    .getOrCreate()
)
pages = spark.read.parquet(source)
out = clean(pages) if what == "clean" else pages.mapInArrow(lambda batches: batches, pages.schema)
out.write.mode("overwrite").parquet(target)
"""


@dataclass(frozen=True)
class Ran:
    """What a run took: seconds on the wall and of processor, all of its processes together."""

    wall: float
    processor: float


def made_pages(number: int, seed: int = 0) -> Iterator[tuple[str, str]]:
    """Titles and texts of pages that are like those of `data/`, and all different."""
    rng = random.Random(seed)
    corpus = read_corpus([ROOT / "data"])
    by_kind = defaultdict(list)
    words = defaultdict(set)
    for page in corpus.pages:
        for paragraph in page.paragraphs:
            by_kind[page.lang, paragraph.kind].append(paragraph.text)
            words[page.lang].update(paragraph.text.split())
    known = {lang: sorted(each) for lang, each in words.items()}
    for _ in range(number):
        page = rng.choice(corpus.pages)
        texts = [rng.choice(by_kind[page.lang, paragraph.kind]) for paragraph in page.paragraphs]
        yield _title(page, texts), "\n".join(_renewed(text, known[page.lang], rng) for text in texts)


def _title(page: Page, texts: list[str]) -> str:
    return next((t for t, p in zip(texts, page.paragraphs) if p.text == page.title), page.title)


def _renewed(text: str, words: list[str], rng: random.Random) -> str:
    """The text with some words made up of halves of two others."""
    parts = text.split(" ")
    for index in range(len(parts)):
        if rng.random() < NEW_WORDS:
            first, second = rng.choice(words), rng.choice(words)
            parts[index] = first[: (len(first) + 1) // 2] + second[len(second) // 2 :]
    return " ".join(parts)


def write_pages(path: Path, number: int) -> float:
    """Write the pages as a table (number, title, text); returns the texts' megabytes."""
    schema = pa.schema({"number": pa.int64(), "title": pa.string(), "text": pa.string()})
    size, rows = 0, []
    with pq.ParquetWriter(path, schema) as writer:
        for index, (title, text) in enumerate(made_pages(number)):
            rows.append({"number": index, "title": title, "text": text})
            size += len(text.encode())
            if len(rows) == GROUP_ROWS or index == number - 1:
                writer.write_table(pa.Table.from_pylist(rows, schema))
                rows = []
    return size / 1e6


def run(*arguments: str) -> Ran:
    """Run Python with these arguments and measure it together with all that it starts."""
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment = {**os.environ, **threads, "PYTHONPATH": str(ROOT), "PYSPARK_PYTHON": sys.executable}
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # by which its processes are found
    )
    ticks: dict[int, int] = {}
    with tempfile.TemporaryFile() as errors:
        assert process.stderr is not None
        os.set_blocking(process.stderr.fileno(), False)
        while process.poll() is None:
            ticks |= _ticks(process.pid)
            errors.write(process.stderr.read() or b"")
            time.sleep(0.1)
        if process.returncode:
            errors.write(process.stderr.read() or b"")
            errors.seek(0)
            sys.exit(f"spark.py: {arguments} failed:\n{errors.read().decode(errors='replace')}")
    return Ran(time.perf_counter() - start, sum(ticks.values()) / os.sysconf("SC_CLK_TCK"))


def _ticks(session: int) -> dict[int, int]:
    """Processor time so far of each process of a session, in clock ticks (Linux's /proc)."""
    found = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            try:
                fields = Path(entry.path, "stat").read_text().rpartition(") ")[2].split()
            except (FileNotFoundError, ProcessLookupError):  # it has just ended
                continue
            if int(fields[3]) == session:
                found[int(entry.name)] = int(fields[11]) + int(fields[12])
    return found


def different(one: Path, other: Path) -> int:
    """Number of rows that are not the same in both results, every column of the first compared."""
    left, right = (pq.read_table(path).sort_by("number") for path in (one, other))
    if left["number"] != right["number"]:
        sys.exit(f"spark.py: {other} has other rows than {one}")
    same = [True] * len(left)
    for name in left.column_names:
        if left[name] != right[name].cast(left[name].type):
            pairs = zip(left[name].to_pylist(), right[name].to_pylist())
            same = [before and a == b for before, (a, b) in zip(same, pairs)]
    return same.count(False)


def measured(folder: Path, pages: int, rounds: int) -> str:
    """Make the pages, run everything in turn, compare; returns what to print."""
    source, spark = folder / f"pages-{pages}.parquet", folder / "spark"
    one, two = folder / "jobs-1.parquet", folder / "jobs-2.parquet"
    megabytes = write_pages(source, pages)
    print(f"{pages:,} pages, {megabytes:,.0f} MB of text", file=sys.stderr, flush=True)
    clean = ("-m", "predict", "clean", str(source), "-o")
    contestants = {
        "newsieve clean --jobs 1": (*clean, str(one)),
        "newsieve clean --jobs 2": (*clean, str(two), "--jobs", "2"),
        "Spark, local[2]": ("-c", ON_SPARK, str(source), str(spark), "clean"),
        "Spark, local[2], unchanged": ("-c", ON_SPARK, str(source), str(folder / "unchanged"), "unchanged"),
    }
    ran: dict[str, list[Ran]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, arguments in contestants.items():
            ran[name].append(run(*arguments))
            print(name, ran[name][-1], file=sys.stderr, flush=True)
    walls = {name: statistics.median(each.wall for each in took) for name, took in ran.items()}
    processor = {name: statistics.median(each.processor for each in took) for name, took in ran.items()}
    first, second, *_ = contestants
    rows = [
        [
            name,
            f"{walls[name]:.0f}",
            f"{processor[name]:.0f}",
            f"{pages / walls[name]:,.0f}",
            f"{megabytes / walls[name]:.2f}",
            f"{megabytes / processor[name]:.2f}",
            f"{walls[second] / walls[name]:.2f}",
            f"{processor[first] / processor[name]:.2f}",
        ]
        for name in contestants
    ]
    header = ["", "s", "s of processor", "pages/s", "MB/s", "MB per core-second"]
    table = format_table([*header, "speed, --jobs 2 = 1", "per core-second, --jobs 1 = 1"], rows)
    return (
        f"{table}\n{pages:,} pages, {megabytes:,.0f} MB of text. Rows that differ from --jobs 1: "
        f"{different(one, two):,} with --jobs 2, {different(one, spark):,} on Spark."
    )


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Compare newsieve on Spark with newsieve on one machine.")
    parser.add_argument("--pages", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="keep pages and results here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept = options.folder or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        print(measured(kept, options.pages, options.rounds))


if __name__ == "__main__":
    main()
