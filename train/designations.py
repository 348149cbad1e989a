"""Fitting the heads that tell designations apart (see `predict.designation`).

Some nine hundred paragraphs say which status it is in a dozen ways each, and that is enough. They cannot say how every
country is called in every language, and a head fitted on them alone takes whatever it does not know for the commonest
state. The Unicode CLDR [1] knows: the names of countries, their currencies (which hold the adjective: "Turkish lira",
"türkische Lira") and the cities that stand for their time zones (mostly capitals). Babel carries these tables; each
name is one more, light example of its state. Names of all other countries are examples of "none of these".

States are weighed by how rare they are, so that the commonest is not the answer wherever in doubt.

[1] Unicode Common Locale Data Repository, https://cldr.unicode.org
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from babel import Locale
from babel.core import get_global
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression

from predict.designation import UNKNOWN, Designation, DesignationModel
from predict.errors import NewsieveError
from predict.features import FeatureSettings
from predict.labels import Status
from predict.scoring import ParagraphModel
from train.corpus import Corpus
from train.stage_1 import by_class
from train.vectorizer import ParagraphVectorizer

FEATURES = FeatureSettings(bits=15, subword_lengths=(3, 4))  # shorter subwords than stage 1: stems of names
_C = 5.0
_STRETCH = 25  # lines of a file that are held out together
_ITERATIONS = 100
_NAME_WEIGHT = 0.3  # of a name, beside 1 on average for a paragraph
_OTHERS = 0.8  # of the odds of "none of these", which the names of all other countries make too likely
# fmt: off
_LANGUAGES = (
    "en", "ru", "de", "fr", "es", "it", "pl", "pt", "nl", "cs", "sv", "hu",
    "tr", "uk", "be", "ja", "zh", "zh_Hant", "ka", "ky", "kk", "fa", "ar", "az",
)
# fmt: on
_NO_COUNTRIES = {"EU", "UN", "EZ", "ZZ", "XA", "XB", "QO"}
_ZONES_AS_CITIES = {"en", "de", "fr", "es", "it", "pl", "pt", "nl"}  # "Europe/Tbilisi" where CLDR names no city

Strings = npt.NDArray[np.str_]


class Example(NamedTuple):
    """A paragraph flagged `designation`, and what it says. place: of its page or single paragraph, for splits."""

    text: str
    status: Status
    state: str
    place: tuple[str, int]


def examples(corpus: Corpus) -> list[Example]:
    """All paragraphs of a corpus that say which designation they name; UNKNOWN stands for no state."""
    found = []
    paragraphs = [(p, (page.source_file, page.line)) for page in corpus.pages for p in page.paragraphs]
    paragraphs += [(single.paragraph, (single.source_file, single.line)) for single in corpus.singles]
    for paragraph, place in paragraphs:
        if paragraph.designation is not None:
            status, state = paragraph.designation.status, paragraph.designation.state
            found.append(Example(paragraph.text, status, state or UNKNOWN, place))
    return found


def fit_designations(given: Sequence[Example]) -> DesignationModel | None:
    """Fit both heads; None if the examples show fewer than two statuses or states, which leaves nothing to tell."""
    known = {each.state for each in given} | {UNKNOWN}
    if len({each.status for each in given}) < 2 or len(known) < 3:
        return None
    vectorizer = ParagraphVectorizer(FEATURES.bits, FEATURES.subword_lengths)
    rows = vectorizer.transform([each.text for each in given])
    tfidf = TfidfTransformer(norm=None).fit(rows)
    rows = tfidf.transform(rows)
    names, of_names = zip(*_names(known))
    status_head = LogisticRegression(C=_C, max_iter=10 * _ITERATIONS)
    status_head.fit(rows, np.array([str(each.status) for each in given]))
    of_texts = np.array([each.state for each in given])
    state_head = LogisticRegression(C=_C, max_iter=_ITERATIONS)
    state_head.fit(
        sp.vstack([rows, tfidf.transform(vectorizer.transform(names))]).tocsr(),
        np.concatenate([of_texts, of_names]),
        sample_weight=np.concatenate([_by_rarity(of_texts), np.full(len(names), _NAME_WEIGHT)]),
    )
    state_head.intercept_ += np.log(_OTHERS) * (state_head.classes_ == UNKNOWN)
    parts = [by_class(head) for head in (status_head, state_head)]
    weights = np.vstack([coefficients * tfidf.idf_ for coefficients, _ in parts]).T
    return DesignationModel(
        ParagraphModel(
            FEATURES,
            weights.astype(np.float16).astype(np.float32),
            np.concatenate([intercepts for _, intercepts in parts]).astype(np.float32),
        ),
        tuple(Status(name) for name in status_head.classes_),
        tuple(str(state) for state in state_head.classes_),
    )


def _by_rarity(classes: Strings) -> npt.NDArray[np.float64]:
    """Weights under which every class counts the same in all, 1 on average."""
    numbers = Counter(classes.tolist())
    weights = np.array([1.0 / numbers[each] for each in classes.tolist()])
    return np.asarray(weights / weights.mean(), np.float64)


def _names(known: set[str]) -> list[tuple[str, str]]:
    """Names and the state each belongs to: UNKNOWN where the state is not among `known`."""
    found: dict[tuple[str, str], None] = {}
    for language in _LANGUAGES:
        locale = Locale.parse(language)
        for territory in locale.territories:
            if len(territory) == 2 and territory.isalpha() and territory not in _NO_COUNTRIES:
                state = territory if territory in known else UNKNOWN
                found.update(((name, state), None) for name in _names_of(locale, territory, state != UNKNOWN))
    return list(found)


def _names_of(locale: Locale, territory: str, with_cities: bool) -> Iterator[str]:
    yield locale.territories[territory]
    yield from (name for code, name in locale.currencies.items() if code[:2] == territory)
    for zone in get_global("territory_zones").get(territory, []) if with_cities else ():
        city = locale.time_zones.get(zone, {}).get("city")
        if city is None and locale.language in _ZONES_AS_CITIES:
            city = zone.rpartition("/")[2].replace("_", " ")
        if city is not None:
            yield city


class Told(NamedTuple):
    """How well designations are told apart. status, state: shares that are right; named: share of states that are
    given at all; named_right: share of those that are right."""

    number: int
    status: float
    state: float
    named: float
    named_right: float


def cross_validate_designations(given: Sequence[Example], folds: int = 5) -> Told:
    """Measure on examples that the heads did not learn from: those of a page together, single paragraphs in stretches
    of their file, since what one author wrote in a row is worded alike. Raises NewsieveError if there are too few."""
    groups = [_group(each) for each in given]
    pairs: list[tuple[Example, Designation]] = []
    for fold in range(folds):
        inside = [zlib.crc32(group.encode()) % folds == fold for group in groups]
        model = require_designations([each for each, held in zip(given, inside) if not held])
        pairs += answers(model, [each for each, held in zip(given, inside) if held])
    return measure_told(pairs)


def require_designations(given: Sequence[Example]) -> DesignationModel:
    """Fit both heads. Raises NewsieveError if there is nothing to tell apart."""
    model = fit_designations(given)
    if model is None:
        raise NewsieveError("too few designations to learn from")
    return model


def answers(model: DesignationModel, given: Sequence[Example]) -> list[tuple[Example, Designation]]:
    """Tell designations page by page, as a classifier does; single paragraphs alone."""
    places: dict[tuple[str, int], list[Example]] = {}
    for each in given:
        places.setdefault(each.place, []).append(each)
    return [pair for page in places.values() for pair in zip(page, model.tell([each.text for each in page]))]


def measure_told(pairs: Sequence[tuple[Example, Designation]]) -> Told:
    """Compare answers with the truth."""
    named = [truth.state == answer.state for truth, answer in pairs if answer.state is not None]
    number = max(1, len(pairs))
    return Told(
        len(pairs),
        sum(truth.status == answer.status for truth, answer in pairs) / number,
        sum(truth.state == (answer.state or UNKNOWN) for truth, answer in pairs) / number,
        len(named) / number,
        sum(named) / max(1, len(named)),
    )


def _group(example: Example) -> str:
    file, line = example.place
    return f"{file}:{line if PurePath(file).parent.name == 'pages' else line // _STRETCH}"
