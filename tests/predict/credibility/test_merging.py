"""Parts of a run: merged in any order and any grouping, they are the report of the whole."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predict import FLAGS, KINDS, Flag, InputError, Kind, Page
from predict.credibility import Report, report, statements
from tests.predict.credibility.pages import make_page
from tests.program import Run, jsonl, numbered_pages

WORDS = (
    "We carry no advertising.",
    "Advertisement",
    "Owned by Bay Ltd.",
    "A non-profit.",
    "WE CARRY no advertising.",
    "x",
)
PARAGRAPH = st.tuples(
    st.sampled_from(WORDS) | st.text(max_size=3),
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(FLAGS), st.sampled_from((0.3, 0.6, 0.9))),
)


class Added(NamedTuple):
    """What `Report.add` is called with."""

    page: Page
    publisher: str | None
    name: str | None
    date: str | None


ADDED = st.builds(
    lambda paragraphs, *rest: Added(make_page(*paragraphs), *rest),
    st.lists(PARAGRAPH, max_size=4),
    st.none() | st.sampled_from("abcdef"),
    st.none() | st.sampled_from("pq"),
    st.none() | st.sampled_from(["2021-01-01", "2022-01-01", "2023-01-01"]),
)


def report_of(pages: list[Added]) -> Report:
    result = Report()
    for each in pages:
        result.add(*each)
    return result


def plain(result: Report) -> bytes:
    return orjson.dumps(result.as_dict())


@given(st.lists(ADDED, max_size=8), st.data())
def test_parts_merge_into_the_report_of_the_whole_in_any_order(pages: list[Added], data: st.DataObject) -> None:
    with patch.object(statements, "MAX_STATEMENTS", 2), patch.object(report, "MAX_PUBLISHERS", 2):
        whole = plain(report_of(pages))
        shuffled = data.draw(st.permutations(pages))
        cuts = sorted(data.draw(st.lists(st.integers(0, len(pages)), min_size=2, max_size=2)))
        a, b, c = (
            report_of(list(part)) for part in (shuffled[: cuts[0]], shuffled[cuts[0] : cuts[1]], shuffled[cuts[1] :])
        )
        if data.draw(st.booleans()):  # through the documented form, as parts on other machines go
            a, b, c = (Report.from_dict(orjson.loads(plain(part))) for part in (a, b, c))
        if data.draw(st.booleans()):
            b.merge(c)
            a.merge(b)
        else:
            a.merge(b)
            a.merge(c)
        assert plain(a) == whole


def test_a_report_read_again_is_the_same() -> None:
    result = report_of(
        [Added(make_page(("Owned by Bay Ltd.", Kind.story, {Flag.ownership: 0.9})), "a", "1", "2020-01-01")]
    )
    again = Report.from_dict(orjson.loads(plain(result)))
    assert plain(again) == plain(result)


def test_the_program_merges_reports_of_parts(newsieve: Run, tmp_path: Path) -> None:
    pages = [{**page, "publisher": "ab"[i % 2]} for i, page in enumerate(numbered_pages(6))]
    for name, part in (("all", pages), ("one", pages[:2]), ("two", pages[2:])):
        (tmp_path / f"{name}.jsonl").write_bytes(jsonl(part))
        done: subprocess.CompletedProcess[bytes] = newsieve("report", f"{name}.jsonl", "--json")
        (tmp_path / f"{name}.json").write_bytes(done.stdout)
    merged = newsieve("report", "--merge", "two.json", "one.json", "--json")
    assert (merged.returncode, merged.stderr) == (0, b"")
    assert merged.stdout == (tmp_path / "all.json").read_bytes()
    assert b"2 pages" not in newsieve("report", "--merge", "one.json").stdout  # one page of each


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", 'not a report: "format" is not "newsieve-report"'),
        ('{"format": "newsieve-report", "version": 2}', "report version 2; this newsieve reads version 1"),
        ('{"format": "newsieve-report", "version": 1}', "not a whole report"),
        ('{"format": "newsieve-report", "version": 1, "publishers": [{"publisher": "a", "pages": -1}]}', "not a whole"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(newsieve: Run, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.json").write_text(text)
    done = newsieve("report", "--merge", "a.json")
    assert (done.returncode, done.stdout) == (2, b"")
    line = done.stderr.decode()
    assert line.startswith("newsieve: a.json: ")
    assert said in line
    assert line.count("\n") == 1


def test_wordings_of_a_report_that_do_not_fit_are_refused() -> None:
    good = report_of([Added(make_page(("Ours.", Kind.story, {Flag.mission: 0.9})), "a", None, None)]).as_dict()
    good["publishers"][0]["statements"][0]["wordings"][0]["flags"]["mission"]["quote"]["text"] = 7
    with pytest.raises(InputError, match="not a whole report"):
        Report.from_dict(good)
