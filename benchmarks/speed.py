"""How fast is newsieve? One core, the shipped model, against what one would use otherwise, in one run.

The yardstick is a scikit-learn pipeline of word 1- and 2-grams with a linear model, and the same with character 2- to
5-grams, which is the usual choice for this quality. Inputs are the pages of `data/`. Contestants take turns, and the
median of their times counts. `python benchmarks/speed.py` prints a table and writes it into BENCHMARKS.md.
"""

from __future__ import annotations

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import make_pipeline

from predict import Classifier, __version__
from train.corpus import read_corpus
from train.tables import format_table

ROOT = Path(__file__).parent.parent


def pages() -> list[list[str]]:
    """The pages of `data/`, each a list of paragraphs."""
    return [[p.text for p in page.paragraphs] for page in read_corpus([ROOT / "data"]).pages]


def seconds(run: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def contestants(texts: list[list[str]], kinds: list[str]) -> dict[str, Callable[[], object]]:
    """What to time, by name: each classifies all paragraphs."""
    flat = [text for page in texts for text in page]
    words = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), SGDClassifier(loss="log_loss", random_state=0))
    characters = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)), SGDClassifier(loss="log_loss", random_state=0)
    )
    sample = np.random.default_rng(0).permutation(len(flat))[:8000]
    for pipeline in (words, characters):
        pipeline.fit([flat[i] for i in sample], [kinds[i] for i in sample])
    sieve = Classifier.load()
    return {
        "newsieve, both stages": lambda: list(sieve.classify_many(texts)),
        "scikit-learn, word 1-2-grams": lambda: words.predict(flat),
        "scikit-learn, char_wb 2-5-grams": lambda: characters.predict(flat),
    }


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    texts = pages()
    kinds = [str(p.kind) for page in read_corpus([ROOT / "data"]).pages for p in page.paragraphs]
    megabytes = sum(len(text.encode()) for page in texts for text in page) / 1e6
    runs = contestants(texts, kinds)
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(seconds(run))
    median = {name: statistics.median(values) for name, values in times.items()}
    ours = next(iter(median.values()))
    rows = [[name, f"{megabytes / t:.2f}", f"{len(kinds) / t:,.0f}", f"{t / ours:.1f}"] for name, t in median.items()]
    table = format_table(["", "MB/s", "paragraphs/s", "times newsieve's time"], rows)
    text = (
        f"# Benchmarks\n\nWritten by `python benchmarks/speed.py` (newsieve {__version__}): {len(texts)} pages "
        f"of `data/`, {len(kinds):,} paragraphs, {megabytes:.1f} MB of UTF-8, one core, "
        f"median of {rounds} runs taken in turn.\n\n"
        f"```\n{table}\n```\n"
    )
    (ROOT / "BENCHMARKS.md").write_text(text, encoding="utf-8")
    print(table)


if __name__ == "__main__":
    main()
