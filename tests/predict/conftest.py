"""What the tests of the program share."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.program import Run, command, environment


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
