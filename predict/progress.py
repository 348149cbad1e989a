"""Progress: a bar for people who wait, and nothing at all for programs."""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Collection, Sequence
from typing import Any

from predict.pipeline import Outcome
from predict.records import Source
from predict.streams import STANDARD_INPUT


class Progress:
    """Shows on standard error, if that is a terminal, how much was read, how fast, and how long it will take."""

    def __init__(self, sources: Sequence[Source], finished: Collection[int], to_terminal: bool) -> None:
        """finished: sources that need no more work. to_terminal: records go there, where a bar would be in the way."""
        self._bar: Any = None
        self._pages = 0
        self._since = time.monotonic()
        if sys.stderr.isatty() and not to_terminal:
            left = [s.path for s in sources if s.path != STANDARD_INPUT and s.index not in finished]
            total = sum(os.stat(path).st_size for path in left)
            tqdm = importlib.import_module("tqdm").tqdm
            self._bar = tqdm(total=total or None, unit="B", unit_scale=True, file=sys.stderr, leave=False)

    def seen(self, outcome: Outcome) -> None:
        """Count one outcome."""
        if self._bar is not None:
            self._pages += outcome.read
            speed = self._pages / max(time.monotonic() - self._since, 1e-3)
            self._bar.set_postfix_str(f"{speed:,.0f} pages/s", refresh=False)
            self._bar.update(outcome.consumed)

    def say(self, line: str) -> None:
        """Write a line to standard error, in place of the bar, which comes back below it."""
        if self._bar is not None:
            self._bar.clear()
        sys.stderr.write(line + "\n")

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
