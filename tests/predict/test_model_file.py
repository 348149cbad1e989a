"""Model files: what was saved comes back; what was not written by us, or not whole, is one clear line."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load, save

from predict import Classifier, ModelError, context
from predict.labels import KINDS
from predict.model_file import CARD_FILE, FORMAT, MAX_FILE_BYTES, WEIGHTS_FILE, load_model, save_model
from predict.scoring import HEADS
from predict.tokens import tokenize
from tests.program import PAGE
from tests.strategies import random_model

BITS = 4
Arrays = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder that every test of this file may spoil, if it writes all of it anew."""
    folder = tmp_path_factory.mktemp("model")
    save_model(random_model(BITS), folder)
    return folder


class ModelBytes(bytes):
    """The bytes of a model file; a failing test need not print them."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a model file that can be loaded, whatever was done to `folder` before they are asked for."""
    folder = tmp_path_factory.mktemp("good")
    save_model(random_model(BITS), folder)
    return ModelBytes((folder / WEIGHTS_FILE).read_bytes())


def refusal(folder: Path, data: bytes) -> str:
    """What is said of a model file that holds `data`: one line that names the file."""
    path = folder / WEIGHTS_FILE
    path.write_bytes(data)
    with pytest.raises(ModelError) as caught:
        load_model(folder)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert len(message.splitlines()) == 1
    assert caught.value.__context__ is None or caught.value.__suppress_context__  # a parser's own troubles do not show
    return message.removeprefix(f"{path}: ")


def loads_or_is_refused(folder: Path, data: bytes) -> None:
    """No error but ModelError, whatever the bytes are; what loads can classify."""
    (folder / WEIGHTS_FILE).write_bytes(data)
    try:
        model = load_model(folder)
    except ModelError:
        model = None
    if model is None:
        refusal(folder, data)
    else:
        with np.errstate(all="ignore"):
            assert len(Classifier(model).classify(PAGE)) == len(PAGE.splitlines())


