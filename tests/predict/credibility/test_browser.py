"""The HTML page in a real browser: nothing of a stranger's runs, sorting and finding work, a phone can show it.

Needs Chromium with its driver, and Selenium; `make test-browser` installs the latter and runs these tests.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from predict import Flag, Kind
from predict.credibility import Report
from predict.credibility.html import html_page
from tests.predict.credibility.pages import make_page

pytestmark = pytest.mark.browser
EVIL = "<script>document.title='owned'</script>\"><img src=x onerror=\"document.title='owned'\"></style></svg>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    webdriver = pytest.importorskip("selenium.webdriver")
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("chromium or chromedriver is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield opened
    opened.quit()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report of three publishers, one of them hostile in every field."""
    result = Report()
    flags = {Flag.designation: 0.9, Flag.ownership: 0.8}
    for n in range(3):
        result.add(
            make_page(("Owned by the readers of the Bay. " * 20, Kind.story, {Flag.ownership: 0.9})), "bay", f"b-{n}"
        )
    hostile = [(EVIL, Kind.self_description, flags), (f"{EVIL} non-profit", Kind.interface, {Flag.ownership: 0.9})]
    result.add(make_page(*hostile, (EVIL + " Ltd", Kind.interface, {Flag.ownership: 0.9})), EVIL, EVIL)
    result.add(make_page(("x" * 400, Kind.fundraising, {Flag.mission: 0.9})), "z" * 300)
    path = tmp_path_factory.mktemp("html") / "report.html"
    path.write_text(html_page(result), encoding="utf-8")
    return Path(path).as_uri()


def titles(browser: Any) -> list[str]:
    return [each.text for each in browser.find_elements("css selector", "article h2") if each.is_displayed()]


def test_nothing_of_a_strangers_page_runs_and_all_of_it_is_shown(browser: Any, page: str) -> None:
    browser.get(page)
    assert browser.title == "What publishers say about themselves"
    assert EVIL in titles(browser)
    assert browser.find_elements("css selector", "article script, article img, article style") == []
    assert browser.find_element("css selector", "article figure blockquote").text
    assert browser.get_log("browser") == []


def test_bars_are_coloured_by_what_pages_are_made_of(browser: Any, page: str) -> None:
    browser.get(page)
    bars = browser.find_elements("css selector", "svg.bar rect")
    assert len(bars) >= 3
    assert len({bar.value_of_css_property("fill") for bar in bars}) >= 3
    assert all(bar.size["width"] > 0 for bar in bars)


def test_cards_are_sorted_and_found(browser: Any, page: str) -> None:
    browser.get(page)
    by_name = titles(browser)
    browser.find_element("css selector", "#order option[value=pages]").click()
    assert titles(browser)[0] == "bay"
    browser.find_element("css selector", "#order option[value=designations]").click()
    assert titles(browser)[0] == EVIL
    browser.find_element("css selector", "#order option[value=name]").click()
    assert titles(browser) == by_name
    browser.find_element("id", "find").send_keys("readers BAY")
    assert titles(browser) == ["bay"]
    assert browser.find_element("id", "shown").text == "1 of 3"


def test_a_phone_shows_it_without_scrolling_sideways(browser: Any, page: str) -> None:
    phone = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        browser.get(page)
        assert browser.execute_script("return innerWidth") == 360
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_it_prints_without_its_controls(browser: Any, page: str) -> None:
    browser.get(page)
    assert browser.find_element("css selector", ".tools").is_displayed()
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert not browser.find_element("css selector", ".tools").is_displayed()
        assert browser.find_element("css selector", "article").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
