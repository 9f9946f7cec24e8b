"""The page of one conversation in a browser: its anchors, its tabs, its keys, with every look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import polars as pl
import pytest

from retailsim.analysis.projection.loader import load
from tests.analysis.fakelog import write_run
from tests.axe import axe
from tests.browser import DESK, Look, every_look, expect
from tests.keyboard import tabbed
from tests.sim.runs import SMALL, launched, small_run
from tests.studio.episodes.test_conversation_page import called
from tests.studio.server import shown

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

LOST = """() => [...document.querySelectorAll("a[href^='#']")].map(one => one.hash.slice(1))
    .filter(name => !document.getElementById(name))"""
"""Anchors that lead nowhere."""
PHONE = Look(390, "dark")
TABS = ("ledger", "events", "product", "calls")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studio")
    small_run(folder / "a")
    launched(folder / "sales", "csales", *SMALL, "--sellers", "csi")
    calls = [called("m", None, 0, "for all"), called("m", "e", 0, '{"reply": "for one"}')]
    write_run(folder / "open", calls, seal=False, protocol="nobodys")
    return folder


@pytest.fixture(scope="module")
def link(runs: Path) -> Iterator[str]:
    with shown(runs) as link:
        yield link


@pytest.fixture(scope="module")
def refunded(runs: Path) -> str:
    episodes = load(runs / "a").episodes
    return str(episodes.filter(pl.col("refunded_cents") > 0)["episode"][0])


def go(page: Page, link: str, run: str, episode: str, more: str = "") -> None:
    page.goto(link)
    page.goto(f"{page.url}runs/{run}/episode?id={quote(episode)}{more}")


@every_look
def test_a_protocols_own_tab_is_for_everybody(page: Page, link: str) -> None:
    go(page, link, "sales", "ada/csi/1/csuser", "&tab=beside")
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, "the page scrolls sideways"
    expect(page.locator("#beside")).to_be_visible()
    assert axe(page) == []
    assert page.evaluate(LOST) == []
    page.locator(".named a").first.click()
    expect(page.locator("#p1, #p2, #p3").locator("visible=true").first).to_be_in_viewport()


def test_each_tab_is_for_everybody(page: Page, link: str, refunded: str) -> None:
    for tab in TABS:
        go(page, link, "a", refunded, f"&tab={tab}")
        expect(page.locator(f"#{tab}")).to_be_visible()
        assert page.locator(".panel:visible").count() == 1
        panel, tabs = (page.locator(one).bounding_box() for one in (f"#{tab}", ".tabs"))
        assert panel and tabs and panel["width"] > 0.95 * tabs["width"]
        assert panel["y"] < tabs["y"] + 60, "something stands between the tabs and the panel"
        assert axe(page) == []


@pytest.mark.parametrize("look", [DESK, PHONE], ids=str)
def test_what_is_not_over_is_for_everybody(page: Page, link: str) -> None:
    page.goto(link)
    page.goto(f"{page.url}runs/open/open")
    assert axe(page) == []
    page.get_by_role("link", name="e", exact=True).click()
    expect(page.locator("#calls")).to_be_visible()
    page.locator("#calls .event > summary", has_text="2").click()
    expect(page.get_by_text("for one")).to_be_visible()
    assert axe(page) == []


def test_all_of_it_is_reached_without_a_mouse(page: Page, link: str, refunded: str) -> None:
    go(page, link, "a", refunded, "&tab=events")
    names = tabbed(page)
    assert {"Ledger", "Events", "Product", "Model calls", "Next", "lines"} <= set(names)


def test_a_turn_leads_to_its_event_and_its_money_and_back(
    page: Page, link: str, refunded: str
) -> None:
    go(page, link, "a", refunded)
    turn = page.locator(".turn", has=page.get_by_role("link", name="ledger of event")).first
    number = (turn.get_attribute("id") or "")[1:]
    turn.get_by_role("link", name=f"event {number}", exact=True).click()
    event = page.locator(f"#v{number}")
    expect(event).to_be_in_viewport()
    expect(page.locator("#ledger")).to_be_hidden()
    event.get_by_role("link", name="turn").click()
    expect(turn).to_be_in_viewport()
    expect(event).to_be_visible()  # what is beside stays
    turn.get_by_role("link", name="ledger of event").click()
    expect(page.locator(f"#l{number}")).to_be_in_viewport()
    expect(event).to_be_hidden()
    assert page.url.endswith(f"#l{number}")


def test_keys_go_from_turn_to_turn_and_from_episode_to_episode(
    page: Page, link: str, refunded: str
) -> None:
    go(page, link, "a", refunded, "&bought=yes")
    turns = [one.get_attribute("id") for one in page.locator(".turn").all()]
    for key, at in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        expect(page.locator(".turn:target")).to_have_id(turns[at] or "")
        expect(page.locator(".turn:target")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    here = page.url
    page.keyboard.press("n")
    page.wait_for_url(lambda url: url != here)
    assert "bought=yes" in page.url
    page.keyboard.press("p")
    page.wait_for_url(lambda url: quote(refunded) in url)


def test_it_reads_the_same_without_javascript(link: str, refunded: str, page: Page) -> None:
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False)
    try:
        plain = context.new_page()
        go(plain, link, "a", refunded)
        expect(plain.locator("#ledger")).to_be_visible()
        plain.locator("summary", has_text="Product").click()
        expect(plain.locator("#product")).to_be_visible()
        expect(plain.locator("#ledger")).to_be_hidden()
        expect(plain.get_by_text("Press ? for keys.")).to_be_hidden()
    finally:
        context.close()