def header_of(data: bytes) -> dict[str, Any]:
    return dict(json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")]))


def with_header(data: bytes, header: object) -> bytes:
    """The same arrays behind another header, which may lie about them."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + int.from_bytes(data[:8], "little") :]


def with_metadata(data: bytes, changes: dict[str, object]) -> bytes:
    """The same arrays; our own part of the header changed."""
    header = header_of(data)
    ours = {**json.loads(header["__metadata__"]["newsieve"]), **changes}
    return with_header(data, {**header, "__metadata__": {"newsieve": json.dumps(ours)}})


def with_arrays(data: bytes, change: Callable[[Arrays], object]) -> bytes:
    """The arrays changed, everything else as it should be."""
    arrays = {name: array.copy() for name, array in load(data).items()}
    change(arrays)
    return save({name: array.copy(order="C") for name, array in arrays.items()}, header_of(data)["__metadata__"])


# --- saved and loaded ------------------------------------------------------------------------------------------------


def test_a_model_comes_back_as_it_was_saved(folder: Path, good: bytes, tmp_path: Path) -> None:
    model = random_model(BITS)
    save_model(model, tmp_path / "deep" / "folder")
    loaded = load_model(tmp_path / "deep" / "folder")
    assert loaded.paragraphs.settings == model.paragraphs.settings
    for part, name in [("paragraphs", "weights"), ("paragraphs", "bias"), *(("pages", n) for n in vars(model.pages))]:
        assert np.array_equal(getattr(getattr(loaded, part), name), getattr(getattr(model, part), name)), (part, name)
    assert loaded.flag_thresholds.tolist() == model.flag_thresholds.tolist()
    assert (loaded.policies, loaded.card) == (model.policies, model.card)


def test_every_number_that_float16_has_comes_back_exactly(tmp_path: Path) -> None:
    model = random_model(13)
    numbers = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    numbers = numbers[np.isfinite(numbers)].astype(np.float32)
    weights = model.paragraphs.weights
    weights.ravel()[: len(numbers)] = numbers
    save_model(model, tmp_path)
    loaded = load_model(tmp_path).paragraphs.weights
    assert loaded.dtype == np.float32
    assert loaded.tobytes() == weights.tobytes()  # the signs of zeros, too


def test_a_fitted_model_answers_after_loading_as_before(small_fit: Any, small: Classifier) -> None:
    before, after = Classifier(small_fit.model).classify(PAGE), small.classify(PAGE)
    assert np.array_equal(before.answers.probabilities, after.answers.probabilities)
    assert np.array_equal(before.answers.flags, after.answers.flags)
    assert [p.flags for p in before] == [p.flags for p in after]
    assert before.journalism == after.journalism


def test_the_same_model_is_the_same_bytes(good: bytes, tmp_path: Path) -> None:
    save_model(random_model(BITS), tmp_path)
    assert (tmp_path / WEIGHTS_FILE).read_bytes() == good


def test_a_model_without_its_card_still_works(folder: Path, good: bytes, tmp_path: Path) -> None:
    for card in (None, b"", b"[]", b"{", b"\xff"):
        (tmp_path / WEIGHTS_FILE).write_bytes(good)
        if card is not None:
            (tmp_path / CARD_FILE).write_bytes(card)
        assert load_model(tmp_path).card == {}


# --- refused ---------------------------------------------------------------------------------------------------------


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing", tmp_path / "file"):
        (tmp_path / "file").touch()
        with pytest.raises(ModelError) as caught:
            Classifier.load(place)
        assert str(caught.value).startswith(f"{place / WEIGHTS_FILE}: no model to read here")
    (tmp_path / WEIGHTS_FILE).mkdir()
    with pytest.raises(ModelError, match="no model to read here"):
        load_model(str(tmp_path))


@given(data=st.data())
def test_a_truncated_file_is_refused_wherever_it_ends(folder: Path, good: bytes, data: st.DataObject) -> None:
    refusal(folder, good[: data.draw(st.integers(0, len(good) - 1))])


def test_a_file_with_more_than_the_model_is_refused(folder: Path, good: bytes) -> None:
    assert "not a whole safetensors file" in refusal(folder, good + b"\0")


@given(data=st.data())
def test_damaged_bytes_are_refused_or_harmless(folder: Path, good: bytes, data: st.DataObject) -> None:
    header_end = 8 + int.from_bytes(good[:8], "little")
    places = st.one_of(st.integers(0, header_end - 1), st.integers(0, len(good) - 1))
    damaged = bytearray(good)
    for place in data.draw(st.lists(places, min_size=1, max_size=4)):
        damaged[place] = data.draw(st.integers(0, 255))
    loads_or_is_refused(folder, bytes(damaged))


@given(st.binary(max_size=200))
def test_a_file_of_anything_else_is_refused(folder: Path, data: bytes) -> None:
    assert "not a newsieve model" in refusal(folder, data)
    assert "not a newsieve model" in refusal(folder, len(data).to_bytes(8, "little") + data)


@given(length=st.integers(0, (1 << 64) - 1))
def test_a_header_that_lies_about_its_length_is_refused(folder: Path, good: bytes, length: int) -> None:
    if length != int.from_bytes(good[:8], "little"):
        refusal(folder, length.to_bytes(8, "little") + good[8:])


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False), st.text(max_size=5)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)


@given(key=st.sampled_from(["format", "taxonomy", "features", "policies", "data"]), value=JSON)
def test_our_metadata_may_be_anything_and_only_right_ones_load(
    folder: Path, good: bytes, key: str, value: object
) -> None:
    loads_or_is_refused(folder, with_metadata(good, {key: value}))


@given(value=JSON)
def test_the_whole_metadata_may_be_anything(folder: Path, good: bytes, value: object) -> None:
    header = header_of(good)
    refusal(folder, with_header(good, {**header, "__metadata__": value}))
    refusal(folder, with_header(good, {**header, "__metadata__": {"newsieve": value}}))
    refusal(folder, with_header(good, {**header, "__metadata__": {"newsieve": json.dumps(value)}}))
    refusal(folder, with_header(good, value))


TYPES = st.sampled_from(
    ["F16", "F32", "F64", "BF16", "F8_E4M3", "F8_E8M0", "F4", "I32", "I64", "U8", "BOOL", "C64", "X"]
)
SHAPES = st.lists(st.one_of(st.integers(0, 20), st.integers(0, 2**64 - 1)), max_size=3)
OFFSETS = st.lists(st.one_of(st.integers(0, 2000), st.integers(0, 2**64 - 1)), min_size=2, max_size=2)


@given(data=st.data())
def test_an_array_s_entry_may_lie_in_any_way(folder: Path, good: bytes, data: st.DataObject) -> None:
    header = header_of(good)
    name = data.draw(st.sampled_from(sorted(set(header) - {"__metadata__"})))
    entry = dict(header[name])
    for field, values in (("dtype", TYPES), ("shape", SHAPES), ("data_offsets", OFFSETS)):
        if data.draw(st.booleans()):
            entry[field] = data.draw(values)
    loads_or_is_refused(folder, with_header(good, {**header, name: entry}))


def put(name: str, array: Any) -> Callable[[Arrays], object]:
    return lambda arrays: arrays.__setitem__(name, array)


def reshaped(name: str, *shape: int) -> Callable[[Arrays], object]:
    return lambda arrays: arrays.__setitem__(name, arrays[name].reshape(shape))


def cast(name: str, dtype: str) -> Callable[[Arrays], object]:
    return lambda arrays: arrays.__setitem__(name, arrays[name].astype(dtype))


def spoil(name: str, value: float) -> Callable[[Arrays], object]:
    return lambda arrays: arrays[name].__setitem__((-1,) * arrays[name].ndim, value)


def no_bins(rows: Any, heads: int = HEADS) -> Callable[[Arrays], object]:
    rows = np.array(rows, np.int32)
    return lambda arrays: arrays.update(
        {"pages.bin_rows": rows, "pages.bin_weights": np.zeros((rows.size, heads), np.float16)}
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays: arrays.pop("pages.bin_rows"), "pages.bin_rows is missing"),
        (lambda arrays: arrays.pop("flag_thresholds"), "flag_thresholds is missing"),
        (lambda arrays: arrays.clear(), "paragraphs.weights is missing"),
        (spoil("paragraphs.weights", np.nan), "paragraphs.weights holds numbers that are not finite"),
        (spoil("paragraphs.bias", np.inf), "paragraphs.bias holds numbers that are not finite"),
        (spoil("pages.dense", np.nan), "pages.dense holds numbers that are not finite"),
        (spoil("pages.bin_weights", -np.inf), "pages.bin_weights holds numbers that are not finite"),
        (spoil("flag_thresholds", np.nan), "flag_thresholds holds numbers that are not finite"),
        (reshaped("paragraphs.weights", HEADS, -1), f"paragraphs.weights is float16 ({HEADS}, {1 << BITS}), wanted"),
        (reshaped("paragraphs.bias", 1, HEADS), "paragraphs.bias is float32 (1, 10), wanted float32 (10,)"),
        (put("pages.dense", np.zeros((7, HEADS), np.float32)), "pages.dense is float32 (7, 10), wanted"),
        (cast("paragraphs.weights", "float32"), "paragraphs.weights is float32"),
        (cast("pages.bin_rows", "int64"), "pages.bin_rows is int64"),
        (cast("flag_thresholds", "int32"), "flag_thresholds is int32"),
        (spoil("pages.bin_rows", context.BINNED * context.BIN_SIZE), "pages.bin_rows points outside the table"),
        (spoil("pages.bin_rows", -1), "pages.bin_rows points outside the table"),
        (no_bins(3), "pages.bin_rows is int32 (), wanted int32 (1,)"),
        (no_bins([[1, 2]]), "pages.bin_rows is int32 (1, 2), wanted int32 (2,)"),
        (no_bins([1, 2], heads=9), "pages.bin_weights is float16 (2, 9), wanted float16 (2, 10)"),
    ],
)
def test_arrays_that_do_not_fit_are_named(
    folder: Path, good: bytes, change: Callable[[Arrays], object], message: str
) -> None:
    assert message in refusal(folder, with_arrays(good, change))


def test_a_model_that_has_learned_nothing_of_pages_loads(folder: Path, good: bytes) -> None:
    (folder / WEIGHTS_FILE).write_bytes(with_arrays(good, no_bins(np.zeros(0))))
    assert not load_model(folder).pages.bins.any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": FORMAT + 1}, f"model format {FORMAT + 1}; this newsieve reads format {FORMAT}"),
        ({"format": None}, "model format None"),
        ({"taxonomy": {"kinds": ["story", "rest"]}}, "kinds, labels or flags are not those of this newsieve"),
        ({"features": {"bits": 40, "subword_lengths": [4]}}, "bits = 40"),
        ({"features": {"bits": 4.0, "subword_lengths": [4]}}, "bits = 4.0"),
        ({"features": {"bits": 4, "subword_lengths": [0]}}, "subword_lengths = [0]"),
        ({"features": {"bits": 4, "subword_lengths": [4] * 9}}, "subword_lengths = "),
        ({"features": None}, "bits = None"),
        ({"features": {"bits": 5, "subword_lengths": [4]}}, "paragraphs.weights is float16 (16, 10), wanted"),
        ({"policies": {"strict": 2}}, "policies are not numbers from 0 to 1"),
        ({"policies": ["strict"]}, "policies are not numbers from 0 to 1"),
    ],
)
def test_a_model_of_another_make_says_how_it_differs(
    folder: Path, good: bytes, changes: dict[str, object], message: str
) -> None:
    assert message in refusal(folder, with_metadata(good, changes))


def test_a_model_file_of_somebody_else_is_refused(folder: Path) -> None:
    assert "not a newsieve model" in refusal(folder, save({"embedding": np.zeros((2, 2))}, {"format": "pt"}))


def test_a_huge_file_is_refused_unread(folder: Path, good: bytes) -> None:
    path = folder / WEIGHTS_FILE
    path.write_bytes(good)
    with path.open("r+b") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(ModelError, match=f"{MAX_FILE_BYTES + 1} bytes; a model has at most {MAX_FILE_BYTES}"):
        load_model(folder)


class Trap:
    """A pickle that leaves a mark when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


def test_loading_executes_nothing(folder: Path, good: bytes, tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    trap = pickle.dumps(Trap(mark))
    assert "not a newsieve model" in refusal(folder, trap)
    assert "not a newsieve model" in refusal(folder, len(trap).to_bytes(8, "little") + trap)
    shutil.copy(folder / WEIGHTS_FILE, tmp_path)
    (tmp_path / WEIGHTS_FILE).write_bytes(good)
    (tmp_path / CARD_FILE).write_bytes(trap)
    load_model(tmp_path)
    assert not mark.exists()


def test_scores_of_a_loaded_model_can_be_computed(folder: Path, good: bytes) -> None:
    (folder / WEIGHTS_FILE).write_bytes(good)
    scores = load_model(folder).paragraphs.scores(tokenize(["Share", ""]))
    assert scores.shape == (2, HEADS)
    assert len(KINDS) < HEADS
