"""newsieve against the extractors that people use, and after them: what is kept of the journalism, and what else?

    pip install -e ".[bench,html]"
    python benchmarks/extractors.py --pages pages.jsonl --html html/ --cache FOLDER

pages.jsonl: labelled real pages, which are no part of the project, each with its `fold`; a `paragraphs.jsonl` beside
them is learned from, too. html/: `<id>.html.gz` of each. FOLDER, outside of the project, keeps what takes long: models
of newsieve (`train.fold_models`) and of fastText, one for each fold, that saw nothing of it, and the extractors'
outputs (`extracting.py`). What is there and still up to date is not made again, so that a run that was broken off goes
on.

newsieve is given what the others are given: decoded HTML, or the page as paragraphs, or another extractor's output; the
model of the page's fold answers. `matching.py` says when a labelled block counts as kept. The time is that of the
processor, one core, without reading and decoding. What is not installed is left out, and said to be.
"""

from __future__ import annotations

import os

# One core for everybody, before NumPy is imported.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import importlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from extracting import EXTRACTORS, Output, extracted, installed
from matching import Kept, Labelled, Truth, after, figure, found, read_pages, slipped, truth_of

from predict import Classifier, __version__, read_html
from predict import Page as Answers
from predict.classifier import PageText
from predict.errors import NewsieveError
from predict.labels import KINDS, Label
from train.corpus import Corpus, read_corpus
from train.fold_models import fitted_models, models_name
from train.records import Page
from train.settings import TrainSettings
from train.tables import format_table

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- extractors -->", "<!-- /extractors -->"
PROGRAMS = ("newsieve", "C4", "fastText")
_STARTED = time.monotonic()
Models = dict[int, Classifier]


@dataclass(frozen=True)
class Row:
    """What one system kept of the labelled blocks. after, cleaned: what newsieve kept of that, by its label and with
    its default policy."""

    name: str
    kept: Kept
    pages_per_second: float | None
    after: Kept | None = None
    cleaned: Kept | None = None


def say(text: str) -> None:
    """Tell how far the work is, and when."""
    print(f"{time.monotonic() - _STARTED:6.0f} s  {text}", file=sys.stderr, flush=True)


def answered(
    pages: Sequence[Labelled], models: Models, make: Callable[[Labelled], tuple[PageText, str | None]]
) -> tuple[dict[str, Answers], float]:
    """What newsieve says of each page (by id), by the model of its fold, and how many pages it does a second.

    make: what newsieve is given of a page, and the title; its time counts.
    """
    answers: dict[str, Answers] = {}
    seconds = 0.0
    for fold, model in models.items():
        inside = [page for page in pages if page.page.fold == fold]
        start = time.process_time()
        given = [make(page) for page in inside]
        texts, titles = [text for text, _ in given], [title for _, title in given]
        answers |= {page.page.id: each for page, each in zip(inside, model.classify_many(texts, titles))}
        seconds += time.process_time() - start
    return answers, len(pages) / max(seconds, 1e-9)


def journalism(page: Answers) -> list[bool]:
    """For each paragraph, whether newsieve calls it journalism."""
    return [p.label == Label.journalism for p in page]


def lines_of(answers: dict[str, Answers], keep: Callable[[Answers], Sequence[bool]]) -> dict[str, list[str]]:
    """The text that remains of each page."""
    return {name: [text for text, kept in zip(page.texts, keep(page)) if kept] for name, page in answers.items()}


def newsieve_rows(pages: Sequence[Labelled], models: Models) -> list[Row]:
    """newsieve itself, on text and on HTML: what it calls journalism, and what `clean` keeps."""
    rows = []
    by_text, speed = answered(pages, models, lambda p: ([q.text for q in p.page.paragraphs], p.page.title))
    by_html, html_speed = answered(pages, models, lambda p: (read_html(p.html), None))
    for name, keep in (("", journalism), (", clean", Answers.kept)):
        decisions = {page: keep(answers) for page, answers in by_text.items()}
        on_text = np.array([decisions[page.page.id][i] for page in pages for i in page.labelled])
        rows.append(Row(f"newsieve on text{name}", on_text, speed))
        rows.append(Row(f"newsieve on HTML{name}", found(pages, lines_of(by_html, keep)), html_speed))
    return rows


