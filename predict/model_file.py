"""The model on disk: a folder with `model.safetensors` and `card.json`.

Loading executes nothing: safetensors is a header of names, types and shapes, then raw numbers [1]. A file from a
stranger is data, so everything that later code relies on (format version, taxonomy, shapes, finite numbers, size) is
checked here, once, and whatever does not fit is one clear `ModelError`. The same model always gives the same bytes.

The part for HTML may be absent; HTML is then answered as text. Weights are stored as float16; most bins of stage 2 are
never seen in training and stay zero, so only the others are stored.

[1] https://huggingface.co/docs/safetensors
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
from safetensors import SafetensorError
from safetensors.numpy import load, save

from predict import context
from predict.designation import DesignationModel
from predict.errors import ModelError
from predict.features import FeatureSettings
from predict.html.model import NUMBERS, MarkupModel
from predict.labels import FLAGS, KINDS, LABELS, Status
from predict.model import ContextModel, HtmlModel, Model
from predict.scoring import HEADS, ParagraphModel

FORMAT = 2
WEIGHTS_FILE = "model.safetensors"
CARD_FILE = "card.json"
DEFAULT_MODEL = Path(__file__).resolve().parent.parent / "models" / "default"
MAX_FILE_BYTES = 64 << 20
_MAX_BITS = 22
_HEADER = "newsieve"  # the one metadata key; several would be written in no fixed order
_TAXONOMY = {"kinds": list(map(str, KINDS)), "labels": list(map(str, LABELS)), "flags": list(map(str, FLAGS))}

Arrays = dict[str, npt.NDArray[Any]]
Shapes = dict[str, tuple[str, tuple[int, ...]]]


def save_model(model: Model, folder: Path) -> None:
    """Write the model and its card into `folder`, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = model.paragraphs.settings
    arrays: Arrays = {
        "paragraphs.weights": model.paragraphs.weights.astype(np.float16),
        "paragraphs.bias": model.paragraphs.bias.astype(np.float32),
        **_page_arrays("pages", model.pages),
        "label_weights": model.label_weights.astype(np.float32),
        "flag_thresholds": model.flag_thresholds.astype(np.float32),
    }
    html = model.html
    if html is not None:
        arrays |= {
            **_page_arrays("html.pages", html.pages),
            "html.numbers": html.markup.numbers.astype(np.float32),
            "html.weights": html.markup.weights.astype(np.float16),
            "html.bias": html.markup.bias.astype(np.float32),
            "html.label_weights": html.label_weights.astype(np.float32),
            "html.flag_thresholds": html.flag_thresholds.astype(np.float32),
        }
    header: dict[str, Any] = {
        "format": FORMAT,
        "taxonomy": _TAXONOMY,
        "features": _features(settings),
        "policies": model.policies,
        "data": model.card.get("data", []),
    }
    told = model.designations
    if told is not None:
        arrays["designations.weights"] = told.model.weights.astype(np.float16)
        arrays["designations.bias"] = told.model.bias.astype(np.float32)
        header["designations"] = {
            "features": _features(told.model.settings),
            "statuses": list(map(str, told.statuses)),
            "states": list(told.states),
        }
    if html is not None:
        header["html"] = {"bits": html.markup.bits, "policies": html.policies}
    metadata = {_HEADER: json.dumps(header, sort_keys=True, ensure_ascii=False)}
    (folder / WEIGHTS_FILE).write_bytes(save({name: np.ascontiguousarray(a) for name, a in arrays.items()}, metadata))
    card = json.dumps(model.card, indent=2, ensure_ascii=False)
    (folder / CARD_FILE).write_text(card + "\n", encoding="utf-8")


def _features(settings: FeatureSettings) -> dict[str, Any]:
    return {"bits": settings.bits, "subword_lengths": list(settings.subword_lengths)}


def _page_arrays(name: str, pages: ContextModel) -> Arrays:
    rows = np.flatnonzero(np.abs(pages.bins).max(axis=1))
    return {
        f"{name}.dense": pages.dense.astype(np.float32),
        f"{name}.bias": pages.bias.astype(np.float32),
        f"{name}.bin_rows": rows.astype(np.int32),
        f"{name}.bin_weights": pages.bins[rows].astype(np.float16),
    }


