"""The settings of training in one place, each with the reason for its value."""

from __future__ import annotations

from dataclasses import dataclass, field

from predict.features import FeatureSettings


@dataclass(frozen=True)
class TrainSettings:
    """What a fit does beside reading data.

    paragraph_c, context_c: inverse strength of the L2 penalty of stage 1 and stage 2. single_weight: weight that a
    single paragraph has for the kinds beside 1 for one that stands on a page; singles are collected for their
    rarity, pages have the mixture that users meet. standoff_weight: the same of a paragraph with a standoff label;
    these were given where a model was unsure, and most of them on a few hundred pages that have other labels
    already. folds: parts for out-of-fold scores. crop_share, untitled_share, piece_share: share of pages that stage
    2 also sees as an extractor would leave them, without their title, and in pieces of a few paragraphs.
    markup_bits: 2**bits columns for tokens of HTML markup. markup_c: as paragraph_c, of stage 1 for blocks of HTML.
    jobs: processes.
    """

    features: FeatureSettings = field(default_factory=lambda: FeatureSettings(bits=17, subword_lengths=(4,)))
    paragraph_c: float = 0.15
    paragraph_iterations: int = 40
    context_c: float = 0.07
    context_iterations: int = 80
    single_weight: float = 0.5
    standoff_weight: float = 0.4
    folds: int = 5
    crop_share: float = 0.5
    untitled_share: float = 0.4
    piece_share: float = 0.5
    markup_bits: int = 16
    markup_c: float = 0.5
    markup_iterations: int = 60
    jobs: int = 2
