"""What the tests of training share."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.program import Run, environment


@pytest.fixture(scope="session")
def trainer_in() -> Callable[[Path], Run]:
    """Run `python -m train` in a given folder, to its end."""

    def in_folder(folder: Path) -> Run:
        def run(*arguments: object) -> subprocess.CompletedProcess[bytes]:
            command = [sys.executable, "-m", "train", *map(str, arguments)]
            return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, check=False, timeout=300)

        return run

    return in_folder


@pytest.fixture
def trainer(trainer_in: Callable[[Path], Run], tmp_path: Path) -> Run:
    """Run `python -m train` in an empty folder, to its end."""
    return trainer_in(tmp_path)
