"""From the bytes of a page to its blocks."""

from __future__ import annotations

from predict.html.blocks import find_blocks
from predict.html.bounds import check_bytes, check_tags
from predict.html.encoding import decode, without_surrogates
from predict.html.head import find_language, find_title
from predict.html.markup import page_groups, page_shapes, page_tokens
from predict.html.page import Block, HtmlPage
from predict.streams import optional


def read_html(html: bytes | str, charset: str | None = None, hidden: bool = False) -> HtmlPage:
    """Read a page.

    charset: the label of the encoding that came with the bytes (in an HTTP header), if any. hidden: keep elements that
    are hidden. Raises InputError if the page is too large, too deep, or no HTML but something binary.

    >>> from predict import read_html
    >>> [block.text for block in read_html("<nav>Home</nav><p>The ferry is <b>late</b>.<script>x()</script>")]
    ['Home', 'The ferry is late.']
    """
    encoding = None
    if isinstance(html, bytes):
        check_bytes(html)
        text, encoding = decode(html, charset)
    else:
        text = without_surrogates(html)
    check_tags(text)
    lexbor = optional("selectolax.lexbor", "html")
    # Scripting as in a browser: what stands in <noscript> for its lack is not shown, and does not end <head>. Without
    # events: with them, each option of a list is compared with all others.
    tree = lexbor.LexborHTMLParser(text, scripting=True, options=lexbor.LexborDocumentOptions.WO_EVENTS.value)
    segments = find_blocks(tree.body, hidden) if tree.body is not None else []
    places = [segment.place for segment in segments]
    shapes = page_shapes(places)
    described = zip(segments, page_tokens(places, shapes), page_groups(places, shapes))
    blocks = (Block(segment.text, markup, groups) for segment, markup, groups in described)
    return HtmlPage(blocks, find_title(tree), find_language(tree), encoding)
