"""Pages to read, and the generator of pages that nobody would write."""

from __future__ import annotations

from hypothesis import strategies as st

from predict.html.tags import BREAKING, FORMATTING, RAW, UNSEEN

PAGE = """<!doctype html>
<html lang="en-GB"><head><title>Night bus stays | Harrowmere Post</title>
<meta property="og:title" content="Council votes to keep the night bus">
<style>p { color: red }</style><script>document.write("<p>not a paragraph</p>")</script></head>
<body><nav class="siteNav top-menu"><ul><li><a href="/">Home</a><li><a href="/news/local">Local news</a></ul></nav>
<main><article><h1>Council votes to keep the night bus</h1>
<p class="byline">By <a rel="author" href="/staff/marta">Marta Ilves</a></p>
<p>The town council of Harrowmere <b>voted on Tuesday</b> to keep the night bus.<br>Protests had gone on for weeks.</p>
<div>"Nobody walks home at three by choice," said one nurse.<br><br>She asked not to be named.</div>
<noscript>Switch on JavaScript</noscript><template><p>Unused</p></template>
<p hidden>Hidden by its attribute</p><p style="color:red; display: none">Hidden by its style</p>
<table><tr><td>Cost<td>90,000</table></article></main>
<form><label>Mail</label><button>Sign up</button><select><option>Daily<option>Weekly</select></form>
<footer>Support us: <a href="https://give.example/donate">donate today</a></footer></body></html>"""

TEXTS = [
    "Home",
    "Local news",
    "Council votes to keep the night bus",
    "By Marta Ilves",
    "The town council of Harrowmere voted on Tuesday to keep the night bus. Protests had gone on for weeks.",
    '"Nobody walks home at three by choice," said one nurse.',
    "She asked not to be named.",
    "Cost",
    "90,000",
    "Mail",
    "Sign up",
    "Daily",
    "Weekly",
    "Support us: donate today",
]

_TAGS = sorted(
    BREAKING | UNSEEN | FORMATTING | RAW | {"a", "span", "br", "ruby", "rt", "svg", "math", "desc", "plaintext"}
)
_ATTRIBUTES = st.sampled_from(
    [
        "",
        " hidden",
        ' style="display:none"',
        " class='a b'",
        ' title="</div>"',
        " x=<!--",
        ' y="',
        " =",
        "/",
        ' href="//["',
    ]
)
_BITS = st.one_of(
    st.builds("<{}{}>".format, st.sampled_from(_TAGS), _ATTRIBUTES),
    st.builds("</{}>".format, st.sampled_from(_TAGS)),
    st.sampled_from(
        [
            "<!--",
            "-->",
            "--!>",
            "<![CDATA[",
            "]]>",
            "<!doctype html>",
            "<?",
            "</",
            "<",
            "&amp;",
            "&#0;",
            "&#xD800;",
            "\0",
        ]
    ),
    st.text(max_size=8),
)
soup = st.lists(_BITS, max_size=60).map("".join)