def sieved(pages: Sequence[Labelled], output: Output, models: Models) -> tuple[Kept, Kept]:
    """Which labelled blocks remain after newsieve: those it calls journalism, and those that its `clean` keeps."""
    full = {name: [line for line in lines if line.strip()] for name, lines in output.lines.items()}
    answers, _ = answered(pages, models, lambda page: (full[page.page.id], page.page.title))
    return found(pages, lines_of(answers, journalism)), found(pages, lines_of(answers, Answers.kept))


def extractor_rows(name: str, pages: Sequence[Labelled], cache: Path, models: Models, notes: list[str]) -> list[Row]:
    """An extractor, alone and with newsieve after it."""
    output = extracted(name, pages, cache)
    if output.failed:
        notes.append(f"{name} failed on {len(output.failed)} pages, e.g. {next(iter(output.failed.values()))}.")
    after = sieved(pages, output, models) if models else ()
    return [Row(name, found(pages, output.lines), len(pages) / output.seconds, *after)]


def decided(pages: Sequence[Labelled], decide: Callable[[Page], Iterable[bool]]) -> tuple[Kept, float]:
    """What a program that takes a page's paragraphs keeps of the labelled ones, and how many pages it does a second."""
    kept, seconds = [], 0.0
    for page in pages:
        start = time.process_time()
        decisions = list(decide(page.page))
        seconds += time.process_time() - start
        kept += [decisions[i] for i in page.labelled]
    return np.array(kept), len(pages) / seconds


def c4_row(pages: Sequence[Labelled]) -> Row:
    """The rules of C4 for lines, as datatrove has them; its rules for whole pages are off."""
    rules = importlib.import_module("datatrove.pipeline.filters").C4QualityFilter(
        split_paragraph=True, min_num_sentences=-1, filter_lorem_ipsum=False, filter_curly_bracket=False
    )
    document = importlib.import_module("datatrove.data").Document

    def decide(page: Page) -> Iterable[bool]:
        for paragraph in page.paragraphs:
            one = document(text=paragraph.text, id="")
            yield rules.filter(one) is True and bool(one.text)

    return Row("C4's rules for lines", *decided(pages, decide))


