"""newsieve against the extractors that people use, and after them: what is kept of the journalism, and what else?

    pip install -e ".[bench,html]"
    python benchmarks/extractors.py --pages pages.jsonl --html html/ --predictions answers.jsonl --models folds/

pages.jsonl: labelled real pages, which are no part of the project, each with its `fold`. html/: `<id>.html.gz` of each.
answers.jsonl: out-of-fold answers to the pages' text, as `python -m train evaluate --folds pages.jsonl --out` writes
them. --html-predictions: the same for HTML, as `python -m train html --folds --out` does. folds/: model folders named
0, 1, ..., each of which has seen nothing of the fold of that name; they answer what the extractors wrote.

Every extractor gets the HTML as decoded text, and no network. `matching.py` says when a labelled block counts as kept.
The time is that of the processor, one core, without reading and decoding. What is not given or not installed is left
out, and said to be. --cache keeps the extractors' outputs and fastText's models, so that a second run need not wait.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from matching import Kept, Labelled, Truth, after, figure, found, predicted, read_pages, slipped, truth_of

from predict import Classifier, __version__, read_html
from predict.errors import NewsieveError
from predict.labels import KINDS, Label
from train.corpus import Corpus, read_corpus
from train.records import Page
from train.tables import format_table

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- extractors -->", "<!-- /extractors -->"
Extract = Callable[[str], list[str]]


@dataclass
class Output:
    """What an extractor made of each page (by id): lines; how long it took; on which pages it failed, and why."""

    lines: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0
    failed: dict[str, str] = field(default_factory=dict)


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
    """Tell how far the work is."""
    print(text, file=sys.stderr, flush=True)


def _trafilatura(**settings: bool) -> Extract:
    extract = importlib.import_module("trafilatura").extract
    return lambda html: (extract(html, **settings) or "").splitlines()


def _readability() -> Extract:
    document = importlib.import_module("readability").Document
    return lambda html: [block.text for block in read_html(document(html).summary())]


def _resiliparse() -> Extract:
    extract = importlib.import_module("resiliparse.extract.html2text").extract_plain_text
    return lambda html: extract(html, main_content=True).splitlines()


def _justext() -> Extract:
    justext = importlib.import_module("justext")
    # Pages of many languages: the stop words of all of them, as its own documentation advises for that.
    words = frozenset().union(*(justext.get_stoplist(name) for name in justext.get_stoplists()))
    return lambda html: [p.text for p in justext.justext(html, words) if not p.is_boilerplate]


def _boilerpy3() -> Extract:
    extractor = importlib.import_module("boilerpy3.extractors").ArticleExtractor(raise_on_failure=False)
    return lambda html: extractor.get_content(html).splitlines()


def _newspaper() -> Extract:
    article = importlib.import_module("newspaper").Article

    def extract(html: str) -> list[str]:
        one = article("https://news.example/", fetch_images=False)
        one.download(input_html=html)
        one.parse()
        return [str(one.title), *one.text.splitlines()]

    return extract


def _turbohtml() -> Extract:
    boilerplate = importlib.import_module("turbohtml.extract").boilerplate
    return lambda html: [p.text for p in boilerplate(html) if not p.is_boilerplate]


EXTRACTORS: dict[str, Callable[[], Extract]] = {
    "trafilatura": _trafilatura,
    "trafilatura, precision": lambda: _trafilatura(favor_precision=True),
    "trafilatura, recall": lambda: _trafilatura(favor_recall=True),
    "readability-lxml": _readability,
    "resiliparse": _resiliparse,
    "jusText": _justext,
    "boilerpy3": _boilerpy3,
    "newspaper4k": _newspaper,
    "turbohtml boilerplate()": _turbohtml,
}

PROGRAMS = ("C4", "fastText")  # these take paragraphs


def extracted(name: str, pages: Sequence[Labelled], cache: Path | None) -> Output:
    """Run an extractor over the pages, or read what it wrote before. Raises ImportError if it is not installed."""
    path = cache / f"{name.replace(', ', '-').replace(' ', '-')}.{len(pages)}.json" if cache else None
    if path and path.exists():
        return Output(**orjson.loads(path.read_bytes()))
    extract = EXTRACTORS[name]()
    output = Output()
    for number, page in enumerate(
        [pages[0], *pages]
    ):  # the first one twice: what is loaded on first use is not the page's time
        start = time.process_time()
        try:
            lines, problem = extract(page.html), None
        except Exception as error:  # whatever a library stumbles over: the page then yields nothing
            lines, problem = [], f"{type(error).__name__}: {error}"[:200]
        output.seconds += time.process_time() - start if number else 0
        output.lines[page.page.id] = lines
        if problem:
            output.failed[page.page.id] = problem
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(output))
    return output


def sieved(pages: Sequence[Labelled], output: Output, models: dict[int, Classifier]) -> tuple[Kept, Kept]:
    """Which labelled blocks remain after newsieve: those it calls journalism, and those that its `clean` keeps."""
    by_label, cleaned = {}, {}
    for page in pages:
        lines = [line for line in output.lines[page.page.id] if line.strip()]
        answers = models[page.page.fold or 0].classify(lines, page.page.title)
        by_label[page.page.id] = [p.text for p in answers if p.label == Label.journalism]
        cleaned[page.page.id] = [line for line, keep in zip(lines, answers.kept()) if keep]
    return found(pages, by_label), found(pages, cleaned)


def extractor_rows(pages: Sequence[Labelled], options: argparse.Namespace, notes: list[str]) -> list[Row]:
    """All extractors, alone and with newsieve after them."""
    models = {int(path.name): Classifier.load(path) for path in options.models.iterdir()} if options.models else {}
    rows = []
    for name in (name for name in EXTRACTORS if not options.only or name in options.only):
        say(name)
        try:
            output = extracted(name, pages, options.cache)
        except ImportError as error:
            notes.append(f"{name} is left out: {error}.")
            continue
        if output.failed:
            notes.append(f"{name} failed on {len(output.failed)} pages, e.g. {next(iter(output.failed.values()))}.")
        both = sieved(pages, output, models) if models else ()
        rows.append(Row(name, found(pages, output.lines), len(pages) / output.seconds, *both))
    return rows


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


def _fasttext(corpus: Corpus, fold: int, cache: Path | None) -> Any:
    """A model of the kinds that saw nothing of a fold."""
    fasttext = importlib.import_module("fasttext")
    path = cache / f"fasttext.{fold}.bin" if cache else None
    if path and path.exists():
        return fasttext.load_model(str(path))
    texts = [(page.fold, p) for page in corpus.pages for p in page.paragraphs if p.kind is not None]
    texts += [(single.fold, single.paragraph) for single in corpus.singles]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.writelines(f"__label__{p.kind} {' '.join(p.text.split())}\n" for at, p in texts if at != fold)
        file.flush()
        settings = {"epoch": 8, "lr": 0.5, "wordNgrams": 2, "minn": 3, "maxn": 3, "bucket": 200_000, "dim": 20}
        model = fasttext.train_supervised(file.name, thread=1, verbose=0, **settings)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        model.save_model(str(path))
    return model


def fasttext_row(pages: Sequence[Labelled], corpus: Corpus, cache: Path | None) -> Row:
    """fastText on words and parts of words of a paragraph, fitted for each fold on what newsieve is fitted on."""
    models = {fold: _fasttext(corpus, fold, cache) for fold in sorted({page.page.fold or 0 for page in pages})}

    def decide(page: Page) -> Iterable[bool]:
        answers, _ = models[page.fold or 0].predict([" ".join(p.text.split()) for p in page.paragraphs])
        return (bool(names) and names[0] == "__label__story" for names in answers)

    return Row("fastText, by paragraph", *decided(pages, decide))


def newsieve_rows(pages: Sequence[Labelled], options: argparse.Namespace, notes: list[str]) -> list[Row]:
    """newsieve itself, on text and on HTML, from files of out-of-fold answers."""
    rows = []
    if options.predictions:
        model = Classifier.load(next(options.models.iterdir()) if options.models else None)
        _, speed = decided(pages, lambda page: model.classify([p.text for p in page.paragraphs], page.title).kept())
        rows.append(Row("newsieve on text", predicted(pages, options.predictions), speed))
    if options.html_predictions:
        rows.append(Row("newsieve on HTML", predicted(pages, options.html_predictions), None))
    else:
        notes.append("newsieve on HTML is left out: no --html-predictions were given.")
    return rows


def table(truth: Truth, rows: Sequence[Row]) -> str:
    """The figures of every system, the best first."""
    header = ["", "precision", "recall", "F1", "by chars: precision", "recall", "F1", *map(str, KINDS), "pages/s"]
    lines: list[list[str]] = []
    for row in sorted(rows, key=lambda row: -figure(truth, row.kept, False).f1):
        figures = [figure(truth, row.kept, by_chars) for by_chars in (False, True)]
        shares = [f"{value:.1%}" for value in slipped(truth, row.kept).values()]
        speed = f"{row.pages_per_second:.3g}" if row.pages_per_second else "-"
        lines.append([row.name, *(f"{v:.3f}" for f in figures for v in (f.precision, f.recall, f.f1)), *shares, speed])
    return format_table(header, lines)


def after_table(truth: Truth, rows: Sequence[Row]) -> str:
    """What newsieve makes of each extractor's output."""
    header = ["newsieve after", "F1 before", "by label: F1", "keeps", "removes", "clean: F1", "keeps", "removes"]
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
    """A bar for each system, and behind it a lighter one: with newsieve after it."""
    plt = importlib.import_module("matplotlib.pyplot")
    plt.switch_backend("svg")
    plt.rcParams["svg.hashsalt"] = "newsieve"  # the same figures give the same file
    shown = sorted(rows, key=lambda row: figure(truth, row.kept, False).f1)
    figure_, axes = plt.subplots(figsize=(8, 0.35 * len(shown) + 1.2), layout="constrained")
    names = [row.name for row in shown]
    second = [0 if row.after is None else figure(truth, row.after, False).f1 for row in shown]
    axes.barh(names, second, color="#9ecae1", label="with newsieve after it")
    colours = ["#08519c" if name.startswith("newsieve") else "#636363" for name in names]
    axes.barh(names, [figure(truth, row.kept, False).f1 for row in shown], height=0.45, color=colours, label="alone")
    axes.set(xlim=(0, 1), xlabel="F1 for journalism, by blocks")
    axes.legend(loc="lower left")
    figure_.savefig(path, metadata={"Date": None})


