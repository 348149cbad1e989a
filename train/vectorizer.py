"""Features as a scikit-learn transformer: the door through which training reads `predict.features`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin

from predict.features import FeatureSettings, feature_rows

_BATCH = 4000


class ParagraphVectorizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turn paragraphs into sparse rows of hashed features, before TF-IDF weights.

    Stateless: nothing is learned from data. bits, subword_lengths: see `predict.features.FeatureSettings`.
    """

    def __init__(self, bits: int = 17, subword_lengths: Sequence[int] = (4,)) -> None:
        self.bits = bits
        self.subword_lengths = subword_lengths

    def fit(self, texts: Sequence[str], y: Any = None) -> ParagraphVectorizer:
        """Do nothing; return self."""
        return self

    def transform(self, texts: Sequence[str]) -> sp.csr_matrix:
        """Return a matrix of shape (len(texts), 2**bits), float32."""
        settings = FeatureSettings(self.bits, tuple(self.subword_lengths))
        parts = [self._rows(texts[i : i + _BATCH], settings) for i in range(0, len(texts), _BATCH)]
        return sp.vstack(parts, format="csr") if parts else sp.csr_matrix((0, settings.buckets), dtype=np.float32)

    @staticmethod
    def _rows(texts: Sequence[str], settings: FeatureSettings) -> sp.csr_matrix:
        values, buckets, indptr = feature_rows(texts, settings)
        rows = sp.csr_matrix((values, buckets, indptr), shape=(len(texts), settings.buckets))
        rows.sum_duplicates()  # before rounding: a word said 4,000 times would gather 4,000 errors of float32
        return rows.astype(np.float32)

    def __sklearn_is_fitted__(self) -> bool:
        return True
