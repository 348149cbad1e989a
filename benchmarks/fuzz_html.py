"""Fuzz the reader of HTML: pages cut, mixed and damaged at random, for as long as asked.

    python benchmarks/fuzz_html.py --minutes 10 [--seeds FOLDER]

Seeds are the .html and .html.gz files of a folder, or the pages of the tests. Each round damages one (cuts, repeats and
moves stretches; swaps bytes; puts in tags, entities and control characters; repeats a stretch thousands of times) and
reads it. A find is an error other than InputError, a round of more processor time than the page's size allows, a block
that is not one clean line, or a process grown beyond MOST_MB. It is written to the folder `fuzz/` and counted; the exit
code is 1 if there is one.
"""

from __future__ import annotations

import argparse
import gzip
import random
import resource
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from predict import InputError, read_html
from predict.html.tags import BREAKING, FORMATTING, RAW, UNSEEN
from predict.splitting import split_paragraphs
from tests.predict.html.pages import PAGE

MOST_SECONDS, MOST_SECONDS_A_MB = 5.0, 1.5
MOST_MB = 4_000
_TAGS = [
    tag.encode() for tag in sorted(BREAKING | UNSEEN | FORMATTING | RAW | {"a", "span", "br", "svg", "math", "rt"})
]
_ODD = [
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"&#xD800;",
    b"&nbsp",
    b'"',
    b"'",
    b"=",
    b">",
    b"</",
]


def damaged(page: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """A page with a few things done to it."""
    for _ in range(rng.randint(1, 6)):
        size = max(1, len(page))
        start = rng.randrange(size)
        end = min(size, start + int(rng.expovariate(1 / 200)) + 1)
        what = rng.randrange(8)
        if what == 0:
            page = page[:start]
        elif what == 1:
            page = page[:start] + page[end:]
        elif what == 2:
            page = page[:start] + page[start:end] * rng.choice((2, 10, 1000, 20_000)) + page[end:]
        elif what == 3:
            other = rng.choice(others)
            at = rng.randrange(max(1, len(other)))
            page = page[:start] + other[at : at + 2_000] + page[end:]
        elif what == 4:
            page = page[:start] + bytes(rng.randrange(256) for _ in range(rng.randint(1, 8))) + page[end:]
        else:
            tag = rng.choice(_TAGS)
            bit = rng.choice((b"<" + tag + b">", b"</" + tag + b">", b"<" + tag + b" hidden ", rng.choice(_ODD)))
            page = page[:start] + bit * rng.choice((1, 1, 1, 50, 5_000)) + page[start:]
        page = page[: 20 << 20]
    return page


def complaint(page: bytes, outcomes: Counter[str]) -> str | None:
    """What is wrong with how the page was read, if anything."""
    start = time.process_time()
    try:
        blocks = read_html(page)
        outcomes["read"] += 1
        if any(split_paragraphs(block.text) != [block.text] or not block.markup for block in blocks):
            return "a block is not one clean line"
    except InputError as error:
        outcomes[str(error)] += 1
    except Exception:
        return traceback.format_exc()
    seconds = time.process_time() - start
    return f"took {seconds:.1f} s" if seconds > MOST_SECONDS + MOST_SECONDS_A_MB * len(page) / 1e6 else None


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description="Fuzz the reader of HTML.")
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seeds", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    paths = sorted(options.seeds.glob("*.html*")) if options.seeds else []
    seeds = [gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes() for p in paths] or [PAGE.encode()]
    rng = random.Random(options.seed)
    outcomes: Counter[str] = Counter()
    finds = 0
    slowest = 0.0
    end = time.monotonic() + 60 * options.minutes
    while time.monotonic() < end:
        page = damaged(rng.choice(seeds), seeds, rng)
        start = time.process_time()
        problem = complaint(page, outcomes)
        slowest = max(slowest, time.process_time() - start)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        if memory > MOST_MB:
            problem = problem or f"grew to {memory} MB"
        if problem:
            finds += 1
            Path("fuzz").mkdir(exist_ok=True)
            Path("fuzz", f"{finds}.html").write_bytes(page)
            print(f"find {finds}: {problem}", flush=True)
            if memory > MOST_MB:
                break
    for what, count in outcomes.most_common():
        print(f"{count:8,}  {what}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{finds} finds; slowest round {slowest:.1f} s, most memory {memory} MB")
    sys.exit(1 if finds else 0)


if __name__ == "__main__":
    main()
