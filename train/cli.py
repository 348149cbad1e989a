"""The command line of training: `python -m train check | fit | evaluate | report | html | designations | export`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import joblib
import numpy as np
import numpy.typing as npt

from predict.errors import NewsieveError
from predict.model import Model
from predict.model_file import load_model, save_model
from train.adapt import adapt
from train.card import corrected_card, model_card, own_rows
from train.check import run_check
from train.corpus import HELD_OUT, Corpus, CorpusError, is_held_out, parse_corpus, read_corpus
from train.data_sheet import SHEET, write_data_sheet
from train.designations import (
    answers,
    cross_validate_designations,
    examples,
    fit_designations,
    measure_told,
    require_designations,
)
from train.evaluate import FoldAnswers, answer_pages, cross_validate, share_right, transfer, write_answers
from train.export import export_pipeline
from train.fit import fit
from train.fold_models import fitted_models
from train.html_evaluate import cross_validate_html, measure_html, write_html_answers
from train.html_fit import fit_html
from train.html_pages import format_found, format_missed, labelled_html
from train.html_rows import html_rows
from train.rows import Rows, corpus_rows
from train.scores import Scores, format_scores, measure, truth_of
from train.settings import TrainSettings
from train.standoff import applied

DATA = click.option(
    "--data",
    "data",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A data folder or a .jsonl file to learn from; may be given several times. [default: data]",
)
KEPT = click.option(
    "--models", "kept", type=click.Path(path_type=Path), help="Keep the models of the folds here, to be used again."
)
JOBS = click.option(
    "--jobs", type=click.IntRange(min=1), default=TrainSettings.jobs, show_default=True, help="Processes to fit with."
)


@click.group()
def cli() -> None:
    """Make newsieve's model from labelled pages and paragraphs, and measure it."""


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("data"))
@click.option("--reference", type=click.Path(path_type=Path), help="Real pages to hold the vocabulary against.")
@click.option("--sheet", is_flag=True, help="If all is sound, write the counts into the folder's README.md.")
def check(folder: Path, reference: Path | None, sheet: bool) -> None:
    """Validate labelled data and count what is there."""
    code = run_check(folder, reference)
    if sheet and not code:
        write_data_sheet(folder)
        _say(f"wrote the counts into {folder / SHEET}")
    sys.exit(code)


@cli.command(name="fit")
@DATA
@JOBS
@click.option("--html", "folder", type=click.Path(path_type=Path), help="HTML of labelled pages: <id>.html(.gz).")
@click.option("--base", type=click.Path(path_type=Path), help="Correct this model with the data; fit nothing anew.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write the model into.")
def fit_command(data: Sequence[Path], jobs: int, folder: Path | None, base: Path | None, out: Path) -> None:
    """Fit a model and write it with its card; with --base, teach a model some paragraphs of one's own."""
    settings = TrainSettings(jobs=jobs)
    out.mkdir(parents=True, exist_ok=True)
    if base:
        _correct(load_model(base), data, settings, out)
        return
    corpus, rows = _read(data, settings)
    pages = list(labelled_html(corpus, folder)) if folder else []
    everything = np.ones(len(rows.kinds), bool)
    fitted = fit(rows, everything, settings, _say)
    html = fit_html(rows, html_rows(pages, rows), everything, fitted.by_fold, settings, _say) if folder else None
    told = fit_designations(examples(corpus))
    card = model_card(corpus, fitted, settings, html, _own_alone(corpus, rows, settings))
    save_model(replace(fitted.model, card=card, designations=told, html=html.model if html else None), out)
    _say(f"wrote {out}")


@cli.command()
@DATA
@JOBS
@click.option("--folds", type=click.Path(path_type=Path), help="Cross-validate by publisher over these pages.")
@KEPT
@click.option("--html", type=click.Path(path_type=Path), help="With --models: HTML of the pages, for their other part.")
@click.option("--test", type=click.Path(path_type=Path), help="Fit on the data alone and measure on these pages.")
@click.option("--model", type=click.Path(path_type=Path), help="With --test: measure this model, fit nothing.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the answers as prediction records.")
def evaluate(
    data: Sequence[Path],
    jobs: int,
    folds: Path | None,
    kept: Path | None,
    html: Path | None,
    test: Path | None,
    model: Path | None,
    out: Path | None,
) -> None:
    """Measure on pages that the model did not learn from; by default on the data's own held-out pages."""
    if folds and (test or model):
        raise click.UsageError("--folds fits its own models; give either --folds or --test")
    if bool(kept) != bool(html) or (kept and not folds):
        raise click.UsageError("--models goes with --folds and --html: the models that are kept answer HTML, too")
    _check_place(out)
    settings = TrainSettings(jobs=jobs)
    loaded = load_model(model) if model else None
    if loaded:
        settings = replace(settings, features=loaded.paragraphs.settings)
    measured = folds or test or _data(data)[0] / HELD_OUT
    corpus, rows = _read([measured, *([] if model else _data(data)), *_beside(folds)], settings)
    tested = _pages_of(measured, corpus)
    if folds:
        models = fitted_models(corpus, measured, html, kept, settings, _say) if kept and html else None
        answers = list(cross_validate(rows, tested, settings, _say, models))
    else:
        answers = [_answer_apart(rows, tested, loaded, settings)]
    if out:
        write_answers(out, [page.id for page in corpus.pages], rows, answers)
    click.echo(_format(str(measured), rows, answers))


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("data"))
def designations(folder: Path) -> None:
    """Measure how well designations are told apart: cross-validated, and on the folder's held-out pages."""
    corpus, problems = parse_corpus([folder], held_out=True)
    if problems:
        raise CorpusError(problems)
    given = examples(corpus)
    learned, held_out = ([e for e in given if is_held_out(e.place[0]) == held] for held in (False, True))
    for name, told in (
        ("cross-validated", cross_validate_designations(learned)),
        (str(folder / HELD_OUT), measure_told(answers(require_designations(learned), held_out))),
    ):
        click.echo(
            f"{name}: {told.number} designations, status {told.status:.3f} right, state {told.state:.3f} right; "
            f"{told.named:.3f} are given a state, of which {told.named_right:.3f} right"
        )


