"""The list of episodes in a browser: only what is in sight is in the page, and all can be had."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from benchmarks.bench_report import lay_over
from retailsim.analysis.listing.episode_filter import EpisodeFilter, filter_of
from retailsim.analysis.listing.listing import EpisodeList, episode_list
from retailsim.sim.studio.episodes import lists
from retailsim.sim.studio.site.guard import HEADERS
from tests.browser import every_look, expect, watched
from tests.sim.runs import small_run
from tests.studio.growing_run import Growing
from tests.studio.server import shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Route

pytestmark = pytest.mark.slow

EPISODES = 300_000
"""More than an element can show at once."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, EpisodeList]]:
    """The link to a studio with one long run, and its episodes."""
    run = tmp_path_factory.mktemp("long") / "long"
    small_run(run)
    assert lay_over(run, EPISODES) == EPISODES
    with shown(run) as link:
        yield link, episode_list(run)


def opened(page: Page, link: str, query: str = "") -> None:
    page.goto(link)
    page.goto(f"{page.url}runs/long/episodes{query}")


def row(page: Page, place: int) -> Locator:
    """The row of a place from 0 on; the row of heads is the first of the table."""
    return page.locator(f'#body tr[aria-rowindex="{place + 2}"] a')


def id_at(episodes: EpisodeList, place: int, **asked: Any) -> str:
    return str(episodes.rows(EpisodeFilter(offset=place, limit=1, **asked)).rows[0]["episode"])


def rows_there(page: Page) -> int:
    return page.locator("#body tr").count()


SCROLL = "place => { const rows = document.getElementById('rows'); rows.scrollTop = place * %d; }"


@every_look
def test_wherever_one_scrolls_the_rows_are_there_and_few_in_the_page(
    page: Page, site: tuple[str, EpisodeList], look: object
) -> None:
    link, episodes = site
    opened(page, link)
    height = 37 if "1280" in str(look) else 60
    for place in (0, 150, 99_990, 249_999, 12_345):
        page.evaluate(SCROLL % height, place)
        expect(row(page, place)).to_have_attribute("title", id_at(episodes, place))
        expect(row(page, place)).to_be_in_viewport()
        assert 5 < rows_there(page) <= 60
        box = row(page, place).locator("xpath=ancestor::tr").bounding_box()
        assert box is not None and box["height"] == height
    expect(page).to_have_url(re.compile(r"/runs/long/episodes\?offset=12345$"))


def test_a_list_is_used_by_keys_alone(page: Page, site: tuple[str, EpisodeList]) -> None:
    link, episodes = site

    def blank(route: Route) -> None:
        route.fulfill(body="<title>It</title>", content_type="text/html", headers=HEADERS)

    page.route("**/episode?*", blank)
    opened(page, link)
    keys = page.keyboard
    for key, place in (
        *(("j", 0), ("j", 1), ("ArrowDown", 2), ("k", 1), ("End", EPISODES - 1)),
        *(("k", EPISODES - 2), ("Home", 0), ("k", 0)),
    ):
        keys.press(key)
        expect(row(page, place)).to_be_focused()
        expect(row(page, place)).to_have_attribute("title", id_at(episodes, place))
        expect(row(page, place)).to_be_in_viewport()
    keys.press("PageDown")
    expect(row(page, 0)).not_to_be_focused()
    assert 5 < int(page.evaluate(FOCUSED)) - 2 < 40
    keys.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    keys.press("/")
    keys.type("SHOWMAN")
    expected = episodes.rows(EpisodeFilter(text="showman"))
    expect(page.locator("#count")).to_contain_text(f"{expected.total:,} of {EPISODES:,}")
    keys.press("Escape")
    expect(row(page, 0)).to_be_focused()
    keys.press("j")
    expect(row(page, 1)).to_be_focused()
    keys.press("Enter")
    page.wait_for_url("**/episode?*")
    found = parse_qs(urlsplit(page.url).query)
    assert found == {"id": [id_at(episodes, 1, text="showman")], "text": ["SHOWMAN"]}


FOCUSED = "document.activeElement.closest('tr').getAttribute('aria-rowindex')"


