"""The studio's pages in a browser: at every width, in every colour, without a mouse or eyes."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.axe import axe
from tests.browser import DESK, Look, Watch, every_look, expect, watched
from tests.keyboard import tabbed
from tests.sim.runs import launched, small_run, torn
from tests.studio.kinds import each_kind
from tests.studio.server import program, shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("studio")
    for name in ("a", "b"):
        small_run(folder / name)
    with shown(folder) as link:
        yield link


@every_look
def test_every_page_is_for_everybody(watch: Watch, look: Look, link: str) -> None:
    # The stops of the keyboard are the same in the dark.
    assert faults(watch, each_kind(watch.page, link), keys=look.scheme == "light") == []


@pytest.mark.parametrize("look", [Look(320, "dark")], ids=str)  # as a page enlarged four times
def test_so_are_those_on_sales_conversations_and_on_runs_that_are_not_whole(
    watch: Watch, look: Look, tmp_path: Path
) -> None:
    launched(tmp_path / "talks", "csales", "--set", "profiles.count=3")
    torn(tmp_path / "talks", tmp_path / "stopped", "MessageSent")
    damaged = shutil.copytree(tmp_path / "talks", tmp_path / "damaged")
    [segment] = damaged.glob("events/*.jsonl")
    segment.write_bytes(segment.read_bytes().replace(b'"text":"', b'"text":"!', 1))
    with shown(tmp_path) as link:
        also = (f"runs/{name}/" for name in ("talks", "stopped", "damaged"))
        assert faults(watch, each_kind(watch.page, link, *also), keys=True) == []


def faults(watch: Watch, pages: Iterable[str], *, keys: bool) -> list[str]:
    """What is wrong with pages while they are shown, a line each."""
    page, found = watch.page, list[str]()
    for kind in pages:
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        found += [f"{kind}: {wide} pixels sideways"] if wide > 0 else []
        if keys:
            assert tabbed(page)[:2] == ["To the content", "RetailSim"], kind
        found += [f"{kind}: {one}" for one in (*axe(page), *watch.faults())]
    return found


@pytest.mark.parametrize("look", [DESK, Look(390, "light")], ids=str)
def test_what_is_read_needs_no_script(browser: Browser, look: Look, link: str) -> None:
    with watched(browser, look, scripts=False) as watch:
        page = watch.page
        page.goto(link)
        page.get_by_role("link", name="a", exact=True).click()
        page.locator("table.heat td a").first.click()
        expect(page.locator("#count")).to_contain_text("of 100 episodes")
        page.get_by_role("button", name="Show").click()  # which a script would hide
        bought = page.locator("td.units", has_text="1")
        page.locator("#body tr").filter(has=bought).get_by_role("link").first.click()
        money = page.get_by_text("ledger", exact=True)
        for way in ("event", "ledger"):
            turn = page.get_by_role("article").filter(has=money).first
            turn.get_by_text(way, exact=True).click()
            place = page.url.partition("#")[2]
            expect(page.locator(f"[id='{place}']")).to_be_in_viewport()
        tabs = page.locator(".tabs > details")
        for tab in tabs.all()[1:]:
            tab.locator("> summary").click()
            expect(tab.locator(".panel")).to_be_visible()


def test_who_has_no_link_is_told_so(page: Page, watch: Watch, link: str) -> None:
    page.goto(link.partition("?")[0])
    expect(page.get_by_role("heading", level=1)).to_have_text("Unauthorized")
    assert [one for one in watch.faults() if "status of 401" not in one] == []


def test_the_program_shows_what_its_link_leads_to(
    page: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("program")
    small_run(folder / "only")
    with program(folder) as studio:
        page.goto(studio.link)
        page.get_by_role("link", name="only").click()
        page.wait_for_load_state()
        expect(page.get_by_role("heading", level=1)).to_contain_text("only")
        assert "token" not in page.url
        studio.interrupt()
