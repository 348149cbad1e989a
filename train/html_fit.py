"""Fitting the part for HTML, after the text model and without touching it.

    text stage 1 by fold ──▶ scores of blocks ──▶ stage 1 for blocks, by fold ──▶ stage 2 for blocks ──▶ thresholds

Every score that something is learned from is out of fold, as for the text (`train.fit`). The kinds are one multinomial
logistic regression over numbers and hashed tokens (`predict.html.model`); the flags go through as the text has them,
because there are too few on real pages to learn anything of their markup.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from joblib import Parallel, delayed
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from predict import context
from predict.errors import NewsieveError
from predict.html.markup import token_buckets
from predict.html.model import NUMBERS, MarkupModel, block_numbers, token_scale
from predict.labels import KINDS
from predict.model import HtmlModel
from predict.scoring import HEADS, log_softmax
from train.fit import Say, decisions, held_out_scores
from train.html_rows import HtmlRows
from train.rows import Rows
from train.settings import TrainSettings
from train.stage_1 import FoldModels, Mask, Scores, by_class, out_of_fold_scores
from train.stage_2 import ContextRows, fit_stage_2

_NUMBER_SCALE = 0.5  # of standardised numbers beside the tokens: how strongly the penalty holds them back


@dataclass(frozen=True)
class FittedHtml:
    """The part for HTML, and its held-out scores (M, HEADS) on `held_out`."""

    model: HtmlModel
    held_out: ContextRows
    held_out_scores: Scores


@dataclass(frozen=True)
class _Inputs:
    """What stage 1 for blocks is fitted on: numbers (N, NUMBERS), tokens (N, 2**bits)."""

    numbers: npt.NDArray[np.float32]
    tokens: sp.csr_matrix


def fit_html(
    rows: Rows, html: HtmlRows, train: Mask, by_fold: FoldModels, settings: TrainSettings, say: Say
) -> FittedHtml:
    """Fit on the pages of `html` whose paragraphs are among `train`, a mask over the rows of the corpus.

    by_fold: stage 1 of the text for each fold that pages fall into, without that fold.
    """
    first_row = np.concatenate(([0], np.cumsum(rows.sizes)))
    learned = np.repeat(train[first_row[html.numbers]], html.sizes) & html.labelled
    folds = np.unique(html.groups[learned])
    if len(folds) < 2 or any(len(np.unique(html.kinds[learned & (html.groups != fold)])) < 2 for fold in folds):
        raise NewsieveError("HTML: labelled pages of at least two kinds are needed, of two publishers at least each")
    text = out_of_fold_scores(html.texts, html.groups, by_fold)
    inputs = _Inputs(block_numbers(text, html.pages), token_rows(html, settings.markup_bits))
    say("HTML: stage 1")
    markup = _fit_markup(inputs, html, learned, settings)
    scores = _out_of_fold(inputs, html, learned, settings)
    say("HTML: stage 2")
    log_p, flags = log_softmax(scores), scores[:, len(KINDS) :]
    data = ContextRows(
        context.dense_features(log_p, flags, html.layout)[learned],
        context.binned_features(log_p, html.layout)[learned],
        html.kinds[learned],
        html.flags[learned],
        html.groups[learned],
        html.chars[learned],
        html.weights[learned],
        html.standoff[learned],
    )
    held_out = held_out_scores(data, settings)
    pages = fit_stage_2(data, np.ones(len(data.kinds), bool), settings)
    model = HtmlModel(markup=markup, pages=pages, **decisions(data, held_out)._asdict())
    return FittedHtml(model, data, held_out)


def token_rows(html: HtmlRows, bits: int) -> sp.csr_matrix:
    """The hashed tokens of all blocks: shape (N, 2**bits)."""
    buckets, indptr = token_buckets(html.pages, bits)
    values = np.repeat(token_scale(indptr), np.diff(indptr))
    matrix = sp.csr_matrix((values, buckets, indptr), shape=(len(indptr) - 1, 1 << bits))
    matrix.sum_duplicates()
    return matrix


def _out_of_fold(inputs: _Inputs, html: HtmlRows, learned: Mask, settings: TrainSettings) -> Scores:
    """Scores (N, HEADS) of all blocks by stage 1 for blocks, each by a model that saw nothing of its publisher."""

    def of_fold(fold: int) -> Scores:
        return _scores(_fit_markup(inputs, html, learned & (html.groups != fold), settings), inputs)

    folds = np.unique(html.groups)
    scores = np.zeros((len(html.kinds), HEADS), np.float32)
    for fold, values in zip(folds, Parallel(n_jobs=settings.jobs)(delayed(of_fold)(fold) for fold in folds)):
        scores[html.groups == fold] = values[html.groups == fold]
    return scores


def _scores(model: MarkupModel, inputs: _Inputs) -> Scores:
    return np.asarray(inputs.numbers @ model.numbers + inputs.tokens @ model.weights + model.bias, np.float32)


def _fit_markup(inputs: _Inputs, html: HtmlRows, train: Mask, settings: TrainSettings) -> MarkupModel:
    mean = inputs.numbers[train].mean(axis=0, dtype=np.float64)
    scale = _NUMBER_SCALE / (inputs.numbers[train].std(axis=0, dtype=np.float64) + 1e-3)
    dense = sp.csr_matrix((inputs.numbers[train] - mean) * scale)
    tokens = inputs.tokens[train]
    # The penalty keeps the weights of tokens that no block has at zero, so fitting can leave them out.
    seen = np.flatnonzero(np.bincount(tokens.indices, minlength=tokens.shape[1]))
    features = sp.hstack([dense, tokens[:, seen]], format="csr").astype(np.float32)
    head = LogisticRegression(C=settings.markup_c, max_iter=settings.markup_iterations)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        head.fit(features, html.kinds[train], sample_weight=html.weights[train])
    coefficients, intercepts = by_class(head)

    numbers = np.zeros((NUMBERS, HEADS))
    weights = np.zeros((1 << settings.markup_bits, HEADS), np.float32)
    bias = np.zeros(HEADS)
    bias[: len(KINDS)] = -30.0  # a kind without examples can never be the answer
    numbers[:, head.classes_] = (coefficients[:, :NUMBERS] * scale).T
    weights[np.ix_(seen, head.classes_)] = coefficients[:, NUMBERS:].T
    bias[head.classes_] = intercepts - mean @ numbers[:, head.classes_]
    for flag in range(len(KINDS), HEADS):
        numbers[flag, flag] = 1.0
    return MarkupModel(
        settings.markup_bits,
        numbers.astype(np.float32),
        weights.astype(np.float16).astype(np.float32),
        bias.astype(np.float32),
    )
