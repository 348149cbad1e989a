"""Pages come in from files of every kind, and what is no page is set aside with its place and its reason."""

from __future__ import annotations

import gzip
import json
import math
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predict import records, streams
from predict.errors import InputError
from predict.forms import json_line
from predict.records import BadRecord, Piece, Source, page_texts, parse, parse_line, read_pieces
from predict.streams import Form, form_of, split_name


def _source(path: Path, form: Form = "jsonl") -> Source:
    return Source(0, str(path), form, "jsonl")


def _ids(path: Path) -> list[Any]:
    return [record.fields["id"] for piece in read_pieces(_source(path)) for record in parse(piece).records]


def _reason(line: bytes) -> str:
    with pytest.raises(BadRecord) as caught:
        page_texts(parse_line(line)[0])
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": 1}', '"text" is missing'),
        (b'{"text": 5}', '"text" is a number, wanted a string'),
        (b'{"text": null}', '"text" is null, wanted a string'),
        (b'{"text": ["a"]}', '"text" is a list, wanted a string'),
        (b'["text"]', "not a JSON object but a list"),
        (b'"text"', "not a JSON object but a string"),
        (b"true", "not a JSON object but a boolean"),
        (b'{"paragraphs": "a"}', '"paragraphs" is a string, wanted a list'),
        (b'{"paragraphs": ["a", 3]}', "paragraph 2 is a number, wanted a string or an object"),
        (b'{"paragraphs": [{"kind": "story"}]}', 'paragraph 1: "text" is missing'),
        (b'{"paragraphs": [{"text": false}]}', 'paragraph 1: "text" is a boolean, wanted a string'),
        (b'{"text": "a"', "not JSON: Expecting ',' delimiter at column 13"),
        (b'{"text": "a"} {"text": "b"}', "not JSON: Extra data at column 15"),
        (b'{"text": "abc\xff"}', "not UTF-8 at byte 13"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"text": "a", "deep": ' + b"[" * 1000 + b"]" * 1000 + b"}", "nested too deeply"),
    ],
)
def test_a_bad_record_is_refused_with_its_reason(line: bytes, reason: str) -> None:
    assert _reason(line) == reason


def test_a_record_is_read_by_its_paragraphs_or_else_by_its_text() -> None:
    assert page_texts({"text": "a\nb", "paragraphs": None}) == "a\nb"
    assert page_texts({"text": "a\nb", "paragraphs": ["", {"text": "c", "x": 1}]}) == ["", "c"]
    assert page_texts({"paragraphs": []}) == []


def test_lone_surrogates_become_the_replacement_character() -> None:
    fields, _ = parse_line(b'{"text": "a\\ud800b \\ud83d\\ude00", "k\\udfff": ["\\udc00"]}')
    assert fields == {"text": "a\ufffdb \U0001f600", "k\ufffd": ["\ufffd"]}


_numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_json = st.recursive(
    st.none() | st.booleans() | _numbers | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), _json, max_size=5))
def test_what_a_record_holds_is_written_as_it_was_read(fields: dict[str, Any]) -> None:
    read, plain = parse_line(json.dumps(fields).encode())
    assert list(read) == list(fields)
    assert json.loads(json_line(read, plain)) == fields


@pytest.mark.parametrize("number", ["123456789012345678901234567890", "-9223372036854775809", "18446744073709551615"])
def test_whole_numbers_of_any_size_are_kept(number: str) -> None:
    line = f'{{"text":"a","n":[{{"m":{number}}}]}}'.encode()
    assert json_line(*parse_line(line)) == line + b"\n"


def test_nan_as_python_writes_it_is_kept() -> None:
    fields, plain = parse_line(b'{"text": "a", "score": NaN}')
    assert math.isnan(fields["score"])
    assert b'"score":NaN' in json_line(fields, plain)


