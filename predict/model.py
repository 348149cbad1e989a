"""The whole model: stage 1 over paragraphs, stage 2 over pages, and what turns scores into answers.

Everything works in columns: the paragraphs of many pages are the rows of a few arrays, from features to answers.
Views for people (`predict.page`) are made from them on demand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from predict import context
from predict.designation import DesignationModel
from predict.html.model import MarkupModel
from predict.html.page import HtmlPage
from predict.labels import FLAGS, KINDS, LABELS
from predict.layout import PageLayout, lay_out
from predict.scoring import HEADS, Float, ParagraphModel, log_softmax, product, sigmoid
from predict.tokens import Int64, Tokens, tokenize

# Which label each kind adds its probability to: shape (kinds, labels), ones and zeros.
KIND_TO_LABEL = np.array([[kind.label == label for label in LABELS] for kind in KINDS], np.float32)


@dataclass(frozen=True)
class ContextModel:
    """Stage 2. dense: (number of dense features, HEADS); bins: (binned features * BIN_SIZE, HEADS); bias: (HEADS,)."""

    dense: Float
    bins: Float
    bias: Float

    def scores(self, stage_1: Float, layout: PageLayout) -> Float:
        """Return the score of each paragraph for each head from stage 1's scores of its page: shape (N, HEADS)."""
        log_p, flags = log_softmax(stage_1), stage_1[:, len(KINDS) :]
        return self.combine(context.dense_features(log_p, flags, layout), context.binned_features(log_p, layout))

    def combine(self, dense: Float, bins: Int64) -> Float:
        """Return the scores (N, HEADS) that dense (N, D) and binned (N, K) features make."""
        total = product(dense, self.dense)
        total += self.bias
        weights = np.empty_like(total)
        for table, values in zip(self.bins.reshape(-1, context.BIN_SIZE, total.shape[1]), bins.T):
            total += table.take(values, axis=0, out=weights, mode="clip")  # the mode that needs no second buffer
        return np.asarray(total, np.float32)


@dataclass(frozen=True)
class Answers:
    """What the model says of N paragraphs.

    kinds: (N,) index into KINDS; labels: (N,) index into LABELS; probabilities: (N, labels), rows sum to 1; flags:
    (N, flags) probability of each flag.
    """

    kinds: Int64
    labels: Int64
    probabilities: Float
    flags: Float

    def __getitem__(self, rows: slice) -> Answers:
        return Answers(self.kinds[rows], self.labels[rows], self.probabilities[rows], self.flags[rows])


@dataclass(frozen=True)
class HtmlModel:
    """What is used instead for pages that came as HTML; see `predict.html.model`. Other fields as those of `Model`."""

    markup: MarkupModel
    pages: ContextModel
    label_weights: Float
    flag_thresholds: Float
    policies: dict[str, float]


@dataclass(frozen=True)
class Model:
    """Two stages, and what turns their scores into answers.

    label_weights: (labels,) what a label's probability is multiplied with before the largest wins; over 1 for rare
    labels, which would hardly ever be given otherwise. flag_thresholds: (flags,) probability from which a flag is
    given. policies: name -> least probability of journalism that a paragraph needs to be kept. card: what is known
    about the model, as `card.json` says it. designations: what tells designations apart; None in a model without it.
    html: None for a model that reads blocks of HTML as it reads text.
    """

    paragraphs: ParagraphModel
    pages: ContextModel
    label_weights: Float
    flag_thresholds: Float
    policies: dict[str, float]
    card: dict[str, object] = field(default_factory=dict)
    designations: DesignationModel | None = None
    html: HtmlModel | None = None

    def answer(self, texts: Sequence[str], titles: Sequence[str], sizes: Int64) -> Answers:
        """Classify the paragraphs of whole pages.

        texts: all paragraphs, N >= 1; titles: one for each page, "" where there is none; sizes: number of paragraphs
        of each page, summing to N. A page of one paragraph is answered by stage 1 alone.
        """
        tokens = tokenize(texts)
        scores = self.paragraphs.scores(tokens)
        scores = self.with_context(scores, tokens, titles, sizes)
        return self.decide(scores)

    def with_context(self, stage_1: Float, tokens: Tokens, titles: Sequence[str], sizes: Int64) -> Float:
        """Replace the scores of paragraphs that have neighbours by those of stage 2."""
        if not (sizes > 1).any():
            return stage_1
        layout = lay_out(tokens, tokenize(titles), sizes)
        scores = self.pages.scores(stage_1, layout)
        return scores if (sizes != 1).all() else np.where((layout.size > 1)[:, None], scores, stage_1)

    def answer_html(self, pages: Sequence[HtmlPage], titles: Sequence[str]) -> Answers:
        """Classify the blocks of whole pages, one at least; as `answer` does if there is no part for HTML."""
        tokens = tokenize([block.text for page in pages for block in page])
        scores = self.block_scores(self.paragraphs.scores(tokens), pages)
        model = self.for_html()
        return model.decide(model.with_context(scores, tokens, titles, np.array([len(page) for page in pages])))

    def block_scores(self, stage_1: Float, pages: Sequence[HtmlPage]) -> Float:
        """Stage 1's scores of blocks, what their markup says included."""
        return stage_1 if self.html is None else self.html.markup.scores(stage_1, pages)

    def for_html(self) -> Model:
        """This model as it goes on from the scores of `html.markup`; itself if there is no part for HTML."""
        part = self.html
        if part is None:
            return self
        return replace(
            self,
            pages=part.pages,
            label_weights=part.label_weights,
            flag_thresholds=part.flag_thresholds,
            policies=part.policies,
        )

    def decide(self, scores: Float) -> Answers:
        """Turn scores (N, HEADS) into answers under this model's weights."""
        return decide(scores, self.label_weights)


def decide(scores: Float, label_weights: Float) -> Answers:
    """Turn scores (N, HEADS) into answers: the label of the largest weighted probability, its likeliest kind."""
    if scores.shape[1] != HEADS:
        raise ValueError(f"{HEADS} heads expected, {scores.shape[1]} given")
    kinds = np.exp(log_softmax(scores))
    labels = product(kinds, KIND_TO_LABEL)
    best = (labels * label_weights).argmax(axis=1)
    of_label = kinds * KIND_TO_LABEL.T.take(best, axis=0)
    return Answers(of_label.argmax(axis=1), best, labels, sigmoid(scores[:, len(KINDS) : len(KINDS) + len(FLAGS)]))
