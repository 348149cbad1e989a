"""The characters of a page are those that a browser would show."""

from __future__ import annotations

import pytest

from predict.html.encoding import decode

RUSSIAN = "Паром опоздал"


@pytest.mark.parametrize(
    ("data", "charset", "wanted"),
    [
        (("\ufeff<p>" + RUSSIAN).encode("utf-8"), "windows-1251", "utf-8"),  # a mark outweighs what came with the page
        (("\ufeff<p>" + RUSSIAN).encode("utf-16-le"), None, "utf-16le"),
        (("\ufeff<p>" + RUSSIAN).encode("utf-16-be"), None, "utf-16be"),
        (f'<meta charset="utf-8"><p>{RUSSIAN}'.encode("cp1251"), "windows-1251", "windows-1251"),
        (f'<meta charset="windows-1251"><p>{RUSSIAN}'.encode("cp1251"), None, "windows-1251"),
        (f"<META CHARSET='CP1251' /><p>{RUSSIAN}".encode("cp1251"), None, "windows-1251"),
        (f'<!-- <meta charset="utf-8"> --><meta charset=koi8-r>{RUSSIAN}'.encode("koi8-r"), None, "koi8-r"),
        (
            f'<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">{RUSSIAN}'.encode("cp1251"),
            None,
            "windows-1251",
        ),
        (f"<p>{RUSSIAN}".encode(), None, "utf-8"),  # nobody says so, but it can be nothing else
        (f'<meta charset="windows-1251"><p>{RUSSIAN}'.encode(), None, "utf-8"),  # converted, with its old declaration
        (f'<meta charset="utf-16"><p>{RUSSIAN}'.encode(), None, "utf-8"),
        (f'<meta charset="no-such"><p>{RUSSIAN}'.encode(), None, "utf-8"),
    ],
)
def test_encodings_are_found(data: bytes, charset: str | None, wanted: str) -> None:
    text, encoding = decode(data, charset)
    assert encoding == wanted
    assert RUSSIAN in text


def test_labels_mean_what_browsers_take_them_for() -> None:
    assert decode(b"\x93quoted\x94 \x80", "iso-8859-1") == ("\u201cquoted\u201d \u20ac", "windows-1252")
    assert decode(b'<meta charset="latin1">\x93')[0].endswith("\u201c")
    assert decode("简体字".encode("gbk"), "gb2312")[0] == "简体字"


def test_where_nobody_says_anything_it_is_windows_1252() -> None:
    assert decode(b"caf\xe9 \x93") == ("caf\xe9 \u201c", "windows-1252")


def test_a_wrong_declaration_costs_characters_and_nothing_else() -> None:
    text, encoding = decode("<p>café</p>".encode("cp1252"), "utf-8")
    assert (text, encoding) == ("<p>caf\ufffd</p>", "utf-8")


def test_a_declaration_counts_anywhere_in_the_head_but_not_in_the_body() -> None:
    late = b"<link rel=x>" * 300 + b'<meta charset="koi8-r">\xe9'
    assert decode(late)[1] == "koi8-r"
    assert decode(b"<head><title>x</title><body>" + late)[1] == "windows-1252"
