"""How fast is newsieve? The shipped model on one core, against what one would use otherwise.

    python benchmarks/speed.py [--pages pages.jsonl] [--large 2000]

Inputs are the pages of `data/`, or labelled pages of one's own in the same format. Prints tables and writes them into
BENCHMARKS.md between two markers; what stands outside them stays. It takes some five minutes on an idle machine with
two cores; `--large 2000`, which `make bench` adds, three to five more, and 4 GB in the folder for temporary files.
Without it, the figure of peak memory stays out.
"""

from __future__ import annotations

import os

# One core for everybody, before NumPy is imported.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import platform
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from contests import (
    CHARACTERS,
    FASTTEXT,
    NEWSIEVE,
    WORDS,
    Pages,
    contestants,
    read_pages,
    stages,
    taking_turns,
)
from processes import clean_against_memory, jobs, large_file, process_start

from predict import __version__
from predict.errors import NewsieveError
from train.tables import format_table

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- speed -->", "<!-- /speed -->"
Wanted = tuple[str, str, str, str]  # a figure, at least, aim, measured
FLOOR = """What is left. Each operation of NumPy is a pass over an array, so a paragraph of 12 tokens is read and
written some hundreds of times, though each of these passes runs at the speed of the processor's caches; none but
the look-ups takes more than a thirtieth of the time. The largest part is looking up rows of weights: one for each
pair of words, one for each token, one for each subword of a token that is new, and 36 for the bins of stage 2. That
is some 80 rows a paragraph, at 3 ns if a row is in a cache near by and 10 ns if not: a tenth to a quarter of the
whole. Padding rows to cache lines makes it slower, as it makes the table larger than the cache; float16 halves the
table, and expanding it again costs what that saves. `str.lower` with `encode`, the least that any tool does to a
text, and `orjson.loads` of its records are in the table of the contest. The aims of 8, 5 and 60 times ask for a
compiled loop (C, Rust or Cython) in place of stage 1 and of what goes before it: it would class, fold and hash each
character once and add the weights in registers, without any array between."""


def say(text: str) -> None:
    """Print at once: a run takes minutes."""
    print(text, flush=True)


def contests(pages: Pages, rounds: int) -> tuple[str, list[Wanted]]:
    """The table of contestants, and the figures wanted of it."""
    seconds = taking_turns(contestants(pages), rounds)
    count, megabytes = len(pages.flat), pages.megabytes
    ours = seconds[NEWSIEVE]
    rows = [
        [name, f"{megabytes / each:.2f}", f"{count / each:,.0f}", f"{1e6 * each / count:.2f}", f"{each / ours:.1f}"]
        for name, each in seconds.items()
    ]
    table = format_table(["", "MB/s", "paragraphs/s", "us/paragraph", "times newsieve's time"], rows)
    wanted = [
        ("against scikit-learn, word 1-2-grams", "3 x", "8 x", f"{seconds[WORDS] / ours:.1f} x"),
        ("against fastText", "2 x", "5 x", f"{seconds[FASTTEXT] / ours:.1f} x"),
        ("against scikit-learn, char_wb 2-5-grams", "25 x", "60 x", f"{seconds[CHARACTERS] / ours:.1f} x"),
    ]
    return table, wanted


def stage_table(pages: Pages, rounds: int) -> str:
    """Where the time goes."""
    seconds = stages(pages, rounds)
    whole, count = sum(seconds.values()), len(pages.flat)
    rows = [[name, f"{1e6 * each / count:.2f}", f"{each / whole:.0%}"] for name, each in seconds.items()]
    return format_table(["", "us/paragraph", "share"], [*rows, ["together", f"{1e6 * whole / count:.2f}", "100%"]])


def start_table(rounds: int) -> tuple[str, list[Wanted]]:
    """How long a process takes that classifies one page."""
    ended = process_start(rounds)
    rows = [[name, f"{e.wall:.2f}", f"{e.processor:.2f}", f"{e.megabytes:.0f}"] for name, e in ended.items()]
    first = next(iter(ended.values()))
    wanted = ("import, load, classify one page", "0.35 s", "0.2 s", f"{first.wall:.2f} s")
    return format_table(["", "s", "s of processor", "MB"], rows), [wanted]


