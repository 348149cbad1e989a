"""The HTML page: built as a tree of elements, so that whatever a paragraph holds is text and never markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from predict import __version__
from predict.explain import Contribution, Explanation
from train.report import figures
from train.report.answers import Answered
from train.report.curve import AUTHORED, REAL, CurvePoint
from train.report.errors import MOST_OF_PAGE, ExplainedError, WrongAnswer
from train.scores import Scores

_TEXT_CHARS, _NEIGHBOUR_CHARS = 600, 160
_WORDS, _GROUPS = 10, 4  # contributions shown of each stage
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"  # nothing is loaded, nothing runs
_CSS = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem; margin-bottom: 0 }
h2 { font-size: 1.2rem; margin-top: 2.5rem; border-top: 1px solid #ddd; padding-top: 1rem }
.note { color: #666; max-width: 48rem }
figure { margin: 1rem 0 }
img { max-width: 100%; height: auto }
.pair { display: flex; flex-wrap: wrap; gap: 1rem }
.pair > figure { flex: 1 1 24rem }
figcaption { color: #666 }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
td, th { padding: .15rem .7rem; text-align: right; border-bottom: 1px solid #eee; white-space: nowrap }
th { color: #555; font-weight: 600 }
td:first-child, th:first-child { text-align: left }
.error { border: 1px solid #ddd; border-radius: 6px; padding: .6rem .9rem; margin: .8rem 0 }
.error p { margin: .3rem 0; overflow-wrap: anywhere }
.head { color: #555; font-size: .9rem }
.text { font-size: 1.05rem }
.near { color: #888; font-size: .9rem }
.why { font-size: .85rem; color: #444 }
.true { color: #17734b; font-weight: 600 }
.given { color: #b3273a; font-weight: 600 }
.why span { display: inline-block; background: #f2f2f2; border-radius: 3px; padding: 0 .35rem; margin: .1rem }
.why .for { background: #e3eefb }
.why .against { background: #fbe6e8 }
"""


def element(tag: str, *children: str | Element, **attributes: str) -> Element:
    """An element with text and elements in it; `class_` stands for `class`."""
    node = Element(tag, {name.rstrip("_"): value for name, value in attributes.items()})
    for child in children:
        if not isinstance(child, str):
            node.append(child)
        elif len(node):
            node[-1].tail = (node[-1].tail or "") + child
        else:
            node.text = (node.text or "") + child
    return node


def html_page(
    answered: Answered, errors: Sequence[ExplainedError], model_name: str, curve: Sequence[CurvePoint] | None
) -> str:
    """The report as the text of one HTML file."""
    title = "How good newsieve is"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", **{"http-equiv": "Content-Security-Policy", "content": _POLICY}),
        element("meta", name="viewport", content="initial-scale=1, width=device-width"),
        element("title", title),
        element("style", _CSS),
    )
    body = element(
        "body",
        element("h1", title),
        *_summary(answered),
        *_confusion(answered),
        *_curves(answered),
        *_learning(curve),
        *_languages(answered),
        *_errors(errors, model_name),
    )
    root = element("html", head, body, lang="en")
    return "<!DOCTYPE html>\n" + ElementTree.tostring(root, encoding="unicode", method="html") + "\n"


def _summary(answered: Answered) -> list[Element]:
    scores = answered.scores()
    pages = len(set(answered.page[answered.labelled].tolist()))
    rows = [
        [name, *(f"{v:.3f}" if r.count else "-" for v in (r.precision, r.recall, r.f1)), f"{r.count:,}"]
        for group in (scores.labels, {f"flag {name}": r for name, r in scores.flags.items()})
        for name, r in group.items()
    ]
    whole: list[list[str]] = [
        ["accuracy, five labels", f"{scores.accuracy:.3f}"],
        ["accuracy, seven kinds", f"{scores.kind_accuracy:.3f}"],
        ["macro-F1 of the labels", f"{scores.macro_f1:.3f}"],
        *(
            [f"other text removed while {float(share) * 100:g} % of journalism stays", f"{removed:.3f}"]
            for share, removed in scores.removed_at.items()
        ),
        ["expected calibration error", f"{scores.ece:.3f}"],
    ]
    return [
        element(
            "p",
            f"{scores.paragraphs:,} labelled paragraphs on {pages:,} pages. newsieve {__version__}, "
            f"{date.today().isoformat()}.",
            class_="note",
        ),
        element("h2", "Scores"),
        _table(["figure", "value"], whole),
        element("p", "Label by label, and flag by flag:", class_="note"),
        _table(["label", "precision", "recall", "F1", "paragraphs"], rows),
    ]


def _confusion(answered: Answered) -> list[Element]:
    return [
        element("h2", "Confusion"),
        element(
            "p", "Rows are what a paragraph is, columns what was answered; shades are shares of a row.", class_="note"
        ),
        _picture(figures.label_confusion(answered), "Confusion matrix of the labels"),
        _picture(figures.kind_confusion(answered), "Confusion matrix of the kinds"),
    ]


