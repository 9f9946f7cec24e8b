"""A participant takes part in a real Chromium, on a telephone, though the server is killed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from retailsim.sim.people.steps import person_steps
from retailsim.sim.study.participant import Participant
from retailsim.sim.study.register import Register
from tests.axe import axe
from tests.browser import LOOKS, Look, expect, picture, watched
from tests.keyboard import tabbed
from tests.sim.ports import free_port
from tests.sim.runs import ROOT, beside_a_browser, sim
from tests.study.serving_process import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

    from tests.browser import Watch

pytestmark = pytest.mark.slow

EXAMPLE = ROOT / "examples" / "study" / "shop.toml"
TELEPHONE = Look(390, "light")
WIDE = "document.documentElement.scrollWidth - innerWidth"
STATE = "document.getElementById('page').dataset.state"
ASKED = "What does it cost to send it back?"
SHORT = ("--set", "design.max_turns=2", "--seats", "3")


@pytest.fixture
def look() -> Look:
    return TELEPHONE


def fine(page: Page, name: str, look: object = TELEPHONE) -> None:
    """What holds of every page."""
    assert axe(page) == []
    assert page.evaluate(WIDE) <= 0, f"{name} scrolls sideways"
    picture(page, f"study-{name}-{look}")


def sent(page: Page) -> None:
    """Send the page's form, and wait for what comes."""
    before = page.evaluate(STATE)
    page.locator("#form button.main").click()
    expect(page.locator("#page")).not_to_have_attribute("data-state", before)


def begun(page: Page, link: str) -> None:
    """Come to the first conversation, with one check answered wrong at first."""
    page.goto(link)
    fine(page, "consent")
    page.get_by_role("button", name="I agree").click()
    expect(page.get_by_role("heading", name="What you do")).to_be_visible()
    fine(page, "instructions")
    page.get_by_role("button", name="Go on").click()
    for dollars in ("15", "150"):
        page.get_by_label("A computer program").check()
        page.get_by_label("How many dollars").fill(dollars)
        sent(page)
        if dollars == "15":
            expect(page.get_by_role("alert")).to_contain_text("one more try")
            fine(page, "checks")
    expect(page.locator("#form")).to_be_visible()


def filled_in(page: Page) -> Locator:
    """Fill in a step of a conversation by hand; returns the button that sends it."""
    if page.locator('[name="f.topics"]').count():
        page.get_by_label("Shipping").check()
    elif page.locator('[name="f.buy"]').count():
        page.locator('[name="f.buy"][value="yes"]').check()
        page.get_by_role("spinbutton").fill("1")
        page.locator('[name="f.sentiment"]').first.check()
    elif page.locator('[name="f.rating"]').count():
        page.locator('[name="f.rating"]').last.check()
        page.locator('[name="f.text"]').fill("It is as it should be.")
        for other in page.locator('[name="f.recommend"][value="yes"]').all():
            other.check()
    else:
        return page.locator('[name="f.end"]')
    return page.locator("#form button.main")


def step(page: Page) -> bool:
    """Do one step of a conversation; False once it is over."""
    expect(page.locator("#form")).to_be_visible()
    if page.locator('form[action="./next"]').count():
        return False
    before = page.evaluate(STATE)
    filled_in(page).click()
    expect(page.locator("#page")).not_to_have_attribute("data-state", before)
    return True


def finished(page: Page, scheme: str = "") -> None:
    """Answer what is asked after the conversations, and come to the end."""
    page.get_by_label("Yes").check()
    page.get_by_label("How many things, about?").fill("4")
    fine(page, f"questions{scheme}")
    sent(page)
    expect(page.locator("#code")).to_have_text("C1DONE")
    fine(page, f"end{scheme}")


def participant(run: Path) -> Participant:
    """What is kept of the only one who came."""
    (one,) = Register(run).participants
    return one


