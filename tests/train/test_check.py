"""The check of a data folder: what only the whole collection shows, and its figures."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.train.test_corpus import PAGE, SINGLE, write
from train.check import HELD_OUT_PAGES, PAGES, SINGLES, check, run_check, total
from train.corpus import Corpus, read_corpus
from train.near_duplicates import grams, near_duplicates, normalise
from train.vocabulary import distinct_words, vocabulary

DATA = Path(__file__).parents[2] / "data"

LONG = "The harbour master said on Tuesday that the night ferry would stay in port until the storm had passed."
NEARLY = LONG.replace("Tuesday", "Thursday")
OTHER = "Nobody on the island remembers a winter in which the bakery had to close for want of flour and yeast."


def single(text: str, kind: str = "story", lang: str = "en") -> dict[str, Any]:
    return {"text": text, "lang": lang, "kind": kind}


def page(number: int, *texts: str, kind: str = "story", lang: str = "en") -> dict[str, Any]:
    return {**PAGE, "id": f"p-{number}", "lang": lang, "paragraphs": [{"text": t, "kind": kind} for t in texts]}


def problems_of(path: Path) -> list[str]:
    return [str(problem) for problem in check(path)[0]]


def test_the_data_of_this_project_is_sound() -> None:
    assert problems_of(DATA) == []


def test_a_paragraph_that_nearly_repeats_another_is_named_with_both_places(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.jsonl", single(LONG), single(OTHER), single(NEARLY))
    assert problems_of(file) == [
        f'{file}:3: nearly the same text as {file}:1: "The harbour master said on Thursday that the nigh…"'
    ]


def test_short_single_paragraphs_that_differ_in_signs_and_capitals_are_the_same(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.jsonl", single("Chip in"), single("❤"), single("CHIP  IN!"), single("☰"))
    assert problems_of(file) == [f'{file}:3: the same text as {file}:1: "CHIP  IN!"']


def test_each_copy_is_named_once(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.jsonl", *[single(LONG)] * 3, single(NEARLY), single(NEARLY + "!"))
    places = [problem.split(": ")[0] for problem in problems_of(file)]
    assert places == [f"{file}:{line}" for line in (2, 3, 4, 5)]


def test_long_paragraphs_of_pages_are_compared_and_short_ones_recur(tmp_path: Path) -> None:
    pages = write(tmp_path / "pages/en.jsonl", page(1, "Share this", LONG), page(2, "Share this", NEARLY))
    held_out = write(tmp_path / "pages/test.jsonl", page(3, "Share this", "Share this", LONG))
    singles = write(tmp_path / "paragraphs/en.jsonl", single("Share this"), single(LONG))
    assert [problem.split(': "')[0] for problem in problems_of(tmp_path)] == [
        f"{pages}:2: paragraph 2: nearly the same text as {pages}:1, paragraph 2",
        f"{held_out}:1: paragraph 3: the same text as {pages}:1, paragraph 2",
        f"{singles}:2: the same text as {pages}:1, paragraph 2",
    ]


def test_other_kinds_and_languages_may_say_nearly_the_same(tmp_path: Path) -> None:
    records = [single(LONG), single(NEARLY, kind="teaser"), single(LONG, lang="nl")]
    assert problems_of(write(tmp_path / "mine.jsonl", *records)) == []


def test_one_text_under_two_kinds_contradicts_itself(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.jsonl", single("Subscribe", "interface"), single("Subscribe", "fundraising"))
    assert problems_of(file) == [f'{file}:2: fundraising here, interface in {file}:1: "Subscribe"']


def test_context_is_not_compared(tmp_path: Path) -> None:
    context = {**PAGE, "paragraphs": [{"text": LONG}, {"text": LONG}]}
    assert problems_of(write(tmp_path / "mine.jsonl", context)) == []


def test_page_ids_are_unique_over_all_files(tmp_path: Path) -> None:
    first = write(tmp_path / "pages/de.jsonl", PAGE)
    second = write(tmp_path / "pages/en.jsonl", {**PAGE, "id": "en-2"}, PAGE)
    assert problems_of(tmp_path) == [f'{second}:2: "id" is "en-1", as in {first}:1']


def test_a_designation_wants_its_status_and_state(tmp_path: Path) -> None:
    paragraph = {"text": "We are blocked here", "kind": "interface", "flags": ["designation"]}
    file = write(tmp_path / "mine.jsonl", {**PAGE, "paragraphs": [paragraph]}, {**paragraph, "lang": "en"})
    what = 'the flag designation wants the field "designation": {"status", "state"}'
    assert problems_of(file) == [f"{file}:1: paragraph 1: {what}", f"{file}:2: {what}"]


def test_problems_of_format_and_of_the_whole_come_in_order_of_place(tmp_path: Path) -> None:
    first = write(tmp_path / "pages/en.jsonl", PAGE, {**PAGE, "title": "Again"}, b"?")
    second = write(tmp_path / "paragraphs/en.jsonl", b"?", single(LONG), single(NEARLY))
    places = [problem.split(": ")[0] for problem in problems_of(tmp_path)]
    assert places == [f"{first}:2", f"{first}:3", f"{second}:1", f"{second}:3"]


def test_counts_keep_pages_held_out_pages_and_single_paragraphs_apart(tmp_path: Path) -> None:
    write(tmp_path / "pages/en.jsonl", page(1, "Ferry late", "It was late"), page(2, "Menu", kind="interface"))
    write(tmp_path / "pages/test.jsonl", {**page(3, "Fähre spät", lang="de"), "paragraphs": [{"text": "Menü"}]})
    designated = {"flags": ["mission", "designation"], "designation": {"status": "extremist", "state": "BY"}}
    write(tmp_path / "paragraphs/en.jsonl", SINGLE, {**single("Банят нас", lang="ru"), **designated})

    problems, counts = check(tmp_path)

    assert problems == []
    assert counts.pages == {(PAGES, "en"): 2, (HELD_OUT_PAGES, "de"): 1}
    assert total(counts.kinds, PAGES, name="story") == 2
    assert total(counts.kinds, PAGES, lang="en") == 3
    assert total(counts.kinds, HELD_OUT_PAGES, lang="de", name="(context)") == 1
    assert counts.kinds[SINGLES, "en", "fundraising"] == 1
    assert counts.flags == {(SINGLES, "ru", "mission"): 1, (SINGLES, "ru", "designation"): 1}
    assert counts.statuses == {(SINGLES, "ru", "extremist"): 1}


def test_a_sound_file_ends_with_0_and_aligned_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_check(write(tmp_path / "mine.jsonl", PAGE, SINGLE)) == 0
    out, err = capsys.readouterr()
    assert err == ""
    tables = [block.splitlines() for block in out.split("\n\n")]
    assert [lines[0].split()[0] for lines in tables[:4]] == ["language", "kind", "flag", "designation"]
    assert all(len({len(line) for line in lines}) == 1 for lines in tables[:4])
    assert ["fundraising", "0", "0", "1"] in [line.split() for line in tables[1]]


def test_a_bad_file_ends_with_2_and_one_line_a_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "mine.jsonl", PAGE, b"?", PAGE)
    assert run_check(file) == 2
    out, err = capsys.readouterr()
    assert [line.split(": ")[0] for line in err.splitlines()] == [f"{file}:2", f"{file}:3"]
    assert out.startswith("language")


def test_an_absent_folder_or_reference_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_check(tmp_path / "absent") == 2
    absent = tmp_path / "absent.jsonl"
    assert run_check(write(tmp_path / "mine.jsonl", PAGE), reference=absent) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"{absent}: cannot be read: No such file or directory"


def brute_force(texts: Sequence[str]) -> list[tuple[int, int]]:
    sets = [grams(text) for text in texts]
    pairs = combinations(range(len(sets)), 2)
    return [(i, j) for i, j in pairs if 5 * len(sets[i] & sets[j]) > 3 * len(sets[i] | sets[j])]  # over 0.6


@settings(deadline=None)
@given(st.lists(st.text("ab ", max_size=14), max_size=25))
def test_near_duplicates_are_exactly_those_of_comparing_all_with_all(texts: list[str]) -> None:
    assert near_duplicates(texts) == brute_force(texts)


@settings(deadline=None)
@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=6), st.data())
def test_near_duplicates_of_edited_texts_in_any_script(texts: list[str], data: st.DataObject) -> None:
    edited = list(texts)
    for text in texts:
        at = data.draw(st.integers(0, len(text)))
        edited.append(text[:at] + data.draw(st.text(max_size=3)) + text[at + 1 :])
    edited = [normalise(text) for text in edited]
    assert near_duplicates(edited) == brute_force(edited)


def test_near_duplicates_in_a_collection_of_many_blocks() -> None:
    draw = random.Random(5)
    words = ["ferry", "harbour", "storm", "night", "bakery", "flour", "island", "winter", "master", "port"]
    texts = [" ".join(draw.choices(words, k=draw.randint(1, 7))) for _ in range(1_100)]
    found = near_duplicates(texts)
    assert found == brute_force(texts)
    assert len(found) > 1_000


def test_distinct_words_are_counted_in_full_windows_of_1000_words() -> None:
    assert distinct_words(["one two three four"] * 249) is None
    assert distinct_words(["One, two: three four!"] * 400) == 4
    assert distinct_words([f"w{n}" for n in range(1_500)]) == 1_000


def test_distinct_words_do_not_depend_on_the_order_of_texts() -> None:
    texts = [f"w{n % 700} again" for n in range(1_500)]
    assert distinct_words(texts) == distinct_words(texts[::-1])


def test_vocabulary_is_compared_within_languages_that_both_have(tmp_path: Path) -> None:
    def corpus(name: str, **distinct: int) -> Corpus:
        texts = {lang: " ".join(f"w{i % n}" for i in range(1_000)) for lang, n in distinct.items()}
        return read_corpus([write(tmp_path / name, *(single(text, lang=lang) for lang, text in texts.items()))])

    rows = vocabulary(corpus("mine.jsonl", en=400, de=600, fr=1_000), corpus("real.jsonl", en=500, de=500, es=900))
    assert [(row.kind, row.languages, row.data, row.reference) for row in rows] == [("story", ("en", "de"), 500, 500)]
    assert rows[0].ratio == 1.0
