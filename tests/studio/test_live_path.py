"""From a cell of the heatmap to a row of the ledger, while the run is played."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import Watch, expect, watched
from tests.sim.modelserver import by_rote, serving
from tests.sim.runs import ROOT, scenario
from tests.studio.server import program

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


@contextmanager
def half_played(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], threading.Event]]:
    """Launch a run one of whose sellers waits for its model until the event is set."""
    gate = threading.Event()

    def answer(body: dict[str, Any]) -> tuple[int, Any]:
        gate.wait()
        return by_rote(body)

    with serving(answer) as server:
        path = scenario(folder, SCENARIO.format(url=server.url))
        words = ("-m", "sim", "launch", path, "--out", folder / "runs" / "live")
        launch = subprocess.Popen(
            (sys.executable, *map(str, words)), cwd=ROOT, stderr=subprocess.DEVNULL
        )
        try:
            server.wait_for(1)
            yield launch, gate
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
    watch: Watch, browser: Browser, tmp_path: Path
) -> None:
    page = watch.page
    with half_played(tmp_path) as (launch, gate), program(tmp_path / "runs") as studio:
        page.goto(studio.link)
        page.get_by_role("link", name="live").click()
        expect(page.locator(".standing")).to_have_attribute("data-state", "running")
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="quick"))
        row.get_by_role("cell").first.get_by_role("link").click()
        expect(page.get_by_label("What is set").get_by_role("listitem")).to_have_count(3)
        alike(page, browser, studio.link)
        bought = page.locator("td.units", has_text="1")
        page.locator("#body tr").filter(has=bought).first.get_by_role("link").click()
        alike(page, browser, studio.link)
        turn = page.get_by_role("article").filter(has=page.get_by_text("ledger", exact=True)).first
        for way in ("event", "ledger"):
            turn.get_by_text(way, exact=True).click()
            alike(page, browser, studio.link)
        assert launch.poll() is None, "the run was still played"
        gate.set()
        assert launch.wait(60) == 0
        studio.interrupt()
