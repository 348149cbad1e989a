"""Reading the corpus: what is in the format arrives whole, what is not is named with its file and line."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predict.errors import NewsieveError
from predict.labels import Flag, Kind, Status
from train.corpus import CorpusError, parse_corpus, read_corpus
from train.records import Designation, Page, Paragraph, Single

PAGE = {"id": "en-1", "lang": "en", "title": "Ferry late", "paragraphs": [{"text": "Ferry late", "kind": "story"}]}
SINGLE = {"text": "Chip in", "lang": "en", "kind": "fundraising"}


def write(path: Path, *records: Any) -> Path:
    """Write records as JSON lines; bytes are written as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join((r if isinstance(r, bytes) else orjson.dumps(r)) + b"\n" for r in records))
    return path


def page_with(**paragraph: Any) -> dict[str, Any]:
    return {**PAGE, "paragraphs": [{"text": "Menu", "kind": "interface"}, paragraph]}


def test_a_page_arrives_with_all_its_fields(tmp_path: Path) -> None:
    designation = {"status": "blocked", "state": "RU"}
    flagged = {"text": "Read us by mirror", "kind": "interface", "flags": ["designation"], "designation": designation}
    record = {**PAGE, "publisher": "Quay Post", "fold": 3, "paragraphs": [{"text": "Menu"}, flagged]}
    file = write(tmp_path / "mine.jsonl", record)

    corpus = read_corpus([file])

    expected = Paragraph(
        text="Read us by mirror",
        kind=Kind.interface,
        flags=frozenset({Flag.designation}),
        designation=Designation(Status.blocked, "RU"),
    )
    context = Paragraph("Menu", None, frozenset(), None)
    assert corpus.pages == (
        Page("en-1", "en", "Ferry late", "Quay Post", 3, (context, expected), source_file=str(file), line=1),
    )
    assert corpus.singles == ()


def test_a_single_paragraph_arrives_with_all_its_fields(tmp_path: Path) -> None:
    record = {**SINGLE, "flags": ["mission", "ownership"], "publisher": "Quay Post", "fold": 0}
    file = write(tmp_path / "mine.jsonl", record)

    paragraph = Paragraph("Chip in", Kind.fundraising, frozenset({Flag.mission, Flag.ownership}), None)
    assert read_corpus([file]).singles == (Single(paragraph, "en", "Quay Post", 0, str(file), 1),)


def test_pages_and_single_paragraphs_may_stand_in_one_file(tmp_path: Path) -> None:
    corpus = read_corpus([write(tmp_path / "mine.jsonl", PAGE, SINGLE)])
    assert [entry.number for entry in corpus.entries()] == [1, None]


def test_a_folder_is_read_in_order_and_without_the_held_out_pages(tmp_path: Path) -> None:
    held_out = write(tmp_path / "pages/test.jsonl", {**PAGE, "id": "test-1"})
    russian = write(tmp_path / "pages/ru.jsonl", {**PAGE, "id": "ru-1"})
    english = write(tmp_path / "pages/en.jsonl", PAGE, {**PAGE, "id": "en-2"})
    singles = write(tmp_path / "paragraphs/en.jsonl", SINGLE)

    corpus = read_corpus([tmp_path])

    assert [page.id for page in corpus.pages] == ["en-1", "en-2", "ru-1"]
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in (english, russian, singles)]
    names = [str(file) for file in (english, russian, singles)]
    assert list(corpus.files) == list(zip(names, digests, (2, 1, 1)))
    assert [page.id for page in read_corpus([held_out]).pages] == ["test-1"]


def test_files_and_folders_are_read_in_the_order_given(tmp_path: Path) -> None:
    extra = write(tmp_path / "extra.jsonl", {**PAGE, "id": "extra"})
    write(tmp_path / "data/pages/en.jsonl", PAGE)
    assert [page.id for page in read_corpus([extra, tmp_path / "data"]).pages] == ["extra", "en-1"]


def test_gzip_byte_order_mark_carriage_returns_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl.gz"
    data = gzip.compress(b"\xef\xbb\xbf" + orjson.dumps(SINGLE) + b"\r\n\r\n" + orjson.dumps(PAGE) + b"\r\n")
    file.write_bytes(data)

    corpus = read_corpus([file])

    assert (corpus.singles[0].line, corpus.pages[0].line) == (1, 3)
    assert corpus.files == ((str(file), hashlib.sha256(data).hexdigest(), 2),)


