"""Bad input: one clear line and the right exit code, or the right result; never a traceback, never a lost record."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from safetensors.numpy import load, save

from predict import Classifier
from predict.model_file import WEIGHTS_FILE, default_model_folder
from tests.program import PAGE, Run, one_line, read_jsonl


def _write(tmp_path: Path, data: bytes, name: str = "page.txt") -> str:
    (tmp_path / name).write_bytes(data)
    return name


# --- odd texts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b" \r\n\t\n\xc2\xa0\n", b"\xef\xbb\xbf"])
def test_a_text_of_nothing_has_no_paragraphs(newsieve: Run, tmp_path: Path, data: bytes) -> None:
    name = _write(tmp_path, data)
    table = newsieve("classify", name)
    assert (table.returncode, table.stdout, table.stderr) == (0, b"no paragraphs\n", b"")
    (record,) = read_jsonl(newsieve("classify", name, "--json").stdout)
    assert record["paragraphs"] == []
    cleaned = newsieve("clean", name)
    assert (cleaned.returncode, cleaned.stdout, cleaned.stderr) == (0, b"", b"")
    assert newsieve("report", name).returncode == newsieve("explain", name).returncode == 0


@pytest.mark.parametrize("data", [b"", b"\n \n", b"\xef\xbb\xbf"])
def test_a_stream_of_nothing_has_no_records(newsieve: Run, tmp_path: Path, data: bytes) -> None:
    done = newsieve("classify", _write(tmp_path, data, "x.jsonl"))
    assert (done.returncode, done.stdout) == (0, b"")
    assert one_line(done.stderr) == "read 0 = written 0 + set aside 0"


def test_records_of_nothing_are_written_too(newsieve: Run) -> None:
    given = b'{"text":""}\n{"text":" \\n "}\n{"paragraphs":[]}\n{"paragraphs":[""]}\n'
    done = newsieve("classify", "-", stdin=given)
    assert done.returncode == 0
    assert [len(record["paragraphs"]) for record in read_jsonl(done.stdout)] == [0, 0, 0, 1]


def test_a_page_of_one_line(newsieve: Run, tmp_path: Path) -> None:
    name = _write(tmp_path, b"Support our reporting: donate today")
    (record,) = read_jsonl(newsieve("classify", name, "--json").stdout)
    assert [p["text"] for p in record["paragraphs"]] == ["Support our reporting: donate today"]
    assert "Support our reporting" in newsieve("classify", name).stdout.decode()


def test_a_million_paragraphs(shipped: Classifier) -> None:
    page = shipped.classify("a\n" * 1_000_000)
    assert len(page) == 1_000_000
    assert page[-1].end == 1_999_999
    assert np.isfinite(page.answers.probabilities).all()


def test_a_paragraph_of_50_megabytes(newsieve: Run, tmp_path: Path) -> None:
    text = "The council voted on Tuesday. " * (50_000_000 // 30)
    (record,) = read_jsonl(newsieve("classify", _write(tmp_path, text.encode()), "--json").stdout)
    (paragraph,) = record["paragraphs"]
    assert paragraph["text"] == text.strip()
    assert (paragraph["start"], paragraph["end"]) == (0, len(text) - 1)


def test_nul_bytes_are_characters_like_others(newsieve: Run, tmp_path: Path) -> None:
    name = _write(tmp_path, b"Home\x00page\n\x00\nShare")
    (record,) = read_jsonl(newsieve("classify", name, "--json").stdout)
    assert [p["text"] for p in record["paragraphs"]] == ["Home\x00page", "\x00", "Share"]
    table = newsieve("classify", name)
    assert table.returncode == 0
    assert b"\x00" not in table.stdout
    (record,) = read_jsonl(newsieve("clean", "-", stdin=b'{"text": "a\\u0000b", "k\\u0000": 1}').stdout)
    assert record["k\x00"] == 1


def test_lone_surrogates_in_json_cost_no_record(newsieve: Run) -> None:
    given = (
        b'{"id": "\\udc00", "text": "Home \\ud800 page\\nShare"}\n{"paragraphs": [{"text": "\\udfff", "\\ud800": 1}]}\n'
    )
    done = newsieve("classify", "-", stdin=given)
    first, second = read_jsonl(done.stdout)
    assert done.returncode == 0
    assert (first["id"], first["text"]) == ("\ufffd", "Home \ufffd page\nShare")
    assert [p["text"] for p in first["paragraphs"]] == ["Home \ufffd page", "Share"]
    assert (second["paragraphs"][0]["text"], second["paragraphs"][0]["\ufffd"]) == ("\ufffd", 1)


@pytest.mark.parametrize("how", [["classify"], ["classify", "--json"], ["clean"], ["report"], ["explain"]])
def test_a_text_that_is_not_utf_8_is_refused_with_the_place(newsieve: Run, tmp_path: Path, how: list[str]) -> None:
    done = newsieve(*how, _write(tmp_path, "Sumário da ediç".encode() + b"\xe3o"))
    assert (done.returncode, done.stdout) == (2, b"")
    assert one_line(done.stderr) == "newsieve: page.txt: not UTF-8 at byte 17"


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(newsieve: Run, tmp_path: Path) -> None:
    plain = newsieve("classify", _write(tmp_path, PAGE.encode())).stdout
    assert newsieve("classify", _write(tmp_path, b"\xef\xbb\xbf" + PAGE.encode())).stdout == plain
    assert newsieve("classify", _write(tmp_path, PAGE.replace("\n", "\r\n").encode())).stdout == plain
    (record,) = read_jsonl(newsieve("classify", "page.txt", "--json").stdout)
    assert all(record["text"][p["start"] : p["end"]] == p["text"] for p in record["paragraphs"])


# --- bad records -----------------------------------------------------------------------------------------------------

_BAD: list[tuple[bytes, str]] = [
    (b'["a"]', "not a JSON object but a list"),
    (b'{"id": 1}', '"text" is missing'),
    (b'{"text": 12.5}', '"text" is a number, wanted a string'),
    (b'{"paragraphs": {"text": "a"}}', '"paragraphs" is an object, wanted a list'),
    (b'{"paragraphs": [["a"]]}', "paragraph 1 is a list, wanted a string or an object"),
    (b'{"text": "a\xc3"}', "not UTF-8 at byte 11"),
    (b'{"text": "a', "not JSON: Unterminated string starting at column 10"),
]


@pytest.mark.parametrize("command", ["classify", "clean", "report", "explain"])
def test_bad_records_are_named_and_the_others_go_on(newsieve: Run, tmp_path: Path, command: str) -> None:
    good = orjson.dumps({"id": "good", "text": "Home\nShare"})
    name = _write(tmp_path, b"\n".join([good, *(line for line, _ in _BAD), good]), "pages.jsonl")
    done = newsieve(command, name)
    assert done.returncode == 1
    expected = [f"newsieve: pages.jsonl:{line}: {reason}" for line, (_, reason) in enumerate(_BAD, 2)]
    assert done.stderr.decode().splitlines()[: len(expected)] == expected
    if command in ("classify", "clean"):
        assert [record["id"] for record in read_jsonl(done.stdout)] == ["good", "good"]
        assert done.stderr.decode().splitlines()[-1] == "read 9 = written 2 + set aside 7"


def test_nothing_but_bad_records_is_exit_2(newsieve: Run, tmp_path: Path) -> None:
    assert newsieve("clean", _write(tmp_path, b"{}\n{}\n", "x.jsonl")).returncode == 2


@pytest.mark.parametrize("command", ["classify", "clean", "report", "explain"])
def test_a_file_that_is_not_there(newsieve: Run, command: str) -> None:
    done = newsieve(command, "gone.txt")
    assert done.returncode == 2
    assert one_line(done.stderr) == "newsieve: gone.txt: no such file"


def test_a_broken_download_leaves_no_output(newsieve: Run, tmp_path: Path) -> None:
    import gzip

    whole = gzip.compress(b'{"text": "Home"}\n' * 1000)
    done = newsieve("clean", _write(tmp_path, whole[:-10], "x.jsonl.gz"), "-o", "out.jsonl")
    assert done.returncode == 2
    assert one_line(done.stderr).startswith("newsieve: x.jsonl.gz: not a whole compressed file")
    assert [path.name for path in tmp_path.iterdir()] == ["x.jsonl.gz"]


# --- bad models ------------------------------------------------------------------------------------------------------


def _model(tmp_path: Path) -> Path:
    return Path(shutil.copytree(default_model_folder(), tmp_path / "model")) / WEIGHTS_FILE


def _metadata(data: bytes) -> dict[str, str]:
    length = int.from_bytes(data[:8], "little")
    return orjson.loads(data[8 : 8 + length])["__metadata__"]  # type: ignore[no-any-return]


def _change(path: Path, arrays: dict[str, Any] | None = None, **header: Any) -> None:
    """Write the model file with other arrays, or other entries in its header."""
    data = path.read_bytes()
    known = orjson.loads(_metadata(data)["newsieve"])
    path.write_bytes(save({**load(data), **(arrays or {})}, {"newsieve": orjson.dumps({**known, **header}).decode()}))


def _lie_about_shape(path: Path) -> None:
    """Leave the numbers, and say in the header that they are another table."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = orjson.loads(data[8 : 8 + length])
    header["paragraphs.bias"]["shape"] = [1_000_000, 1_000_000]
    packed = orjson.dumps(header)
    path.write_bytes(len(packed).to_bytes(8, "little") + packed + data[8 + length :])


