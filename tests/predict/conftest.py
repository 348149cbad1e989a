"""What the tests of the program share."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.program import PAGE, Run, command, environment, jsonl, numbered_pages


@pytest.fixture
def newsieve(tmp_path: Path) -> Run:
    """Run the program in an empty folder, to its end."""

    def run(*arguments: object, stdin: bytes = b"", **more: Any) -> subprocess.CompletedProcess[bytes]:
        options: dict[str, Any] = {"cwd": tmp_path, "env": environment(), "timeout": 120, **more}
        done: subprocess.CompletedProcess[bytes] = subprocess.run(
            command(*arguments), input=stdin, capture_output=True, check=False, **options
        )
        return done

    return run


@pytest.fixture
def page(tmp_path: Path) -> str:
    """The name of a text file in that folder."""
    (tmp_path / "page.txt").write_text(PAGE, encoding="utf-8")
    return "page.txt"


@pytest.fixture
def pages(tmp_path: Path) -> str:
    """The name of a file of 40 records in that folder."""
    (tmp_path / "pages.jsonl").write_bytes(jsonl(numbered_pages(40)))
    return "pages.jsonl"
