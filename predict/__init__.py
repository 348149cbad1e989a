"""newsieve: tells journalism from everything else on a news page.

from predict import Classifier
sieve = Classifier.load()
page = sieve.classify(text)
page.journalism                       # the text that remains
for p in page: p.kind, p.label, p.flags, p.probability, p.text

from predict import read_html             # needs newsieve[html]
page = sieve.classify(read_html(data))
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from predict.classifier import Classifier
from predict.designation import Designation
from predict.errors import InputError, ModelError, NewsieveError
from predict.labels import FLAGS, KINDS, LABELS, Flag, Kind, Label, Status
from predict.page import Page, Paragraph

if TYPE_CHECKING:
    from predict.html.page import Block, HtmlPage
    from predict.html.reader import read_html

__version__ = "0.1.0"

__all__ = [
    "FLAGS",
    "KINDS",
    "LABELS",
    "Block",
    "Classifier",
    "Designation",
    "Flag",
    "HtmlPage",
    "InputError",
    "Kind",
    "Label",
    "ModelError",
    "NewsieveError",
    "Page",
    "Paragraph",
    "Status",
    "__version__",
    "read_html",
]


def __getattr__(name: str) -> Any:
    """Import what is for HTML when it is first asked for; text needs none of it."""
    if name in ("Block", "HtmlPage", "read_html"):
        return getattr(import_module("predict.html.reader"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