@cli.command()
@DATA
@JOBS
@click.option("--pages", type=click.Path(path_type=Path), required=True, help="Labelled pages.")
@click.option("--html", "folder", type=click.Path(path_type=Path), required=True, help="Their HTML: <id>.html(.gz).")
@click.option("--missed", is_flag=True, help="List the labelled paragraphs that no block is equal to.")
@click.option("--folds", is_flag=True, help="Also cross-validate by publisher, beside --data, over the blocks found.")
@KEPT
@click.option("--out", type=click.Path(path_type=Path), help="With --folds: write the answers as prediction records.")
def html(
    data: Sequence[Path],
    jobs: int,
    pages: Path,
    folder: Path,
    missed: bool,
    folds: bool,
    kept: Path | None,
    out: Path | None,
) -> None:
    """Measure on HTML: how many labelled paragraphs are found as blocks, and how they are answered."""
    _check_place(out)
    settings = TrainSettings(jobs=jobs)
    corpus = read_corpus([pages, *(_data(data) if folds else []), *_beside(pages if folds else None)])
    found = [page for page in labelled_html(corpus, folder) if page.page.source_file == str(pages)]
    if missed:
        click.echo(format_missed(found))
    click.echo(format_found(found))
    if not folds:
        return
    rows = corpus_rows(corpus, settings)
    blocks = html_rows(found, rows)
    models = fitted_models(corpus, pages, folder, kept, settings, _say) if kept else None
    answered = list(cross_validate_html(rows, blocks, settings, _say, models))
    if out:
        write_html_answers(out, found, blocks, answered)
    click.echo(format_scores(str(pages), measure_html(blocks, answered)))


@cli.command()
@DATA
@JOBS
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write index.html into.")
@click.option("--folds", type=click.Path(path_type=Path), help="Cross-validate over these pages. [default: the data]")
@click.option("--predictions", type=click.Path(path_type=Path), help="Answers from `evaluate --folds PAGES --out`.")
@click.option("--gold", type=click.Path(path_type=Path), help="With --predictions: the pages that they answer.")
@click.option(
    "--model", type=click.Path(path_type=Path), help="Explain errors by this model. [default: the shipped one]"
)
@click.option(
    "--curve",
    type=click.Path(path_type=Path),
    default=Path("benchmarks/quality.json"),
    show_default=True,
    help="Learning curve, from benchmarks/quality.py.",
)
def report(
    data: Sequence[Path],
    jobs: int,
    out: Path,
    folds: Path | None,
    predictions: Path | None,
    gold: Path | None,
    model: Path | None,
    curve: Path,
) -> None:
    """Write one HTML page with pictures of the scores and the worst errors, from out-of-fold answers."""
    from train.report import write_report  # matplotlib, which the other commands do without

    if bool(predictions) != bool(gold) or (predictions and folds):
        raise click.UsageError("give --predictions with --gold, or --folds, or neither")
    explaining = load_model(model)
    out.mkdir(parents=True, exist_ok=True)
    if predictions is None:
        predictions = out / "predictions.jsonl"
        _cross_validate_into(predictions, folds, data, TrainSettings(jobs=jobs))
    measured = gold or folds
    pages = read_corpus([measured] if measured else _data(data)).pages
    name = f"the model in {model}" if model else "the shipped model"
    _say(f"wrote {write_report(out, pages, predictions, explaining, name, curve)}")


@cli.command()
@DATA
@JOBS
@click.option("--sklearn", "path", type=click.Path(path_type=Path), required=True, help="File to write (joblib).")
def export(data: Sequence[Path], jobs: int, path: Path) -> None:
    """Fit stage 1 and write it as a scikit-learn Pipeline for those who want one."""
    _check_place(path)
    settings = TrainSettings(jobs=jobs)
    _, rows = _read(data, settings)
    joblib.dump(export_pipeline(rows, settings), path)
    _say(f"wrote {path}; it is a pickle, load it only where you trust its source")


