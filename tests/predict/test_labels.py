"""The taxonomy: names that data, model files and other people's programs hold."""

from __future__ import annotations

import json

import pytest

from predict import FLAGS, KINDS, LABELS, Flag, Kind, Label, Status
from predict.model import KIND_TO_LABEL
from tests.program import ROOT


def test_seven_kinds_five_labels_three_flags_in_their_order() -> None:
    assert " ".join(KINDS) == "story teaser credit interface fundraising ad_notice self_description"
    assert " ".join(LABELS) == "journalism ui_residue fundraising ad_notice self_description"
    assert " ".join(FLAGS) == "designation ownership mission"


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("story", "journalism"),
        ("teaser", "ui_residue"),
        ("credit", "ui_residue"),
        ("interface", "ui_residue"),
        ("fundraising", "fundraising"),
        ("ad_notice", "ad_notice"),
        ("self_description", "self_description"),
    ],
)
def test_every_kind_belongs_to_one_label(kind: str, label: str) -> None:
    assert Kind(kind).label is Label(label)
    assert KIND_TO_LABEL[KINDS.index(Kind(kind))].tolist() == [float(name == label) for name in LABELS]


@pytest.mark.parametrize("names", [Kind, Label, Flag, Status])
def test_members_are_text_wherever_text_is_wanted(names: type[Kind]) -> None:
    for member in names:
        assert member.name == member.value == str(member) == f"{member}" == member
        assert json.loads(json.dumps([member])) == [str(member)]


def test_the_guide_explains_every_name() -> None:
    guide = (ROOT / "data" / "GUIDE.md").read_text(encoding="utf-8")
    assert [name for name in (*KINDS, *LABELS, *FLAGS) if f"`{name}`" not in guide] == []
