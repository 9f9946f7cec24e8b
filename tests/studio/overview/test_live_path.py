"""From a cell of the heatmap to a row of the ledger, while the run is played."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.browser import Watch, expect, watched
from tests.sim.modelserver import by_rote, serving
from tests.sim.ports import free_port
from tests.sim.runs import ROOT, scenario
from tests.studio.server import program, shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

SCENARIO = """
[products]
per_category = 1
[[sellers]]
id = "quick"
agent = "behavioral"
[[sellers]]
id = "waiting"
agent = "model"
model = "m"
[[buyers]]
id = "one"
agent = "behavioral"
[[buyers]]
id = "other"
agent = "behavioral"
[models.m]
provider = "openai-compatible"
model = "m"
base_url = "{url}"
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a run one of whose sellers waits for its model, for as long as tests look."""
    folder, gate = tmp_path_factory.mktemp("live"), threading.Event()

    def answer(body: dict[str, Any]) -> tuple[int, Any]:
        gate.wait()
        return by_rote(body)

    with serving(answer) as server:
        path = scenario(folder, SCENARIO.format(url=server.url))
        words = ("-m", "sim", "launch", path, "--out", folder / "runs" / "live")
        command = (sys.executable, *map(str, words))
        launch = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        try:
            server.wait_for(1)
            yield folder / "runs"
            assert launch.poll() is None, "the run was played to its end"
        finally:
            gate.set()
            launch.kill()
            launch.wait()


def alike(page: Page, browser: Browser, link: str) -> None:
    """Open a page's address in a browser that knows nothing; both show the same, at one place."""
    with watched(browser) as other:
        other.page.goto(link)
        other.page.goto(page.url)
        for one in (page, other.page):
            one.wait_for_load_state()
        said = page.locator("main").inner_text()
        expect(other.page.locator("main")).to_have_text(said, use_inner_text=True)
        _, _, place = page.url.partition("#")
        if place:
            for one in (page, other.page):
                expect(one.locator(f"[id='{place}']")).to_be_in_viewport()


def test_from_the_heatmap_to_the_ledger_while_the_run_is_played(
    page: Page, browser: Browser, runs: Path
) -> None:
    with shown(runs) as link:
        page.goto(link)
        page.get_by_role("link", name="live").click()
        expect(page.locator(".standing[data-state]")).to_have_attribute("data-state", "running")
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="quick"))
        row.get_by_role("cell").first.get_by_role("link").click()
        expect(page.get_by_label("What is set").get_by_role("listitem")).to_have_count(3)
        alike(page, browser, link)
        bought = page.locator("td.units", has_text="1")
        page.locator("#body tr").filter(has=bought).first.get_by_role("link").click()
        alike(page, browser, link)
        money = page.get_by_text("ledger", exact=True)
        turn = page.get_by_role("article").filter(has=money).first
        for way in ("event", "ledger"):
            turn.get_by_text(way, exact=True).click()
            alike(page, browser, link)


def test_a_studio_that_was_killed_shows_the_same_and_ends_while_pages_follow_the_run(
    watch: Watch, runs: Path
) -> None:
    page = watch.page
    with program(runs, "--port", free_port()) as studio:  # killed at the end of the block
        page.goto(studio.link)
        home = page.url
        page.goto(f"{home}runs/live/")
        said = page.locator("main").inner_text()
        page.goto("about:blank")
    with program(runs, "--port", urlsplit(home).port) as studio:
        page.goto(studio.link)
        page.goto(f"{home}runs/live/")
        expect(page.locator("main")).to_have_text(said, use_inner_text=True)
        with (
            socket.socket() as nobody,
            page.expect_event("requestfailed", lambda request: "/live" in request.url),
        ):
            studio.interrupt()
            # Held, and not listened at: a server of another test could take it, and answer.
            nobody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            nobody.bind(("127.0.0.1", urlsplit(home).port))
    assert all("ERR_CONNECTION_REFUSED" in fault for fault in watch.faults())
