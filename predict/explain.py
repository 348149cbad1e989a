"""Why a paragraph was given its kind: the words, word parts and surroundings that weighed most.

The model is linear, so nothing has to be estimated: the score of a paragraph is a sum with one term for each feature,
and an explanation is that sum, sorted. Since softmax ignores what is added to the scores of all kinds, a feature's
weight is given as its contribution to the score of the paragraph's kind MINUS the mean of its contributions to the
other kinds. Above 0 it speaks for the kind, below 0 against it.

Stage 1 reads the paragraph alone; each of its features is named. Stage 2 reads stage 1's scores of the whole page; its
many small features are named in groups.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
import numpy.typing as npt

from predict import codepoints as cp
from predict import context
from predict.features import feature_rows, subword_counts
from predict.html.model import MarkupModel
from predict.html.page import Block, HtmlPage
from predict.labels import KINDS, Kind, Label
from predict.layout import PageLayout, lay_out
from predict.model import KIND_TO_LABEL, ContextModel, Model
from predict.scoring import Float, ParagraphModel, log_softmax
from predict.shape import SHAPE_CROSSED, SHAPE_CROSSED_MOST, SHAPE_SINGLE, shape_values
from predict.table import BOLD, LABEL_COLOURS, Segment, column_width, cut, paint, wrap
from predict.tokens import Int64, Tokens, tokenize

Float64 = npt.NDArray[np.float64]
START, END = "⟨start⟩", "⟨end⟩"  # what a word pair shows for the edge of the paragraph

_CLASS_NAMES = {
    cp.SPACE: "nothing",
    cp.LOWER: "a word in small letters",
    cp.UPPER: "a capitalised word",
    cp.DIGIT: "a number",
    cp.SINGLE: "a character of a script without spaces",
    cp.STOP: "a full stop or the like",
    cp.QUOTE: "a quotation mark",
    cp.PUNCTUATION: "a punctuation mark",
    cp.SYMBOL: "a symbol",
}


@dataclass(frozen=True)
class Contribution:
    """What was seen, and how much it speaks for the kind (above 0) or against it (below)."""

    what: str
    weight: float


@dataclass(frozen=True)
class Explanation:
    """Why one paragraph was given its kind.

    own_words: stage 1, the largest weights first, for or against: words ("donate", as the model reads them: folded,
    every digit "0"), pairs of neighbouring words ("support us", "⟨start⟩ support"), the parts of a word added up
    ("donate~"), and shape ("length: 25-39"). own_bias: what stage 1 gives any paragraph. Together they add up to
    stage 1's score of `kind` minus the mean of its scores of the other kinds.
    markup: for a block of HTML, what the tokens of its markup weigh beside that score (`predict.html.markup` says what
    they mean); empty otherwise, or for a model without a part for HTML.
    context: by how much the page moved the log-odds of `label`, after minus before; None for one without others.
    page: stage 2 by groups of features, the largest first, and page_bias: they add up to the same difference of
    stage 2's scores. Stage 2 replaces stage 1, whose scores it reads again as the group "own words".
    """

    text: str
    kind: Kind
    label: Label
    probability: float
    own_words: list[Contribution]
    own_bias: float
    markup: list[Contribution]
    context: float | None
    page: list[Contribution]
    page_bias: float


def explain(model: Model, page: Sequence[str] | HtmlPage, title: str | None = None) -> list[Explanation]:
    """Explain the answers of `model` for the paragraphs or blocks of one page, one explanation for each."""
    if not page:
        return []
    html = page if isinstance(page, HtmlPage) else None
    texts = page.texts if isinstance(page, HtmlPage) else page
    page_title = [title or (html.title if html is not None else "")]
    tokens, sizes = tokenize(texts), np.array([len(texts)])
    before = model.paragraphs.scores(tokens)
    if html is not None:
        before, model = model.block_scores(before, [html]), model.for_html()
    after = model.with_context(before, tokens, page_title, sizes)
    answers = model.decide(after)
    moved = _log_odds(after, answers.labels) - _log_odds(before, answers.labels)
    has_page = len(texts) > 1
    if has_page:
        pages = _from_page(model.pages, before, lay_out(tokens, tokenize(page_title), sizes), answers.kinds)
    own_bias, page_bias = _relative(model.paragraphs.bias), _relative(model.pages.bias)
    return [
        Explanation(
            text=text,
            kind=KINDS[kind],
            label=KINDS[kind].label,
            probability=float(answers.probabilities[i, answers.labels[i]]),
            own_words=_from_own_words(model.paragraphs, text, kind),
            own_bias=float(own_bias[kind]),
            markup=_from_markup(model.html.markup, html[i], kind) if html is not None and model.html else [],
            context=float(moved[i]) if has_page else None,
            page=pages[i] if has_page else [],
            page_bias=float(page_bias[kind]) if has_page else 0.0,
        )
        for i, (text, kind) in enumerate(zip(texts, answers.kinds.tolist()))
    ]


def _relative(weights: Float) -> Float64:
    """Weights (..., HEADS) of the kinds, each minus the mean of the other kinds': shape (..., kinds)."""
    kinds = weights[..., : len(KINDS)].astype(np.float64)
    others = (kinds.sum(axis=-1, keepdims=True) - kinds) / (len(KINDS) - 1)
    return np.asarray(kinds - others, np.float64)