def _own_alone(corpus: Corpus, rows: Rows, settings: TrainSettings) -> Scores | None:
    """How good a model is for whoever has the project's own data only; None where nothing else was learned from."""
    own = own_rows(corpus)
    if own.all() or not own.any():
        return None
    _say("the project's own data alone")
    return transfer(rows, own, settings, _say)


def _correct(base: Model, data: Sequence[Path], settings: TrainSettings, out: Path) -> None:
    corpus, rows = _read(data, replace(settings, features=base.paragraphs.settings))
    corrected = adapt(base, rows)
    _say(f"labels right: {share_right(base, rows):.3f} of them before, {share_right(corrected, rows):.3f} now")
    save_model(replace(corrected, card=corrected_card(base.card, corpus)), out)
    _say(f"wrote {out}")


def _say(text: str) -> None:
    click.echo(text, err=True)


def _data(data: Sequence[Path]) -> list[Path]:
    return list(data) or [Path("data")]


def _beside(folds: Path | None) -> list[Path]:
    """The single paragraphs that belong to cross-validated pages stand beside them."""
    beside = folds.with_name("paragraphs.jsonl") if folds else None
    return [beside] if beside and beside.exists() else []


def _read(data: Sequence[Path], settings: TrainSettings) -> tuple[Corpus, Rows]:
    corpus = read_corpus(_data(data))
    _say(f"{len(corpus.pages):,} pages and {len(corpus.singles):,} single paragraphs read{_standoff(corpus)}")
    return corpus, corpus_rows(corpus, settings)


def _standoff(corpus: Corpus) -> str:
    if not corpus.standoff:
        return ""
    elsewhere = len({record.page for record in corpus.standoff} - {page.id for page in corpus.pages})
    return (
        f"; {applied(corpus.pages):,} standoff labels on them, those of {elsewhere:,} pages that are not here left out"
    )


def _check_place(path: Path | None) -> None:
    """Refuse a file that cannot be written before the long work, not after it."""
    if path and not path.parent.is_dir():
        raise NewsieveError(f"{path}: the folder {path.parent} does not exist")


def _pages_of(measured: Path, corpus: Corpus) -> npt.NDArray[np.int64]:
    """Indices of the pages of the file that was read first, which must not be among the files to learn from."""
    first, *others = corpus.files
    again = [file.name for file in others if file.sha256 == first.sha256]
    if again:
        raise NewsieveError(f"{measured}: measured on, so it cannot be learned from; leave {again[0]} out of --data")
    pages = sum(page.source_file == str(measured) for page in corpus.pages)
    if not pages:
        raise NewsieveError(f"{measured}: no pages to measure on; a .jsonl file of whole pages is wanted")
    return np.arange(pages)


def _answer_apart(
    rows: Rows, tested: npt.NDArray[np.int64], model: Model | None, settings: TrainSettings
) -> FoldAnswers:
    """Answer the pages `tested`, which come first, by a given model or one fitted on everything else."""
    if model:
        return answer_pages(model, rows, tested)
    train = np.ones(len(rows.kinds), bool)
    train[: int(rows.sizes[tested].sum())] = False
    return answer_pages(fit(rows, train, settings, _say).model, rows, tested)


def _cross_validate_into(path: Path, folds: Path | None, data: Sequence[Path], settings: TrainSettings) -> None:
    """Write the out-of-fold answers to the pages `folds`, or to all pages of the data."""
    corpus, rows = _read([*([folds] if folds else []), *_data(data), *_beside(folds)], settings)
    tested = _pages_of(folds, corpus) if folds else np.arange(len(corpus.pages))
    answers = list(cross_validate(rows, tested, settings, _say))
    write_answers(path, [page.id for page in corpus.pages], rows, answers)


def _format(name: str, rows: Rows, folds: list[FoldAnswers]) -> str:
    page = np.repeat(np.arange(len(rows.sizes)), rows.sizes)
    at = np.concatenate([np.flatnonzero(np.isin(page, fold.pages)) for fold in folds])
    answers = type(folds[0].answers)(
        *(np.concatenate([getattr(f.answers, part) for f in folds]) for part in folds[0].answers.__annotations__)
    )
    flags = np.concatenate([fold.flags for fold in folds])
    return format_scores(name, measure(answers, flags, truth_of(rows, at)))


def main() -> None:
    """Run the program; an error that can be mended is one line on standard error and exit code 2."""
    try:
        cli()
    except NewsieveError as error:
        click.echo(f"train: {error}", err=True)
        sys.exit(2)
    except OSError as error:
        click.echo(f"train: {error.filename or 'input or output'}: {error.strerror or error}", err=True)
        sys.exit(2)
