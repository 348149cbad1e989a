"""Dolma: attribute files lie beside the documents line by line, and Dolma's own mixer does what they say."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from predict import FLAGS, KINDS, Classifier, InputError
from predict.integrations.dolma import write_attributes
from tests.integrations.conftest import read_jsonl_gz, write_jsonl_gz
from tests.program import environment

PREFIX = "newsieve__newsieve__"


@pytest.fixture
def documents(tmp_path: Path, real_pages: list[dict[str, str]]) -> dict[str, list[dict[str, Any]]]:
    """Two files of documents, as Dolma keeps them."""
    records = [{"id": p["id"], "text": p["text"], "source": "test", "metadata": {"n": 1}} for p in real_pages]
    files = {"a/0.jsonl.gz": records[::2], "b/1.json.gz": records[1::2]}
    for name, part in files.items():
        write_jsonl_gz(tmp_path / "documents" / name, part)
    return files


def test_each_line_has_the_spans_of_that_document(
    documents: dict[str, list[dict[str, Any]]], tmp_path: Path, shipped: Classifier
) -> None:
    assert write_attributes(tmp_path / "documents", tmp_path / "attributes" / "x") == sum(map(len, documents.values()))
    for name, records in documents.items():
        lines = read_jsonl_gz(tmp_path / "attributes" / "x" / name)
        assert [(line["id"], line["source"]) for line in lines] == [(r["id"], "test") for r in records]
        for line, record in zip(lines, records):
            page = shipped.classify(record["text"])
            wanted: dict[str, list[Any]] = {PREFIX + str(name): [] for name in (*KINDS, *FLAGS, "removed")}
            for p, keep in zip(page, page.kept()):
                wanted[PREFIX + p.kind].append([p.start, p.end, p.probability])
                for flag in p.flags:
                    wanted[PREFIX + flag].append([p.start, p.end, p.flag_probabilities[flag]])
                if not keep:
                    wanted[PREFIX + "removed"].append([p.start, p.end, 1 - p.probabilities["journalism"]])
            assert line["attributes"].keys() == wanted.keys()
            for key, spans in wanted.items():
                assert [s[:2] for s in line["attributes"][key]] == [s[:2] for s in spans]
                assert [s[2] for s in line["attributes"][key]] == pytest.approx([s[2] for s in spans], abs=1.01e-4)
                assert all(0 <= s[2] <= 1 for s in line["attributes"][key])


def test_the_program_writes_the_same_with_two_workers(
    documents: dict[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    write_attributes(tmp_path / "documents", tmp_path / "one")
    words = ["-m", "predict.integrations.dolma", "documents", "two", "--jobs", "2"]
    done = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    total = sum(map(len, documents.values()))
    assert (done.returncode, done.stderr) == (0, f"{total:,} documents\n")
    for name in documents:
        assert (tmp_path / "two" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"id": "x", "text": null}', '"text" is null'),
        (b'{"text": "no id"}', '"id"'),
        (b'{"id": "x", "paragraphs": ["a"]}', '"text"'),
        (b"{", "not JSON"),
    ],
)
def test_a_line_that_is_no_document_is_named_and_its_file_not_written(line: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "x.jsonl").write_bytes(b'{"id": "a", "text": "b"}\n' + line + b"\n")
    with pytest.raises(InputError, match=r"x\.jsonl:2: ") as error:
        write_attributes(tmp_path / "documents", tmp_path / "attributes")
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert list((tmp_path / "attributes").rglob("*")) == []


@pytest.fixture(scope="module")
def mixer() -> Any:
    """Dolma's compiled mixer, which needs nothing of what Dolma's Python code needs."""
    try:
        files = importlib.metadata.files("dolma") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("no Dolma here: pip install --no-deps dolma")
    (path,) = (file.locate() for file in files if file.name.startswith("dolma.") and file.suffix in (".so", ".pyd"))
    spec = importlib.util.spec_from_file_location("dolma", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.mixer_entrypoint


@pytest.mark.frameworks
def test_dolmas_own_mixer_takes_out_the_spans_and_drops_the_documents(
    documents: dict[str, list[dict[str, Any]]], tmp_path: Path, shipped: Classifier, mixer: Any
) -> None:
    write_attributes(tmp_path / "documents", tmp_path / "attributes" / "newsieve")
    stream = {
        "name": "clean",
        "documents": [str(tmp_path / "documents" / "*" / "*.gz")],
        "attributes": ["newsieve"],
        "filter": {"include": [], "exclude": [f"$.attributes[?(@.{PREFIX}designation[0])]"], "syntax": "jsonpath"},
        "span_replacement": [
            {"span": f"$.attributes.{PREFIX}removed", "min_score": 0.0, "replacement": "", "syntax": "jsonpath"}
        ],
        "output": {"path": str(tmp_path / "mixed"), "max_size_in_bytes": 1 << 30},
        "compression": {"input": None, "output": None},
    }
    work = {"input": str(tmp_path / "work_in"), "output": str(tmp_path / "work_out")}
    for folder in work.values():
        Path(folder).mkdir()
    mixer(json.dumps({"work_dir": work, "processes": 1, "streams": [stream], "shuffle": False}))
    mixed = {r["id"]: r["text"] for path in (tmp_path / "mixed").rglob("*.gz") for r in read_jsonl_gz(path)}
    pages = {r["id"]: shipped.classify(r["text"]) for part in documents.values() for r in part}
    designated = {name for name, page in pages.items() if any("designation" in p.flags for p in page)}
    assert designated
    assert mixed.keys() == pages.keys() - designated
    for name, text in mixed.items():
        assert [line.strip() for line in text.splitlines() if line.strip()] == pages[name].journalism.splitlines()