def _log_odds(scores: Float, labels: Int64) -> Float64:
    """Log-odds of one label for each paragraph from its scores (N, HEADS)."""
    kinds = log_softmax(scores).astype(np.float64)
    inside = KIND_TO_LABEL.T[labels] > 0
    return np.asarray(
        _log_sum(np.where(inside, kinds, -np.inf)) - _log_sum(np.where(inside, -np.inf, kinds)), np.float64
    )


def _log_sum(logs: Float64) -> Float64:
    most = logs.max(axis=1)
    return np.asarray(most + np.log(np.exp(logs - most[:, None]).sum(axis=1)), np.float64)


def _sorted(weights: Iterable[tuple[str, float]]) -> list[Contribution]:
    return [Contribution(what, float(weight)) for what, weight in sorted(weights, key=lambda item: -abs(item[1]))]


# --- stage 1 ---------------------------------------------------------------------------------------------------------


def _from_own_words(model: ParagraphModel, text: str, kind: int) -> list[Contribution]:
    """The terms of stage 1's score, those of equal features added up."""
    values, buckets, _ = feature_rows([text], model.settings)
    weights = values * _relative(model.weights[buckets])[:, kind]
    tokens = tokenize([text])
    size, parts = len(tokens.hashes), subword_counts(tokens, model.settings)
    words, pairs, subwords, shapes = np.split(weights, np.cumsum([size, size + 1, parts.sum()]))
    of_token = np.bincount(np.repeat(np.arange(size), parts), subwords, size)

    names = _token_names(tokens)
    edged = [START, *names, END]
    total: defaultdict[str, float] = defaultdict(float)
    for what, weight in zip(names, words.tolist()):
        total[what] += weight
    for first, second, weight in zip(edged, edged[1:], pairs.tolist()):
        total[f"{first} {second}"] += weight
    for what, weight in zip(compress(names, parts), of_token[parts > 0].tolist()):
        total[f"{what}~"] += weight
    for what, weight in zip(shape_names(shape_values(tokens)[0]), shapes.tolist()):
        total[what] += weight
    return _sorted(total.items())


def _token_names(tokens: Tokens) -> list[str]:
    """The tokens as the model reads them: folded."""
    folded = tokens.folded.tobytes().decode("utf-32-le", "surrogatepass")
    return [folded[start : start + size] for start, size in zip(tokens.starts.tolist(), tokens.lengths.tolist())]


def shape_names(values: Int64) -> list[str]:
    """Name one row of `shape_values`, such as "length: 25-39" or "ends with a full stop or the like"."""

    def name(column: int, most: int | None = None) -> str:
        noun, steps = SHAPE_SINGLE[column]
        value = int(values[column])
        return noun + (_CLASS_NAMES[value] if steps is None else _range_name(steps[:most], value))

    single = [name(column) for column in range(len(SHAPE_SINGLE))]
    crossed = [
        " & ".join(
            name(column, SHAPE_CROSSED_MOST if len(columns) == 3 and column == 1 else None) for column in columns
        )
        for columns in SHAPE_CROSSED
    ]
    return single + crossed


