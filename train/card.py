"""The model card: what the model was made of and how good it is, written by the code that made it."""

from __future__ import annotations

import platform
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import sklearn

from predict import __version__
from predict.labels import LABELS, Label
from predict.model import Answers, HtmlModel, Model, decide
from train.corpus import Corpus, CorpusFile
from train.decisions import is_journalism
from train.fit import Fitted
from train.html_fit import FittedHtml
from train.scores import Scores, measure, truth_of
from train.settings import TrainSettings
from train.stage_2 import ContextRows
from train.standoff import applied

OWN_DATA = "CC BY 4.0, written for this project"
FOREIGN_DATA = "used to train and to measure, not redistributed"


def model_card(
    corpus: Corpus,
    fitted: Fitted,
    settings: TrainSettings,
    html: FittedHtml | None = None,
    own_alone: Scores | None = None,
) -> dict[str, object]:
    """Describe a fitted model. Its scores are held out: by publisher, in the same folds for both stages.

    own_alone: what a model of the project's own data alone reaches on the pages of others.
    """
    held_out = fitted.held_out
    answers = fitted.model.decide(fitted.held_out_scores)
    given = answers.flags >= fitted.model.flag_thresholds
    scores = measure(answers, given, truth_of(held_out))
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
        "counts": {
            "pages": len(corpus.pages),
            "single_paragraphs": len(corpus.singles),
            "standoff_labels": applied(corpus.pages),
        },
        "settings": _settings(settings),
        "held_out": {
            "how": f"{settings.folds} folds by publisher over the labelled paragraphs of the pages in `data`, "
            f"whole, as an extractor leaves them, and in pieces; nothing of a fold's publishers in its training",
            **scores.as_dict(),
        },
        "policies": _policies(fitted.model, held_out, answers),
        "label_weights": [round(float(w), 3) for w in fitted.model.label_weights],
        "flag_thresholds": [round(float(t), 3) for t in fitted.model.flag_thresholds],
        **({"own_data_alone": _own_alone(own_alone)} if own_alone else {}),
        **({"html": _html(html)} if html else {}),
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


def own_rows(corpus: Corpus) -> npt.NDArray[np.bool_]:
    """Mask over the rows of a corpus (pages first): those of the project's own data, which anybody can have."""
    files = [page.source_file for page in corpus.pages for _ in page.paragraphs]
    files += [single.source_file for single in corpus.singles]
    return np.array([_is_own(name) for name in files], bool)


def _is_own(name: str) -> bool:
    return "data" in Path(name).parts


def _own_alone(scores: Scores) -> dict[str, Any]:
    how = "the same command without the files of others: fitted on the project's own data, measured on their pages"
    return {"how": how, **scores.as_dict()}


def _file_entry(file: CorpusFile) -> dict[str, Any]:
    path = Path(file.name)
    own = _is_own(file.name)
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


def _html(html: FittedHtml) -> dict[str, Any]:
    """The part for HTML, described as the whole is."""
    data, model = html.held_out, html.model
    answers = decide(html.held_out_scores, model.label_weights)
    scores = measure(answers, answers.flags >= model.flag_thresholds, truth_of(data))
    return {
        "what": "Used instead of stage 2 for pages that come as HTML; stage 1 for text is among its inputs.",
        "held_out": {
            "how": "folds by publisher over the labelled paragraphs that are found as blocks of their page's HTML",
            **scores.as_dict(),
        },
        "policies": _policies(model, data, answers),
        "label_weights": [round(float(w), 3) for w in model.label_weights],
        "flag_thresholds": [round(float(t), 3) for t in model.flag_thresholds],
    }


def _policies(model: Model | HtmlModel, data: ContextRows, answers: Answers) -> dict[str, dict[str, float]]:
    """What each policy loses and removes, measured in characters on the held-out scores."""
    fair = ~data.standoff
    journalism = answers.probabilities[fair, LABELS.index(Label.journalism)]
    story, chars = is_journalism(data.kinds[fair]), data.chars[fair]
    found = {}
    for name, least in model.policies.items():
        kept = journalism >= least
        found[name] = {
            "least_probability": least,
            "journalism_kept": _share(chars, kept & story, story),
            "rest_removed": _share(chars, ~kept & ~story, ~story),
        }
    return found


def _share(chars: np.ndarray[Any, np.dtype[np.int64]], part: Any, whole: Any) -> float:
    return round(float(chars[part].sum() / max(1, chars[whole].sum())), 4)