def load_model(folder: Path | str | None = None) -> Model:
    """Read a model folder; the shipped one if None. Raises ModelError, which says what is wrong with which file."""
    folder = Path(folder) if folder is not None else default_model_folder()
    path = folder / WEIGHTS_FILE
    data = _read(path)
    header = _header(data, path)
    try:
        arrays: Arrays = load(data)
    except (SafetensorError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"{path}: not a whole safetensors file ({_one_line(error)})") from None
    _check_header(header, path)
    settings = _settings(header, path)
    _check_arrays(arrays, _text_arrays(settings), "pages", path)
    return Model(
        ParagraphModel(settings, _expanded(arrays["paragraphs.weights"]), arrays["paragraphs.bias"]),
        _pages(arrays, "pages"),
        arrays["label_weights"],
        arrays["flag_thresholds"],
        _policies(header, path),
        _card(folder),
        _designations(header, arrays, path),
        _html(header, arrays, path),
    )


def _html(header: dict[str, Any], arrays: Arrays, path: Path) -> HtmlModel | None:
    """The part for HTML, which a model may have."""
    part = header.get("html")
    if part is None:
        return None
    bits = part.get("bits") if isinstance(part, dict) else None
    if not (type(bits) is int and 1 <= bits <= _MAX_BITS):
        raise ModelError(f"{path}: HTML setting bits = {bits!r}, wanted 1 to {_MAX_BITS}")
    _check_arrays(arrays, _html_arrays(bits), "html.pages", path)
    return HtmlModel(
        MarkupModel(bits, arrays["html.numbers"], arrays["html.weights"], arrays["html.bias"]),
        _pages(arrays, "html.pages"),
        arrays["html.label_weights"],
        arrays["html.flag_thresholds"],
        _policies(part, path),
    )


def _pages(arrays: Arrays, name: str) -> ContextModel:
    bins = np.zeros((context.BINNED * context.BIN_SIZE, HEADS), np.float32)
    bins[arrays[f"{name}.bin_rows"]] = arrays[f"{name}.bin_weights"]
    return ContextModel(arrays[f"{name}.dense"], bins, arrays[f"{name}.bias"])


def default_model_folder() -> Path:
    """The shipped model: beside the packages in a checkout, inside `predict` in an installed wheel."""
    installed = Path(__file__).resolve().parent / "default_model"
    return installed if installed.is_dir() else DEFAULT_MODEL


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ModelError(f"{path}: {size} bytes; a model has at most {MAX_FILE_BYTES}")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: no model to read here ({error.strerror})") from None


def _header(data: bytes, path: Path) -> dict[str, Any]:
    """Our metadata, read before the arrays so that a file of a newer format is named as such."""
    try:
        length = int.from_bytes(data[:8], "little")
        raw = orjson.loads(data[8 : 8 + length])["__metadata__"][_HEADER]
        header = orjson.loads(raw)
    except (ValueError, KeyError, TypeError):
        raise ModelError(f"{path}: not a newsieve model (truncated, or without its metadata)") from None
    if not isinstance(header, dict):
        raise ModelError(f"{path}: metadata is not an object")
    return header


def _check_header(header: dict[str, Any], path: Path) -> None:
    if header.get("format") != FORMAT:
        raise ModelError(f"{path}: model format {header.get('format')!r}; this newsieve reads format {FORMAT}")
    if header.get("taxonomy") != _TAXONOMY:
        raise ModelError(f"{path}: the model's kinds, labels or flags are not those of this newsieve; train it again")


def _settings(header: dict[str, Any], path: Path) -> FeatureSettings:
    features = header.get("features")
    bits = features.get("bits") if isinstance(features, dict) else None
    lengths = features.get("subword_lengths") if isinstance(features, dict) else None
    if not (type(bits) is int and 1 <= bits <= _MAX_BITS):
        raise ModelError(f"{path}: feature setting bits = {bits!r}, wanted 1 to {_MAX_BITS}")
    if not (isinstance(lengths, list) and len(lengths) <= 8 and all(type(n) is int and 1 <= n <= 12 for n in lengths)):
        raise ModelError(
            f"{path}: feature setting subword_lengths = {lengths!r}, wanted at most 8 numbers from 1 to 12"
        )
    return FeatureSettings(bits, tuple(lengths))


def _policies(header: dict[str, Any], path: Path) -> dict[str, float]:
    policies = header.get("policies")
    if not isinstance(policies, dict) or not all(
        isinstance(v, (int, float)) and 0 <= v <= 1 for v in policies.values()
    ):
        raise ModelError(f"{path}: policies are not numbers from 0 to 1")
    return {str(name): float(value) for name, value in policies.items()}


