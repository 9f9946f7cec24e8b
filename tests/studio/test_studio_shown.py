"""The studio's pages in a browser: at every width, in every colour, without a mouse or eyes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.axe import axe
from tests.browser import Look, Watch, every_look, expect
from tests.keyboard import tabbed
from tests.sim.runs import SMALL, launched
from tests.studio.kinds import each_kind
from tests.studio.server import program, shown

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("studio")
    for name in ("a", "b"):
        launched(folder / name, *SMALL)
    with shown(folder) as link:
        yield link


@every_look
def test_every_page_is_for_everybody(watch: Watch, look: Look, link: str) -> None:
    for kind in each_kind(watch.page, link):
        wide = watch.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{kind} scrolls sideways"
        if look.scheme == "light":  # the stops are the same in the dark
            assert tabbed(watch.page)[:2] == ["To the content", "RetailSim"], kind
        assert axe(watch.page) == [], kind
        assert watch.faults() == [], kind


def test_who_has_no_link_is_told_so(page: Page, watch: Watch, link: str) -> None:
    page.goto(link.partition("?")[0])
    expect(page.get_by_role("heading", level=1)).to_have_text("Unauthorized")
    assert [one for one in watch.faults() if "status of 401" not in one] == []


def test_the_program_shows_what_its_link_leads_to(
    page: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("program")
    launched(folder / "only", *SMALL)
    with program(folder) as studio:
        page.goto(studio.link)
        page.get_by_role("link", name="only").click()
        page.wait_for_load_state()
        expect(page.get_by_role("heading", level=1)).to_contain_text("only")
        assert "token" not in page.url
        page.wait_for_load_state()  # its chapters come behind its head
        studio.interrupt()
