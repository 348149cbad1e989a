"""Which parser of HTML? Speed on real pages, and what happens on pages that are made to be slow.

    pip install selectolax resiliparse lxml
    python benchmarks/html_parsers.py FOLDER    # of .html or .html.gz files

Each parser builds the tree and walks over all its nodes, asking each for its tag, which is the least that finding
blocks takes. The hard cases run in processes of their own, which are ended after LIMIT seconds.
"""

from __future__ import annotations

import gzip
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

LIMIT = 60


def selectolax(page: bytes) -> int:
    """Nodes, counted with selectolax."""
    from selectolax.lexbor import LexborHTMLParser

    root = LexborHTMLParser(page).root
    return sum(node.tag is not None for node in root.traverse(include_text=True)) if root is not None else 0


def resiliparse(page: bytes) -> int:
    """Nodes, counted with resiliparse."""
    from resiliparse.parse.html import HTMLTree

    return sum(node.tag is not None for node in HTMLTree.parse_from_bytes(page, "utf-8").document)


def lxml(page: bytes) -> int:
    """Elements, counted with lxml."""
    from lxml import etree

    root = etree.fromstring(page, etree.HTMLParser(encoding="utf-8", huge_tree=True))
    return sum(node.tag is not None for node in root.iter()) if root is not None else 0


PARSERS: dict[str, Callable[[bytes], int]] = {"selectolax": selectolax, "resiliparse": resiliparse, "lxml": lxml}
HARD = {
    "20,000 nested <div>": b"<div>" * 20_000 + b"x",
    "200,000 nested <div>": b"<div>" * 200_000 + b"x",
    "200,000 nested <b>": b"<b>" * 200_000 + b"x",
    "100,000 nested <ul><li>": b"<ul><li>" * 100_000 + b"x",
    "100,000 unclosed <font><p>": b"<font><p>" * 100_000 + b"x",
    "300,000 attributes": b"<p " + b" ".join(b"a%d=1" % i for i in range(300_000)) + b">x",
    "100 MB of paragraphs": b"<p>hello world &amp; </p>\n" * 4_000_000,
}


def hard(parser: str, case: str) -> None:
    """Print what one hard case takes."""
    start = time.perf_counter()
    try:
        nodes = f"{PARSERS[parser](HARD[case]):,} nodes"
    except Exception as error:
        nodes = type(error).__name__
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{case:28s} {parser:12s} {time.perf_counter() - start:6.1f} s  {memory:6,} MB  {nodes}", flush=True)


def main() -> None:
    """Run."""
    paths = sorted(Path(sys.argv[1]).glob("*.html*"))
    pages = [gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes() for p in paths]
    print(f"{len(pages)} pages, {sum(map(len, pages)) / 1e6:.0f} MB")
    for name, count in PARSERS.items():
        count(pages[0])
        start = time.process_time()
        nodes = sum(map(count, pages))
        seconds = time.process_time() - start
        print(
            f"{name:12s} {version(name):8s} {1000 * seconds / len(pages):6.1f} ms a page  {nodes:,} nodes", flush=True
        )
    context = multiprocessing.get_context("spawn")
    for case in HARD:
        for name in PARSERS:
            process = context.Process(target=hard, args=(name, case))
            process.start()
            process.join(LIMIT)
            if process.is_alive():
                process.kill()
                process.join()
                print(f"{case:28s} {name:12s}  ended after {LIMIT} s", flush=True)


if __name__ == "__main__":
    main()