def _nan(path: Path) -> None:
    bias = load(path.read_bytes())["paragraphs.bias"].copy()
    bias[0] = np.nan
    _change(path, {"paragraphs.bias": bias})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: shutil.rmtree(path.parent), "no model to read here"),
        (lambda path: path.unlink(), "no model to read here"),
        (lambda path: path.write_bytes(b""), "not a newsieve model"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1000]), "not a whole safetensors file"),
        (lambda path: path.write_bytes(path.read_bytes()[:100]), "not a newsieve model"),
        (lambda path: path.write_bytes(b"\xff" * 1000), "not a newsieve model"),
        (lambda path: _change(path, format=3), "model format 3; this newsieve reads format 2"),
        (lambda path: _change(path, taxonomy={}), "kinds, labels or flags"),
        (lambda path: _change(path, features={"bits": 4, "subword_lengths": []}), "paragraphs.weights is float16"),
        (lambda path: _change(path, {"paragraphs.bias": np.zeros(3, np.float32)}), "paragraphs.bias is float32 (3,)"),
        (_nan, "paragraphs.bias holds numbers that are not finite"),
        (_lie_about_shape, "not a whole safetensors file"),
    ],
)
def test_a_model_that_cannot_be_used_is_one_line(newsieve: Run, tmp_path: Path, damage: Any, message: str) -> None:
    path = _model(tmp_path)
    damage(path)
    _write(tmp_path, PAGE.encode())
    done = newsieve("classify", "page.txt", "--model", "model")
    assert (done.returncode, done.stdout) == (2, b"")
    assert one_line(done.stderr).startswith(f"newsieve: model/{WEIGHTS_FILE}: ")
    assert message in one_line(done.stderr)


def test_another_model_is_used_where_it_is_named(newsieve: Run, tmp_path: Path) -> None:
    _model(tmp_path)
    _write(tmp_path, PAGE.encode())
    assert newsieve("classify", "page.txt", "--model", "model").stdout == newsieve("classify", "page.txt").stdout
