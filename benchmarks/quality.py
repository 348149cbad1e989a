"""How good is newsieve, where is it wrong, and what does its quality come from?

    python benchmarks/quality.py --pages pages.jsonl --predictions answers.jsonl

pages.jsonl: labelled real pages, which are no part of the project; a `paragraphs.jsonl` beside them is learned from,
too. answers.jsonl: what `python -m train evaluate --folds pages.jsonl --out answers.jsonl` wrote; without it, the five
folds are fitted here. Then models are fitted with one fold held out, on parts of the data and with parts of the
features (see `ablation.py`). The result goes into BENCHMARKS.md, between two markers, and as numbers into
benchmarks/quality.json, from which `python -m train report` draws the learning curve.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from ablation import SHARES, learning_curve, split_corpus, stage_1_ablation, stage_2_ablation

from predict import __version__
from predict.errors import NewsieveError
from predict.labels import KINDS
from train.corpus import Corpus, read_corpus
from train.evaluate import cross_validate, write_answers
from train.fit import fit
from train.report.answers import Answered, read_answers
from train.rows import corpus_rows
from train.scores import Scores, format_scores
from train.settings import TrainSettings
from train.tables import format_table

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- quality -->", "<!-- /quality -->"
_MOST_CONFUSED = 15
_STARTED = time.monotonic()


def say(text: str) -> None:
    """Tell how far the work is, and when."""
    print(f"{time.monotonic() - _STARTED:6.0f} s  {text}", file=sys.stderr, flush=True)


def read_all(pages: Path) -> tuple[Corpus, set[str]]:
    """The real pages, first, and all data; and the names of the files of real data."""
    beside = pages.with_name("paragraphs.jsonl")
    real = [pages, *([beside] if beside.exists() else [])]
    return read_corpus([*real, ROOT / "data"]), {str(path) for path in real}


def sampled(corpus: Corpus, every: int) -> Corpus:
    """Every n-th page and single paragraph, to try this program out."""
    return replace(corpus, pages=corpus.pages[::every], singles=corpus.singles[::every])


def cross_validated(corpus: Corpus, real: set[str], settings: TrainSettings, predictions: Path | None) -> Answered:
    """Out-of-fold answers to the real pages, read or made."""
    pages = [page for page in corpus.pages if page.source_file in real]
    if predictions:
        return read_answers(pages, predictions)
    rows = corpus_rows(corpus, settings)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.jsonl"
        answers = list(cross_validate(rows, np.arange(len(pages)), settings, say))
        write_answers(path, [page.id for page in pages], rows, answers)
        return read_answers(pages, path)


def sources(answered: Answered, pages: Path) -> list[str]:
    """Where each page comes from, as its own field `source` says; "" where it says nothing."""
    records = (orjson.loads(line) for line in pages.read_bytes().splitlines() if line.strip())
    named = {record["id"]: str(record.get("source", "")) for record in records}
    return [named[page.id] for page in answered.pages]


def errors_by(what: str, scores: dict[str, Scores]) -> str:
    """A table of errors by a name of each page."""
    header = [what, "paragraphs", "errors", "accuracy", "macro-F1", "F1 journalism"]
    rows = [
        [
            name or "unknown",
            s.paragraphs,
            round((1 - s.accuracy) * s.paragraphs),
            f"{s.accuracy:.3f}",
            f"{s.macro_f1:.3f}",
            f"{s.labels['journalism'].f1:.3f}",
        ]
        for name, s in scores.items()
    ]
    return format_table(header, rows)


def confusions(answered: Answered) -> str:
    """A table of the errors by what is taken for what, the most frequent first."""
    at = answered.labelled & (answered.true_labels != answered.answers.labels)
    pairs = zip(answered.truth.kinds[at].tolist(), answered.answers.kinds[at].tolist())
    total = int(at.sum())
    rows = [
        [f"{KINDS[true]} as {KINDS[given]}", count, f"{count / total:.1%}"]
        for (true, given), count in Counter(pairs).most_common(_MOST_CONFUSED)
    ]
    return format_table(["kind", "errors", "of all errors"], rows)


def scores_row(scores: Scores) -> list[str]:
    """The figures of an ablation."""
    figures = (scores.accuracy, scores.macro_f1, scores.labels["journalism"].f1, scores.flags["any"].f1)
    return [f"{figure:.3f}" for figure in (*figures, scores.removed_at["0.99"])]


FIGURES = ("accuracy", "macro-F1", "F1 journalism", "F1 any flag", "removed at 99 %")


def stage_1_table(found: dict[str, Scores]) -> str:
    """Stage 1 alone."""
    return format_table(["stage 1 alone", *FIGURES], [[name, *scores_row(scores)] for name, scores in found.items()])


def stage_2_table(found: dict[str, dict[str, Scores]]) -> str:
    """Both stages, on whole pages, and the accuracy on cut-out and untitled ones."""
    rows = []
    for name, views in found.items():
        others = [f"{views[view].accuracy:.3f}" if view in views else "-" for view in ("cut out", "untitled")]
        rows.append([name, *scores_row(views["whole"]), *others])
    return format_table(["both stages", *FIGURES, "accuracy cut out", "untitled"], rows)


def curve_table(curve: Sequence[dict[str, Any]]) -> str:
    """The learning curve."""
    header = ["grows", "real pages", "authored paragraphs", "accuracy", "macro-F1", "F1 journalism", "F1 any flag"]
    rows = []
    for point in curve:
        scores = point["scores"]
        figures = (scores["accuracy"], scores["macro_f1"], scores["f1"]["journalism"], scores["flag_f1"]["any"])
        sizes = [point["real_pages"], point["authored_paragraphs"]]
        rows.append([point["series"], *sizes, *(f"{figure:.3f}" for figure in figures)])
    return format_table(header, rows)


def into_markers(text: str, part: str) -> str:
    """The file's text with its quality part replaced, or added at the end."""
    block = f"{BEGIN}\n{part.strip()}\n{END}"
    before, begin, rest = text.partition(BEGIN)
    if not begin:
        return f"{text.rstrip()}\n\n{block}\n".lstrip()
    _, end, after = rest.partition(END)
    if not end:
        raise NewsieveError(f"BENCHMARKS.md: {BEGIN} without {END}; put the second where the part ends")
    return before + block + after


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description="Measure the quality and write it into BENCHMARKS.md.")
    parser.add_argument("--pages", type=Path, required=True, help="labelled real pages (.jsonl)")
    parser.add_argument("--predictions", type=Path, help="out-of-fold answers to them; made here if not given")
    parser.add_argument("--fold", type=int, default=0, help="held out for learning curve and ablation (default: 0)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--out", type=Path, default=ROOT / "BENCHMARKS.md", help="default: BENCHMARKS.md")
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks" / "quality.json")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every N-th page, to try this out")
    return parser.parse_args()