def test_deep_nesting_is_kept() -> None:
    line = b'{"text":"a","deep":' + b"[" * 400 + b"]" * 400 + b"}"
    assert json_line(*parse_line(line)) == line + b"\n"


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=30), st.integers(1, 60))
def test_every_line_is_read_once_and_knows_its_number(tmp_path_factory: Any, lines: list[bytes], block: int) -> None:
    path = tmp_path_factory.mktemp("lines") / "x.jsonl"
    path.write_bytes(b"\n".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "BLOCK_BYTES", block)
        pieces = list(read_pieces(_source(path)))
    assert b"".join(piece.data for piece in pieces) == path.read_bytes()
    for piece in pieces:
        assert piece.data.split(b"\n")[0] == (lines or [b""])[piece.line - 1]
    assert [piece.last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert sum(piece.consumed for piece in pieces) == path.stat().st_size


@pytest.mark.parametrize("ending", [b"\n", b""])
def test_a_line_that_is_too_long_is_set_aside_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: bytes
) -> None:
    monkeypatch.setattr(records, "MAX_RECORD_BYTES", 3 << 20)
    path = tmp_path / "x.jsonl"
    long = b'{"id": 2, "text": "' + b"x" * (7 << 20) + b'"}'
    path.write_bytes(b'{"id": 1, "text": ""}\n' + long + b'\n{"id": 3, "text": ""}\n\n' + long + ending)
    parsed = [parse(piece) for piece in read_pieces(_source(path))]
    assert [record.fields["id"] for part in parsed for record in part.records] == [1, 3]
    bad = [bad for part in parsed for bad in part.bad]
    reason = "a line of more than 3 MB"
    assert [(each.line, each.reason) for each in bad] == [(2, reason), (5, reason)]
    assert bad[0].raw == long[: 1 << 20]


def test_blank_lines_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id": 1, "text": "a"}\r\n\r\n  \n{"id": 2, "text": "b"}\r\n')
    assert _ids(path) == [1, 2]


def _compressed(path: Path, data: bytes) -> bytes:
    if path.suffix == ".gz":
        return gzip.compress(data)
    zstandard = pytest.importorskip("zstandard")
    return zstandard.ZstdCompressor().compress(data)  # type: ignore[no-any-return]


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_compressed_files_are_read_part_after_part(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.jsonl{suffix}"
    data = [b"".join(b'{"id": %d, "text": "%d"}\n' % (i, i**9) for i in range(k, k + 40_000)) for k in (0, 40_000)]
    path.write_bytes(_compressed(path, data[0]) + _compressed(path, data[1]))
    assert _ids(path) == list(range(80_000))


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("damage", ["truncated", "other bytes"])
def test_a_damaged_compressed_file_is_noticed(tmp_path: Path, suffix: str, damage: str) -> None:
    path = tmp_path / f"x.jsonl{suffix}"
    whole = _compressed(path, orjson.dumps({"text": "\n".join(map(str, range(200_000)))}))
    path.write_bytes(whole[: len(whole) - 2000] if damage == "truncated" else b"no such format at all")
    *_, last = read_pieces(_source(path))
    assert last.last
    assert last.failure is not None
    assert last.failure.startswith("not a whole compressed file")


def test_a_text_is_one_page_named_after_its_file(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_bytes(b"\xef\xbb\xbfa\r\nb\r\n")
    (piece,) = read_pieces(Source(0, str(path), "text", "jsonl", title="T"))
    (record,) = parse(piece).records
    assert (record.texts, record.title) == ("a\r\nb\r\n", "T")
    assert record.fields == {"id": "page", "title": "T", "text": "a\r\nb\r\n"}


def test_a_text_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAX_RECORD_BYTES", 100)
    path = tmp_path / "page.txt"
    for size, refused in ((100, False), (101, True)):
        path.write_bytes(b"x" * size)
        (piece,) = read_pieces(_source(path, "text"))
        assert (piece.failure is not None) == refused


def test_what_goes_wrong_while_reading_is_the_last_piece(tmp_path: Path) -> None:
    assert list(read_pieces(_source(tmp_path / "gone.jsonl"))) == [
        Piece(_source(tmp_path / "gone.jsonl"), failure="no such file", last=True)
    ]


def test_files_are_known_by_their_suffix() -> None:
    assert split_name("a/pages.v2.JSONL.GZ") == ("pages.v2", ".jsonl", ".gz")
    assert [form_of(name) for name in ("a.txt", "a", "a.md", "a.txt.gz")] == ["text"] * 4
    assert [form_of(name) for name in ("a.jsonl", "a.ndjson.zst", "a.json.gz")] == ["jsonl"] * 3
    assert form_of("a.parquet") == "parquet"
    assert [form_of(name) for name in ("a.html", "a.HTM", "a.html.gz")] == ["html"] * 3


def test_a_missing_extra_is_named_with_the_way_to_get_it() -> None:
    with pytest.raises(InputError, match=re.escape("this needs nosuchmodule: pip install newsieve[zstd]")):
        streams.optional("nosuchmodule.part", "zstd")
