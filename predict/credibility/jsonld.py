"""The report in schema.org terms, as JSON-LD.

A publisher becomes a `NewsMediaOrganization` [1]. schema.org's own properties take what fits them: statements about
ownership and funding go to `ownershipFundingInfo`, statements about mission and standards to `publishingPrinciples`,
of which `ethicsPolicy`, `missionCoveragePrioritiesPolicy` and the like are narrower forms; the flag `mission` does not
tell those apart, so the wider one is used.

schema.org has no word for a designation, nor for what pages are made of. These stand in an `ItemList` of observations
about the organisation, each a `PropertyValue` with the quotes it rests on, in the spirit of the Credible Web
Community Group's signals [2]: measured, quoted, and without a verdict. There is no `ClaimReview`: nothing is reviewed.

[1] https://schema.org/NewsMediaOrganization  [2] https://credweb.org/signals-20191126
"""

from __future__ import annotations

from typing import Any

from predict.credibility.findings import Statement, changes_of, contradictions_of, statements_of
from predict.credibility.publishers import Publisher
from predict.credibility.report import NOTE, Report
from predict.credibility.statements import Evidence, Quote
from predict.credibility.table import title_of
from predict.labels import LABELS, Flag, Label

CONTEXT = "https://schema.org"
Node = dict[str, Any]


def jsonld(report: Report) -> Node:
    """All publishers as a graph: an organisation and a list of observations for each."""
    publishers = report.publishers()
    graph = []
    for number, (name, publisher) in enumerate(publishers, 1):
        graph += _nodes(f"_:publisher{number}", title_of(name, len(publishers)), publisher)
    return {"@context": CONTEXT, "@graph": graph}


def _nodes(identity: str, name: str, publisher: Publisher) -> list[Node]:
    statements = statements_of(publisher)
    organisation: Node = {"@type": "NewsMediaOrganization", "@id": identity, "name": name}
    if "." in name and " " not in name and "/" not in name:
        organisation["url"] = f"https://{name}"
    owned = [_work(s.shown_under(Flag.ownership)) for s in statements if Flag.ownership in s.flags]
    stands = [_work(s.shown_under(Flag.mission)) for s in statements if Flag.mission in s.flags]
    if owned:
        organisation["ownershipFundingInfo"] = owned
    if stands:
        organisation["publishingPrinciples"] = stands
    return [organisation, _observations(identity, name, publisher, statements)]


def _observations(identity: str, name: str, publisher: Publisher, statements: list[Statement]) -> Node:
    found = [
        _value("pages", publisher.pages),
        *(_value(f"paragraphs: {label}", n) for label, n in zip(LABELS, publisher.paragraphs)),
        _value("appeals per page", _per_page(publisher, Label.fundraising)),
        _value("ad notices per page", _per_page(publisher, Label.ad_notice)),
        *(_designation(s) for s in statements if Flag.designation in s.flags),
    ]
    for change in changes_of(publisher):
        found.append(_value("statement changed", str(change.flag), change.old, change.new))
    for each in contradictions_of(publisher):
        found.append(_value("worth a look", each.about, each.one, each.other))
    return {
        "@type": ["ItemList", "CreativeWork"],
        "name": f"Observations about {name}",
        "description": NOTE,
        "about": {"@id": identity},
        "numberOfItems": len(found),
        "itemListElement": found,
    }


def _per_page(publisher: Publisher, label: Label) -> float:
    return round(publisher.paragraphs[LABELS.index(label)] / max(1, publisher.pages), 4)


def _designation(statement: Statement) -> Node:
    evidence = statement.shown_under(Flag.designation)
    quote = evidence.quote
    node = _value("designation by a state", quote.status or "unknown", evidence)
    if quote.state is not None:
        node["valueReference"] = {"@type": "PropertyValue", "name": "state (ISO 3166-1)", "value": quote.state}
    return node


def _value(name: str, value: str | float, *evidence: Evidence) -> Node:
    node: Node = {"@type": "PropertyValue", "name": name, "value": value}
    if evidence:
        node["subjectOf"] = [_work(each) for each in evidence]
    return node


def _work(evidence: Evidence) -> Node:
    """A quote as a work of its own, within the page that it stands on."""
    quote = evidence.quote
    node: Node = {"@type": "Quotation", "text": quote.text, "position": quote.paragraph, **_page(quote)}
    if evidence.first is not None and evidence.last is not None:
        node["temporalCoverage"] = f"{evidence.first}/{evidence.last}"
    return node


def _page(quote: Quote) -> Node:
    return {} if quote.page is None else {"isPartOf": {"@type": "WebPage", "identifier": quote.page}}
