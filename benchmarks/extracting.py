"""The extractors that newsieve is compared with, each as one function from a page's HTML to lines of text.

Each gets decoded text and no network. The settings are those that its documentation gives for articles. A title that a
library hands over apart from the text is put first, as whoever builds a corpus would do; labelled headlines would
otherwise count as lost.
"""

from __future__ import annotations

import hashlib
import importlib
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import orjson
from matching import Labelled

from predict import read_html
from train.html_pages import key

Extract = Callable[[str], list[str]]
MOST_SECONDS = 60  # that an extractor may take for one page


@dataclass
class Output:
    """What an extractor made of each page (by id): lines; how long it took; on which pages it failed, and why."""

    lines: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0
    failed: dict[str, str] = field(default_factory=dict)


def titled(title: str | None, lines: list[str]) -> list[str]:
    """Lines with the title before them, unless it is one of them."""
    return lines if not title or key(title) in map(key, lines) else [title, *lines]


def _trafilatura(**settings: bool) -> Extract:
    extract = importlib.import_module("trafilatura").bare_extraction
    dates = {"extensive_search": False, "original_date": False}  # only the title is wanted, and that search is long

    def lines(html: str) -> list[str]:
        found = extract(html, with_metadata=True, date_extraction_params=dates, **settings)
        return titled(found.title, (found.text or "").splitlines()) if found else []

    return lines


def _readability() -> Extract:
    document = importlib.import_module("readability").Document

    def lines(html: str) -> list[str]:
        one = document(html)
        return titled(one.short_title(), [block.text for block in read_html(one.summary())])

    return lines


def _resiliparse() -> Extract:
    extract = importlib.import_module("resiliparse.extract.html2text").extract_plain_text
    return lambda html: extract(html, main_content=True).splitlines()


def _justext() -> Extract:
    justext = importlib.import_module("justext")
    # Pages of many languages: the stop words of all of them, as its own documentation advises for that.
    words = frozenset().union(*(justext.get_stoplist(name) for name in justext.get_stoplists()))
    return lambda html: [p.text for p in justext.justext(html, words) if not p.is_boilerplate]


def _boilerpy3() -> Extract:
    extractor = importlib.import_module("boilerpy3.extractors").ArticleExtractor(raise_on_failure=False)

    def lines(html: str) -> list[str]:
        document = extractor.get_doc(html)
        return titled(document.title, document.content.splitlines())

    return lines


def _newspaper() -> Extract:
    article = importlib.import_module("newspaper").Article

    def lines(html: str) -> list[str]:
        one = article("https://news.example/", fetch_images=False)
        one.download(input_html=html)
        one.parse()
        return titled(str(one.title), one.text.splitlines())

    return lines


def _turbohtml() -> Extract:
    boilerplate = importlib.import_module("turbohtml.extract").boilerplate
    return lambda html: [p.text for p in boilerplate(html) if not p.is_boilerplate]


# Name: the distribution that it comes from, and what makes it.
EXTRACTORS: dict[str, tuple[str, Callable[[], Extract]]] = {
    "trafilatura": ("trafilatura", _trafilatura),
    "trafilatura, precision": ("trafilatura", lambda: _trafilatura(favor_precision=True)),
    "trafilatura, recall": ("trafilatura", lambda: _trafilatura(favor_recall=True)),
    "readability-lxml": ("readability-lxml", _readability),
    "resiliparse": ("resiliparse", _resiliparse),
    "jusText": ("jusText", _justext),
    "boilerpy3": ("boilerpy3", _boilerpy3),
    "newspaper4k": ("newspaper4k", _newspaper),
    "turbohtml boilerplate()": ("turbohtml", _turbohtml),
}


def installed(name: str) -> str:
    """The extractor's distribution and its version. Raises ImportError if it is not installed."""
    distribution = EXTRACTORS[name][0]
    try:
        return f"{distribution} {version(distribution)}"
    except PackageNotFoundError as error:
        raise ImportError(f"{distribution} is not installed") from error


def extracted(name: str, pages: Sequence[Labelled], cache: Path) -> Output:
    """Run an extractor over the pages, or read what it wrote before. Raises ImportError if it is not installed."""
    about = hashlib.sha256(repr([installed(name), [(page.page.id, page.html) for page in pages]]).encode())
    about.update(Path(__file__).read_bytes())
    path = cache / "outputs" / f"{key(name)}-{about.hexdigest()[:12]}.json"
    if path.exists():
        return Output(**orjson.loads(path.read_bytes()))
    # In a process of its own: libraries keep caches, which must not help the next one.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        output = process.submit(run, name, pages).result()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(output))
    return output


def run(name: str, pages: Sequence[Labelled]) -> Output:
    """Extract each page; one that takes too long or breaks the extractor yields nothing."""
    extract = EXTRACTORS[name][1]()
    output = Output()
    # The first page twice: what is loaded on first use is not the page's time.
    for number, page in enumerate([pages[0], *pages]):
        start = time.process_time()
        problem = None
        try:
            with _limited():
                lines = extract(page.html)
        except Exception as error:  # whatever a library stumbles over
            lines, problem = [], " ".join(f"{type(error).__name__}: {error}".split())[:150]
        output.seconds += time.process_time() - start if number else 0
        output.lines[page.page.id] = lines
        if problem:
            output.failed[page.page.id] = problem
    return output


@contextmanager
def _limited() -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise TimeoutError(f"more than {MOST_SECONDS} s for a page")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(MOST_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
