"""The documentation site in a browser: whole at any width, readable by anybody, from here alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.axe import axe
from tests.browser import Look, Watch, every_look, expect
from tests.serving import serving
from tests.site.built import build

pytestmark = pytest.mark.slow

PAGES = ("index", "project/overview", "commands", "api", "shop-questions", "decisions/index")
OF_THE_THEME = ("aria-dialog-name", "landmark-unique", "scrollable-region-focusable")
"""Rules of axe-core that the theme's own markup breaks: names of landmarks, and where TAB stops."""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the built site."""
    folder: Path = tmp_path_factory.mktemp("site")
    assert build(folder).returncode == 0
    application = web.Application()
    application.router.add_static("/", folder)
    with serving(application) as address:
        yield address


def faults(watch: Watch) -> list[str]:
    """What went wrong, but for the policy: the site is files, and what serves them is not ours."""
    return [one for one in watch.faults() if not one.startswith("no strict policy")]


@every_look
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_and_keeps_nobody_out(
    site: str, watch: Watch, look: Look, name: str
) -> None:
    """Nothing beyond the window's edge, nothing that axe-core finds, nothing from elsewhere."""
    watch.page.goto(f"{site}{name}.html")
    assert watch.page.evaluate(WIDER) <= 0
    assert [one for one in axe(watch.page) if not one.startswith(OF_THE_THEME)] == []
    assert faults(watch) == []


def find(watch: Watch) -> None:
    """Type a word, once the page's scripts listen for keys: a page that has it is found."""
    watch.page.wait_for_load_state()
    watch.page.get_by_role("textbox", name="Search").press_sequentially("salvage")
    first = watch.page.locator(".md-search-result__item a").first
    expect(first).to_contain_text("salvage")


def test_the_search_finds_a_page_without_a_network(site: str, watch: Watch) -> None:
    watch.page.goto(f"{site}index.html")
    find(watch)
    assert faults(watch) == []


def test_pages_can_be_opened_from_a_folder(tmp_path: Path, watch: Watch) -> None:
    """Without a server, too, everything is there: the pages, what leads to them, and the search."""
    assert build(tmp_path).returncode == 0
    watch.page.goto((tmp_path / "index.html").as_uri())
    find(watch)
    watch.page.goto((tmp_path / "index.html").as_uri())
    watch.page.get_by_role("link", name="Reference").first.click()
    expect(watch.page.get_by_role("heading", name="Commands", level=1)).to_be_visible()
    find(watch)
    assert faults(watch) == []
