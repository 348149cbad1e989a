"""Speed against others: what each takes for the same paragraphs, in one process, taking turns.

All of them use one core, and what counts is processor time: on a machine that others use too, the clock on the wall
measures the others. Each round begins with a freshly loaded newsieve, so that what it keeps of tokens (see
`predict.token_table`) is learned anew, as at the beginning of a run; `newsieve, going on` keeps it from round to round,
as a long run does.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline

from predict import Classifier
from predict.classifier import BATCH_CHARS
from predict.layout import lay_out
from predict.page import Page
from predict.splitting import split_paragraphs
from predict.tokens import tokenize
from train.corpus import read_corpus

FITTED_ON = 8_000  # paragraphs that the others learn from; their speed hardly depends on it
NEWSIEVE, GOING_ON = "newsieve, both stages", "newsieve, going on"
WORDS, FASTTEXT = "scikit-learn, word 1-2-grams", "fastText, word 2-grams, subwords 3-5"
CHARACTERS = "scikit-learn, char_wb 2-5-grams"
LOWER, JSON = "floor: str.lower and encode", "floor: orjson.loads of the records"


@dataclass(frozen=True)
class Pages:
    """Pages to measure with, each a list of paragraphs; titles; the kinds of those paragraphs that have one."""

    texts: list[list[str]]
    titles: list[str | None]
    labelled: list[tuple[str, str]]

    @property
    def flat(self) -> list[str]:
        """All paragraphs."""
        return list(chain.from_iterable(self.texts))

    @property
    def megabytes(self) -> float:
        """All paragraphs as UTF-8."""
        return sum(len(text.encode("utf-8", "replace")) for text in self.flat) / 1e6

    def records(self) -> list[bytes]:
        """The pages as lines of JSON, with `text`."""
        return [
            orjson.dumps({"id": number, "title": title, "text": "\n".join(texts)}, option=orjson.OPT_APPEND_NEWLINE)
            for number, (texts, title) in enumerate(zip(self.texts, self.titles))
        ]


def read_pages(paths: list[Path]) -> Pages:
    """Read labelled pages, as `data/` has them."""
    pages = read_corpus(paths).pages
    labelled = [(p.text, str(p.kind)) for page in pages for p in page.paragraphs if p.kind is not None]
    return Pages([[p.text for p in page.paragraphs] for page in pages], [page.title for page in pages], labelled)


def processor_seconds(run: Callable[[], object]) -> float:
    """How much processor time one call takes."""
    start = time.process_time()
    run()
    return time.process_time() - start


def taking_turns(contestants: dict[str, Callable[[], Callable[[], object]]], rounds: int) -> dict[str, float]:
    """Median seconds of each contestant. A contestant is called once a round, untimed, for what is to be timed."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, prepare in contestants.items():
            times[name].append(processor_seconds(prepare()))
    return {name: statistics.median(values) for name, values in times.items()}


def contestants(pages: Pages) -> dict[str, Callable[[], Callable[[], object]]]:
    """Who takes part, by name."""
    flat = pages.flat
    going_on = Classifier.load()
    list(going_on.classify_many(pages.texts, pages.titles))
    records = pages.records()

    def newsieve() -> Callable[[], object]:
        fresh = Classifier.load()
        fresh.classify("Home")
        return lambda: list(fresh.classify_many(pages.texts, pages.titles))

    learned = fitted(pages)
    runs: dict[str, Callable[[], Callable[[], object]]] = {
        NEWSIEVE: newsieve,
        GOING_ON: lambda: lambda: list(going_on.classify_many(pages.texts, pages.titles)),
    }
    for name, predict in learned.items():
        runs[name] = lambda predict=predict: lambda: predict(flat)  # type: ignore[misc]
    runs[LOWER] = lambda: lambda: [text.lower().encode("utf-8", "replace") for text in flat]
    runs[JSON] = lambda: lambda: [orjson.loads(record) for record in records]
    return runs