def part(truth: Truth, pages: Sequence[Labelled], rows: Sequence[Row], notes: Sequence[str]) -> str:
    """The part of BENCHMARKS.md."""
    return f"""{BEGIN}
## Against extractors, and after them

Written by `python benchmarks/extractors.py` (newsieve {__version__}; its opening says what it needs): {len(pages):,}
real pages with {len(truth.kinds):,} labelled blocks, {truth.journalism.sum():,} of them journalism. newsieve and
fastText answer by models that saw nothing of the page's publisher. `by chars` counts letters and digits. Under each
kind: the share of its blocks that is kept; for all but `story`, less is better. pages/s: processor time on one core.
C4, fastText and newsieve on text get the page as paragraphs.

![F1 for journalism](benchmarks/extractors.svg)

```
{table(truth, rows)}
```

newsieve after an extractor, its output as input: the share of the rightly kept blocks that newsieve keeps, and of the
wrongly kept ones that it removes; `by label`: only what it calls journalism stays; `clean`: the default policy of
`newsieve clean`, made to keep.

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
    parser.add_argument("--predictions", type=Path, help="out-of-fold answers to the text (.jsonl)")
    parser.add_argument("--html-predictions", type=Path, help="out-of-fold answers to the HTML (.jsonl)")
    parser.add_argument("--models", type=Path, help="folder of the models of the folds, 0, 1, ...")
    names = [*EXTRACTORS, *PROGRAMS]
    parser.add_argument("--only", action="append", choices=names, help="of the others; may be repeated")
    parser.add_argument("--cache", type=Path, help="folder for the extractors' outputs and fastText's models")
    parser.add_argument("--out", type=Path, default=ROOT / "BENCHMARKS.md", help="default: BENCHMARKS.md")
    parser.add_argument("--picture", type=Path, default=ROOT / "benchmarks/extractors.svg")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every N-th page, to try this out")
    return parser.parse_args()


def main() -> None:
    """Measure, print, write."""
    options = arguments()
    beside = options.pages.with_name("paragraphs.jsonl")
    learned = [path for path in (beside, ROOT / "data") if path.exists()]  # by fastText
    corpus = read_corpus([options.pages, *(learned if "fastText" in (options.only or PROGRAMS) else [])])
    pages = read_pages(corpus, options.pages, options.html)[:: options.every]
    truth = truth_of(pages)
    notes = [f"Only one page in {options.every} was taken, so the figures are rough."] if options.every > 1 else []
    rows = [Row("everything kept", np.ones(len(truth.kinds), bool), None), *newsieve_rows(pages, options, notes)]
    rows += extractor_rows(pages, options, notes)
    makers = (lambda: c4_row(pages), lambda: fasttext_row(pages, corpus, options.cache))
    for name, make in zip(PROGRAMS, makers):
        if options.only and name not in options.only:
            continue
        say(name)
        try:
            rows.append(make())
        except ImportError as error:
            notes.append(f"{name} is left out: {error}.")
    draw(truth, rows, options.picture)
    text = part(truth, pages, rows, notes)
    options.out.write_text(into_markers(options.out.read_text("utf-8") if options.out.exists() else "", text), "utf-8")
    print(text)


if __name__ == "__main__":
    try:
        main()
    except (NewsieveError, OSError) as problem:
        sys.exit(f"extractors.py: {problem}")