def test_other_fields_of_a_page_and_an_unknown_language_are_let_through(tmp_path: Path) -> None:
    corpus = read_corpus([write(tmp_path / "mine.jsonl", {**PAGE, "lang": "", "title": "", "source": "crawl"})])
    assert (corpus.pages[0].lang, corpus.pages[0].title) == ("", "")


KINDS = "story, teaser, credit, interface, fundraising, ad_notice, self_description"
DESIGNATED = {"text": "Blocked", "kind": "interface", "flags": ["designation"]}
BAD_RECORDS = [
    (b'{"text": "caf\xe9"}', "not UTF-8: byte 0xe9 at offset 13 of the line"),
    (b"[1, 2]", "not a JSON object but [1,2]"),
    ({k: v for k, v in PAGE.items() if k != "id"}, '"id" is missing'),
    ({**PAGE, "id": 7}, '"id" is 7; a string is wanted'),
    ({**PAGE, "id": " "}, '"id" is empty'),
    ({k: v for k, v in PAGE.items() if k != "title"}, '"title" is missing'),
    ({**PAGE, "lang": None}, '"lang" is null; a string is wanted'),
    ({**PAGE, "publisher": ["Quay Post"]}, '"publisher" is ["Quay Post"]; a string is wanted'),
    ({**PAGE, "fold": 100}, '"fold" is 100; a whole number from 0 to 99 is wanted'),
    ({**PAGE, "fold": True}, '"fold" is true; a whole number from 0 to 99 is wanted'),
    ({**SINGLE, "fold": 1.0}, '"fold" is 1.0; a whole number from 0 to 99 is wanted'),
    ({**PAGE, "paragraphs": []}, '"paragraphs" is []; a list of at least one paragraph is wanted'),
    ({**PAGE, "paragraphs": ["Ferry late"]}, 'paragraph 1: not a JSON object but "Ferry late"'),
    (page_with(kind="story"), 'paragraph 2: "text" is missing'),
    (page_with(text=" \t", kind="story"), 'paragraph 2: "text" is empty'),
    (page_with(text=5, kind="story"), 'paragraph 2: "text" is 5; a string is wanted'),
    (page_with(text="a" * 20_001), 'paragraph 2: "text" has 20,001 characters; at most 20,000 are read'),
    (page_with(text="Menu", kind="sotry"), f'paragraph 2: "kind" has "sotry"; known are {KINDS}'),
    (page_with(text="Menu", kind=None), f'paragraph 2: "kind" has null; known are {KINDS}'),
    (
        page_with(text="Menu", kind="story", flag=[]),
        'paragraph 2: unknown key "flag"; known are text, kind, flags, designation',
    ),
    (
        page_with(text="We ask", flags=["mission"]),
        'paragraph 2: "flags" without "kind": a paragraph without a kind is not learned from',
    ),
    ({**SINGLE, "flags": "mission"}, '"flags" is "mission"; a list is wanted'),
    ({**SINGLE, "flags": ["owner"]}, '"flags" has "owner"; known are designation, ownership, mission'),
    ({**SINGLE, "flags": ["mission"] * 2}, '"flags" names a flag twice: ["mission","mission"]'),
    (
        {**SINGLE, "kind": "self_description"},
        "a self_description has at least one of the flags designation, ownership, mission",
    ),
    ({"text": "Chip in", "lang": "en"}, '"kind" is missing'),
    (
        {**SINGLE, "labels": 1},
        'unknown key "labels"; known are text, kind, flags, designation, lang, publisher, fold',
    ),
    (
        {**SINGLE, "designation": {"status": "blocked", "state": None}},
        '"designation" without the flag designation',
    ),
    (
        page_with(**DESIGNATED, designation="blocked"),
        'paragraph 2: "designation" is "blocked"; an object of "status" and "state" is wanted',
    ),
    (
        page_with(**DESIGNATED, designation={"status": "blocked"}),
        'paragraph 2: "designation" is {"status":"blocked"}; an object of "status" and "state" is wanted',
    ),
    (
        page_with(**DESIGNATED, designation={"status": "banned", "state": None}),
        'paragraph 2: "status" has "banned"; known are '
        "foreign_agent, undesirable, extremist, blocked, state_affiliated, registered_agent",
    ),
    (
        page_with(**DESIGNATED, designation={"status": "blocked", "state": "Rus"}),
        'paragraph 2: "state" is "Rus"; an ISO 3166 code of two capitals is wanted, or null',
    ),
]


