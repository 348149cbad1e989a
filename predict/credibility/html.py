"""The report as one page of HTML that needs nothing else: no network, no server, no script to be read.

Everything on it comes from strangers' pages, so every text goes through `html.escape`, in one function; the page also
forbids itself to load or run anything but its own style and script, which are named by their hashes. Sorting and
finding need that script; without it everything is still there to read.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

from predict.credibility.findings import (
    Change,
    Contradiction,
    Statement,
    changes_of,
    contradictions_of,
    statements_of,
)
from predict.credibility.publishers import Publisher
from predict.credibility.report import MAX_PUBLISHERS, NOTE, OTHERS, Report
from predict.credibility.statements import MAX_STATEMENTS, Evidence
from predict.credibility.table import per_page, seen_on, title_of, told
from predict.labels import FLAGS, LABELS, Flag, Label
from predict.table import counted, percent

OPEN_STATEMENTS = 8  # of a flag; the others are folded away
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_HERE = Path(__file__).resolve().parent
_ORDERS = (
    ("name", "name"),
    ("pages", "pages"),
    ("designations", "designations"),
    ("statements", "statements"),
    ("appeals", "appeals per page"),
    ("notices", "ad notices per page"),
    ("journalism", "share of journalism"),
    ("look", "worth a look"),
)
_HEADINGS = {Flag.designation: "Designated by a state", Flag.ownership: "Ownership", Flag.mission: "Mission"}


def html_page(report: Report) -> str:
    """The whole page."""
    publishers = report.publishers()
    style, script = _asset("style.css"), _asset("sort.js")
    cards = [_card(at, title_of(name, len(publishers)), each) for at, (name, each) in enumerate(publishers)]
    options = "".join(f'<option value="{key}">{label}</option>' for key, label in _ORDERS)
    legend = "".join(f'<li><i class="{label}"></i>{_words(label)}</li>' for label in LABELS)
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'"
    total = sum(publisher.pages for _, publisher in publishers)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="initial-scale=1, width=device-width">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>What publishers say about themselves</title>
<style>{style}</style>
</head>
<body>
<header class="top">
<h1>What publishers say about themselves</h1>
<p class="note">{_text(f"{counted(len(publishers), 'publisher')}, {counted(total, 'page')}.")} {_text(NOTE)}</p>
<div class="tools" hidden>
<label for="order">Sort by</label> <select id="order">{options}</select>
<input id="find" type="search" placeholder="Find a name or a word" aria-label="Find a name or a word">
<span id="shown" role="status"></span>
</div>
<ul class="legend" aria-label="What pages are made of, in characters">{legend}</ul>
</header>
<main>
{"".join(cards) or '<p class="none">No pages.</p>'}
</main>
<footer>{_others(report)}<p>Made by newsieve. Quotes are the publishers' own words; what a paragraph is was judged by a
model, which errs: look at the page before you rely on it.</p></footer>
<script>{script}</script>
</body>
</html>
"""


