"""The model card: what the model was made of and how good it is, written by the code that made it."""

from __future__ import annotations

import platform
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import sklearn

from predict import __version__
from predict.labels import LABELS, Label
from train.corpus import Corpus, CorpusFile
from train.decisions import is_journalism
from train.fit import Fitted
from train.scores import Truth, measure
from train.settings import TrainSettings

OWN_DATA = "CC BY 4.0, written for this project"
FOREIGN_DATA = "used to train and to measure, not redistributed"


def model_card(corpus: Corpus, fitted: Fitted, settings: TrainSettings) -> dict[str, object]:
    """Describe a fitted model. Its scores are held out: by publisher, in the same folds for both stages."""
    held_out = fitted.held_out
    answers = fitted.model.decide(fitted.held_out_scores)
    given = answers.flags >= fitted.model.flag_thresholds
    scores = measure(answers, given, Truth(held_out.kinds, held_out.flags, held_out.chars))
    return {
        "name": "newsieve",
        "version": __version__,
        "date": date.today().isoformat(),
        "made_with": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "data": [_file_entry(file) for file in corpus.files],
        "counts": {"pages": len(corpus.pages), "single_paragraphs": len(corpus.singles)},
        "settings": _settings(settings),
        "held_out": {
            "how": f"{settings.folds} folds by publisher over the labelled paragraphs of the pages in `data`, "
            f"whole and as an extractor leaves them; nothing of a fold's publishers in its training",
            **scores.as_dict(),
        },
        "policies": {name: _policy(fitted, least) for name, least in fitted.model.policies.items()},
        "label_weights": [round(float(w), 3) for w in fitted.model.label_weights],
        "flag_thresholds": [round(float(t), 3) for t in fitted.model.flag_thresholds],
        "limits": [
            "Reads the first 20,000 characters of a paragraph.",
            "Languages that the data does not show are answered from shape, numbers and place on the page.",
            "A flag says that a publisher describes itself, not that what it says is true.",
        ],
    }


def corrected_card(base: dict[str, object], corpus: Corpus) -> dict[str, object]:
    """The card of a model that was corrected: its scores are those of the model before."""
    files = [_file_entry(file) for file in corpus.files]
    note = "corrected with these files after it was measured; the scores are those from before"
    return {**base, "date": date.today().isoformat(), "corrected": {"note": note, "data": files}}


def _file_entry(file: CorpusFile) -> dict[str, Any]:
    path = Path(file.name)
    own = "data" in path.parts
    return {
        "file": "/".join(path.parts[path.parts.index("data") :]) if own else path.name,
        "sha256": file.sha256,
        "records": file.records,
        "terms": OWN_DATA if own else FOREIGN_DATA,
    }


def _settings(settings: TrainSettings) -> dict[str, Any]:
    values = {name: getattr(settings, name) for name in settings.__annotations__ if name not in ("features", "jobs")}
    features = settings.features
    return {"bits": features.bits, "subword_lengths": list(features.subword_lengths), **values}


def _policy(fitted: Fitted, least: float) -> dict[str, float]:
    """What a policy loses and removes, measured in characters on the held-out scores."""
    data = fitted.held_out
    journalism = fitted.model.decide(fitted.held_out_scores).probabilities[:, LABELS.index(Label.journalism)]
    story = is_journalism(data.kinds)
    kept = journalism >= least
    return {
        "least_probability": least,
        "journalism_kept": _share(data.chars, kept & story, story),
        "rest_removed": _share(data.chars, ~kept & ~story, ~story),
    }


def _share(chars: np.ndarray[Any, np.dtype[np.int64]], part: Any, whole: Any) -> float:
    return round(float(chars[part].sum() / max(1, chars[whole].sum())), 4)
