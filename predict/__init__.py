"""newsieve: tells journalism from everything else on a news page.

from predict import Classifier
sieve = Classifier.load()
page = sieve.classify(text)
page.journalism                       # the text that remains
for p in page: p.kind, p.label, p.flags, p.probability, p.text
"""

from predict.classifier import Classifier
from predict.designation import Designation
from predict.errors import InputError, ModelError, NewsieveError
from predict.labels import FLAGS, KINDS, LABELS, Flag, Kind, Label, Status
from predict.page import Page, Paragraph

__version__ = "0.1.0"

__all__ = [
    "FLAGS",
    "KINDS",
    "LABELS",
    "Classifier",
    "Designation",
    "Flag",
    "InputError",
    "Kind",
    "Label",
    "ModelError",
    "NewsieveError",
    "Page",
    "Paragraph",
    "Status",
    "__version__",
]
