"""Parquet in, Parquet out: the rows and columns of a table stay, newsieve's are added."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.program import PAGE, Run, one_line, read_jsonl

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def _write(path: Path, columns: dict[str, Any], schema: Any = None, rows: int = 100) -> None:
    table = pa.table(columns, schema=schema)
    pq.write_table(table, path, row_group_size=rows, compression="gzip")


def test_rows_columns_types_row_groups_and_metadata_stay(newsieve: Run, tmp_path: Path) -> None:
    texts = [PAGE * (1 + i % 3) for i in range(250)]
    fields = [
        pa.field("key", pa.int32()),
        pa.field("text", pa.large_string(), metadata={"of": "text"}),
        pa.field("when", pa.timestamp("ns", "UTC")),
        pa.field("blob", pa.binary()),
    ]
    columns = {
        "key": range(250),
        "text": texts,
        "when": [i * 10**15 + i for i in range(250)],
        "blob": [b"\xff"] * 250,
    }
    _write(tmp_path / "x.parquet", columns, pa.schema(fields, metadata={"who": "me"}))
    done = newsieve("clean", "x.parquet", "-o", "y.parquet")
    assert (done.returncode, done.stderr) == (0, b"read 250 = written 250 + set aside 0\n")
    before, after = pq.ParquetFile(tmp_path / "x.parquet"), pq.ParquetFile(tmp_path / "y.parquet")
    assert [after.metadata.row_group(i).num_rows for i in range(after.num_row_groups)] == [100, 100, 50]
    assert after.metadata.row_group(0).column(0).compression == "GZIP"
    assert after.schema_arrow.metadata[b"who"] == b"me"
    assert after.schema_arrow.names == ["key", "text", "when", "blob", "removed"]
    assert after.schema_arrow.field("text").type == pa.large_string()
    assert after.schema_arrow.field("text").metadata[b"of"] == b"text"
    same = ["key", "when", "blob"]
    assert after.read(same).equals(before.read(same))

    newsieve("clean", "-o", "z.jsonl", "-", stdin=b"".join(b'{"text": %s}\n' % _quoted(text) for text in texts))
    cleaned = read_jsonl((tmp_path / "z.jsonl").read_bytes())
    assert after.read(["text", "removed"]).to_pylist() == cleaned


def _quoted(text: str) -> bytes:
    import orjson

    return orjson.dumps(text)


def test_paragraphs_given_as_objects_keep_their_fields(newsieve: Run, tmp_path: Path) -> None:
    given = [[{"text": line, "bold": i % 2 == 0, "kind": "?"} for i, line in enumerate(PAGE.splitlines())], []]
    _write(tmp_path / "x.parquet", {"paragraphs": given, "id": ["a", "b"]})
    assert newsieve("classify", "x.parquet", "-o", "y.parquet", "--probabilities").returncode == 0
    rows = pq.read_table(tmp_path / "y.parquet").to_pylist()
    assert [[{k: p[k] for k in ("text", "bold")} for p in row["paragraphs"]] for row in rows] == [
        [{k: p[k] for k in ("text", "bold")} for p in paragraphs] for paragraphs in given
    ]
    out = newsieve("classify", "x.parquet", "--probabilities").stdout
    assert read_jsonl(out) == rows


def test_rows_without_text_are_set_aside(newsieve: Run, tmp_path: Path) -> None:
    _write(tmp_path / "x.parquet", {"text": [PAGE, None, ""], "paragraphs": [None, None, ["a", "b"]]}, rows=2)
    done = newsieve("classify", "x.parquet", "-o", "y.parquet")
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == [
        'newsieve: x.parquet:2: "text" is null, wanted a string',
        "read 3 = written 2 + set aside 1",
    ]
    first, second = pq.read_table(tmp_path / "y.parquet").to_pylist()
    assert [PAGE[p["start"] : p["end"]] for p in first["paragraphs"]] == PAGE.splitlines()
    assert [(p["text"], p["start"]) for p in second["paragraphs"]] == [("a", None), ("b", None)]


def test_a_table_without_rows_stays_one(newsieve: Run, tmp_path: Path) -> None:
    _write(tmp_path / "x.parquet", {"text": pa.array([], pa.string())})
    assert newsieve("clean", "x.parquet", "-o", "y.parquet").returncode == 0
    assert pq.read_table(tmp_path / "y.parquet").column_names == ["text", "removed"]


def test_what_is_no_table_of_pages_is_refused(newsieve: Run, tmp_path: Path) -> None:
    _write(tmp_path / "x.parquet", {"body": ["a"]})
    (tmp_path / "y.parquet").write_bytes(b"PAR1 and so on")
    (tmp_path / "z.jsonl").write_bytes(b"")
    for name, message in {
        "x.parquet": 'newsieve: x.parquet: no column "text" or "paragraphs"',
        "y.parquet": "newsieve: y.parquet: not a Parquet file",
        "z.jsonl": "newsieve: out.parquet: Parquet is written from Parquet; name it .jsonl",
    }.items():
        done = newsieve("clean", name, "-o", "out.parquet")
        assert done.returncode == 2
        assert one_line(done.stderr).startswith(message)
        assert not (tmp_path / "out.parquet").exists()