def fitted(pages: Pages) -> dict[str, Callable[[list[str]], Any]]:
    """The others, fitted on some of the paragraphs; each takes a list of texts."""
    random = np.random.default_rng(0)
    chosen = [pages.labelled[i] for i in random.permutation(len(pages.labelled))[:FITTED_ON]]
    texts, kinds = [text for text, _ in chosen], [kind for _, kind in chosen]
    words = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=30))
    # The same computation at prediction as a logistic regression, fitted in a tenth of the time.
    characters = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)), SGDClassifier(loss="log_loss", random_state=0)
    )
    for pipeline in (words, characters):
        pipeline.fit(texts, kinds)
    return {WORDS: words.predict_proba, FASTTEXT: _fasttext(texts, kinds), CHARACTERS: characters.predict_proba}


def _fasttext(texts: list[str], kinds: list[str]) -> Callable[[list[str]], Any]:
    import fasttext

    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8", errors="replace") as file:
        file.writelines(f"__label__{kind} {' '.join(text.split())}\n" for text, kind in zip(texts, kinds))
        file.flush()
        model = fasttext.train_supervised(
            input=file.name, wordNgrams=2, minn=3, maxn=5, bucket=200_000, epoch=2, thread=1, verbose=0
        )
    # It refuses line feeds, of which paragraphs of pages have none.
    return lambda flat: model.predict([" ".join(text.split("\n")) for text in flat])


# --- where the time goes ---------------------------------------------------------------------------------------------


def stages(pages: Pages, rounds: int) -> dict[str, float]:
    """Median processor seconds of each step of `classify_many`, for texts, over batches of its size."""
    whole = ["\n".join(page) for page in pages.texts]
    batches = _batches(whole, [title or "" for title in pages.titles])
    steps: dict[str, list[float]] = {}
    for _ in range(rounds):
        sieve = Classifier.load()
        sieve.classify("Home")
        seconds: dict[str, float] = {}
        for texts, titles in batches:
            for name, spent in _steps(sieve, texts, titles).items():
                seconds[name] = seconds.get(name, 0.0) + spent
        for name, spent in seconds.items():
            steps.setdefault(name, []).append(spent)
    return {name: statistics.median(values) for name, values in steps.items()}


def _batches(texts: list[str], titles: list[str]) -> list[tuple[list[str], list[str]]]:
    batches: list[tuple[list[str], list[str]]] = []
    chars = BATCH_CHARS
    for text, title in zip(texts, titles):
        if chars >= BATCH_CHARS:
            batches.append(([], []))
            chars = 0
        batches[-1][0].append(text)
        batches[-1][1].append(title)
        chars += len(text)
    return batches


def _steps(sieve: Classifier, texts: list[str], titles: list[str]) -> dict[str, float]:
    from predict import context
    from predict.labels import KINDS
    from predict.scoring import log_softmax

    model = sieve.model
    spent: dict[str, float] = {}
    last = time.process_time()

    def done(name: str) -> None:
        nonlocal last
        spent[name] = time.process_time() - last
        last = time.process_time()

    pages = [split_paragraphs(text) for text in texts]
    sizes = np.array(list(map(len, pages)), np.int64)
    flat = list(chain.from_iterable(pages))
    done("cutting texts into paragraphs")
    tokens = tokenize(flat)
    done("code points, tokens, hashes")
    scores = model.paragraphs.scores(tokens)
    done("stage 1: weights looked up and added")
    layout = lay_out(tokens, tokenize(titles), sizes)
    done("layout: title, repetition, echo")
    log_p = log_softmax(scores)
    dense = context.dense_features(log_p, scores[:, len(KINDS) :], layout)
    done("stage 2: dense columns")
    bins = context.binned_features(log_p, layout)
    done("stage 2: binned columns")
    combined = model.pages.combine(dense, bins)
    done("stage 2: weights looked up and added")
    answers = model.decide(combined)
    done("labels and flags")
    firsts = np.concatenate(([0], np.cumsum(sizes))).tolist()
    made = [Page(page, answers, [], 0.5, text, None, first) for page, text, first in zip(pages, texts, firsts)]
    assert sum(map(len, made)) == len(flat)
    done("pages as views")
    return spent
