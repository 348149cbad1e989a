"""Vocabulary: how rich the language of the corpus is, kind by kind, beside that of real pages.

Paragraphs written by few authors tend to use fewer words than the web does. Distinct words per 1,000 words show it, if
like is compared with like: the number falls with the length of a text, so it is always counted in windows of 1,000
words, and it differs between languages, so that each kind is compared within a language first, and the languages then
weigh the same.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from predict.labels import KINDS, Kind
from train.corpus import Corpus
from train.tables import format_table

LANGUAGES = ("en", "de", "ru", "fr", "es")
WINDOW = 1_000  # words
_SEED = 0
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Richness:
    """Distinct words per 1,000 words of one kind, the mean over `languages`. reference: None where there is none."""

    kind: Kind
    languages: tuple[str, ...]
    data: float
    reference: float | None

    @property
    def ratio(self) -> float | None:
        """Data against reference."""
        return None if self.reference is None else self.data / self.reference


def distinct_words(texts: Iterable[str]) -> float | None:
    """Return the mean number of distinct words in windows of WINDOW words; None if there is no full window.

    The texts are shuffled, so that what stands on one page does not fall into one window: with a fixed seed, and sorted
    before, so that the number depends on nothing but the texts.
    """
    shuffled = sorted(texts)
    random.Random(_SEED).shuffle(shuffled)
    words = list(chain.from_iterable(_WORD.findall(text.casefold()) for text in shuffled))
    counts = [len(set(words[end - WINDOW : end])) for end in range(WINDOW, len(words) + 1, WINDOW)]
    return sum(counts) / len(counts) if counts else None


def vocabulary(data: Corpus, reference: Corpus | None = None) -> list[Richness]:
    """Compare the two, kind by kind, over those of LANGUAGES in which both (or the one given) have WINDOW words."""
    corpora = [data] if reference is None else [data, reference]
    texts = [_texts(corpus) for corpus in corpora]
    found = []
    for kind in KINDS:
        by_language = {lang: [distinct_words(each[kind, lang]) for each in texts] for lang in LANGUAGES}
        full = {lang: [n for n in counts if n is not None] for lang, counts in by_language.items()}
        full = {lang: counts for lang, counts in full.items() if len(counts) == len(corpora)}
        if full:
            means = [sum(column) / len(full) for column in zip(*full.values(), strict=True)]
            found.append(Richness(kind, tuple(full), means[0], means[1] if reference is not None else None))
    return found


def format_vocabulary(rows: Sequence[Richness]) -> str:
    """Return the table that people read."""
    if not rows:
        return f"distinct words per {WINDOW:,}: no kind has {WINDOW:,} words in one of {', '.join(LANGUAGES)}"
    compared = any(row.reference is not None for row in rows)
    header = [f"distinct words per {WINDOW:,}", "data", *(["reference", "ratio"] if compared else []), "languages"]
    return format_table(header, [_row(row) for row in rows])


def _row(row: Richness) -> list[object]:
    compared = [] if row.reference is None else [f"{row.reference:.0f}", f"{row.ratio:.2f}"]
    return [row.kind, f"{row.data:.0f}", *compared, " ".join(row.languages)]


def _texts(corpus: Corpus) -> defaultdict[tuple[Kind, str], list[str]]:
    texts = defaultdict(list)
    for entry in corpus.entries():
        if entry.paragraph.kind is not None:
            texts[entry.paragraph.kind, entry.lang].append(entry.paragraph.text)
    return texts