def _fasttext(corpus: Corpus, fold: int, folder: Path) -> Any:
    """A model of the kinds that saw nothing of a fold."""
    fasttext = importlib.import_module("fasttext")
    path = folder / f"fasttext.{fold}.bin"
    if path.exists():
        return fasttext.load_model(str(path))
    texts = [(page.fold, p) for page in corpus.pages for p in page.paragraphs if p.kind is not None]
    texts += [(single.fold, single.paragraph) for single in corpus.singles]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.writelines(f"__label__{p.kind} {' '.join(p.text.split())}\n" for at, p in texts if at != fold)
        file.flush()
        settings = {"epoch": 8, "lr": 0.5, "wordNgrams": 2, "minn": 3, "maxn": 3, "bucket": 200_000, "dim": 20}
        model = fasttext.train_supervised(file.name, thread=1, verbose=0, **settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    model.save_model(f"{path}.unfinished")
    os.replace(f"{path}.unfinished", path)
    return model


def fasttext_row(pages: Sequence[Labelled], corpus: Corpus, folder: Path) -> Row:
    """fastText on words and parts of words of a paragraph, fitted for each fold on what newsieve is fitted on."""
    models = {
        fold: _fasttext(corpus, fold, folder)
        for fold in sorted({page.page.fold for page in pages if page.page.fold is not None})
    }

    def decide(page: Page) -> Iterable[bool]:
        answers, _ = models[page.fold].predict([" ".join(p.text.split()) for p in page.paragraphs])
        return (bool(names) and names[0] == "__label__story" for names in answers)

    return Row("fastText, by paragraph", *decided(pages, decide))


def table(truth: Truth, rows: Sequence[Row]) -> str:
    """The figures of every system, the best first."""
    header = ["", "precision", "recall", "F1", "by chars: precision", "recall", "F1", "pages/s"]
    lines: list[list[str]] = []
    for row in rows:
        figures = [figure(truth, row.kept, by_chars) for by_chars in (False, True)]
        speed = f"{row.pages_per_second:,.0f}" if row.pages_per_second else "-"
        lines.append([row.name, *(f"{v:.3f}" for f in figures for v in (f.precision, f.recall, f.f1)), speed])
    return format_table(header, lines)


def slipped_table(truth: Truth, rows: Sequence[Row]) -> str:
    """The share of each kind that every system keeps."""
    lines = [[row.name, *(f"{value:.1%}" for value in slipped(truth, row.kept).values())] for row in rows]
    return format_table(["", *map(str, KINDS)], lines)


def after_table(truth: Truth, rows: Sequence[Row]) -> str:
    """What newsieve makes of each extractor's output."""
    header = ["newsieve after", "F1 before", "newsieve: F1", "keeps", "removes", "clean: F1", "keeps", "removes"]
    lines = []
    for row in rows:
        cells = [row.name, f"{figure(truth, row.kept, False).f1:.3f}"]
        for kept in (row.after, row.cleaned):
            if kept is not None:
                shares = (f"{value:.1%}" for value in after(truth, row.kept, kept))
                cells += [f"{figure(truth, kept, False).f1:.3f}", *shares]
        lines.append(cells)
    return format_table(header, [line for line in lines if len(line) == len(header)])


def draw(truth: Truth, rows: Sequence[Row], path: Path) -> None:
    """F1 of each system as a dot, the best above, and as a ring what it is with newsieve after it."""
    plt = importlib.import_module("matplotlib.pyplot")
    plt.rcParams |= {"svg.hashsalt": "newsieve", "svg.fonttype": "none"}  # the same figures give the same, small file
    shown = rows[::-1]
    alone = [figure(truth, row.kept, False).f1 for row in shown]
    picture, axes = plt.subplots(figsize=(8, 0.32 * len(shown) + 1.2), layout="constrained")
    names = [row.name for row in shown]
    axes.hlines(names, 0, alone, color="#dddddd", zorder=1)
    sieved = [(row.name, figure(truth, row.after, False).f1) for row in shown if row.after is not None]
    if sieved:
        places, values = zip(*sieved)
        ring = {"facecolors": "none", "edgecolors": "#08519c", "zorder": 3, "s": 60}
        axes.scatter(values, places, label="with newsieve after it", **ring)
    colours = ["#08519c" if name.startswith("newsieve") else "#636363" for name in names]
    axes.scatter(alone, names, color=colours, zorder=2, label="alone")
    axes.set(xlim=(min(alone) - 0.03, 1), xlabel="F1 for journalism, by blocks")
    axes.legend(loc="lower right")
    picture.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else {})
    plt.close(picture)


def versions() -> str:
    """Which versions of the extractors are here."""
    found = set()
    for name in EXTRACTORS:
        with suppress(ImportError):
            found.add(installed(name))
    return f"Versions: {', '.join(sorted(found, key=str.lower))}."


def part(truth: Truth, pages: Sequence[Labelled], rows: Sequence[Row], notes: Sequence[str]) -> str:
    """The part of BENCHMARKS.md."""
    return f"""{BEGIN}
## Against extractors, and after them

Written by `python benchmarks/extractors.py` (newsieve {__version__}; its opening says what it needs): {len(pages):,}
real pages with {len(truth.kinds):,} labelled blocks, {truth.journalism.sum():,} of them journalism. newsieve and
fastText answer by models that saw nothing of the page's publisher. `newsieve` keeps what it calls journalism, `clean`
what the default policy of `newsieve clean` keeps, which is made to lose little. `by chars` counts letters and digits.
pages/s: processor time on one core, where cached outputs bring the time of the run that made them. C4, fastText and
newsieve on text get the page as paragraphs, all others as HTML. {versions()}

![F1 for journalism](benchmarks/extractors.svg)

```
{table(truth, rows)}
```

The share of the blocks of each kind that is kept; for all but `story`, less is better.

```
{slipped_table(truth, rows)}
```

newsieve after an extractor, its output as input: the share of the rightly kept blocks that newsieve keeps, and of the
wrongly kept ones that it removes, by what it calls journalism and under the policy of `clean`.

```
{after_table(truth, rows)}
```
{"".join(f"{chr(10)}{note}" for note in notes)}
{END}"""


