"""What a page says about itself as a whole: its title and its language."""

from __future__ import annotations

import re
from typing import Any

from predict.html.blocks import clean_text

MAX_TITLE_CHARS = 1_000
_LANGUAGE = re.compile("[a-z]{2,3}")


def find_title(tree: Any) -> str:
    """Return the title: of `og:title`, else `<title>`, else the first `<h1>`; "" if there is none.

    The model compares paragraphs with it word by word. `og:title` is the headline without the site's name.
    """
    for node in (tree.css_first('meta[property="og:title"]'), tree.css_first('meta[name="twitter:title"]')):
        if node is not None and (title := clean_text(node.attributes.get("content") or "")):
            return title[:MAX_TITLE_CHARS]
    for node in (tree.css_first("head title"), tree.css_first("h1")):
        if node is not None and (title := clean_text(node.text(deep=True))):
            return title[:MAX_TITLE_CHARS]
    return ""


def find_language(tree: Any) -> str:
    """Return the language that the page declares, as a code of two or three letters; "" if it declares none."""
    root = tree.css_first("html")
    meta = tree.css_first('meta[http-equiv="content-language" i]')
    locale = tree.css_first('meta[property="og:locale"]')
    declared = [root.attributes.get("lang") or root.attributes.get("xml:lang")] if root is not None else []
    declared += [node.attributes.get("content") for node in (meta, locale) if node is not None]
    for value in declared:
        if value and (found := _LANGUAGE.match(value.strip().lower())):
            return found.group()
    return ""
