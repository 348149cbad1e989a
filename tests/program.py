"""The program as a user starts it, and pages to give it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

posix = pytest.mark.skipif(os.name != "posix", reason="signals and terminals of POSIX")

ROOT = Path(__file__).resolve().parent.parent
PAGE = """Home
Share this page
Council votes to keep the night bus running
By Marta Ilves
The town council of Harrowmere voted on Tuesday to keep the night bus, after weeks of protest by hospital staff.
"Nobody walks home at three in the morning by choice," said one nurse, who asked not to be named.
Advertisement
The line costs the town about 90,000 a year, a tenth of what the new car park did.
We are an independent newsroom owned by our readers. Please donate today.
© 2024 Harrowmere Post
"""

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


def command(*arguments: object) -> list[str]:
    """The command line of the program."""
    return [sys.executable, "-m", "predict", *map(str, arguments)]


def environment(**more: str) -> dict[str, str]:
    """The environment of a user: the program can be found, and no terminal is promised."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "TERM")}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def jsonl(records: Sequence[object]) -> bytes:
    """Records as JSON Lines."""
    return b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records)


def read_jsonl(data: bytes) -> list[Any]:
    """The records of JSON Lines."""
    return [orjson.loads(line) for line in data.splitlines()]


def numbered_pages(number: int) -> list[dict[str, str]]:
    """Records that differ."""
    return [
        {"id": f"p{i}", "text": f"{PAGE}Paragraph {i} of this test.\nRead more: story {i * 7}"} for i in range(number)
    ]


def one_line(stderr: bytes) -> str:
    """What the program said on standard error, which is one line and no traceback."""
    lines = stderr.decode().splitlines()
    assert len(lines) == 1, stderr.decode()
    assert "Traceback" not in lines[0]
    return lines[0]