def run_figures(pages: Pages, megabytes: float, large: float | None, rounds: int) -> list[Wanted]:
    """Figures of whole runs over files."""
    file, memory = clean_against_memory(pages, megabytes, rounds)
    say(f"clean {file:.2f} s, classify_many {memory:.2f} s")
    walls = jobs(pages, 3 * megabytes, rounds)  # the start of the workers should not count much
    say(f"jobs {walls}")
    wanted = [
        ("`newsieve clean` on JSONL against classify_many", "60 %", "80 %", f"{memory / file:.0%}"),
        ("--jobs 2 against --jobs 1", "1.7 x", "1.95 x", f"{walls[1] / walls[2]:.2f} x"),
    ]
    if large is not None:
        ended = large_file(pages, large)
        what = f"peak memory over {large / 1000:.1f} GB of JSONL, --jobs 1"
        wanted.append((what, "250 MB", "150 MB", f"{ended.megabytes:.0f} MB"))
        say(f"{what}: {ended}")
    return wanted


def into_markers(text: str, part: str) -> str:
    """Put the part between its markers, or at the end if there are none."""
    if BEGIN not in text:
        return f"{text.rstrip()}\n\n{BEGIN}\n{part}\n{END}\n".lstrip()
    head, _, rest = text.partition(BEGIN)
    if END not in rest:
        raise NewsieveError(f"BENCHMARKS.md: {BEGIN} without {END}; put the second where the part ends")
    return f"{head}{BEGIN}\n{part}\n{END}{rest.partition(END)[2]}"


def fenced(table: str) -> str:
    """A table as it is."""
    return f"```\n{table}\n```"


def report(pages: Pages, options: argparse.Namespace) -> str:
    """Measure, and say it."""
    busy, begun = os.getloadavg(), time.monotonic()
    contest, wanted = contests(pages, options.rounds)
    say(contest)
    steps = stage_table(pages, options.rounds)
    say(steps)
    start, more = start_table(max(options.rounds, 11))
    say(start)
    wanted += more + run_figures(pages, options.megabytes, options.large, options.rounds)
    figures = format_table(["", "at least", "aim", "measured"], [list(each) for each in wanted])
    say(figures)
    source = options.pages.name if options.pages else "`data/`"
    return "\n\n".join(
        [
            "## Speed",
            f"Written by `python benchmarks/speed.py` (newsieve {__version__}, Python {platform.python_version()}, "
            f"NumPy {np.__version__}): {len(pages.texts)} pages of {source}, {len(pages.flat):,} paragraphs, "
            f"{pages.megabytes:.1f} MB of UTF-8. Medians of {options.rounds} rounds in turn, of processor time unless "
            "it says otherwise, so that whatever else the machine does counts little; ratios within one run are what "
            "to rely on. `--jobs` and process start are seconds on the wall, and suffer from a busy machine. "
            f"{os.cpu_count()} cores; at the beginning {busy[0]:.1f} processes wanted one, at the end "
            f"{os.getloadavg()[0]:.1f} (this one among them); it took {(time.monotonic() - begun) / 60:.0f} minutes.",
            fenced(figures),
            "The contest. A round begins with a freshly loaded model, whose table of tokens is empty; `going on` keeps "
            "it, as a long run does.",
            fenced(contest),
            "Where the time goes, from a page's text to its answers:",
            fenced(steps),
            FLOOR,
            "Whole processes:",
            fenced(start),
        ]
    )


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description="Measure the speed and write it into BENCHMARKS.md.")
    parser.add_argument("--pages", type=Path, help="labelled pages instead of those of data/")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=float, default=20, help="size of the files that whole runs read")
    parser.add_argument("--large", type=float, metavar="MB", help="also measure the memory of a run over so much")
    parser.add_argument("--out", type=Path, default=ROOT / "BENCHMARKS.md")
    options = parser.parse_args()
    pages = read_pages([options.pages or ROOT / "data"])
    part = report(pages, options)
    text = options.out.read_text(encoding="utf-8") if options.out.exists() else "# Benchmarks\n"
    options.out.write_text(into_markers(text, part), encoding="utf-8")


if __name__ == "__main__":
    main()
