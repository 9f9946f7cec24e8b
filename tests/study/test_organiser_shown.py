"""The organiser's pages in a real Chromium: live, usable by all, in every width and colour."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.axe import axe
from tests.browser import BREAKS_OFF, every_look, expect, picture, watched
from tests.sim.runs import beside_a_browser
from tests.study.seated import organiser, stand
from tests.study.test_monitor import wide
from tests.study.test_session import small

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser import Look

pytestmark = pytest.mark.slow

WIDE = "document.documentElement.scrollWidth - innerWidth"
PLACES = {"seats": "", "seat": "seat?id=p001", "links": "links", "sure": "sure?do=end&seat=p005"}


@every_look
def test_pages_are_seen_and_used_by_all(page: Page, look: Look, tmp_path: Path) -> None:
    with beside_a_browser():
        session = small(tmp_path, 14).session
    stand(session)
    with organiser(session) as link:
        page.goto(link)
        for name, place in PLACES.items():
            page.goto(link.partition("?")[0] + place)
            assert axe(page) == []
            assert page.evaluate(WIDE) <= 0
            picture(page, f"organiser-{name}-{look}")


def test_ten_thousand_seats_are_readable(page: Page, tmp_path: Path) -> None:
    session = wide(tmp_path, 10_000)
    with organiser(session) as link:
        page.goto(link)
        expect(page.locator("tr[data-key]")).to_have_count(100)
        page.get_by_role("link", name="Last", exact=True).click()
        expect(page.locator("tr[data-key]").last).to_contain_text("p10000")
        picture(page, "organiser-10000")


def test_the_page_is_live_and_leaves_alone_what_is_in_use(page: Page, tmp_path: Path) -> None:
    session = wide(tmp_path, 30)
    first = session.opened(session.link("p00001"), {})
    with organiser(session) as link:
        page.goto(link)
        held = page.get_by_role("link", name="p00001")
        held.focus()
        second = session.opened(session.link("p00002"), {})
        session.keep(msgspec.structs.replace(first, stage="instructions"))
        state = page.locator('tr[data-key="p00001"] .state')
        expect(state).to_have_text("instructions")
        expect(page.locator(".counts .on-the-way b")).to_have_text("2")
        expect(held).to_be_focused()
        session.end(second, "done")
        expect(page.locator(".counts .done b")).to_have_text("1")


def test_the_page_goes_on_after_an_answer_that_broke_off(page: Page, tmp_path: Path) -> None:
    session = wide(tmp_path, 3)
    with organiser(session) as link:
        page.goto(link)
        page.evaluate(BREAKS_OFF)
        expect(page.locator("#lost")).to_be_visible()
        session.opened(session.link("p00002"), {})
        expect(page.locator("#lost")).to_be_hidden()
        expect(page.locator(".counts .on-the-way b")).to_have_text("1")


def test_what_cannot_be_copied_is_marked_and_not_called_copied(page: Page, tmp_path: Path) -> None:
    session = wide(tmp_path, 3)
    with organiser(session) as link:
        page.goto(link)
        page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
        copy = page.locator("[data-copy]").first
        copy.click()
        expect(copy).to_contain_text("Marked, press Ctrl-C")
        field = page.locator(f"#{copy.get_attribute('data-copy')}")
        assert page.evaluate("getSelection().toString()") == field.input_value()
        expect(copy).to_contain_text("Copy the link")


def test_all_of_it_works_without_a_script(browser: Browser, tmp_path: Path) -> None:
    session = wide(tmp_path, 3)
    session.opened(session.link("p00001"), {})
    with organiser(session) as link, watched(browser, scripts=False) as watch:
        page = watch.page
        page.goto(link)
        page.get_by_role("link", name="p00001").click()
        page.get_by_role("link", name="This participant withdraws").click()
        page.get_by_role("button", name="Withdraw p00001").click()
        expect(page.locator("dl.facts")).to_contain_text("withdrew")
        known = session.register.participant("p00001")
        assert known is not None
        assert known.withdrawn_at