def _curves(answered: Answered) -> list[Element]:
    return [
        element("h2", "Precision, recall and calibration"),
        element(
            "div",
            _picture(figures.precision_recall(answered), "Precision and recall by label"),
            _picture(figures.reliability(answered), "Reliability of the label answered"),
            class_="pair",
        ),
    ]


def _learning(curve: Sequence[CurvePoint] | None) -> list[Element]:
    heading = element("h2", "Learning curve")
    if not curve:
        return [heading, element("p", "Left out: benchmarks/quality.py has not measured one here.", class_="note")]
    pictures = [
        _picture(figures.learning_curve(curve, series), f"By number of {series}")
        for series in (REAL, AUTHORED)
        if any(point.series == series for point in curve)
    ]
    note = "One fold held out; of one sort of data a part, of the other everything."
    return [heading, element("p", note, class_="note"), element("div", *pictures, class_="pair")]


def _languages(answered: Answered) -> list[Element]:
    by_language = answered.scores_by([page.lang for page in answered.pages])
    rows = [_language_row(lang or "unknown", scores) for lang, scores in by_language.items()]
    header = ["language", "paragraphs", "accuracy", "macro-F1", "F1 journalism", "F1 any flag", "removed at 99 %"]
    return [
        element("h2", "By language"),
        element("p", "Where there are few paragraphs, a score says little.", class_="note"),
        _picture(figures.by_language(by_language), "Scores by language, with the number of labelled paragraphs"),
        _table(header, rows),
    ]


def _language_row(lang: str, scores: Scores) -> list[str]:
    flags = scores.flags["any"]
    values = [scores.accuracy, scores.macro_f1, scores.labels["journalism"].f1]
    return [
        lang,
        f"{scores.paragraphs:,}",
        *(f"{value:.3f}" for value in values),
        f"{flags.f1:.3f} ({flags.count:,})" if flags.count else "-",
        f"{scores.removed_at['0.99']:.3f}",
    ]


def _errors(errors: Sequence[ExplainedError], model_name: str) -> list[Element]:
    note = (
        "Wrong labels by how improbable the true one was held to be; equal texts once, and of a page at most "
        f"{MOST_OF_PAGE}. The answers are those that were measured. The features are those of {model_name}, which may "
        "have learned from these very pages: so it is said what it answers, and its weights speak for (blue) or "
        "against (red) the kind that it gives, beside the mean of the other kinds. word~ is the sum of a word's parts; "
        "a digit reads as 0."
    )
    heading = element("h2", f"The {len(errors)} worst errors")
    return [heading, element("p", note, class_="note"), *(_error(n, error) for n, error in enumerate(errors, 1))]


def _error(number: int, error: ExplainedError) -> Element:
    wrong = error.wrong
    return element(
        "div",
        _error_head(number, wrong),
        *(element("p", _cut(text, _NEIGHBOUR_CHARS), class_="near", dir="auto") for text in wrong.before),
        element("p", _cut(wrong.text, _TEXT_CHARS), class_="text", dir="auto"),
        *(element("p", _cut(text, _NEIGHBOUR_CHARS), class_="near", dir="auto") for text in wrong.after),
        *_why(error.explanation),
        class_="error",
    )


def _error_head(number: int, wrong: WrongAnswer) -> Element:
    where = f" · {wrong.page.id}, {wrong.page.lang or 'language unknown'}, paragraph {wrong.place + 1}"
    return element(
        "p",
        f"{number}. ",
        element("span", f"{wrong.true} ({wrong.true.label}, {wrong.probability_true:.2%})", class_="true"),
        " answered as ",
        element("span", f"{wrong.given} ({wrong.given_label}, {wrong.probability_given:.2%})", class_="given"),
        f"{where} of {len(wrong.page.paragraphs)}",
        class_="head",
    )


def _why(explanation: Explanation) -> list[Element]:
    said = f"the model says {explanation.kind} ({explanation.label}, {explanation.probability:.0%}) by own words: "
    lines = [element("p", said, *_weights(explanation.own_words[:_WORDS]), class_="why", dir="auto")]
    if explanation.context is not None:
        moved = f"its page moves the log-odds of {explanation.label} by {explanation.context:+.2f}: "
        lines.append(element("p", moved, *_weights(explanation.page[:_GROUPS]), class_="why"))
    return lines


def _weights(contributions: Iterable[Contribution]) -> list[str | Element]:
    parts: list[str | Element] = []
    for c in contributions:
        side = "for" if c.weight > 0 else "against"
        parts += [element("span", f"{c.weight:+.2f} ", element("bdi", _cut(c.what, 60)), class_=side), " "]
    return parts


def _cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else text[: chars - 1] + "…"


def _picture(uri: str, alt: str) -> Element:
    return element("figure", element("img", src=uri, alt=alt), element("figcaption", alt))


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Element:
    head = element("tr", *(element("th", name) for name in header))
    body = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    return element("div", element("table", element("thead", head), element("tbody", *body)), class_="wide")
