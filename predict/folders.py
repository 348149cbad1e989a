"""Folders: which input becomes which output.

Every way of naming inputs and outputs is resolved here, before anything is read: what could overwrite an input, or
make two inputs write one file, is refused while it costs nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from predict.errors import InputError
from predict.records import Source
from predict.streams import STANDARD_INPUT, SUFFIXES, TEXTS, Form, form_of, split_name


@dataclass(frozen=True)
class Plan:
    """The sources of a run, in order, and the path that each is written to (None: standard output).

    skipped: files of a folder whose suffix is none that newsieve reads. many: the outputs lie in a folder.
    """

    sources: list[Source]
    targets: list[str | None]
    skipped: list[str]
    many: bool

    def finished(self) -> set[int]:
        """The sources whose output is there."""
        return {
            s.index for s, target in zip(self.sources, self.targets) if target is not None and os.path.exists(target)
        }

    def folders(self) -> set[str]:
        """The folders that outputs lie in."""
        return {os.path.dirname(target) for target in self.targets if target is not None}


def plan(inputs: Sequence[str], output: str | None, as_records: bool, title: str | None = None) -> Plan:
    """Resolve inputs and output. as_records: every output is JSON Lines, whatever the input (as `classify` writes)."""
    files, skipped = _files(inputs, output)
    folder = next(filter(os.path.isdir, inputs), None)
    if output is None and folder is not None:
        raise InputError(f"{folder}: a folder needs -o, another folder to write to")
    if output is None and len(files) > 1:
        raise InputError(f"{len(files)} files need -o, a folder to write to")
    many = output is not None and (len(files) > 1 or folder is not None or _is_folder(output))
    if many and output is not None and os.path.exists(output) and not os.path.isdir(output):
        raise InputError(f"{output}: not a folder")
    sources, targets = [], []
    for index, (path, inside) in enumerate(files):
        form = form_of(path)
        target = os.path.join(output, _output_name(inside, as_records)) if many and output is not None else output
        sources.append(Source(index, path, form, _output_form(form, target, as_records), title))
        targets.append(target)
    if title is not None and (len(files) > 1 or sources[0].form not in TEXTS):
        raise InputError("--title is for one text file or HTML page; records have their own titles")
    _check_targets(sources, targets)
    return Plan(sources, targets, skipped, many)


def plan_report(inputs: Sequence[str]) -> Plan:
    """Resolve inputs that nothing is written for."""
    files, skipped = _files(inputs, None)
    sources = [Source(index, path, form_of(path), "pages") for index, (path, _) in enumerate(files)]
    _check_targets(sources, [])
    return Plan(sources, [None] * len(sources), skipped, any(map(os.path.isdir, inputs)))


def _is_folder(output: str) -> bool:
    return os.path.isdir(output) or output.endswith(os.sep)


def _files(inputs: Sequence[str], output: str | None) -> tuple[list[tuple[str, str]], list[str]]:
    """All input files as (path, path below the output folder), and what was skipped."""
    files: list[tuple[str, str]] = []
    skipped: list[tuple[str, str]] = []
    for given in inputs:
        if not os.path.isdir(given):
            if given != STANDARD_INPUT and not os.path.exists(given):
                raise InputError(f"{given}: no such file")
            files.append((given, os.path.basename(given)))
            continue
        for path in _walk(given, output):
            readable = split_name(path)[1] in SUFFIXES
            (files if readable else skipped).append((path, os.path.relpath(path, given)))
    if not files:
        raise InputError(f"{inputs[0]}: no file in it that ends in {', '.join(SUFFIXES)}, with or without .gz or .zst")
    return files, [path for path, _ in skipped]


def _walk(folder: str, output: str | None) -> Iterator[str]:
    """The files below a folder in sorted order, without hidden ones and without those of the output folder."""
    own = os.path.realpath(output) if output is not None else None
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if f[0] != "." and os.path.realpath(os.path.join(here, f)) != own)
        yield from (os.path.join(here, name) for name in sorted(names) if name[0] != ".")


def _output_name(inside: str, as_records: bool) -> str:
    if inside == STANDARD_INPUT:
        return "standard_input.jsonl"
    stem, suffix, compression = split_name(inside)
    beside = os.path.join(os.path.dirname(inside), stem)
    if as_records:
        return beside + ".jsonl"
    # What remains of HTML is text.
    return beside + ".txt" + compression if SUFFIXES.get(suffix) == "html" else inside


def _output_form(form: Form, target: str | None, as_records: bool) -> Form:
    suffix = split_name(target)[1] if target is not None else ""
    if suffix == ".parquet":
        if form != "parquet":
            raise InputError(f"{target}: Parquet is written from Parquet; name it .jsonl")
        return "parquet"
    if form in TEXTS and not as_records and SUFFIXES.get(suffix) != "jsonl":
        return "text"
    return "jsonl"


def _check_targets(sources: list[Source], targets: list[str | None]) -> None:
    inputs = {source.path if source.path == STANDARD_INPUT else os.path.realpath(source.path) for source in sources}
    if len(inputs) < len(sources):
        raise InputError("the same file is given twice")
    taken: dict[str, Source] = {}
    for source, target in zip(sources, targets):
        if target is None:
            continue
        real = os.path.realpath(target)
        if real in inputs:
            raise InputError(f"{target}: is an input; it would be overwritten")
        if real in taken:
            raise InputError(f"{taken[real].name} and {source.name} would both be written to {target}")
        taken[real] = source


def check_apart(path: str, others: Plan) -> None:
    """Refuse a further output (`--errors`) that is an input or another output."""
    real = os.path.realpath(path)
    names = [source.path for source in others.sources] + [target for target in others.targets if target is not None]
    if os.path.isfile(path) and any(os.path.realpath(name) == real for name in names):
        raise InputError(f"{path}: is also an input or an output")


def make_folders(folders: set[str]) -> None:
    """Make the folders that outputs lie in."""
    for folder in sorted(folders):
        try:
            Path(folder or ".").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder}: {error.strerror}") from None
