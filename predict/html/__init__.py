"""HTML: pages as they were fetched, read into blocks of text and what the markup says about them.

    bytes ──encoding──▶ text ──bounds──▶ parser ──blocks──▶ text of each block
                                            ├────markup───▶ tokens of each block ──model──▶ scores
                                            └─────head────▶ title, language

`reader` puts these together; `page` holds what comes out. The parser is selectolax [1] (lexbor), which builds the tree
that browsers build; docs/html.md says why. It comes with the extra: pip install newsieve[html].

[1] https://github.com/rushter/selectolax
"""
