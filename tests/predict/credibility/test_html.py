"""The HTML page: whole, self-contained, and strangers' text is text."""

from __future__ import annotations

import random
import re
from html.parser import HTMLParser
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from predict import FLAGS, Flag, Kind
from predict.credibility import NOTE, Report
from predict.credibility.html import html_page
from tests.predict.credibility.pages import make_page
from tests.program import Run, jsonl, numbered_pages

SCRIPT = "<script>alert(1)</script>"
VOID = {"meta", "input", "br", "rect"}


class Outline(HTMLParser):
    """Tags in order, attributes, and text; fails where tags do not close in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] not in ("script", "style"):
            self.text.append(data)

    def finish(self) -> str:
        assert self._open == []
        return "".join(self.text)


def outline(page: str) -> Outline:
    parser = Outline()
    parser.feed(page)
    parser.close()
    return parser


def report_of(*texts: str, publisher: str | None = None, page_id: str | None = None) -> Report:
    result = Report()
    paragraphs = [(text, Kind.self_description, dict.fromkeys(FLAGS, 0.9)) for text in texts]
    result.add(make_page(*paragraphs), publisher, page_id, "2020-01-01")
    return result


def test_the_page_holds_a_card_for_each_publisher_with_its_quotes_and_the_note() -> None:
    result = report_of("We were declared a foreign agent.", "Owned by readers.", publisher="lantern", page_id="l-1")
    result.add(make_page(("Bridge closes", Kind.story, {})), "ferry")
    seen = outline(html_page(result))
    text = seen.finish()
    assert seen.tags.count("article") == 2
    assert NOTE in text
    for part in ("lantern", "ferry", "We were declared a foreign agent.", "l-1, paragraph 1", "2020-01-01"):
        assert part in text
    assert "Nothing was found that this publisher says about itself." in text


def test_a_script_in_every_field_is_text() -> None:
    result = report_of(SCRIPT, f'"><img src=x onerror=alert(1)> {SCRIPT}', publisher=SCRIPT, page_id=SCRIPT)
    page = html_page(result)
    seen = outline(page)
    assert seen.finish().count(SCRIPT) >= 4
    assert seen.tags.count("script") == 1
    assert not {"img", "iframe", "link", "a"} & set(seen.tags)
    assert not any(name.startswith("on") for name in seen.attributes)


def test_it_needs_nothing_else_and_forbids_itself_to_load_anything() -> None:
    page = html_page(report_of("Owned by readers."))
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|url\(|@import|\ssrc=", page)


@given(st.text(st.characters(), min_size=1), st.text(st.characters()), st.none() | st.text(st.characters()))
def test_whatever_stands_on_a_page_the_html_is_whole(text: str, publisher: str, page_id: str | None) -> None:
    expected = outline(html_page(report_of("plain", publisher="plain", page_id="plain"))).tags
    seen = outline(html_page(report_of(text, publisher=publisher, page_id=page_id)))
    seen.finish()
    assert seen.tags == expected
    html_page(report_of(text)).encode()


def test_many_statements_are_folded_away_but_there() -> None:
    result = Report()
    for n in range(30):
        text = "".join(random.Random(n).choices("abcdefghij", k=30))
        result.add(make_page((text, Kind.story, {Flag.ownership: 0.9})), "a")
    seen = outline(html_page(result))
    assert "22 more" in seen.finish()
    assert seen.tags.count("figure") == 30


def test_the_program_writes_one_whole_file(newsieve: Run, tmp_path: Path) -> None:
    (tmp_path / "pages.jsonl").write_bytes(jsonl(numbered_pages(2)))
    done = newsieve("report", "pages.jsonl", "--html", "report.html")
    assert (done.returncode, done.stdout) == (0, b"")
    outline((tmp_path / "report.html").read_text(encoding="utf-8")).finish()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pages.jsonl", "report.html"]
    refused = newsieve("report", "pages.jsonl", "--html", "nowhere/report.html")
    assert refused.returncode == 2
    assert "nowhere/report.html" in refused.stderr.decode().splitlines()[-1]
