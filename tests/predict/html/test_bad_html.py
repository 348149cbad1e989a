"""Bad HTML costs neither the run nor the machine: bounded time and memory, and one clear line."""

from __future__ import annotations

import gzip
import resource
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given

from predict import InputError, read_html
from predict.html import bounds
from predict.streams import optional
from tests.predict.html.pages import PAGE, TEXTS, soup
from tests.program import Run, environment, one_line, read_jsonl

HEAD = "<!doctype html><title>Ferry</title>"


def texts(html: str | bytes) -> list[str]:
    return [block.text for block in read_html(html)]


STORY = "The ferry to Aldersund was late again on Monday, and nobody on the quay could say why it was."
BOMB = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
LAUGHS = f'<!DOCTYPE html [<!ENTITY a0 "lol">{BOMB}]><p>{STORY} &a11;</p>'


@pytest.mark.parametrize(
    ("html", "times", "said", "kept"),
    [
        pytest.param(f"{HEAD}<p>{STORY}</p><p>{STORY} Then it ca", 1, "", 2, id="truncated"),
        pytest.param(f"<p>{STORY}</p>\n", 980_000, "an HTML page of more than 16 MB", 0, id="100 MB"),
        pytest.param("<div>" * 1_000, 200, "nested too deeply", 0, id="200,000 nested elements"),
        pytest.param(f"<meta charset=koi8-r><p>{STORY.replace('e', 'é')}</p>", 1, "", 1, id="wrong charset"),
        pytest.param("".join(map(chr, range(128))), 8_000, "binary data", 0, id="binary"),
        pytest.param(f"{HEAD}<meta name=description content='{STORY}'>", 1, "", 0, id="no body"),
        pytest.param(LAUGHS, 1, "", 1, id="entities that expand"),
        pytest.param(f"<p>\x01\x1b{STORY}\0\x7f</p>", 1, "", 1, id="control characters"),
    ],
)
def test_a_bad_page_costs_the_program_seconds_and_one_line_at_most(
    html: str, times: int, said: str, kept: int, newsieve: Run, tmp_path: Path
) -> None:
    with (tmp_path / "bad.html").open("wb") as file:
        file.writelines(html.encode() for _ in range(times))
    done = newsieve("clean", "bad.html", preexec_fn=_in_one_gigabyte_and_ten_seconds)
    assert done.returncode == (2 if said else 0), done.stderr
    assert said in one_line(done.stderr) if said else done.stderr == b""
    lines = done.stdout.decode().replace("é", "e").splitlines()
    assert (len(lines), len(done.stdout) <= len(html) * times) == (kept, True)
    assert all(line.startswith(STORY) for line in lines)


def _in_one_gigabyte_and_ten_seconds() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))


@pytest.mark.parametrize("share", [0.1, 0.35, 0.5, 0.77, 0.98])
def test_a_truncated_page_gives_what_is_there(share: float) -> None:
    found = texts(PAGE.encode()[: int(len(PAGE) * share)])
    assert found[:-1] == TEXTS[: max(0, len(found) - 1)]  # the last one may break off


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 200_000 + "deep",
        "<ul><li>" * 100_000,
        "<font><p>" * 100_000,
        "<span>" * 200_000 + "x" + "</span>" * 200_000,
        "".join(f"<b id={i}></p><p>x" for i in range(30_000)),
        "<div><object></div></object>" * 60_000,
        "<div><!--</div>-->" * 60_000,
        "<div><?</div>" * 60_000,
        "<svg><style>" * 100_000,
    ],
)
def test_elements_nested_beyond_reason_are_refused_at_once(html: str) -> None:
    start = time.process_time()
    with pytest.raises(InputError, match="nested too deeply"):
        read_html(HEAD + html)
    assert time.process_time() - start < 5


def test_deep_nesting_within_reason_is_read() -> None:
    assert texts("<div>" * 3_000 + "deep") == ["deep"]


@pytest.mark.parametrize("value", ["", "=1", '=">"'])
def test_a_tag_with_attributes_beyond_reason_is_refused(value: str) -> None:
    flood = "<p " + " ".join(f"a{i}{value}" for i in range(200_000)) + ">"
    with pytest.raises(InputError, match="attributes"):
        read_html(flood)


