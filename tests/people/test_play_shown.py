"""A person plays in a real Chromium: each step by hand, with the controls of the page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from retailsim.agents.person.desk import Desk, Question
from retailsim.events.messages import Role
from retailsim.sim.execution.runner import RunControl
from retailsim.sim.play_page.app import application
from retailsim.sim.play_page.serve import sit, sitting_at
from retailsim.sim.play_page.sitting import Sitting
from tests.axe import axe
from tests.browser import every_look, expect, picture
from tests.keyboard import tabbed
from tests.people import csales_words, retail_words
from tests.people.played import CSALES, RETAIL, Answers
from tests.people.sat_down import TOKEN, new
from tests.serving import serving
from tests.sim.modelserver import serving as model_serving
from tests.sim.runs import beside_a_browser, events_of, sim
from tests.studio.hostile import TAGS, product
from tests.studio.hostile import answer as hostile_answer

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser import Look, Watch

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
WIDE = "document.documentElement.scrollWidth - innerWidth"
SOMETHING = "<script>alert(1)</script><img src=x onerror=alert(2)> & \u202egnp"


@contextmanager
def playing(page: Page, folder: Path, text: str, role: Role) -> Iterator[Sitting]:
    """Play a run beside its page, which is opened, and left before the server ends."""
    desk = Desk()
    with beside_a_browser():
        table = new(folder, text.format(seller="", buyer=""), role, desk)
    sitting = sitting_at(table, desk)
    app, tasks = application(sitting, TOKEN), list[asyncio.Task[None]]()

    async def begin(app: web.Application) -> None:
        tasks.append(asyncio.create_task(sit(table, sitting, RunControl())))

    async def end(app: web.Application) -> None:
        desk.close()
        await asyncio.gather(*tasks)

    app.on_startup.append(begin)
    app.on_shutdown.append(end)
    with serving(app) as address:
        page.goto(f"{address}?token={TOKEN}")
        try:
            yield sitting
        finally:
            page.goto("about:blank")


def asked(page: Page, sitting: Sitting) -> Question:
    """The question that the page shows."""
    expect(page.locator("#form")).to_be_visible()
    question = sitting.question
    assert question is not None
    expect(page.locator("#page")).to_have_attribute("data-state", question.id)
    return question


def fill_in(page: Page, given: Mapping[str, Any]) -> None:
    """Fill in the controls of the page by hand, and send them."""
    for name, value in given.items():
        control = page.locator(f'[name="f.{name}"]')
        kind = control.first.evaluate("one => one.type")
        if kind == "submit":
            control.click()
            return
        if kind in ("radio", "checkbox"):
            values = value if isinstance(value, list | tuple) else [value]
            for one in values:
                written = {True: "yes", False: "no"}.get(one, one)
                if kind == "radio" or one is not False:
                    page.locator(f'[name="f.{name}"][value="{written}"]').check()
        elif kind == "select-one":
            control.select_option(str(value))
        else:
            control.fill(str(value))
    page.locator("#form button.main").click()


def play(page: Page, sitting: Sitting, answers: Answers) -> int:
    """Play a run to its end by hand; returns the number of steps."""
    steps = 0
    while not sitting.over:
        question = asked(page, sitting)
        given = answers(question)
        assert given is not None
        fill_in(page, given)
        expect(page.locator("#page")).not_to_have_attribute("data-state", question.id)
        steps += 1
        expect(page.locator("#form, .ended").first).to_be_visible()
    return steps


@pytest.mark.parametrize(
    ("text", "role", "answers"),
    [(RETAIL, "buyer", retail_words.buyers), (CSALES, "seller", csales_words.sellers)],
    ids=["retail buyer", "csales seller"],
)
def test_each_step_is_played_by_hand(
    page: Page, tmp_path: Path, text: str, role: Role, answers: Answers
) -> None:
    with playing(page, tmp_path, text, role) as sitting:
        assert play(page, sitting, answers) > 10
        expect(page.get_by_role("heading", name="That was all")).to_be_visible()
        assert page.locator(".ended").count() >= 3
        assert axe(page) == []
        picture(page, f"play-end-{role}")
    run = tmp_path / "run"
    if text is RETAIL:
        assert events_of(run, "RefundIssued") and events_of(run, "ReviewPosted")
    verified = sim("verify", run)
    assert verified.exit_code == 0, verified.stderr


@every_look
def test_each_kind_of_step_is_for_everybody(page: Page, look: Look, tmp_path: Path) -> None:
    """In every look: topics, a question, the decision, a message, a review."""
    seen: set[str] = set()
    with playing(page, tmp_path, RETAIL, "buyer") as sitting:
        while len(seen) < 5 and not sitting.over:
            question = asked(page, sitting)
            if question.request not in seen:
                seen.add(question.request)
                assert page.evaluate(WIDE) <= 0, "the page scrolls sideways"
                assert axe(page) == []
                picture(page, f"play-{question.request}-{look}")
            given = retail_words.buyers(question)
            assert given is not None
            fill_in(page, given)
            expect(page.locator("#page")).not_to_have_attribute("data-state", question.id)
    assert len(seen) == 5


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
