"""Claims that may contradict others: a heuristic over the few paragraphs that the model has picked out already.

Whether a paragraph is a publisher's word about itself, an appeal or an ad notice is the model's answer. What it claims
there ("we carry no advertising", "a non-profit", "Ltd") no head has learned, since the corpus does not label it; so
short patterns of words say it, in some fifteen languages. They miss what is said in other words. What they lead to is
a list of things worth a look, with both quotes, and no score.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from predict.labels import Kind

NO_ADVERTISING = "no_advertising"
AD_NOTICE = "ad_notice"
NON_PROFIT = "non_profit"
COMPANY = "company"
NO_STATE_MONEY = "no_state_money"
STATE_MONEY = "state_money"

_READ = 2_000  # characters: bounds the work on a long paragraph
_ADS = (
    r"(?:ads?\b|advert\w*|anzeigen?\b|werbung\w*|publicit\w*|publicidade?\b|reklam\w*|реклам\w*|reclame\w*|annons\w*"
    r"|hirdet\w*)"
)
_STATE = (
    r"(?:government|the state|state (?:money|funding)|staatlich\w*|gouvernement\w*|gobierno|governo|rząd\w*"
    r"|государств\w*|держав\w*|overheid|stát\w*)"
)
_NO = (
    r"(?:no|zero|not? (?:any|carry|take|run|accept)|without|free (?:of|from)|never|kein\w*|ohne|sans|ni|sin|sem|senza"
    r"|bez|без|нет|немає|geen|zonder|ingen|inga|utan|nincs\w*)"
)
_PATTERNS = {
    NO_ADVERTISING: (
        rf"\b{_NO}\W+(?:\w+\W+){{0,2}}{_ADS}",
        r"\bad(?:vert\w*)?[- ]free\b|\bwerbefrei\w*|\breclamevrij\w*|\breklamfri\w*|\breklamments\w*|\breklamsız\w*",
        r"(?:disabled|removed|switched off|dropped|отключили|убрали|отказались от|abgeschaltet|verzichten)"
        rf"\W+(?:\w+\W+){{0,2}}{_ADS}",
        r"広告(?:は|を)?(?:一切)?(?:掲載し(?:ない|ません)|載せ(?:ない|ません)|なし)",
        r"(?:没有|不登|不接|沒有|無)(?:任何)?(?:广告|廣告)",
    ),
    NON_PROFIT: (
        r"\bnon?[- ]?(?:for[- ])?profit\w*|\bnot[- ]for[- ]profit|\b501\s?\(c\)|\bgemeinnützig\w*",
        r"\b(?:à|sans) but (?:non )?lucratif|\bassociation loi 1901|\bsin (?:fines|ánimo) de lucro",
        r"\bsem fins lucrativos|\bsenza (?:scopo|fini) di lucro|некоммерческ\w*|неприбутков\w*|\bneziskov\w*",
        r"\bideell\w*|\bkâr amacı gütme\w*|非営利|非营利|非營利|\bpożytku publicznego|\bnonprofit\w*",
    ),
    COMPANY: (
        r"\b(?:Ltd|Limited|Inc|LLC|PLC|GmbH|S\.?A\.?S|S\.?A|S\.?r\.?l|S\.?p\.?A|S\.L|B\.?V|AB|A\.?Ş|Kft|Zrt|s\.r\.o)\b",
        r"\bsp\. z o\.o|\b(?:a|part of(?: the)?) [\w ]{0,30}(?:company|subsidiary|group|Group)\b",
        r"\bООО\b|\bТОВ\b|\bАО\b|株式会社|有限公司",
    ),
    NO_STATE_MONEY: (rf"\b{_NO}\W+(?:\w+\W+){{0,4}}{_STATE}",),
    STATE_MONEY: (
        r"(?:funded|financed|owned|paid|finanziert\w*|financé\w*|financiad\w*|finanziat\w*|финансируется|фінансується)"
        rf"\W+(?:\w+\W+){{0,5}}{_STATE}",
        r"\bstate[- ](?:owned|funded|run|affiliated|controlled)\b|\bgovernment[- ](?:owned|funded)\b",
    ),
}
_CONTRARY = {
    COMPANY: NON_PROFIT,
    STATE_MONEY: NO_STATE_MONEY,
}  # a paragraph that claims the second claims not the first
_COMPILED = {
    claim: re.compile("|".join(patterns), re.IGNORECASE if claim != COMPANY else 0)
    for claim, patterns in _PATTERNS.items()
}


def claims_of(text: str, kind: Kind, flagged: bool) -> Iterator[str]:
    """Name what a paragraph claims. flagged: the publisher describes itself in it.

    That advertising is missing may be said in an appeal too; everything else only counts where the publisher describes
    itself. An ad notice that says so is neither: it mostly offers reading without advertising for money.
    """
    head = text[:_READ]
    without_ads = _claims(NO_ADVERTISING, head)
    if without_ads and kind is not Kind.ad_notice:
        yield NO_ADVERTISING
    if kind is Kind.ad_notice and not without_ads:
        yield AD_NOTICE
    for claim in (NON_PROFIT, COMPANY, NO_STATE_MONEY, STATE_MONEY) if flagged else ():
        if _claims(claim, head) and not (claim in _CONTRARY and _claims(_CONTRARY[claim], head)):
            yield claim


def names_a_company(text: str) -> bool:
    """Whether a legal form, or the word company or group, stands in a text."""
    return _claims(COMPANY, text[:_READ])


def _claims(claim: str, text: str) -> bool:
    return _COMPILED[claim].search(text) is not None
