"""A run that goes on, in a browser: the page follows it, leaves readers alone, and ends with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from retailsim.sim.studio.overview import page as overview
from retailsim.sim.studio.overview import watch as watching
from tests.axe import axe
from tests.browser import Watch, expect
from tests.sim.runs import small_run
from tests.studio.growing_run import Growing
from tests.studio.server import shown

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

HIDE = """hidden => {
  Object.defineProperty(document, "hidden", {get: () => hidden, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "run"
    small_run(out)
    return out


@pytest.fixture
def growing(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Growing]:
    monkeypatch.setattr(watching, "EVERY_S", 0.1)
    monkeypatch.setattr(watching, "REST_CHAPTERS", 0)
    with Growing(whole, tmp_path / "run") as found:
        found.grow()
        yield found


def test_the_page_follows_a_run_to_its_end(page: Page, growing: Growing) -> None:
    with shown(growing.run.parent) as link:
        page.goto(link)
        page.goto(page.url + "runs/run/")
        line, said = page.locator(".standing[data-state]"), page.locator("#said")
        expect(line).to_contain_text("Running")
        first = line.locator("[data-field=done]").inner_text()
        made = page.locator("#made")
        made.get_by_text("The scenario").click()
        page.locator("h1").click()
        growing.grow()
        expect(line.locator("[data-field=done]")).not_to_have_text(first)
        expect(page.locator("#preface")).not_to_contain_text(f"{first.split()[0]} episodes between")
        growing.grow()
        growing.end()
        expect(line).to_contain_text("Complete")
        expect(line).to_contain_text("100 of 100 episodes")
        expect(page.locator("#preface")).to_contain_text("100 episodes between")
        expect(page.locator("#preface")).not_to_contain_text("not finished")
        expect(said).to_have_text("The run is complete.")
        assert made.locator("details").evaluate("one => one.open"), "it was opened by who reads"
        assert axe(page) == []


def test_a_hidden_page_follows_nothing(page: Page, growing: Growing) -> None:
    with shown(growing.run.parent) as link:
        page.goto(link)
        page.goto(page.url + "runs/run/")
        done = page.locator("[data-field=done]")
        expect(done).to_contain_text("of 100 episodes")
        page.evaluate(HIDE, True)
        before = done.inner_text()
        growing.grow()
        page.wait_for_timeout(1_500)
        assert done.inner_text() == before
        page.evaluate(HIDE, False)
        expect(done).not_to_have_text(before)


def test_what_somebody_is_in_stays_until_the_next_time(page: Page, growing: Growing) -> None:
    with shown(growing.run.parent) as link:
        page.goto(link)
        page.goto(page.url + "runs/run/")
        cell = page.locator("#pairs td a").first
        cell.focus()
        growing.grow()
        expect(page.locator("#preface p").first).not_to_contain_text("0 episodes between 1 seller")
        first = page.locator("#preface p").first.inner_text()
        growing.grow()
        expect(page.locator("#preface p").first).not_to_have_text(first)
        expect(cell).to_be_focused()


def test_once_nobody_is_in_a_chapter_it_is_as_the_run_ended(page: Page, growing: Growing) -> None:
    """Also where the last chapters came while somebody was in it: there is no next time then."""
    with shown(growing.run.parent) as link:
        page.goto(link)
        page.goto(page.url + "runs/run/")
        pairs = page.locator("#pairs")
        pairs.locator("td a").first.focus()
        while growing.parts:
            growing.grow()
        growing.end()
        expect(page.locator("#said")).to_have_text("The run is complete.")
        expect(page.locator("#preface")).to_contain_text("100 episodes between")
        again = page.context.new_page()
        again.goto(page.url)
        expect(again.locator("#rules")).to_be_visible()
        ended = again.locator("#pairs").inner_text()
        assert pairs.inner_text() != ended, "somebody is in it"
        pairs.locator("td a").first.blur()
        expect(pairs).to_have_text(ended, use_inner_text=True)


def test_where_a_log_is_found_damaged_while_its_page_comes_nothing_is_followed(
    page: Page, growing: Growing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "PATIENCE_S", 0.0)
    growing.segment.rename(growing.segment.with_name("0000-00000001.jsonl.open"))
    with shown(growing.run.parent) as link:
        page.goto(link)
        page.goto(page.url + "runs/run/")
        expect(page.locator("main .warning")).to_contain_text("0000-00000000.jsonl")


def test_a_stream_that_is_refused_is_said(page: Page, watch: Watch, growing: Growing) -> None:
    with shown(growing.run.parent) as link:
        page.goto(link)
        page.goto(page.url + "runs/run/")
        expect(page.locator(".standing[data-state]")).to_contain_text("Running")
        page.route("**/live?*", lambda route: route.fulfill(status=503, body=""))
        page.evaluate(HIDE, True)
        page.evaluate(HIDE, False)
        expect(page.locator("#said")).to_contain_text("no longer follows the run")
        assert [one for one in watch.faults() if "status of 503" not in one] == []
