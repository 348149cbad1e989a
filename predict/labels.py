"""The taxonomy: what a paragraph of a news page can be.

Every other module speaks in these words, and data files, model files and records hold their very
values. A *kind* is the fine answer (seven), a *label* the coarse one that users see first (five), a
*flag* marks a paragraph in which the publisher of the page describes itself. `data/GUIDE.md` says
what each one means, with examples.
"""

from __future__ import annotations

from enum import Enum


class _Name(str, Enum):
    """An enum whose members are their own names, so that they can be compared with and written as text."""

    def __str__(self) -> str:
        return str(self.value)


class Label(_Name):
    """What a paragraph is to somebody who wants the article."""

    journalism = "journalism"
    ui_residue = "ui_residue"
    fundraising = "fundraising"
    ad_notice = "ad_notice"
    self_description = "self_description"


class Kind(_Name):
    """What a paragraph does on its page."""

    story = "story"
    teaser = "teaser"
    credit = "credit"
    interface = "interface"
    fundraising = "fundraising"
    ad_notice = "ad_notice"
    self_description = "self_description"

    @property
    def label(self) -> Label:
        """The label that this kind belongs to."""
        return LABEL_OF[self]


class Flag(_Name):
    """In what respect the publisher describes itself."""

    designation = "designation"
    ownership = "ownership"
    mission = "mission"


class Status(_Name):
    """Which status a state gave the publisher, for a paragraph with the flag `designation`."""

    foreign_agent = "foreign_agent"
    undesirable = "undesirable"
    extremist = "extremist"
    blocked = "blocked"
    state_affiliated = "state_affiliated"
    registered_agent = "registered_agent"


LABEL_OF: dict[Kind, Label] = {
    Kind.story: Label.journalism,
    Kind.teaser: Label.ui_residue,
    Kind.credit: Label.ui_residue,
    Kind.interface: Label.ui_residue,
    Kind.fundraising: Label.fundraising,
    Kind.ad_notice: Label.ad_notice,
    Kind.self_description: Label.self_description,
}

KINDS: tuple[Kind, ...] = tuple(Kind)
LABELS: tuple[Label, ...] = tuple(Label)
FLAGS: tuple[Flag, ...] = tuple(Flag)
