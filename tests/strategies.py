"""Texts that the web may hold, and worse, to try properties on; random models, for what must hold of any model."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from predict import context
from predict.features import FeatureSettings
from predict.model import ContextModel, Model
from predict.scoring import HEADS, ParagraphModel

ANY_CHARACTER = st.one_of(st.characters(), st.characters(categories=["Cs"]), st.sampled_from("\0\r\n\t\u2028\ufeff"))
WILD = st.text(ANY_CHARACTER, max_size=40)
PIECE = st.sampled_from(
    [
        *("Share", "SHARE", "HomeNews", "iPhone", "NATOsaid", "donate", "News", "news", "the", "of", "2019", "3rd"),
        *("Поддержите", "НОВОСТИ", "иноагент", "новости", "ΟΔΟΣ", "straße", "STRAẞE", "İstanbul", "ǅep", "ﬁn", "Ⅷ"),
        *("שתף", "ادعم الصحافة", "क्षेत्र", "新聞", "サポート", "ข่าว", "🇺🇦", "👩‍👩‍👧", "❤\ufe0f", "𝔑𝔢𝔴𝔰", "𠀋", "𐐀𐐨"),
        *(
            "news\u00adroom",
            "a\u200db",
            "\u202eabc",
            "e\u0301",
            "E\u0301COLE",
            "\ud800",
            "\udfff",
            "\0",
            "x" * 30,
            "é" * 999,
        ),
        *(" ", "  ", "\n", "\u00a0", "\u3000", ".", "!", "?!", "…", "«", "»", '"', "|", "×", "©", "—", ",", "$5.00"),
    ]
)
PIECES = st.builds(lambda pieces, gap: gap.join(pieces), st.lists(PIECE, max_size=12), st.sampled_from(["", " "]))
REPEATED = st.builds(
    lambda pieces, n: " ".join(pieces) * n, st.lists(PIECE, min_size=1, max_size=3), st.integers(1, 2000)
)

PARAGRAPH = st.one_of(WILD, PIECES, REPEATED)
PARAGRAPHS = st.lists(st.one_of(WILD, PIECES), min_size=1, max_size=8)


def random_model(bits: int, seed: int = 0) -> Model:
    """A model of random weights that float16 can hold: what was learned does not matter to its mechanics."""
    random = np.random.default_rng(seed)

    def weights(*shape: int, scale: float = 1.0) -> np.ndarray:
        return random.normal(0, scale, shape).astype(np.float16).astype(np.float32)

    settings = FeatureSettings(bits, (3, 4))
    bins = weights(context.BINNED * context.BIN_SIZE, HEADS)
    bins[random.random(len(bins)) < 0.99] = 0
    return Model(
        ParagraphModel(settings, weights(settings.buckets, HEADS), weights(HEADS)),
        ContextModel(weights(context.DENSE, HEADS, scale=0.1), bins, weights(HEADS)),
        np.ones(5, np.float32),
        np.full(3, 0.5, np.float32),
        {"keep-0.995": 0.1, "balanced": 0.5},
        {"name": "random"},
    )
