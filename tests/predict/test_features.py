"""Features: what a model sees of a paragraph, whatever stands around it in the batch."""

from __future__ import annotations

import time
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predict.features import SHAPE_VALUE, FeatureSettings, feature_rows
from predict.shape import shape_values
from predict.tokens import MAX_PARAGRAPH_CHARS, Tokens, tokenize
from tests.reference import features_of, tokens_of
from tests.strategies import PARAGRAPH, PARAGRAPHS

SETTINGS = st.builds(
    FeatureSettings, bits=st.sampled_from([8, 17]), subword_lengths=st.sampled_from([(), (4,), (3, 5), (1, 2, 12)])
)
PLAIN = FeatureSettings(bits=20, subword_lengths=(3, 4))


def read(tokens: Tokens) -> list[list[str]]:
    """The tokens of each paragraph as text."""
    chars = tokens.folded.astype(np.uint32)
    texts = ["".join(map(chr, chars[s : s + n])) for s, n in zip(tokens.starts.tolist(), tokens.lengths.tolist())]
    bounds = tokens.indptr.tolist()
    return [texts[start:end] for start, end in pairwise(bounds)]


def words_and_shape(text: str, feature_settings: FeatureSettings = PLAIN) -> tuple[Counter[int], tuple[int, ...]]:
    """Columns of a paragraph's words, pairs and subwords; columns of its shape."""
    (words, shape), *_ = split_rows([text], feature_settings)
    return words, shape


def split_rows(texts: list[str], feature_settings: FeatureSettings) -> list[tuple[Counter[int], tuple[int, ...]]]:
    values, buckets, indptr = feature_rows(texts, feature_settings)
    bounds = indptr.tolist()
    shapes = shape_values(tokenize(texts)).shape[1]
    assert np.isin(values[np.concatenate([np.arange(end - shapes, end) for end in bounds[1:]])], SHAPE_VALUE).all()
    rows = [buckets[start:end].tolist() for start, end in pairwise(bounds)]
    return [(Counter(row[:-shapes]), tuple(row[-shapes:])) for row in rows]


# --- tokens ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Support our reporting!", ["support", "our", "reporting", "!"]),
        ("HomeNewsSport", ["home", "news", "sport"]),
        ("BBCNews iPhone", ["bbcnews", "i", "phone"]),
        ("ГлавнаяНовости", ["главная", "новости"]),
        ("news\u00adroom a\u200db", ["newsroom", "ab"]),
        ("12 May 2024, 3rd", ["00", "may", "0000", ",", "0rd"]),
        ("新聞を読む", ["新", "聞", "を", "読", "む"]),
        ("ข่าว", ["ข", "่", "า", "ว"]),
        ("caf\u00e9 cafe\u0301", ["caf\u00e9", "cafe\u0301"]),
        ("...«»|", [".", ".", ".", "«", "»", "|"]),
        ("don’t", ["don", "’", "t"]),
        ("\0 \n\ud800", []),
        ("", []),
    ],
)
def test_a_paragraph_is_cut_into_words_marks_and_characters(text: str, tokens: list[str]) -> None:
    assert read(tokenize([text])) == [tokens]


@given(st.lists(PARAGRAPH, min_size=1, max_size=8))
def test_tokens_are_those_of_a_reading_character_by_character(texts: list[str]) -> None:
    tokens = tokenize(texts)
    expected = [tokens_of(text) for text in texts]
    assert read(tokens) == [[token.text for token in paragraph] for paragraph in expected]
    flat = [token for paragraph in expected for token in paragraph]
    assert tokens.classes.tolist() == [token.classes[0] for token in flat]
    assert tokens.capitals.tolist() == [token.capitals for token in flat]
    assert tokens.chars.tolist() == [min(len(text), MAX_PARAGRAPH_CHARS) for text in texts]


# --- rows ------------------------------------------------------------------------------------------------------------


