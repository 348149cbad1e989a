"""The command `newsieve`: classify, clean, report, explain.

Pages go to standard output, everything about the run to standard error; a person sees a table, a program gets
records. The exit code says how it went: 0 done; 1 some records were bad and were set aside; 2 nothing usable, or
wrong use; 130 Ctrl-C. Only what a command needs is imported, and only when it is needed: most of what a short run
costs is starting it.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from predict import __version__
from predict.classifier import Classifier
from predict.errors import InputError, NewsieveError
from predict.streams import SUFFIXES, TEXTS

if TYPE_CHECKING:
    from predict import pipeline
    from predict.credibility import Report
    from predict.folders import Plan
    from predict.forms import Transform
    from predict.output import ErrorsShown
    from predict.records import Record, Source

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_INTERRUPTED = 130

_files = click.argument("files", nargs=-1, required=True, metavar="FILE...")
_model = click.option(
    "--model", type=click.Path(path_type=Path), metavar="DIR", help="Another model than the shipped one."
)
_title = click.option("--title", metavar="TEXT", help="Title of the page, for a text or HTML file.")
_jobs = click.option("--jobs", type=click.IntRange(min=1), default=1, metavar="N", help="Worker processes.")
_errors = click.option("--errors", metavar="FILE", help="Where bad records go: file, line, reason, raw.")
_output = click.option("-o", "--output", metavar="PATH", help="A file, or a folder for a folder or several files.")
_resume = click.option(
    "--resume", is_flag=True, help="Leave what is finished in the output folder, go on with the rest."
)


@click.group(context_settings=_CONTEXT)
@click.version_option(__version__, prog_name="newsieve", message="%(prog)s %(version)s")
def newsieve() -> None:
    """Tell journalism from everything else on news pages.

    A FILE is text (.txt; its lines are the paragraphs), HTML (.html), JSON Lines (.jsonl; a record has "text" or
    "paragraphs"), Parquet, a folder of these, or - for standard input. All but Parquet may be compressed (.gz, .zst).
    """


@newsieve.command()
@_files
@_output
@click.option("--json", "as_json", is_flag=True, help="A record instead of a table, for a text or HTML file.")
@click.option("--probabilities", is_flag=True, help="Add the probabilities of all labels.")
@_title
@_model
@_jobs
@_errors
@_resume
def classify(
    files: tuple[str, ...],
    output: str | None,
    as_json: bool,
    probabilities: bool,
    title: str | None,
    model: Path | None,
    jobs: int,
    errors: str | None,
    resume: bool,
) -> None:
    """Say what each paragraph is: a table for a text or HTML file, records for everything else."""
    from predict.folders import plan
    from predict.forms import Classify

    planned = plan(files, _path(output), as_records=True, title=title)
    sieve = Classifier.load(model)
    if planned.sources[0].form in TEXTS and _path(output) is None and not (as_json or probabilities):
        _show_table(sieve, planned.sources[0])
        return
    _exit(_run(planned, Classify(probabilities), sieve, model, jobs, errors, resume))


@newsieve.command()
@_files
@_output
@click.option("--policy", metavar="NAME", help="How much to risk; a name that the model's card has measured.")
@click.option("--keep-journalism", type=float, metavar="SHARE", help="The policy that keeps this share, such as 0.995.")
@_title
@_model
@_jobs
@_errors
@_resume
def clean(
    files: tuple[str, ...],
    output: str | None,
    policy: str | None,
    keep_journalism: float | None,
    title: str | None,
    model: Path | None,
    jobs: int,
    errors: str | None,
    resume: bool,
) -> None:
    """Keep the journalism: text and HTML become text, a record keeps all its other fields."""
    from predict.folders import plan
    from predict.forms import Clean

    planned = plan(files, _path(output), as_records=False, title=title)
    sieve = Classifier.load(model)
    keep_from = _keep_from(sieve, policy, keep_journalism)
    _exit(_run(planned, Clean(keep_from), sieve, model, jobs, errors, resume))


@newsieve.command()
@_files
@click.option("--by", metavar="FIELD", help="Field of the publisher. [default: publisher, else url, else folder]")
@click.option("--date", metavar="FIELD", help="Field with the date of a page. [default: date, published, ...]")
@click.option(
    "--from", "shown_from", type=click.FloatRange(0, 1), metavar="P", help="Least probability of a statement."
)
@click.option("--json", "as_json", is_flag=True, help="For programs; can be merged.")
@click.option("--jsonld", "as_jsonld", is_flag=True, help="In schema.org terms.")
@click.option("--html", metavar="FILE", help="Write one self-contained page.")
@click.option("--merge", is_flag=True, help="The FILEs are reports (--json) of parts; add them up.")
@_model
@_jobs
@_errors
def report(
    files: tuple[str, ...],
    by: str | None,
    date: str | None,
    shown_from: float | None,
    as_json: bool,
    as_jsonld: bool,
    html: str | None,
    merge: bool,
    model: Path | None,
    jobs: int,
    errors: str | None,
) -> None:
    """Collect what publishers say about themselves, with quotes and counts, and without a verdict."""
    from predict.credibility import Report
    from predict.credibility.transform import ForReport
    from predict.credibility.writing import read_reports, write_report
    from predict.folders import plan_report

    if as_json and as_jsonld:
        raise InputError("--json and --jsonld exclude each other")
    if merge:
        pages, code = read_reports(files), 0
    else:
        pages = Report()
        transform = ForReport(by, date, shown_from)
        code = _run(plan_report(files), transform, Classifier.load(model), model, jobs, errors, pages=pages)
    if html is not None:
        write_report(pages, html)
    if as_json or as_jsonld or html is None:
        form = "json" if as_json else "jsonld" if as_jsonld else "text"
        _print(pages.write(form, _width(), _colour()))
    _exit(code)


@newsieve.command()
@click.argument("file")
@_title
@_model
def explain(file: str, title: str | None, model: Path | None) -> None:
    """Name the n-grams and neighbours that weighed most, paragraph by paragraph."""
    from predict.explain import explain as explain_page
    from predict.explain import format_explanations
    from predict.folders import plan
    from predict.output import ErrorsShown
    from predict.splitting import split_paragraphs

    source = plan([file], None, as_records=True, title=title).sources[0]
    sieve = Classifier.load(model)
    log = ErrorsShown(_say)
    explained = 0
    for record in _records(source, log):
        explained += 1
        texts = split_paragraphs(record.texts) if isinstance(record.texts, str) else record.texts
        _print(format_explanations(explain_page(sieve.model, texts, record.title), _width(), _colour()))
    log.close()
    _exit(_code(log.count, explained))


# --- runs ------------------------------------------------------------------------------------------------------------


def _run(
    planned: Plan,
    transform: Transform,
    sieve: Classifier,
    model: Path | None,
    jobs: int,
    errors: str | None,
    resume: bool = False,
    pages: Report | None = None,
) -> int:
    """Send all sources through the pipeline, to their targets or into a report; returns the exit code."""
    from predict import output, pipeline
    from predict.folders import check_apart, make_folders
    from predict.progress import Progress

    if resume and not planned.many:
        raise InputError("--resume needs -o, the folder of the run that was interrupted")
    if errors is not None:
        check_apart(errors, planned)
    finished = planned.finished() if resume else set()
    if planned.many:
        make_folders(planned.folders())
    if resume:
        output.remove_leftovers(planned.folders())
    names = {source.name for source in planned.sources if source.index in finished}
    progress = Progress(planned.sources, finished, to_terminal=planned.targets[0] is None and sys.stdout.isatty())
    log = output.ErrorsFile(errors, names if resume else None) if errors else output.ErrorsShown(progress.say)

    def open_output(source: Source) -> pipeline.Output | None:
        if pages is not None:
            return output.IntoReport(pages)
        return None if source.index in finished else output.open_output(planned.targets[source.index], source)

    outcomes = pipeline.run(sieve, model, transform, pipeline.chunks(planned.sources, finished), jobs)
    try:
        with closing(outcomes):
            alone = len(planned.sources) == 1
            counts = pipeline.deliver(outcomes, open_output, log, progress.seen, alone)
    finally:
        progress.close()
        log.close()
    _say_what_was_left(planned, finished)
    one_text = alone and planned.sources[0].form in TEXTS
    if not one_text:
        _say(
            f"read {counts.read} = {'counted' if pages else 'written'} {counts.written} + set aside {counts.set_aside}"
        )
    return _code(counts.set_aside, counts.written + len(finished))


def _say_what_was_left(planned: Plan, finished: set[int]) -> None:
    if planned.skipped:
        some = ", ".join(planned.skipped[:3]) + (", ..." if len(planned.skipped) > 3 else "")
        _say(f"newsieve: {len(planned.skipped)} left, ending in none of {', '.join(SUFFIXES)}: {some}")
    if finished:
        _say(f"newsieve: {len(finished)} of {len(planned.sources)} files were finished before")


def _code(set_aside: int, usable: int) -> int:
    """The exit code for so many bad records and so many good ones."""
    return 0 if not set_aside else 1 if usable else 2


def _exit(code: int) -> None:
    raise click.exceptions.Exit(code)


def _records(source: Source, log: ErrorsShown) -> Iterator[Record]:
    """The records of one source, one after another in this process."""
    from predict.records import parse, read_pieces

    for piece in read_pieces(source):
        parsed = parse(piece)
        if parsed.failure is not None:
            raise InputError(f"{source.name}: {parsed.failure}")
        for bad in parsed.bad:
            log.add(source, bad)
        yield from parsed.records


def _show_table(sieve: Classifier, source: Source) -> None:
    from predict.output import ErrorsShown
    from predict.table import format_table

    for record in _records(source, ErrorsShown(_say)):
        _print(format_table(sieve.classify(record.texts, record.title), _width(), _colour()))


def _path(output: str | None) -> str | None:
    return None if output == "-" else output


def _keep_from(sieve: Classifier, policy: str | None, share: float | None) -> float | None:
    """Least probability of what is kept; None leaves it to the model's default."""
    if policy is not None and share is not None:
        raise InputError("--policy and --keep-journalism exclude each other")
    if share is not None:
        measured = [name for name in sieve.model.policies if name.startswith("keep-")]
        policy = next((name for name in measured if name.removeprefix("keep-") == f"{share:g}"), None)
        if policy is None:
            known = ", ".join(name.removeprefix("keep-") for name in measured) or "none"
            raise InputError(f"--keep-journalism {share:g}: the model was measured for {known}")
    return sieve.keep_from(policy) if policy is not None else None


# --- the terminal ----------------------------------------------------------------------------------------------------


def _width() -> int:
    return shutil.get_terminal_size().columns


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _print(text: str) -> None:
    sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    """End like an error, so that what is half written is removed."""
    raise SystemExit(128 + number)


def main() -> NoReturn:
    """Run the command; every way it can end is turned into an exit code here."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = _call(sys.argv[1:] or ["--help"])
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has enough
        _give_up_output()
        code = 0
    except KeyboardInterrupt:
        code = _INTERRUPTED
    except OSError as error:
        _give_up_output()
        _say(f"newsieve: {error.filename or 'standard output'}: {error.strerror}")
        code = 2
    sys.exit(code)


def _give_up_output() -> None:
    """Let nobody try to write what standard output still holds, not even the interpreter when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _call(arguments: list[str]) -> int:
    try:
        with newsieve.make_context("newsieve", arguments) as context:
            newsieve.invoke(context)
        return 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.UsageError as error:
        help_for = error.ctx.command_path if error.ctx is not None else "newsieve"
        _say(f"newsieve: {' '.join(error.format_message().split()).rstrip('.')} (see {help_for} --help)")
    except NewsieveError as error:
        _say(f"newsieve: {error}")
    return 2