def _text_arrays(settings: FeatureSettings) -> Shapes:
    return {
        "paragraphs.weights": ("float16", (settings.buckets, HEADS)),
        "paragraphs.bias": ("float32", (HEADS,)),
        "label_weights": ("float32", (len(LABELS),)),
        "flag_thresholds": ("float32", (len(FLAGS),)),
    }


def _html_arrays(bits: int) -> Shapes:
    return {
        "html.numbers": ("float32", (NUMBERS, HEADS)),
        "html.weights": ("float16", (1 << bits, HEADS)),
        "html.bias": ("float32", (HEADS,)),
        "html.label_weights": ("float32", (len(LABELS),)),
        "html.flag_thresholds": ("float32", (len(FLAGS),)),
    }


def _check_arrays(arrays: Arrays, wanted: Shapes, pages: str, path: Path) -> None:
    """Hold the arrays against what is wanted, those of the stage 2 named `pages` among it."""
    rows = arrays[f"{pages}.bin_rows"].size if f"{pages}.bin_rows" in arrays else 0
    wanted = wanted | {
        f"{pages}.dense": ("float32", (context.DENSE, HEADS)),
        f"{pages}.bias": ("float32", (HEADS,)),
        f"{pages}.bin_rows": ("int32", (rows,)),
        f"{pages}.bin_weights": ("float16", (rows, HEADS)),
    }
    for name, (dtype, shape) in wanted.items():
        _check_array(arrays, name, dtype, shape, path)
    index = arrays[f"{pages}.bin_rows"]
    if len(index) and not (index.min() >= 0 and index.max() < context.BINNED * context.BIN_SIZE):
        raise ModelError(f"{path}: {pages}.bin_rows points outside the table")


def _check_array(arrays: Arrays, name: str, dtype: str, shape: tuple[int, ...], path: Path) -> None:
    if name not in arrays:
        raise ModelError(f"{path}: {name} is missing")
    array = arrays[name]
    if array.dtype != dtype or array.shape != shape:
        raise ModelError(f"{path}: {name} is {array.dtype} {array.shape}, wanted {dtype} {shape}")
    if not _is_finite(array):
        raise ModelError(f"{path}: {name} holds numbers that are not finite")


def _is_finite(array: npt.NDArray[Any]) -> bool:
    if array.dtype == np.float16:  # by the exponent, which is all ones where it is not: ten times as fast as isfinite
        return not len(array) or bool((array.view(np.uint16) & np.uint16(0x7FFF)).max() < 0x7C00)
    return bool(np.isfinite(array).all())


def _expanded(array: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Finite float16 as float32, exactly, in a tenth of the time that `astype` takes: sign, exponent and fraction are
    moved to where float32 has them, and the exponent is then 112 too small."""
    bits = array.view(np.int16).astype(np.int32)
    bits <<= 13
    bits &= np.int32(-0x70002000)  # all but the copies of the sign and what was shifted in
    result = bits.view(np.float32)
    result *= np.float32(2.0**112)
    return result


def _designations(header: dict[str, Any], arrays: Arrays, path: Path) -> DesignationModel | None:
    """What tells designations apart; a model made without it has none."""
    about = header.get("designations")
    if about is None:
        return None
    about = about if isinstance(about, dict) else {}
    settings, statuses, states = _settings(about, path), _names(about.get("statuses")), _names(about.get("states"))
    if not (statuses and states):
        raise ModelError(f"{path}: designations without statuses or states")
    if not set(statuses) <= set(Status.__members__):
        raise ModelError(f"{path}: the model's statuses are not those of this newsieve; train it again")
    columns = len(statuses) + len(states)
    _check_array(arrays, "designations.weights", "float16", (settings.buckets, columns), path)
    _check_array(arrays, "designations.bias", "float32", (columns,), path)
    model = ParagraphModel(settings, arrays["designations.weights"], arrays["designations.bias"])
    return DesignationModel(model, tuple(Status[name] for name in statuses), tuple(states))


def _names(names: object) -> list[str]:
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else []


def _card(folder: Path) -> dict[str, object]:
    try:
        card = orjson.loads((folder / CARD_FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return card if isinstance(card, dict) else {}
