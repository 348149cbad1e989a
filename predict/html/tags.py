"""Which elements do what: the parts of the HTML standard that the rest of this package asks for, as sets of tags.

[1] https://html.spec.whatwg.org/multipage/rendering.html, and .../parsing.html for the last five
"""

from __future__ import annotations


def _tags(names: str) -> frozenset[str]:
    return frozenset(names.split())


BREAKING = _tags(  # a block of text ends where one of these begins or ends
    """address article aside audio blockquote body button canvas caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr html iframe input label legend li main
    menu nav ol optgroup option p pre search section select summary table tbody td textarea tfoot th thead tr ul
    video"""
)
UNSEEN = _tags(  # what stands in these is not shown as text, or only to those who cannot have the thing itself
    """audio canvas datalist head iframe math noembed noframes noscript object script style svg template textarea title
    video"""
)
LANDMARKS = _tags("address article aside dialog figure footer form header main menu nav table")

FORMATTING = _tags("b big code em font i nobr s small strike strong tt u")  # opened again where a block has closed them
FLAT = _tags(  # without content, or ended by the next of their kind
    """a area base basefont bgsound body br col dd dt embed frame head hr html img input keygen li link meta option p
    param source tbody td tfoot th thead tr track wbr"""
)
BLOCKS = _tags(  # their end tags close what is open within
    """address article aside blockquote button center details dialog dir div dl fieldset figcaption figure footer form
    h1 h2 h3 h4 h5 h6 header hgroup main menu nav ol pre search section summary ul"""
)
BARRIERS = _tags(  # which an end tag does not reach beyond
    """annotation-xml applet caption desc foreignobject marquee mi mn mo ms mtext object select table template title"""
)
SCRIPTS = _tags("script style")
RAW = _tags("iframe noembed noframes noscript plaintext textarea title xmp") | SCRIPTS  # hold text, not tags
FOREIGN = _tags("math svg")
