"""Parquet: tables of pages, of which only the columns that newsieve reads and writes are ever unpacked.

A table is read row group by row group in batches of about a megabyte, and written in the same row groups; all other
columns stay what they were, types and metadata included. Needs pyarrow (the extra `parquet`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from predict.errors import InputError
from predict.forms import Classify, Clean, Transform
from predict.labels import LABELS
from predict.records import Piece, Source
from predict.streams import BLOCK_BYTES, optional

READ_COLUMNS = ("text", "paragraphs", "title")
_MOST_ROWS = 10_000  # in a batch, however short they are


def read_batches(source: Source) -> Iterator[Piece]:
    """Read the rows of one file as pieces; a batch never spans two row groups."""
    parquet = optional("pyarrow.parquet", "parquet")
    try:
        file = parquet.ParquetFile(source.path, pre_buffer=False)
    except optional("pyarrow", "parquet").ArrowInvalid as error:
        raise InputError(f"not a Parquet file ({error})") from None
    with file:
        if not {"text", "paragraphs"} & set(file.schema_arrow.names):
            raise InputError('no column "text" or "paragraphs"')
        sizes = [file.metadata.row_group(index).num_rows for index in range(file.num_row_groups)]
        row, rows = 1, int(sum(sizes))
        bytes_a_row = sum(file.metadata.row_group(i).total_byte_size for i in range(len(sizes))) / max(rows, 1)
        many = max(1, min(_MOST_ROWS, int(BLOCK_BYTES / max(bytes_a_row, 1))))
        bytes_in_all = os.stat(source.path).st_size

        def seen_to(row: int) -> int:
            return bytes_in_all * (row - 1) // rows

        for index, size in enumerate(sizes):
            done = 0
            for batch in file.iter_batches(many, row_groups=[index]):
                done += batch.num_rows
                share = seen_to(row + batch.num_rows) - seen_to(row)
                yield Piece(source, batch, row, ends_group=done == size, consumed=share)
                row += batch.num_rows
    yield Piece(source, empty_batch(file.schema_arrow), row, last=True)


def empty_batch(schema: Any) -> Any:
    """A batch of no rows."""
    pyarrow = optional("pyarrow", "parquet")
    return pyarrow.RecordBatch.from_arrays([pyarrow.array([], field.type) for field in schema], schema=schema)


def rows_of(piece: Piece) -> list[dict[str, Any]]:
    """The rows of a piece: the columns that newsieve reads, or all if they become something else than Parquet."""
    batch = piece.data
    if piece.source.output == "parquet":
        batch = batch.select([name for name in READ_COLUMNS if name in batch.schema.names])
    return batch.to_pylist()  # type: ignore[no-any-return]


def with_answers(batch: Any, made: dict[int, dict[str, Any]], transform: Transform) -> Any:
    """The rows of a batch that something was made of, as a table with the changed columns replaced, new ones appended.

    made: for each such row, by index, what `transform` made of it.
    """
    pyarrow = optional("pyarrow", "parquet")
    rows = sorted(made)
    table = pyarrow.Table.from_batches([batch]).take(pyarrow.array(rows, pyarrow.int64()))
    for name, type_ in _changed(batch.schema, transform, pyarrow).items():
        at = batch.schema.get_field_index(name)
        column = pyarrow.array([made[row].get(name) for row in rows], type_)
        if at < 0:
            table = table.append_column(pyarrow.field(name, type_), column)
        else:
            # The same field, so that its own metadata stays.
            table = table.set_column(at, batch.schema.field(at).with_type(type_), column)
    return table


def _changed(schema: Any, transform: Transform, pyarrow: Any) -> dict[str, Any]:
    """Names and types of the columns that a transform changes or adds."""
    given = {name: schema.field(name).type for name in ("text", "paragraphs") if name in schema.names}
    if isinstance(transform, Clean):
        removed = pyarrow.struct([(str(label), pyarrow.int64()) for label in LABELS])
        return {"text": pyarrow.string(), **given, "removed": removed}
    fields = {"text": pyarrow.string()}
    if "paragraphs" in given:
        item = given["paragraphs"].value_type
        fields |= {field.name: field.type for field in item} if pyarrow.types.is_struct(item) else {}
    if "text" in given:
        fields |= {"start": pyarrow.int64(), "end": pyarrow.int64()}
    fields |= {"kind": pyarrow.string(), "label": pyarrow.string(), "flags": pyarrow.list_(pyarrow.string())}
    fields["probability"] = pyarrow.float64()
    if isinstance(transform, Classify) and transform.probabilities:
        fields["probabilities"] = pyarrow.struct([(str(label), pyarrow.float64()) for label in LABELS])
    return {"paragraphs": pyarrow.list_(pyarrow.struct(list(fields.items())))}


class ParquetFile:
    """Writes tables into one file, in the row groups and with the compression of the file they came from."""

    def __init__(self, path: str, like: str) -> None:
        self._parquet = optional("pyarrow.parquet", "parquet")
        self._pyarrow = optional("pyarrow", "parquet")
        self._path = path
        self._codec = _codec(self._parquet, like)
        self._writer: Any = None
        self._group: list[Any] = []

    def write(self, table: Any, ends_group: bool) -> None:
        """Take the next table; a row group is written when it is whole."""
        if self._writer is None:
            self._writer = self._parquet.ParquetWriter(self._path, table.schema, compression=self._codec)
        self._group.append(table)
        if ends_group:
            group = self._pyarrow.concat_tables(self._group)
            self._group = []
            self._writer.write_table(group, row_group_size=max(group.num_rows, 1))

    def close(self) -> None:
        """Write the footer."""
        if self._writer is not None:
            self._writer.close()


def _codec(parquet: Any, path: str) -> str:
    """The compression of a file's first column."""
    try:
        codec = str(parquet.read_metadata(path).row_group(0).column(0).compression).lower()
    except Exception:  # no rows, or a file that will fail when it is read
        return "snappy"
    return "none" if codec == "uncompressed" else codec