def _asset(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _text(text: str) -> str:
    """Text as HTML. What could reorder the line or is no character at all becomes "�"."""
    return escape(_UNSAFE.sub("\ufffd", text), quote=True)


def _words(name: object) -> str:
    return str(name).replace("_", " ")


def _others(report: Report) -> str:
    if report.others is None:
        return ""
    return f"<p>Only {MAX_PUBLISHERS:,} publishers are told apart; the others are counted under {_text(OTHERS)}.</p>"


# --- a publisher -----------------------------------------------------------------------------------------------------


def _card(at: int, title: str, publisher: Publisher) -> str:
    statements = statements_of(publisher)
    changes, contradictions = changes_of(publisher), contradictions_of(publisher)
    appeals, notices = per_page(publisher, Label.fundraising), per_page(publisher, Label.ad_notice)
    characters = sum(publisher.characters)
    share = publisher.characters[LABELS.index(Label.journalism)] / max(1, characters)
    data = {
        "at": at,
        "pages": publisher.pages,
        "designations": publisher.flags[Flag.designation].paragraphs,
        "statements": len(statements),
        "appeals": round(appeals, 4),
        "notices": round(notices, 4),
        "journalism": round(share, 4),
        "look": len(changes) + len(contradictions),
    }
    attributes = " ".join(f'data-{key}="{value}"' for key, value in data.items())
    body = [
        *(_flag_section(flag, publisher, [s for s in statements if s.flags[0] is flag]) for flag in FLAGS),
        _changes(changes),
        _contradictions(contradictions),
    ]
    sections = "".join(body) or '<p class="none">Nothing was found that this publisher says about itself.</p>'
    return f"""<article {attributes}>
<header><h2 dir="auto">{_text(title)}</h2></header>
<p class="facts">{_text(seen_on(publisher.pages, publisher.first, publisher.last))} ·
{_text(counted(sum(publisher.paragraphs), "paragraph"))} ·
a page has {appeals:.1f} appeals and {notices:.1f} ad notices</p>
{_bar(publisher)}
{sections}
</article>
"""


def _bar(publisher: Publisher) -> str:
    total = max(1, sum(publisher.characters))
    parts, names, left = [], [], 0.0
    for label, characters in zip(LABELS, publisher.characters):
        if characters:
            share = 100 * characters / total
            names.append(f"{_words(label)} {percent(characters, total).strip()}")
            parts.append(f'<rect class="{label}" x="{left:.3f}" width="{share:.3f}" height="1"/>')
            left += share
    what = ", ".join(names) or "no text"
    return (
        f'<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" role="img" aria-label="{what}">'
        f"<title>{what}</title>{''.join(parts)}</svg>"
    )


def _flag_section(flag: Flag, publisher: Publisher, statements: list[Statement]) -> str:
    if not statements:
        return ""
    figures = [_statement(each) for each in statements]
    shown, hidden = figures[:OPEN_STATEMENTS], figures[OPEN_STATEMENTS:]
    more = f"<details><summary>{len(hidden)} more</summary>{''.join(hidden)}</details>" if hidden else ""
    full = f'<p class="where">More than {MAX_STATEMENTS} distinct ones; a sample of them is held.</p>'
    held = full if publisher.flags[flag].table.full else ""
    return f"<section><h3>{_HEADINGS[flag]}</h3>{''.join(shown)}{more}{held}</section>\n"


def _statement(statement: Statement) -> str:
    evidence = statement.shown
    quote = evidence.quote
    designation = told(quote.status, quote.state).replace("_", " ")
    badge = f'<span class="badge">{_text(designation)}</span>' if designation else ""
    notes = [f"{quote.probability:.0%}", *_place(evidence), seen_on(statement.pages, *statement.dates)]
    if statement.flags[1:]:
        notes.append("also " + " and ".join(map(str, statement.flags[1:])))
    if len(statement.variants) > 1:
        notes.append(f"{len(statement.variants)} wordings")
    kind = ' class="designation"' if statement.flags[0] is Flag.designation else ""
    return f"<figure{kind}>{badge}{_quote(evidence)}{_caption(notes)}</figure>"


def _quote(evidence: Evidence) -> str:
    quote = evidence.quote
    before = f'<span class="context">{_text(quote.before)}</span><br>' if quote.before else ""
    after = f'<br><span class="context">{_text(quote.after)}</span>' if quote.after else ""
    return f'<blockquote dir="auto">{before}{_text(quote.text.strip())}{after}</blockquote>'


def _place(evidence: Evidence) -> Iterator[str]:
    quote = evidence.quote
    offsets = f" (characters {quote.start:,} to {quote.end:,})" if quote.start is not None and quote.end else ""
    page = f"{quote.page}, " if quote.page is not None else ""
    yield f"{page}paragraph {quote.paragraph}{offsets}"


def _caption(notes: list[str]) -> str:
    return f'<figcaption class="where">{" · ".join(map(_text, notes))}</figcaption>'


def _changes(changes: list[Change]) -> str:
    if not changes:
        return ""
    made = [
        '<div class="sides">'
        + _side(change.old, f"{change.flag}, until {change.old.last}")
        + _side(change.new, f"since {change.new.first}")
        + "</div>"
        for change in changes
    ]
    return f"<section><h3>Changed</h3>{''.join(made)}</section>\n"


def _contradictions(contradictions: list[Contradiction]) -> str:
    if not contradictions:
        return ""
    made = [
        f'<p class="about">{_text(each.about)}</p><div class="sides">' + _side(each.one) + _side(each.other) + "</div>"
        for each in contradictions
    ]
    return f"<section><h3>Worth a look</h3>{''.join(made)}</section>\n"


def _side(evidence: Evidence, *notes: str) -> str:
    return f"<figure>{_quote(evidence)}{_caption([*notes, *_place(evidence)])}</figure>"
