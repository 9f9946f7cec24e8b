"""What the page does in a real Chromium: drafts, keys, what is new, what is hostile."""

from __future__ import annotations

import json
import re
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from retailsim.agents.person.desk import Desk
from retailsim.sim.errors import ModelsStopped
from retailsim.sim.play_page.table import Table
from tests.browser import expect, picture
from tests.keyboard import tabbed
from tests.people.by_hand import WIDE, Eyes, asked, fill_in, playing, sitting_down
from tests.people.played import RETAIL
from tests.people.sat_down import new
from tests.sim.modelserver import by_rote
from tests.sim.modelserver import serving as model_serving
from tests.sim.runs import beside_a_browser
from tests.studio.hostile import TAGS, product
from tests.studio.hostile import answer as hostile_answer

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser import Watch

pytestmark = pytest.mark.slow

HOSTILE = """
[products]
catalog = "mine.jsonl"
per_category = 1
[design]
max_turns = 2
[[sellers]]
id = "<i>shop"
agent = "model"
model = "m"
{{buyer}}
[models.m]
provider = "openai-compatible"
model = "m"
base_url = "{url}"
"""
SOMETHING = "<script>alert(1)</script><img src=x onerror=alert(2)> & \u202egnp"


def test_a_draft_survives_a_reload_and_the_focus_goes_to_what_is_asked(
    page: Page, watch: Watch, tmp_path: Path
) -> None:
    with playing(page, tmp_path, RETAIL, "buyer") as sitting:
        asked(page, sitting)
        page.locator("#form button.main").click()
        problem = page.locator(".error")
        expect(problem).to_have_text("Topics: please choose.")
        expect(page.locator('[name="f.topics"]').first).to_be_focused()
        assert [one for one in watch.faults() if "422" not in one] == []
        fill_in(page, {"topics": ["shipping"]})
        expect(page.locator("#asks")).to_have_text("Ask the seller, or go on to your decision.")
        expect(page.locator("#asks")).to_be_focused()
        page.get_by_label("Your question").fill(SOMETHING)
        page.reload()
        expect(page.get_by_label("Your question")).to_have_value(SOMETHING)
        assert {"Your question", "Send", "I have nothing more to ask"} <= set(tabbed(page))
        page.get_by_label("Your question").press("Control+Enter")
        own = page.locator(".turn.own .text")
        expect(own).to_have_text(SOMETHING)  # as text: a script would be a fault of the page
        expect(page.get_by_label("Your question")).to_have_value("")
        page.get_by_role("button", name="I have nothing more to ask").click()
        expect(page.get_by_role("spinbutton")).to_be_hidden()
        page.get_by_label("Yes").check()
        expect(page.get_by_role("spinbutton")).to_be_visible()


def test_a_page_that_lies_open_hears_of_the_next_question_and_of_the_end(
    page: Page, tmp_path: Path
) -> None:
    with playing(page, tmp_path, RETAIL, "buyer") as sitting:
        question = asked(page, sitting)
        sitting.desk.answer(question.id, {"topics": ["shipping"]})
        expect(page.get_by_label("Your question")).to_be_visible()
        sitting.desk.close()
        expect(page.get_by_role("heading", name="Stopped")).to_be_visible()
        Eyes(page, "play").look("stopped")


def test_a_page_that_lies_open_counts_the_wait_and_says_why_the_run_cannot_go_on(
    page: Page, watch: Watch, tmp_path: Path
) -> None:
    desk, breaks, eyes = Desk(gated=True), Event(), Eyes(page, "play")
    with beside_a_browser():
        made = new(tmp_path, RETAIL.format(seller="", buyer=""), "buyer", desk)

    def play(*_: object) -> None:
        assert breaks.wait(60)
        raise ModelsStopped("the provider <b>x</b> is down; everything so far is kept")

    table = Table(run=made.run, role=made.role, seat=made.seat, play=play)
    with sitting_down(page, table, desk):
        expect(page.get_by_role("heading", name="Waiting for the seller")).to_be_visible()
        expect(page.locator("#waits")).to_have_text(re.compile(r"0:\d\d"))
        eyes.look("waiting")
        breaks.set()
        expect(page.get_by_role("heading", name="This run cannot go on")).to_be_visible()
        expect(page.locator(".warning:not([hidden])")).to_contain_text("provider <b>x</b> is down")
        expect(page.locator("code").first).to_contain_text(f"play {made.run.path}")
        eyes.look("failed")
        page.goto(f"{page.url.split('?')[0].split('#')[0]}nowhere")
        expect(page.get_by_text("There is no such page.")).to_be_visible()
        eyes.look("sorry")
        assert [one for one in watch.faults() if "404" not in one] == []


def test_a_page_asks_for_nothing_while_its_form_is_on_its_way(page: Page, tmp_path: Path) -> None:
    """What is there is another state than the page's then, and the answer brings it."""

    thought = Event()
    thought.set()

    def thinks(body: dict[str, Any]) -> tuple[int, Any]:
        assert thought.wait(60)
        return by_rote(body)

    with model_serving(thinks) as server:
        text = HOSTILE.replace('catalog = "mine.jsonl"\n', "").format(url=server.url)
        with playing(
            page, tmp_path, text.replace("{buyer}", '[[buyers]]\nid = "ann"'), "buyer"
        ) as sitting:
            asked(page, sitting)
            fill_in(page, {"topics": ["shipping"]})
            expect(page.get_by_label("Your question")).to_be_visible()
            page.get_by_label("Your question").fill("Is it in stock?")
            addresses = list[str]()
            page.on("request", lambda request: addresses.append(request.url))
            thought.clear()
            page.locator("#form button.main").click()
            # The server keeps the form for a moment, in case the partner has done.
            expect(page.get_by_role("heading", name="Waiting for the seller")).to_be_visible()
            thought.set()
            expect(page.locator(".turn.other .text")).to_have_count(2)
            assert len([one for one in addresses if "/state" in one]) <= 6
            assert len([one for one in addresses if "/answer" in one]) == 1


def test_a_page_comes_back_however_long_nobody_answered(
    page: Page, watch: Watch, tmp_path: Path
) -> None:
    with playing(page, tmp_path, RETAIL, "buyer") as sitting:
        question = asked(page, sitting)
        page.context.set_offline(True)
        for _ in range(6):
            page.wait_for_event("requestfailed")
        expect(page.locator("#lost")).to_be_visible()
        sitting.desk.answer(question.id, {"topics": ["shipping"]})
        page.context.set_offline(False)
        expect(page.get_by_label("Your question")).to_be_visible()
        expect(page.locator("#lost")).to_be_hidden()
        expect(page.locator("#unsent")).to_be_hidden()
        assert all("ERR_INTERNET_DISCONNECTED" in one for one in watch.faults())


def test_a_hostile_partner_and_product_are_text(page: Page, tmp_path: Path) -> None:
    """What a script did would be a fault of the page; it must be seen, and as text."""
    (tmp_path / "mine.jsonl").write_text(json.dumps(product()) + "\n", encoding="utf-8")
    with model_serving(hostile_answer) as server:
        text = HOSTILE.format(url=server.url)
        with playing(
            page, tmp_path, text.replace("{buyer}", '[[buyers]]\nid = "ann"'), "buyer"
        ) as sitting:
            asked(page, sitting)
            expect(page.locator(".turn.other .text").first).to_contain_text(TAGS)
            expect(page.locator("h1")).to_contain_text("[x](javascript:alert(4))")
            assert page.locator("#page script, #page img, #page [onerror], #page i").count() == 0
            assert page.evaluate(WIDE) <= 0
            picture(page, "play-hostile")