@given(PARAGRAPHS, SETTINGS)
def test_rows_are_those_of_a_reading_in_plain_python(texts: list[str], feature_settings: FeatureSettings) -> None:
    values, _, indptr = feature_rows(texts, feature_settings)
    for text, (words, _), start in zip(texts, split_rows(texts, feature_settings), indptr.tolist()):
        columns, value = features_of(text, feature_settings)
        assert words == columns
        assert values[start] == pytest.approx(value, rel=1e-12)


@given(PARAGRAPHS)
def test_a_paragraph_has_the_same_features_whatever_comes_before_and_after(texts: list[str]) -> None:
    values, buckets, indptr = feature_rows(texts, PLAIN)
    for text, start, end in zip(texts, indptr.tolist(), indptr.tolist()[1:]):
        alone_values, alone_buckets, alone_indptr = feature_rows([text], PLAIN)
        assert alone_indptr.tolist() == [0, end - start]
        assert np.array_equal(alone_values, values[start:end])
        assert np.array_equal(alone_buckets, buckets[start:end])


@given(PARAGRAPHS, st.randoms())
def test_features_do_not_depend_on_the_order_of_paragraphs(texts: list[str], random: object) -> None:
    order = list(range(len(texts)))
    random.shuffle(order)  # type: ignore[attr-defined]
    rows = split_rows(texts, PLAIN)
    assert split_rows([texts[i] for i in order], PLAIN) == [rows[i] for i in order]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Support our reporting", "SUPPORT OUR REPORTING"),
        ("Поддержите нас", "ПОДДЕРЖИТЕ НАС"),
        ("12 May 2024", "30 may 1999"),
        ("HomeNews", "Home News"),
        ("news\u00adroom", "newsroom"),
        ("Read  more\t", "Read more"),
    ],
)
def test_texts_that_say_the_same_have_the_same_words(one: str, other: str) -> None:
    assert words_and_shape(one)[0] == words_and_shape(other)[0]


def test_capitals_are_told_apart_by_shape_alone() -> None:
    assert words_and_shape("Support us")[1] != words_and_shape("SUPPORT US")[1]


def test_the_order_of_words_matters() -> None:
    assert words_and_shape("man bites dog")[0] != words_and_shape("dog bites man")[0]


def test_inflected_and_unknown_words_share_features_with_their_kin() -> None:
    kin, stranger = words_and_shape("поддержите")[0] & words_and_shape("поддержать")[0], words_and_shape("футбол")[0]
    assert kin.total() >= 8
    assert (words_and_shape("поддержите")[0] & stranger).total() == 0


@given(PARAGRAPHS)
def test_shape_is_small_numbers_of_a_fixed_number_of_columns(texts: list[str]) -> None:
    values = shape_values(tokenize(texts))
    assert values.shape == (len(texts), shape_values(tokenize([""])).shape[1])
    assert values.min() >= 0
    assert values.max() < 1 << 32


def test_shapes_are_those_that_model_files_were_fitted_with() -> None:
    """If this fails, every saved model is void: fit anew, and let `FORMAT` in predict/model_file.py say so."""
    text = 'Published by Lamp Media Ltd, 12 May 2024: "READ THIS!" | © Новости – 新聞… '
    assert SHAPE_VALUE == 0.1
    single, crossed = [8, 8, 2, 5, 7, 4, 2, 4, 2, 2, 2], [133, 135, 130, 130, 132, 599, 1863, 2087]
    assert shape_values(tokenize([text, ""])).tolist()[0] == single + crossed


# --- limits ----------------------------------------------------------------------------------------------------------


@settings(max_examples=10)
@given(st.sampled_from(["a ", "news, ", "新聞", "é", "x\u00ad"]), PARAGRAPH)
def test_what_stands_behind_the_first_20_000_characters_is_not_read(unit: str, rest: str) -> None:
    head = (unit * MAX_PARAGRAPH_CHARS)[:MAX_PARAGRAPH_CHARS]
    assert split_rows([head + rest], PLAIN) == split_rows([head], PLAIN)


def test_a_paragraph_of_50_megabytes_costs_no_more_than_its_first_page() -> None:
    text = "all work and no play " * 2_400_000
    start = time.perf_counter()
    feature_rows([text], PLAIN)
    assert time.perf_counter() - start < 5
