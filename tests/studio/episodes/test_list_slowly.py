"""The list of episodes where answers, or the script itself, come late or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

import pytest

from benchmarks.bench_report import lay_over
from tests.browser import Watch, expect
from tests.sim.runs import small_run
from tests.studio.server import shown

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Route

pytestmark = pytest.mark.slow

EPISODES = 1_000
"""Of which a page comes with a hundred."""


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    run = tmp_path_factory.mktemp("slowly") / "long"
    small_run(run)
    assert lay_over(run, EPISODES) == EPISODES
    with shown(run) as link:
        yield link


def opened(page: Page, link: str, *, until: Literal["load", "commit"] = "load") -> None:
    page.goto(link)
    page.goto(f"{page.url}runs/long/episodes", wait_until=until)


def row(page: Page, place: int) -> Locator:
    """The link of the row of a place from 0 on."""
    return page.locator(f'#body tr[aria-rowindex="{place + 2}"] a')


def holding(page: Page, which: str) -> list[Route]:
    """Hold back what is asked for from now on; returns it as it comes."""
    held: list[Route] = []
    page.route(which, lambda route: held.append(route))
    return held


def let_go(held: list[Route]) -> None:
    for route in held:
        route.continue_()


def test_what_was_typed_before_the_script_came_is_asked_for(page: Page, link: str) -> None:
    held = holding(page, "**/episodes.js")
    opened(page, link, until="commit")
    page.get_by_role("searchbox").fill("showman")
    let_go(held)
    expect(page.locator("#count")).to_contain_text(f" of {EPISODES:,} episodes")
    assert page.url.endswith("?text=showman")


@pytest.mark.parametrize("how", ["scrolled", "tabbed"])
def test_who_has_gone_down_the_page_before_the_script_came_stays_there(
    page: Page, link: str, how: str
) -> None:
    held = holding(page, "**/episodes.js")
    opened(page, link, until="commit")
    there = row(page, 75)
    if how == "tabbed":
        there.focus()
    else:
        there.evaluate("one => one.closest('tr').scrollIntoView()")
    expect(there).to_be_in_viewport()
    let_go(held)
    expect(page.locator("html.listing")).to_be_attached()
    expect(there).to_be_in_viewport()
    assert page.locator("#body tr").count() <= 60
    if how == "tabbed":
        expect(there).to_be_focused()


def test_who_has_gone_on_to_the_search_is_not_called_back_by_a_late_row(
    page: Page, link: str
) -> None:
    opened(page, link)
    held = holding(page, "**/episodes/rows?*")
    with page.expect_request("**/episodes/rows?*"):
        page.keyboard.press("End")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    let_go(held)
    expect(row(page, EPISODES - 1)).to_be_visible()
    expect(page.get_by_role("searchbox")).to_be_focused()


def gone(page: Page, ask: Callable[[], None]) -> None:
    """Ask for rows of a studio that does not answer just then."""
    page.route("**/episodes/rows*", lambda route: route.abort("connectionrefused"))
    ask()
    expect(page.locator("#count")).to_contain_text("does not answer")
    page.unroute("**/episodes/rows*")


def test_once_the_studio_answers_again_it_is_not_said_to_be_silent(
    page: Page, watch: Watch, link: str
) -> None:
    """Rows that did not come are asked for again by themselves."""
    opened(page, link)
    gone(page, lambda: page.keyboard.press("End"))
    expect(row(page, EPISODES - 1)).to_be_focused()
    expect(page.locator("#count")).to_have_text(f"{EPISODES:,} episodes")
    assert all("ERR_CONNECTION_REFUSED" in one for one in watch.faults())


def test_so_is_a_filter_that_was_not_answered(page: Page, watch: Watch, link: str) -> None:
    opened(page, link)
    gone(page, lambda: page.get_by_role("searchbox").fill("showman"))
    expect(page.locator("#count")).to_contain_text(f" of {EPISODES:,} episodes")
    expect(page.locator("#rows")).to_have_attribute("aria-busy", "false")
    assert all("ERR_CONNECTION_REFUSED" in one for one in watch.faults())