def test_the_whole_way_by_hand_though_the_server_is_killed(
    page: Page, watch: Watch, tmp_path: Path
) -> None:
    run, port = tmp_path / "run", free_port()
    with served(EXAMPLE, port, "--out", str(run), *SHORT) as first:
        begun(page, f"{first.link}?PROLIFIC_PID=5f0c")
        page.reload()
        assert {"Withdraw", "Leave without a word", "Go on"} <= set(tabbed(page))
        assert step(page), "the topics"
        page.get_by_label("Your question").fill(ASKED)
        sent(page)
        expect(page.locator(".turn.own .text")).to_have_text(ASKED)
        fine(page, "chat")
        kept, own = participant(run), page.url.partition("#")[0]
        page.get_by_label("Your question").fill("And what")
        first.kill()
    expect(page.locator("#lost")).to_be_visible()
    picture(page, "study-lost")
    assert participant(run) == kept
    with served(run, port) as second:
        expect(page.locator("#lost")).to_be_hidden()
        expect(page.get_by_label("Your question")).to_have_value("And what")
        expect(page.locator(".turn.own .text")).to_have_text(ASKED)
        assert all("ERR_" in one for one in watch.faults()), "only what was not there is told"
        for conversation in (1, 2):
            while step(page):
                pass
            expect(page.locator("#strip")).to_contain_text(f"Conversation {conversation} of 2")
            fine(page, f"outcome-{conversation}")
            page.get_by_label("5 – completely").check()
            if conversation == 1:
                page.get_by_label("Blue").check()
            page.locator("#form button.main").click()
            expect(page.locator("#strip")).not_to_contain_text(f"Conversation {conversation} of")
        finished(page)
        page.goto(second.link)
        assert page.url == own, "who comes again is where they were"
        expect(page.locator("#code")).to_have_text("C1DONE")
        href = page.get_by_role("link", name="Go back with this code").get_attribute("href")
        assert href == "https://panel.example/complete?cc=C1DONE"
        assert second.stop() == 3, "two seats are free"
    one = participant(run)
    assert (one.stage, one.ending, one.panel) == ("over", "done", {"PROLIFIC_PID": "5f0c"})
    assert one.answers["trust.1"] == one.answers["trust.2"] == "5" and one.answers["how_many"] == 4
    assert [each.right for each in one.tried] == [True, False, True, True, True]
    assert one.consent_digest == kept.consent_digest and one.consent_at == kept.consent_at
    with beside_a_browser():
        assert sim("verify", run).exit_code == 0
        asked = [one.episode for one in person_steps(run)]
    assert len(set(asked)) == 2 and len(asked) >= 8


@pytest.mark.parametrize("dark", LOOKS[1::2], ids=str)
def test_the_whole_way_without_a_script(browser: Browser, dark: Look, tmp_path: Path) -> None:
    run = tmp_path / "run"
    flags = ("--out", str(run), *SHORT, "--set", "study.conversations=1")
    with (
        served(EXAMPLE, free_port(), *flags) as only,
        watched(browser, dark, scripts=False) as watch,
    ):
        page = watch.page
        page.goto(only.link)
        picture(page, f"study-consent-{dark}")
        page.get_by_role("button", name="I agree").click()
        page.get_by_role("button", name="Go on").click()
        page.get_by_label("A computer program").check()
        page.get_by_label("How many dollars").fill("150")
        picture(page, f"study-checks-{dark}")
        page.locator("#form button.main").click()
        for number in range(30):
            if asked(page):
                break
            picture(page, f"study-chat-{number}-{dark}")
            filled_in(page).click()
        picture(page, f"study-outcome-{dark}")
        page.get_by_label("1 – not at all").check()
        page.get_by_label("Blue").check()
        page.locator("#form button.main").click()
        page.get_by_label("Yes").check()
        page.get_by_label("How many things, about?").fill("4")
        picture(page, f"study-questions-{dark}")
        page.locator("#form button.main").click()
        expect(page.locator("#code")).to_have_text("C1DONE")
        picture(page, f"study-end-{dark}")
        page.get_by_role("link", name="Withdraw").click()
        picture(page, f"study-withdraw-{dark}")
        page.get_by_role("button", name="Yes, withdraw").click()
        expect(page.get_by_role("heading")).to_have_text("You have withdrawn")
        assert participant(run).withdrawn_at
    assert participant(run).ending == "done", "the code was earned before"


def asked(page: Page) -> bool:
    """Look again as long as the page waits; whether the conversation is over."""
    for _ in range(50):
        if page.locator("#form").count():
            return page.locator('form[action="./next"]').count() > 0
        page.get_by_role("link", name="look again").click()
        page.wait_for_timeout(200)
    raise AssertionError("nothing is asked")
