"""Errors meant for the person who can mend them: each says what is wrong, where, and what to do."""

from __future__ import annotations


class NewsieveError(Exception):
    """Base of all errors that this package raises on purpose. Its text is one line, fit to be shown as it is."""


class ModelError(NewsieveError):
    """A model folder cannot be used: missing, truncated, of another format, or with impossible contents."""


class InputError(NewsieveError):
    """Something given to be read cannot be: a missing file, text that is not UTF-8, a record without text."""
