"""The report: one HTML page that shows how good a model is, and where it is wrong.

Figures in a terminal tell how many errors there are, not which. Whoever improves the data or the features needs the
errors themselves, with what stands around them and what decided, beside pictures of how the figures come about. The
page holds everything in itself, so it can be kept, mailed and compared with the next one.

    answers.py   gold pages and prediction records ──▶ columns
    figures.py   columns ──▶ pictures
    errors.py    columns and a model ──▶ the worst errors, explained
    page.py      all of that ──▶ HTML
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from predict.model import Model
from train.records import Page
from train.report.answers import read_answers
from train.report.curve import read_curve
from train.report.errors import explain_errors, worst_errors
from train.report.page import html_page

REPORT_FILE = "index.html"


def write_report(
    out: Path, pages: Sequence[Page], predictions: Path, model: Model, model_name: str, curve: Path
) -> Path:
    """Write the report on the answers `predictions` to `pages` into the folder `out`; return the file written.

    predictions: records as `python -m train evaluate --out` writes them. model: explains the errors. curve: JSON that
    `benchmarks/quality.py` wrote; the learning curve is left out where it does not exist. Raises NewsieveError if the
    answers do not fit the pages.
    """
    answered = read_answers(pages, predictions)
    errors = explain_errors(worst_errors(answered), model)
    path = out / REPORT_FILE
    path.write_text(html_page(answered, errors, model_name, read_curve(curve)), encoding="utf-8")
    return path