@pytest.mark.parametrize(
    "flood",
    ["<option>x</option>", "<", "<a ", "<!--", "<p a='", '<p a="', "</", "&", "<![CDATA[", "<title>", "=", "\0"],
)
def test_a_flood_of_anything_takes_seconds_at_most(flood: str) -> None:
    start = time.process_time()
    with suppress(InputError):
        read_html("<p>" + flood * (1_000_000 // len(flood)))
    assert time.process_time() - start < 10


def test_a_hundred_megabytes_are_refused(newsieve: Run, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "big.html.gz", "wb", 1) as file:
        for _ in range(100):
            file.write(b"<p>The ferry is late.</p>\n" * (1_000_000 // 26))
    done = newsieve("clean", "big.html.gz", preexec_fn=_in_one_gigabyte_and_ten_seconds)
    assert done.returncode == 2
    assert one_line(done.stderr) == "newsieve: big.html.gz: an HTML page of more than 16 MB"


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from Linux's /proc")
def test_a_long_page_is_read_in_bounded_memory() -> None:
    code = (
        "from predict import read_html; import re\n"
        "line = b'<p>The ferry is late, and nobody knows why it is or what the harbour board will say.</p>\\n'\n"
        "page = read_html(line * ((4 << 20) // len(line)))\n"
        "assert len(page) > 40_000\n"
        # Not ru_maxrss, which a process inherits from the one that started it.
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) >> 10)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, check=True, timeout=600)
    assert int(done.stdout) < 500


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "PNG"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "PDF"),
        (gzip.compress(PAGE.encode(), mtime=0), "gzip"),
        (b"\x7fELF" + bytes(1000), "binary data"),
    ],
)
def test_something_binary_is_named_as_such(data: bytes, what: str, newsieve: Run, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(data)
    done = newsieve("classify", "page.html")
    assert done.returncode == 2
    assert what in one_line(done.stderr)
    assert one_line(done.stderr).startswith("newsieve: page.html: not HTML but ")


def test_control_characters_and_zeros_are_dropped() -> None:
    assert texts("<p>fer\0ry \x01\x1b[31mlate\x7f\x85now\u2028then</p>") == ["ferry [31mlate now then"]
    assert texts("<p>x&#0;y&#27;z&#x85;</p>")[0].isprintable()


def test_lone_surrogates_become_replacement_characters() -> None:
    assert texts("<p>a\ud800b&#xDFFF;c</p>") == ["a\ufffdb\ufffdc"]


def test_entities_are_characters_and_do_not_grow() -> None:
    bomb = '<!DOCTYPE html [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]><p>&c;&amp;amp;</p>'
    assert sum(map(len, texts(bomb))) < len(bomb)
    assert texts("<p>&amp;lt;b&gt; &eacute; &ferry; &#99999999;</p>") == ["&lt;b> é &ferry; \ufffd"]


@pytest.mark.parametrize(
    "html", ["", "<html></html>", "<head><title>x</title></head>", "<frameset><frame src=a></frameset>"]
)
def test_a_page_without_a_body_has_no_blocks(html: str) -> None:
    assert texts(html) == []


def test_a_bad_page_among_good_ones_is_set_aside_with_its_reason(newsieve: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.html").write_text(PAGE)
    (tmp_path / "in" / "b.html").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "in" / "c.html.gz").write_bytes(gzip.compress(PAGE.encode())[:-9])
    (tmp_path / "in" / "d.html.gz").write_bytes(gzip.compress(PAGE.encode()))
    done = newsieve("clean", "in", "-o", "out", "--errors", "bad.jsonl", "--jobs", 2)
    assert done.returncode == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.txt", "d.txt.gz"]
    reasons = {entry["file"]: entry["reason"] for entry in read_jsonl((tmp_path / "bad.jsonl").read_bytes())}
    assert reasons["in/b.html"] == "not HTML but PNG"
    assert "not a whole compressed file" in reasons["in/c.html.gz"]


def _depth(html: str) -> int:
    """How deep the parser's tree is."""
    tree = optional("selectolax.lexbor", "html").LexborHTMLParser(html, scripting=True)
    deepest, depth, node = 0, 0, tree.root
    while True:
        deepest = max(deepest, depth)
        below = node.first_child
        if below is not None:
            node, depth = below, depth + 1
            continue
        while depth and node.next is None:
            node, depth = node.parent, depth - 1
        if not depth:
            return deepest
        node = node.next


@given(soup)
def test_what_is_counted_is_not_less_than_what_the_parser_sees(html: str) -> None:
    """A unit of soup, repeated, never nests much deeper than the count of open elements says it may."""
    count = bounds._Count(html * 40)
    count.run()
    assert _depth(html * 40) <= 40 + 3 * count.deepest
