"""Reports as files: the HTML page that a run leaves, and the parts that a run is merged from."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from predict.credibility.report import Report
from predict.errors import InputError
from predict.output import BytesFile, NewFile

MAX_REPORT_BYTES = 1 << 30


def write_report(report: Report, path: str) -> None:
    """Write the HTML page; the file is there whole or not at all."""
    data = report.write("html").encode("utf-8", "replace")
    output = NewFile(path, lambda temporary: BytesFile(temporary, ""))
    try:
        output.write(data)
        output.commit()
    finally:
        output.discard()


def read_reports(paths: Sequence[str]) -> Report:
    """Read reports that `--json` wrote and add them up. Raises InputError, which names the file."""
    total = Report()
    for path in paths:
        try:
            with open(path, "rb") as file:
                data = file.read(MAX_REPORT_BYTES + 1)
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}") from None
        if len(data) > MAX_REPORT_BYTES:
            raise InputError(f"{path}: a report of more than {MAX_REPORT_BYTES >> 20} MB")
        try:
            total.merge(Report.from_dict(orjson.loads(data)))
        except orjson.JSONDecodeError as error:
            raise InputError(f"{path}: not JSON: {error}") from None
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
    return total