@pytest.mark.parametrize(("record", "what"), BAD_RECORDS, ids=[what[:50] for _, what in BAD_RECORDS])
def test_a_bad_record_is_named_with_its_file_and_line(tmp_path: Path, record: Any, what: str) -> None:
    file = write(tmp_path / "mine.jsonl", SINGLE, record)
    with pytest.raises(CorpusError) as caught:
        read_corpus([file])
    assert str(caught.value) == f"{file}:2: {what}"


@pytest.mark.parametrize("line", [b"{", b'{"text": NaN}', b'{"text": "\\ud800"}', b"\x00"])
def test_what_is_not_json_is_named_with_its_file_and_line(tmp_path: Path, line: bytes) -> None:
    file = write(tmp_path / "mine.jsonl", PAGE, line)
    with pytest.raises(CorpusError) as caught:
        read_corpus([file])
    assert str(caught.value).startswith(f"{file}:2: not JSON: ")


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    first = write(tmp_path / "a.jsonl", {**SINGLE, "kind": "news", "text": ""}, SINGLE, b"?")
    second = write(tmp_path / "b.jsonl", {**SINGLE, "fold": -1})
    with pytest.raises(NewsieveError) as caught:
        read_corpus([first, second])
    places = [line.split(": ")[0] for line in str(caught.value).splitlines()]
    assert places == [f"{first}:1", f"{first}:1", f"{first}:3", f"{second}:1"]


def test_of_very_many_problems_the_first_twenty_are_shown_and_the_rest_counted(tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        read_corpus([write(tmp_path / "mine.jsonl", *[b"?"] * 1_021)])
    lines = str(caught.value).splitlines()
    assert len(lines) == 21
    assert lines[-1] == "... and 1,001 more problems"
    assert len(caught.value.problems) == 1_021


def test_what_cannot_be_read_at_all_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_bytes(b"\n")
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b'{"text": "a"}')[:-5])
    (tmp_path / "plain.jsonl.gz").write_bytes(b"{}")
    (tmp_path / "folder").mkdir()
    names = ["absent.jsonl", "empty.jsonl", "cut.jsonl.gz", "plain.jsonl.gz", "notes.txt", "folder"]
    with pytest.raises(CorpusError) as caught:
        read_corpus([tmp_path / name for name in names])
    assert [Path(problem.file).name for problem in caught.value.problems] == names
    assert [problem.what.split(":")[0] for problem in caught.value.problems] == [
        "cannot be read",
        "holds no records",
        "not a whole gzip file",
        "not a whole gzip file",
        "not a folder, nor a file named .jsonl or .jsonl.gz",
        "a data folder holds pages/*.jsonl, paragraphs/*.jsonl or standoff/*.jsonl; this has none",
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
KEYS = ["id", "lang", "title", "publisher", "fold", "paragraphs", "text", "kind", "flags", "designation"]


@settings(deadline=None)
@given(
    record=st.dictionaries(st.sampled_from(KEYS), JSON),
    paragraph=st.dictionaries(st.sampled_from(KEYS), JSON),
    whole_page=st.booleans(),
)
def test_any_json_is_either_read_or_explained_line_by_line(
    tmp_path_factory: pytest.TempPathFactory, record: dict[str, Any], paragraph: dict[str, Any], whole_page: bool
) -> None:
    base = {**PAGE, "paragraphs": [{"text": "Menu", **paragraph}]} if whole_page else SINGLE
    file = write(tmp_path_factory.mktemp("any") / "mine.jsonl", {**base, **record})
    corpus, problems = parse_corpus([file])
    assert len(corpus.pages) + len(corpus.singles) == (0 if problems else 1)
    assert all(str(problem).startswith(f"{file}:1: ") and "\n" not in str(problem) for problem in problems)
