"""A page of HTML becomes the paragraphs that a reader sees, in their order, whatever was done to it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from predict import Classifier, read_html
from predict.html.page import GROUPS
from predict.splitting import split_paragraphs
from tests.predict.html.pages import PAGE, TEXTS, soup
from tests.program import environment


def texts(html: str | bytes, **more: bool) -> list[str]:
    return [block.text for block in read_html(html, **more)]


def test_blocks_are_what_a_reader_sees_in_reading_order() -> None:
    assert texts(PAGE) == TEXTS


def test_title_and_language_are_found() -> None:
    page = read_html(PAGE)
    assert (page.title, page.language) == ("Council votes to keep the night bus", "en")
    assert read_html("<title> The ferry\n is late </title><h1>Late ferry</h1>").title == "The ferry is late"
    assert read_html("<h1>Late <i>ferry</i></h1>").title == "Late ferry"
    assert read_html("<p>x").title == read_html("<p>x").language == ""


def test_hidden_elements_stay_if_asked_for() -> None:
    assert "Hidden by its attribute" in texts(PAGE, hidden=True)
    assert texts("<p>Seen <span hidden>and not</span> here</p>") == ["Seen here"]


def test_a_page_that_a_script_unveils_is_read() -> None:
    story = "The council voted on Tuesday to keep the night bus, after weeks of protest."
    assert texts(f'<body><p>Loading</p><div style="visibility:hidden"><p>{story}</p></div>') == ["Loading", story]


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ("<p>one<br>two</p>", ["one two"]),
        ("<p>one<br> <br>two</p>", ["one", "two"]),
        ("<p>one<p>two", ["one", "two"]),
        ("a<div>b</div>c", ["a", "b", "c"]),
        ("<ul><li>a<ul><li>b</ul>c</ul>", ["a", "b", "c"]),
        ("<dl><dt>a<dd>b</dl>", ["a", "b"]),
        ("f<b>e</b>rr<i>y</i>", ["ferry"]),
        ("<p>a&nbsp;b&#8203;</p><p>&#8203;&nbsp;</p>", ["a b\u200b"]),
        ("<video>No video here</video><p>x</p><iframe>none</iframe>", ["x"]),
        ("plain text, no tags", ["plain text, no tags"]),
        ("", []),
    ],
)
def test_where_blocks_end(html: str, wanted: list[str]) -> None:
    assert texts(html) == wanted


def test_markup_tokens_say_what_surrounds_a_block() -> None:
    page = read_html(PAGE)
    home, byline, footer = page[0].markup, page[3].markup, page[-1].markup
    assert {"0=a", "1=li", "in=nav", ".site", "far.menu", "linked=5"} <= set(home)
    assert {"own.byline", "in=article", "in=main"} <= set(byline)
    assert {"0=footer", "in=footer"} <= set(footer)
    assert {">local", ">/"} <= set(page[1].markup)
    assert "before=none" in home
    assert "after=none" in footer
    assert all(len(set(block.markup)) == len(block.markup) for block in page)
    assert all(len(block.groups) == GROUPS for block in page)
    assert page[0].groups[0] == page[1].groups[0]  # two entries of one menu are built alike
    assert page[0].groups[1] != page[1].groups[1]  # but stand in links of their own


@given(soup)
def test_any_soup_is_read_into_lines_of_text(html: str) -> None:
    for text in texts(html):
        assert split_paragraphs(text) == [text]
        assert text.encode()


@given(st.binary(max_size=400))
def test_any_bytes_that_are_not_binary_are_read(data: bytes) -> None:
    page = read_html(b"<p>" + b"text " * 100 + data)
    assert page.encoding
    assert page[0].text.startswith("text")


def test_a_page_as_html_can_be_classified_together_with_text(shipped: Classifier) -> None:
    html, text, again = shipped.classify_many([read_html(PAGE), "\n".join(TEXTS), read_html(PAGE)])
    assert [p.text for p in html] == [p.text for p in text] == TEXTS
    assert [p.kind for p in html] == [p.kind for p in again]
    assert html.spans is None
    assert "voted on Tuesday" in html.journalism
    assert len(shipped.classify(read_html(""))) == 0


def test_text_needs_nothing_of_html() -> None:
    code = (
        "import sys; from predict import Classifier; Classifier.load().classify('a\\nb')\n"
        "assert not {'selectolax', 'webencodings', 'predict.html.reader'} & set(sys.modules), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], env=environment(), check=True, timeout=60)