def test_what_one_browser_shows_another_opens(
    page: Page, browser: Browser, site: tuple[str, EpisodeList]
) -> None:
    link, episodes = site
    opened(page, link)
    page.locator("#filter").get_by_label("Seller", exact=True).select_option("bold-showman")
    page.get_by_role("searchbox").press_sequentially("rsel", delay=20)
    page.get_by_role("columnheader", name="Net").get_by_role("link").click()
    expect(page.get_by_role("columnheader", name="Net")).to_have_attribute(
        "aria-sort", "descending"
    )
    page.evaluate(SCROLL % 37, 500)
    expect(page).to_have_url(re.compile("offset=500$"))
    asked = {"seller": "bold-showman", "text": "rsel", "sort": "-net", "offset": "500"}
    assert dict(part.split("=") for part in urlsplit(page.url).query.split("&")) == asked
    wanted = filter_of(asked.items())
    with watched(browser) as other:
        other.page.goto(link)
        other.page.goto(page.url)
        for one in (page, other.page):
            first = episodes.rows(wanted).rows[0]["episode"]
            expect(row(one, 500)).to_have_attribute("title", first)
            expect(row(one, 500)).to_be_in_viewport()
            expect(one.get_by_label("What is set").get_by_role("listitem")).to_have_count(3)
        other.page.get_by_role("link", name="Seller: bold-showman").click()
        expect(other.page.locator("#filter").get_by_label("Seller", exact=True)).to_have_value("")
        assert "seller" not in other.page.url and "text=rsel" in other.page.url


def test_the_last_that_was_typed_is_what_is_shown(
    page: Page, site: tuple[str, EpisodeList]
) -> None:
    """An answer that comes late, to a filter that was typed on, is not shown."""
    link, episodes = site
    opened(page, link)
    held: list[Route] = []

    def slow(route: Route) -> None:
        if "text=rse&" in f"{route.request.url}&":
            held.append(route)
        else:
            route.continue_()

    page.route("**/episodes/rows?*", slow)
    search = page.get_by_role("searchbox")
    with page.expect_request(lambda request: "text=rse" in request.url):
        search.fill("rse")
    search.fill("rseldom")
    expect(page.locator("#none")).to_have_text("No episode is like that.")
    for route in held:
        route.abort()
    assert held
    expect(page.locator("#count")).to_have_text(f"0 of {EPISODES:,} episodes")
    search.fill("")
    expect(row(page, 0)).to_have_attribute("title", id_at(episodes, 0))
    expect(page.locator("#count")).to_have_text(f"{EPISODES:,} episodes")


def test_a_page_of_a_thousand_is_there_to_print(page: Page, site: tuple[str, EpisodeList]) -> None:
    link, _ = site
    opened(page, link, "?sort=-net")
    page.get_by_role("link", name="As a page to print").click()
    expect(page.locator("#body tr")).to_have_count(1_000)
    page.get_by_role("link", name="Back to the list").click()
    page.wait_for_load_state()  # with its script
    expect(row(page, 0)).to_be_in_viewport()
    assert rows_there(page) <= 60


def test_new_episodes_are_said_and_shown_when_asked_for(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "REST", 0)
    small_run(tmp_path / "whole")
    (tmp_path / "runs").mkdir()
    with (
        Growing(tmp_path / "whole", tmp_path / "runs" / "run") as growing,
        shown(tmp_path / "runs") as link,
    ):
        growing.grow()
        page.clock.install()
        page.goto(link)
        page.goto(f"{page.url}runs/run/episodes")
        before = int(page.locator("#count").get_attribute("data-total") or 0)
        assert 0 < before < 100
        page.clock.fast_forward(20_000)
        expect(page.get_by_role("link", name="Look again")).to_be_visible()
        growing.grow()
        page.clock.fast_forward(20_000)
        page.get_by_role("link", name="New episodes").click()
        expect(page.locator("#count")).not_to_have_attribute("data-total", str(before))
        page.get_by_role("searchbox").fill("showman")
        again = page.get_by_role("link", name="Look again")
        expect(again).to_have_attribute("href", "episodes?text=showman")
        page.get_by_role("searchbox").fill("")
        expect(again).to_have_attribute("href", "episodes?")
        growing.grow()
        growing.end()
        page.reload()
        expect(page.locator("#count")).to_have_text("100 episodes")
        expect(page.get_by_text("not complete")).to_have_count(0)