def into_markers(text: str, new: str) -> str:
    """The file's text with this part replaced, or added at the end."""
    before, begin, rest = text.partition(BEGIN)
    if not begin:
        return f"{text.rstrip()}\n\n{new}\n".lstrip()
    _, end, behind = rest.partition(END)
    if not end:
        raise NewsieveError(f"BENCHMARKS.md: {BEGIN} without {END}; put the second where the part ends")
    return before + new + behind


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description="Compare newsieve with extractors, and write it into BENCHMARKS.md.")
    parser.add_argument("--pages", type=Path, required=True, help="labelled real pages (.jsonl)")
    parser.add_argument("--html", type=Path, required=True, help="folder of their HTML, <id>.html.gz")
    parser.add_argument("--cache", type=Path, required=True, help="folder for models and outputs, outside the project")
    parser.add_argument("--jobs", type=int, default=2, help="processes to fit models with (default: 2)")
    names = [*PROGRAMS, *EXTRACTORS]
    parser.add_argument("--only", action="append", choices=names, help="leave all others out; may be repeated")
    parser.add_argument("--out", type=Path, default=ROOT / "BENCHMARKS.md", help="default: BENCHMARKS.md")
    parser.add_argument("--picture", type=Path, default=ROOT / "benchmarks/extractors.svg")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every N-th page, to try this out")
    return parser.parse_args()


def main() -> None:
    """Measure, print, write."""
    options = arguments()
    wanted = options.only or [*PROGRAMS, *EXTRACTORS]
    beside = options.pages.with_name("paragraphs.jsonl")
    everything = read_corpus([options.pages, ROOT / "data", *([beside] if beside.exists() else [])])
    every = slice(None, None, options.every)
    corpus = replace(everything, pages=everything.pages[every], singles=everything.singles[every])
    pages = read_pages(corpus, options.pages, options.html)
    settings = TrainSettings(jobs=options.jobs)
    folder = options.cache / f"models-{models_name(corpus, options.pages, options.html, settings)}"
    models = {}
    if "newsieve" in wanted:
        models = fitted_models(corpus, options.pages, options.html, options.cache, settings, say)
    truth = truth_of(pages)
    notes = [f"Only one page in {options.every} was taken, so the figures are rough."] if options.every > 1 else []
    makers: dict[str, Callable[[], list[Row]]] = {
        "newsieve": lambda: newsieve_rows(pages, models),
        "C4": lambda: [c4_row(pages)],
        "fastText": lambda: [fasttext_row(pages, corpus, folder)],
    }
    makers |= {name: partial(extractor_rows, name, pages, options.cache, models, notes) for name in EXTRACTORS}
    rows = [Row("everything kept", np.ones(len(truth.kinds), bool), None)]
    for name in wanted:
        say(name)
        try:
            rows += makers[name]()
        except ImportError as error:
            notes.append(f"{name} is left out: {error}.")
    rows.sort(key=lambda row: -figure(truth, row.kept, False).f1)
    draw(truth, rows, options.picture)
    text = part(truth, pages, rows, notes)
    options.out.write_text(into_markers(options.out.read_text("utf-8") if options.out.exists() else "", text), "utf-8")
    print(text)
    say(f"wrote {options.out} and {options.picture}")


if __name__ == "__main__":
    try:
        main()
    except (NewsieveError, OSError) as problem:
        sys.exit(f"extractors.py: {problem}")