def _range_name(steps: Float64, value: int) -> str:
    """The numbers, or shares if the steps are below 1, from step `value` to the next; the last range is open."""
    if value == 0:
        return "none"
    share, low = steps[-1] < 1, steps[min(value, len(steps)) - 1]
    if value >= len(steps):
        return "all" if share else f"{low:.0f} or more"
    high = steps[value]
    if share:
        return f"{low:.0%} to {high:.0%}"
    return f"{low:.0f}" if high == low + 1 else f"{low:.0f}-{high - 1:.0f}"


def _from_markup(model: MarkupModel, block: Block, kind: int) -> list[Contribution]:
    """The terms of the block's own tokens, without those of the blocks beside it."""
    weights = _relative(model.own_token_weights(block))[:, kind]
    return _sorted(zip(block.markup, weights.tolist()))


# --- stage 2 ---------------------------------------------------------------------------------------------------------


def _from_page(model: ContextModel, stage_1: Float, layout: PageLayout, kinds: Int64) -> list[list[Contribution]]:
    """The terms of stage 2's score of each paragraph's kind, added up by group."""
    log_p, flags = log_softmax(stage_1), stage_1[:, len(KINDS) :]
    dense, binned = context.dense_features(log_p, flags, layout), context.binned_features(log_p, layout)
    total: defaultdict[str, Float64] = defaultdict(lambda: np.zeros(len(kinds)))
    for group, values, weights in zip(context.dense_groups(), dense.T, _relative(model.dense)):
        total[group] += values * weights[kinds]
    for column, (group, values) in enumerate(zip(context.binned_groups(), binned.T)):
        rows = model.bins[values + column * context.BIN_SIZE]
        total[group] += _relative(rows)[np.arange(len(kinds)), kinds]
    return [_sorted(zip(total, weights)) for weights in np.stack(list(total.values()), axis=1).tolist()]


# --- for people ------------------------------------------------------------------------------------------------------


def format_explanations(
    explanations: Sequence[Explanation], width: int = 80, colour: bool = False, most: int = 6
) -> str:
    """Show explanations, `most` contributions of each stage; no line takes more than `width` columns."""
    lines: list[str] = []
    for number, explanation in enumerate(explanations, 1):
        lines += _block(number, explanation, width, colour, most)
    return "\n".join([*lines, *wrap(_READ, width, len(_READ))])


_READ = (
    "Weights speak for (+) or against (-) the kind given, beside the mean of the others. word~ is the sum of a word's "
    "parts; a digit reads as 0."
)


def _block(number: int, explanation: Explanation, width: int, colour: bool, most: int) -> list[str]:
    head: list[Segment] = [
        (f"{number:>3} ", BOLD),
        (str(explanation.kind), LABEL_COLOURS[explanation.label]),
        (f" {explanation.probability:.0%} ", ""),
        (explanation.text.strip(), ""),
    ]
    lines = [paint(head, width, colour), *_listed("own words", explanation.own_words[:most], width)]
    if explanation.markup:
        lines += _listed("markup", explanation.markup[:most], width)
    if explanation.context is not None:
        moved = f"    page: log-odds of {explanation.label} {explanation.context:+.2f}"
        lines += [cut(moved, width), *_listed("by", explanation.page[:most], width)]
    return lines


def _listed(title: str, contributions: Sequence[Contribution], width: int) -> list[str]:
    """Contributions side by side, as many on a line as fit, none broken over two lines."""
    lines = [f"    {title}:"]
    for contribution in contributions:
        item = f"{contribution.weight:+.2f} {cut(contribution.what, _LONGEST)}"
        if column_width(lines[-1]) + column_width(item) + 2 > width:
            lines.append("     ")
        lines[-1] += " " + item + ","
    lines[-1] = lines[-1].removesuffix(",")
    return [cut(line, width) for line in lines]


_LONGEST = 60  # columns of one name
