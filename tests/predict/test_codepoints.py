"""The table of code points: what every character is, on every machine the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from predict import codepoints as cp
from tests.reference import look_up

LETTERS = (cp.LOWER, cp.UPPER, cp.SINGLE)


@pytest.mark.parametrize(
    ("kind", "characters"),
    [
        (cp.LOWER, "aßéяω\u0301ªعक"),
        (cp.UPPER, "AÉЯΩẞǅ"),
        (cp.DIGIT, "07٣½Ⅷ²"),
        (cp.SINGLE, "新ンーข่ກက𠀋"),
        (cp.STOP, ".!?…。؟।"),
        (cp.QUOTE, "\"'«»„“’「"),
        (cp.PUNCTUATION, ",;:-—()/&@%*#"),
        (cp.SYMBOL, "|©×$€+=❤→"),
        (cp.IGNORED, "\u00ad\u200b\u200d\u200f\u202e\ufeff"),
        (cp.SPACE, " \n\t\0\u00a0\u3000\ud800\udfff\ue000"),
    ],
)
def test_every_character_has_the_class_that_a_reader_would_give_it(kind: int, characters: str) -> None:
    assert {char: look_up(char)[0] for char in characters} == dict.fromkeys(characters, kind)


def test_letters_of_scripts_with_spaces_form_words_korean_ones_too() -> None:
    assert all(look_up(char)[0] == cp.LOWER for char in "한국어")


@pytest.mark.parametrize(
    ("folded", "characters"),
    [
        ("a", "aA"),
        ("я", "яЯ"),
        ("ß", "ßẞ"),
        ("ω", "ωΩ\u2126"),
        ("k", "kK\u212a"),
        ("i", "iIİ"),
        ("ǆ", "ǆǅǄ"),
        ("0", "0129٣Ⅷ²"),
    ],
)
def test_capitals_fold_to_small_letters_and_all_digits_to_one(folded: str, characters: str) -> None:
    assert {look_up(char)[1] for char in characters} == {folded}


@given(st.characters())
def test_folding_twice_is_folding_once(char: str) -> None:
    kind, folded = look_up(char)
    again, twice = look_up(folded)
    assert twice == folded
    assert again == kind or kind == cp.UPPER


def test_the_table_agrees_with_this_pythons_database_on_characters_that_are_settled() -> None:
    settled = [chr(code) for code in range(0x10000) if unicodedata.ucd_3_2_0.category(chr(code)) != "Cn"]
    categories = [unicodedata.category(char)[0] for char in settled]
    looked_up = [look_up(char) for char in settled]
    folds = ["0" if kind == cp.DIGIT else char.lower()[0] for char, (kind, _) in zip(settled, looked_up)]
    differing = sum(fold != folded for fold, (_, folded) in zip(folds, looked_up))
    letters = sum((c in "LM") != (kind in LETTERS) for c, (kind, _) in zip(categories, looked_up) if c != "N")
    assert differing + letters < 10  # a later database corrects a few


def test_the_table_cannot_be_changed_by_accident() -> None:
    with pytest.raises(ValueError, match="read-only"):
        cp.load_table()[0] = 1