def fenced(*tables: str) -> str:
    """Tables as Markdown shows them unchanged."""
    return "\n\n".join(f"```\n{table}\n```" for table in tables)


def measured(options: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    """The quality part of BENCHMARKS.md, and its numbers."""
    settings = TrainSettings(jobs=options.jobs)
    corpus, real = read_all(options.pages)
    small = sampled(corpus, options.every)
    answered = cross_validated(corpus if options.predictions else small, real, settings, options.predictions)
    overall = answered.scores()
    by_language = answered.scores_by([page.lang for page in answered.pages])
    by_source = answered.scores_by(sources(answered, options.pages))
    say("cross-validation scored")

    split = split_corpus(small, real, options.fold, settings)
    if not len(split.asked):
        raise NewsieveError(f"{options.pages}: no page falls into fold {options.fold}")
    say("fit on all other folds")
    whole = fit(split.rows, split.train, settings)
    stage_1, stage_2 = stage_1_ablation(split, say), stage_2_ablation(split, whole, say)
    curve = learning_curve(split, whole, say)
    whole_pages = stage_2["everything"]["whole"]
    part = f"""## Quality

Written by `python benchmarks/quality.py` (newsieve {__version__}). Real pages, which are not redistributed:
{overall.paragraphs:,} labelled paragraphs on {len(answered.pages):,} pages, answered by models that saw nothing of
their publishers. `removed` is the share of other characters that go while 99 % of journalism's stay.

{fenced(format_scores("cross-validation", overall))}

Where the errors are:

{fenced(errors_by("language", by_language), errors_by("source", by_source), confusions(answered))}

What the quality comes from, measured on fold {options.fold}: {whole_pages.paragraphs:,} labelled paragraphs, models
fitted on the other folds. Of the real pages, or of what the project wrote, a model learned from a part
({", ".join(f"{share:g}" for share in SHARES)}), and from all of the other; at 0, from the other alone:

{fenced(curve_table(curve))}

Without a family of features of stage 1, which answers alone here, the largest probability winning; without a group of
stage 2, fitted again over the same stage 1 under the label weights and flag thresholds of the whole model. `cut out`:
pages as an extractor leaves them; `untitled`: pages given without their title.

{fenced(stage_1_table(stage_1), stage_2_table(stage_2))}
"""
    numbers = {
        "version": __version__,
        "cross_validation": overall.as_dict(),
        "by_language": {name: scores.as_dict() for name, scores in by_language.items()},
        "by_source": {name: scores.as_dict() for name, scores in by_source.items()},
        "learning_curve": curve,
        "stage_1": {name: scores.as_dict() for name, scores in stage_1.items()},
        "stage_2": {name: {v: s.as_dict() for v, s in views.items()} for name, views in stage_2.items()},
    }
    return part, numbers


def main() -> None:
    """Run, write, print."""
    options = arguments()
    try:
        part, numbers = measured(options)
        text = options.out.read_text(encoding="utf-8") if options.out.exists() else ""
        options.out.write_text(into_markers(text, part), encoding="utf-8")
    except (NewsieveError, OSError) as error:
        sys.exit(f"quality: {error}")
    options.json.write_bytes(orjson.dumps(numbers, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    print(part)
    say(f"wrote {options.out} and {options.json}")


if __name__ == "__main__":
    main()
