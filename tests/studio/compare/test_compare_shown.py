"""Comparisons, pairs and sweeps in a browser: at every width, in every colour, by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.axe import axe
from tests.browser import Look, Watch, every_look, expect
from tests.keyboard import tabbed
from tests.sim.runs import SMALL, launched, sim
from tests.studio.server import shown

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

PAGES = ("compare", "compare?a=s~01-0&b=s~02-0.3", "compare/episodes", "studies/s/")


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("compared")
    done = sim("sweep", "pairwise", "design.discount=0,0.3", "--out", folder / "s", *SMALL)
    assert done.exit_code == 0, done.stderr
    launched(folder / "talk", "csales", "--set", "profiles.count=2")
    with shown(folder) as link:
        yield link


@every_look
@pytest.mark.parametrize("address", PAGES, ids=("choice", "verdict", "pair", "study"))
def test_a_page_is_for_everybody(page: Page, link: str, address: str) -> None:
    page.goto(link)
    page.goto(page.url + address.replace("compare/episodes", PAGES[1]))
    if address == "compare/episodes":
        page.locator("table.pairs a").first.click()
        page.wait_for_load_state()
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, "the page scrolls sideways"
    assert axe(page) == []
    assert tabbed(page)[:2] == ["To the content", "RetailSim"]


OVER = """() => [...document.querySelectorAll(".pairs .moved > *")].filter(one =>
  one.getBoundingClientRect().right > one.parentElement.getBoundingClientRect().right + 1 ||
  one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline"
).map(one => one.innerText)"""
"""What reaches out of its cell."""


@pytest.mark.parametrize("look", [Look(390, "light")], ids=str)
def test_on_a_phone_no_cell_of_a_pair_reaches_into_the_next(page: Page, link: str) -> None:
    page.goto(link)
    page.goto(page.url + "compare?a=s~02-0.3&b=s~01-0&by=decision")
    expect(page.get_by_text("no longer buys").first).to_be_visible()
    assert page.evaluate(OVER) == []


@pytest.mark.parametrize("look", [Look(390, "light")], ids=str)
def test_on_a_phone_what_is_alike_stands_once_and_what_differs_twice(page: Page, link: str) -> None:
    page.goto(link)
    page.goto(page.url + PAGES[1])
    page.locator("table.pairs a").first.click()
    page.wait_for_load_state()  # with its stylesheets
    alike, other = (page.locator(f".twins.{how}").first for how in ("alike", "other"))
    assert [one.is_visible() for one in alike.locator(".turn").all()] == [True, False]
    expect(alike.get_by_text("both").first).to_be_visible()
    first, second = (one.bounding_box() for one in other.locator(".turn").all())
    assert first and second and second["y"] >= first["y"] + first["height"]


def test_from_a_sweep_to_a_turn_by_links_alone(page: Page, watch: Watch, link: str) -> None:
    page.goto(link)
    page.goto(page.url + "studies/s/")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="Pairs that changed most")).to_be_visible()
    page.locator("select[name=seller]").select_option("quiet-clerk")
    page.locator("select[name=by]").select_option("profit")
    page.get_by_role("button", name="Show").click()
    row = page.locator("table.pairs tbody tr").nth(1)
    title = row.get_by_role("link").inner_text()
    changed = row.locator("td").last.locator("b").inner_text()
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator(".numbers")).to_contain_text(changed)
    address = page.url
    page.get_by_role("link", name="Next").click()
    page.get_by_role("link", name="Previous").click()
    expect(page).to_have_url(address)
    page.get_by_role("link", name="Only what differs").click()
    expect(page.locator(".twins.alike")).to_have_count(0)
    page.locator(".twins.other").first.get_by_role("link").last.click()
    expect(page).to_have_url(re.compile(r"/runs/s~02-0\.3/episode\?id=.*#e"))
    expect(page.locator(":target")).to_be_visible()


def test_runs_of_two_protocols_are_told_apart_in_a_line(
    page: Page, watch: Watch, link: str
) -> None:
    page.goto(link)
    page.goto(page.url + "compare?a=s~01-0&b=talk")
    expect(page.get_by_role("heading", level=1)).to_have_text("These runs cannot be compared")
    expect(page.locator(".warning")).to_contain_text("compare runs of one protocol")
    assert page.locator("select[name=a]").input_value() == "s~01-0"
    assert [one for one in watch.faults() if "status of 409" not in one] == []
