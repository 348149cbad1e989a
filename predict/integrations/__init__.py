"""Adapters: newsieve inside other people's frameworks.

Each module here is one framework's idea of a step around `predict`, and decides nothing by itself. A framework is
imported only when its adapter is, and its absence is an error that says what to install.
"""

from __future__ import annotations

from functools import cache

from predict.classifier import Classifier


@cache
def sieve_of(model: str | None) -> Classifier:
    """The classifier of a model folder (None: the shipped one), loaded once in each process that asks for it."""
    return Classifier.load(model)
