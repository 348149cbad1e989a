"""Speed of the program as a process: how it starts, what memory it takes, and what reading and writing cost."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contests import Pages, processor_seconds

from predict import Classifier

ROOT = Path(__file__).resolve().parent.parent
ONE_PAGE = """
from predict import Classifier
page = Classifier.load().classify("Share\\nSupport our reporting: donate today\\nThe council voted on Tuesday.")
assert page[1].label == "fundraising"
"""


@dataclass(frozen=True)
class Ended:
    """What a process took: seconds on the wall, of processor, and at most of memory."""

    wall: float
    processor: float
    megabytes: float


LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # of the contest; users have none

# On Linux a process counts the memory of the one that started it as its own until it has become another program. So a
# small process stands between this large one and the one that is measured.
LAUNCHER = """
import os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
wall = time.perf_counter() - start
print(os.waitstatus_to_exitcode(status), wall, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def run_process(*arguments: str) -> Ended:
    """Run Python with these arguments, without its output."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", LAUNCHER, sys.executable, *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        env={name: value for name, value in os.environ.items() if name not in LIMITS} | {"PYTHONPATH": str(ROOT)},
    )
    code, wall, processor, memory = map(float, done.stdout.split())
    if code:
        raise RuntimeError(done.stderr)
    return Ended(wall, processor, memory / (1024 if sys.platform == "linux" else 1 << 20))


def process_start(rounds: int) -> dict[str, Ended]:
    """Median of whole processes that import, load and classify one page; beside them Python and NumPy alone."""
    commands = {
        "import, load, classify one page": ["-c", ONE_PAGE],
        "newsieve clean page.txt": ["-m", "predict", "clean", str(ROOT / "examples" / "page.txt")],
        "floor: python -c 'import numpy'": ["-c", "import numpy"],
        "floor: python -c ''": ["-c", ""],
    }
    ended: dict[str, list[Ended]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, arguments in commands.items():
            ended[name].append(run_process(*arguments))
    return {name: _median(each) for name, each in ended.items()}


def _median(ended: Sequence[Ended]) -> Ended:
    return Ended(
        *(statistics.median(getattr(each, name) for each in ended) for name in ("wall", "processor", "megabytes"))
    )


def write_records(pages: Pages, path: Path, megabytes: float) -> float:
    """Write pages again and again, until the file has so many megabytes; returns how many it has."""
    records = pages.records()
    size, wanted = 0, megabytes * 1e6
    with path.open("wb") as file:
        while size < wanted:
            for record in records:
                size += file.write(record)
                if size >= wanted:
                    break
    return size / 1e6


def clean_against_memory(pages: Pages, megabytes: float, rounds: int) -> tuple[float, float]:
    """Median processor seconds of `newsieve clean` on a file, and of `classify_many` on its texts in memory."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "pages.jsonl"), Path(folder, "clean.jsonl")
        write_records(pages, source, megabytes)
        texts = ["\n".join(texts) for texts in pages.texts]
        times = max(1, round(megabytes * 1e6 / sum(map(len, pages.records()))))
        files, memories = [], []
        for _ in range(rounds):
            files.append(run_process("-m", "predict", "clean", str(source), "-o", str(target)).processor)
            sieve = Classifier.load()
            memories.append(
                processor_seconds(
                    lambda sieve=sieve: [  # type: ignore[misc]
                        sum(1 for _ in sieve.classify_many(texts, pages.titles)) for _ in range(times)
                    ]
                )
            )
    return statistics.median(files), statistics.median(memories)


def jobs(pages: Pages, megabytes: float, rounds: int) -> dict[int, float]:
    """Median seconds on the wall of `newsieve clean` with one and with two worker processes."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "pages.jsonl"), Path(folder, "clean.jsonl")
        write_records(pages, source, megabytes)
        walls: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(rounds):
            for number in walls:
                arguments = ("-m", "predict", "clean", str(source), "-o", str(target), "--jobs", str(number))
                walls[number].append(run_process(*arguments).wall)
    return {number: statistics.median(each) for number, each in walls.items()}


def large_file(pages: Pages, megabytes: float) -> Ended:
    """One run of `newsieve clean --jobs 1` over a large file."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "pages.jsonl"), Path(folder, "clean.jsonl")
        write_records(pages, source, megabytes)
        return run_process("-m", "predict", "clean", str(source), "-o", str(target))
