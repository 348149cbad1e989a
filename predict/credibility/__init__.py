"""What publishers say about themselves, collected with the quote and the place that each point rests on.

The package in the order in which things happen:

    claims         what may contradict something else: a heuristic, documented as one
    observing      one classified page: what it adds to its publisher
    statements     one statement: best place, how often, since when; capped tables that merge exactly
    publishers     one publisher: counts and statements, a sum over pages
    report         all publishers; merging
    transform      what the pipeline does with each page
    json_form      the report as JSON, and back
    folding        near-duplicates
    findings       distinct statements, changes, contradictions, worked out for showing
    table, html, jsonld    the forms; writing: as files

A report gives no verdict. docs/credibility.md says what each part means and what must not be concluded from it.
"""

from predict.credibility.observing import observe
from predict.credibility.report import NOTE, OTHERS, Report

__all__ = ["NOTE", "OTHERS", "Report", "observe"]
