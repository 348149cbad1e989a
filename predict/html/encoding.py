"""Encoding: which characters the bytes of a page stand for, found out as browsers do it.

In this order, the first that says something [1]: a byte order mark; the encoding that came with the page (an HTTP
header); a `<meta>` in the head of the page (browsers look at the first 1,024 bytes, and start again if the parser meets
one later); and where nobody says anything, windows-1252. One thing is done otherwise: bytes beyond ASCII that are UTF-8
throughout are read as UTF-8 whatever a `<meta>` says, or none. Pages that were saved, or taken from a corpus, were
often converted and kept their old `<meta>`, and text in another encoding is hardly ever UTF-8 by chance. Labels mean
what the Encoding Standard [2] says they mean, which is not what Python takes them for: "iso-8859-1" is windows-1252,
"gb2312" is GBK.

A declaration is often wrong. Bytes that the declared encoding does not have become U+FFFD; nothing raises.

[1] https://html.spec.whatwg.org/multipage/parsing.html#determining-the-character-encoding
[2] https://encoding.spec.whatwg.org/
"""

from __future__ import annotations

import re
from typing import Any

from predict.streams import optional

_HEAD_BYTES = 1 << 16
_BODY = re.compile(rb"<body[\s/>]", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--(?:-?>|.*?(?:--!?>|\Z))", re.DOTALL)
_META = re.compile(rb"<meta[\s/](?:[^>\"']|\"[^\"]*\"|'[^']*')*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(rb"([^\s/>=]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+))?")
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([^\s;\"']+)", re.IGNORECASE)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def decode(data: bytes, charset: str | None = None) -> tuple[str, str]:
    """Return the text of a page and the name of its encoding. charset: a label that came with it, if any."""
    webencodings = optional("webencodings", "html")
    declared = webencodings.lookup(charset) if charset else None
    fallback = declared or _undeclared(data) or _declared(data[:_HEAD_BYTES], webencodings) or "windows-1252"
    text, encoding = webencodings.decode(data, fallback, errors="replace")
    # A lone surrogate in UTF-16 is U+FFFD for browsers.
    return without_surrogates(text), str(encoding.name)


def without_surrogates(text: str) -> str:
    """Replace lone surrogates, which no encoding can write, by U+FFFD."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def _declared(head: bytes, webencodings: Any) -> Any:
    """The encoding that a meta element names, or None."""
    for meta in _META.findall(_BODY.split(_COMMENT.sub(b"", head), 1)[0]):
        attributes: dict[bytes, bytes] = {}
        for name, value in _ATTRIBUTE.findall(meta[5:-1]):
            attributes.setdefault(name.lower(), value.strip(b"\"'"))
        label = attributes.get(b"charset")
        if label is None and attributes.get(b"http-equiv", b"").lower() == b"content-type":
            found = _CHARSET.search(attributes.get(b"content", b""))
            label = found.group(1) if found else None
        encoding = webencodings.lookup(label.decode("latin-1")) if label else None
        if encoding is not None:
            # What names itself in ASCII cannot be UTF-16; nobody means x-user-defined.
            replaced = {"utf-16le": "utf-8", "utf-16be": "utf-8", "x-user-defined": "windows-1252"}
            return webencodings.lookup(replaced.get(encoding.name, encoding.name))
    return None


def _undeclared(data: bytes) -> str | None:
    """UTF-8 if the bytes are proof enough of it, or None."""
    if data.isascii():
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "utf-8"
