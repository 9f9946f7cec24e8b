"""A program that people type is stopped in the middle, and played on in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import expect
from tests.people.by_hand import STATE, fill_in
from tests.people.played import RETAIL
from tests.people.test_play_command import interrupted, started
from tests.sim.ports import free_port
from tests.sim.runs import events_of, outside_lines, scenario, sim

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser import Watch

pytestmark = pytest.mark.slow

DRAFT = "Does it fit a small kitchen?"


def test_stopped_in_the_middle_of_a_word_it_goes_on_in_the_browser_and_verifies(
    page: Page, watch: Watch, tmp_path: Path
) -> None:
    run, port = tmp_path / "run", free_port()
    text = RETAIL.format(seller="", buyer="").replace("per_category = 1", "ids = ['RSHO000016']")
    path = scenario(tmp_path, text)
    with started(path, "--as", "buyer", "--out", run, "--port", port) as (process, link):
        page.goto(link)
        fill_in(page, {"topics": ["shipping"]})
        box = page.get_by_label("Your question")
        box.fill(DRAFT)
        before = page.locator(STATE).get_attribute("data-state")
        said = interrupted(process)
    assert f"play {run}" in said
    expect(page.locator("#lost:not([hidden]), .over").first).to_be_visible()
    expect(page.locator("#lost:not([hidden]), #page:has(.over)").first).to_contain_text("play ")
    watch.faults()  # requests that nobody answers any more
    assert len(outside_lines(run)) == 1 and not events_of(run, "EpisodeClosed")
    with started(run, "--port", port) as (process, link):
        page.goto(link)
        expect(page.locator(STATE)).to_have_attribute("data-state", before or "")
        expect(page.get_by_label("Your question")).to_have_value(DRAFT)
        page.locator("#form button.main").click()
        expect(page.locator(".turn.own .text")).to_have_text(DRAFT)
        page.get_by_text("Leave without a word").click()
        page.get_by_role("button", name="Leave").click()
        expect(page.get_by_role("heading", name="This conversation is over")).to_be_visible()
        page.get_by_role("button", name="To the end").click()
        expect(page.get_by_role("heading", name="That was all")).to_be_visible()
        assert process.wait(60) == 0
        page.goto("about:blank")
    watch.faults()
    assert events_of(run, "MessageSent")[0]["text"] == DRAFT
    assert not events_of(run, "EpisodeFailed") and len(events_of(run, "EpisodeClosed")) == 1
    verified = sim("verify", run)
    assert verified.exit_code == 0, verified.stderr
