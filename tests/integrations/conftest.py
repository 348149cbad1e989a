"""Adapters are tested within their real frameworks, which are too heavy for the everyday run (`make test-frameworks`).

Frameworks are imported inside tests and fixtures, so that what is deselected needs none of them.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.predict.conftest import newsieve
from tests.program import PAGE, ROOT

__all__ = ["newsieve"]


@pytest.fixture(scope="session")
def real_pages() -> list[dict[str, str]]:
    """The project's held-out pages, of many languages, as records, and a few awkward ones."""
    lines = (ROOT / "data" / "pages" / "test.jsonl").read_text(encoding="utf-8").splitlines()
    pages = [json.loads(line) for line in lines]
    records = [
        {"id": page["id"], "title": page["title"], "text": "\n".join(p["text"] for p in page["paragraphs"])}
        for page in pages
    ]
    awkward = ["", "\n\n", "Share", PAGE, PAGE.replace("\n", "\r\n"), "𝒜 astral 😀\u2028second line"]
    return records + [{"id": f"odd-{i}", "title": "", "text": text} for i, text in enumerate(awkward)]


def write_jsonl_gz(path: Path, records: list[Any]) -> None:
    """Write records as Dolma and datatrove keep them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def read_jsonl_gz(path: Path) -> list[Any]:
    """Read them."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]
