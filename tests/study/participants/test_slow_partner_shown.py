"""Participants whose partner thinks for long, in a real Chromium on a telephone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from retailsim.sim.people.steps import person_steps
from tests.axe import axe
from tests.browser import Look, expect, watched
from tests.sim.ports import free_port
from tests.sim.runs import beside_a_browser, outside_lines, sim
from tests.study.serving_process import served
from tests.study.slow_partner import SLOW, open_to, slow_partner

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Route

    from tests.browser import Watch

pytestmark = pytest.mark.slow

TELEPHONE = Look(390, "light")
ASKED = "Is it in stock?"
UNCOVERED = """() => {
  const button = document.querySelector("#form button.main");
  scrollBy(0, button.getBoundingClientRect().bottom - innerHeight);
  const box = button.getBoundingClientRect();
  return button.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
}"""
SINCE = "sessionStorage.getItem('retailsim-waits')"


@pytest.fixture
def look() -> Look:
    return TELEPHONE


def agree(page: Page, link: str) -> None:
    """Come to the conversation."""
    page.goto(link)
    page.get_by_role("button", name="I agree").click()


def ask(page: Page) -> Locator:
    """Come to where a question is written, and write one; returns the button that sends it."""
    page.get_by_label("Shipping").check()
    page.locator("#form button.main").click()
    page.get_by_label("Your question").fill(ASKED)
    return page.get_by_role("button", name="Send")


def waits(page: Page) -> None:
    """The partner is waited for."""
    expect(page.get_by_role("heading", name="Waiting for the seller")).to_be_visible()


def test_without_a_script_looking_again_asks_the_server(browser: Browser, tmp_path: Path) -> None:
    """A link to the page's own address with a fragment would only scroll."""
    with (
        watched(browser, TELEPHONE, scripts=False) as watch,
        open_to(page := watch.page, tmp_path) as study,
    ):
        agree(page, study.link())
        expect(page.locator("#form")).to_be_visible()
        send = ask(page)
        study.partner.think()
        send.click()
        for _ in range(2):  # from the address that a form leads to, and from its own
            waits(page)
            expect(page.locator(".by-itself")).to_be_hidden()
            with page.expect_response(lambda answer: answer.status == 200):
                page.get_by_role("link", name="look again").click()
        study.partner.answer()
        while not page.locator("#form").count():
            with page.expect_response(lambda answer: answer.status == 200):
                page.get_by_role("link", name="look again").click()
        expect(page.get_by_label("Yes")).to_be_visible()


def test_a_form_that_does_not_arrive_says_so_and_stays(
    page: Page, watch: Watch, tmp_path: Path
) -> None:
    """However long the network is gone, the page comes back by itself, with what was written."""
    with open_to(page, tmp_path) as study:
        agree(page, study.link())
        send = ask(page)
        page.context.set_offline(True)
        send.click()
        expect(page.locator("#lost")).to_be_visible()
        expect(page.get_by_label("Your question")).to_have_value(ASKED)
        for _ in range(6):
            page.wait_for_event("requestfailed")
        page.context.set_offline(False)
        expect(page.locator("#lost")).to_be_hidden()
        expect(page.locator("#unsent")).to_have_text(
            "What you just sent did not arrive. Please send it again."
        )
        assert axe(page) == []
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate(UNCOVERED), "the button that is asked for"
        page.get_by_label("Your question").press("Control+Enter")
        expect(page.locator(".turn.own .text")).to_have_text(ASKED)
        expect(page.locator("#unsent")).to_be_hidden()
        assert all("ERR_INTERNET_DISCONNECTED" in one for one in watch.faults())
    assert asked(tmp_path / "run") == 1


def test_what_a_proxy_says_instead_of_the_server_does_not_become_the_page(
    page: Page, watch: Watch, tmp_path: Path
) -> None:
    gone = iter((502, 504, 429))

    def proxy(route: Route) -> None:
        if (status := next(gone, None)) is None:
            route.continue_()
        else:
            route.fulfill(status=status, body="<h1>Bad gateway</h1>", content_type="text/html")

    with open_to(page, tmp_path) as study:
        agree(page, study.link())
        send = ask(page)
        page.route("**/answer", proxy)
        for _ in range(3):
            send.click()
            expect(page.locator("#unsent")).to_be_visible()
            expect(page.get_by_label("Your question")).to_have_value(ASKED)
            expect(send).to_be_focused()
        study.partner.think()
        send.click()
        waits(page)
        page.route(re.compile(r"/p/[^/]+/$"), lambda route: route.fulfill(status=502, body="<p>"))
        study.partner.answer()
        expect(page.locator("#lost")).to_be_visible()
        page.unroute_all(behavior="ignoreErrors")
        expect(page.get_by_label("Yes")).to_be_visible()
        assert all(re.search(r"status of (502|504|429)", one) for one in watch.faults())
    assert asked(tmp_path / "run") == 1


def test_a_form_that_nobody_answers_is_given_up_after_a_while(page: Page, tmp_path: Path) -> None:
    """As where a connection breaks without a word: a browser alone would wait for many minutes."""
    page.clock.install()
    with open_to(page, tmp_path) as study:
        agree(page, study.link())
        send = ask(page)
        page.route("**/answer", lambda route: None)
        send.click()
        expect(page.locator("#sends")).to_have_text("Sending…")
        expect(page.locator("#unsent")).to_be_hidden()
        page.clock.fast_forward(30_000)
        expect(page.locator("#unsent")).to_be_visible()
        expect(page.locator("#sends")).to_have_text("")
        page.unroute_all(behavior="ignoreErrors")
        send.click()
        expect(page.locator(".turn.own .text")).to_have_text(ASKED)


def test_a_withdrawal_that_does_not_arrive_says_so(
    page: Page, watch: Watch, tmp_path: Path
) -> None:
    with open_to(page, tmp_path) as study:
        study.partner.think()
        agree(page, study.link())
        waits(page)
        page.get_by_role("link", name="Withdraw").click()
        page.context.set_offline(True)
        page.get_by_role("button", name="Yes, withdraw").click()
        expect(page.locator("#unsent")).to_be_visible()
        page.context.set_offline(False)
        page.get_by_role("button", name="Yes, withdraw").click()
        expect(page.get_by_role("heading", name="You have withdrawn")).to_be_visible()
        assert all("ERR_INTERNET_DISCONNECTED" in one for one in watch.faults())
        (one,) = study.session.register.participants
        assert one.withdrawn_at and one.ending == "screened out"


def test_who_reads_while_the_partner_thinks_is_not_disturbed(page: Page, tmp_path: Path) -> None:
    """The count of the wait goes on over a reload, and what was opened stays open."""
    with open_to(page, tmp_path) as study:
        agree(page, study.link())
        send = ask(page)
        study.partner.think()
        send.click()
        waits(page)
        expect(page.locator("#waits")).to_have_text(re.compile(r"0:\d\d"))
        since = page.evaluate(SINCE)
        page.reload()
        waits(page)
        assert page.evaluate(SINCE) == since
        page.get_by_text("Description", exact=True).click()
        study.partner.answer()
        expect(page.get_by_label("Yes")).to_be_visible()
        assert page.locator("#sheet details").last.get_attribute("open") is not None
        assert page.evaluate(SINCE) is None


def test_times_are_measured_over_a_reload(page: Page, tmp_path: Path) -> None:
    with open_to(page, tmp_path) as study:
        agree(page, study.link())
        expect(page.locator("#form")).to_be_visible()
        page.evaluate("new Promise(done => { setTimeout(done, 700); })")
        page.reload()
        ask(page).click()
        expect(page.locator(".turn.own .text")).to_have_text(ASKED)
    with beside_a_browser():
        first, second = person_steps(tmp_path / "run")
    assert first.shown_ms is not None and first.shown_ms >= 700
    assert second.shown_ms is not None and second.shown_ms < first.shown_ms
    assert first.focus_lost == second.focus_lost == 0


def test_a_conversation_is_shown_while_its_partner_thinks_after_a_restart(
    page: Page, watch: Watch, tmp_path: Path
) -> None:
    """What was said and what is sold is known from the log, before anybody asks again."""
    run, port, scenario = tmp_path / "run", free_port(), tmp_path / "slow.toml"
    with slow_partner() as (partner, server):
        scenario.write_text(SLOW.format(url=server.url))
        with served(scenario, port, "--out", str(run), "--seats", "1") as first:
            agree(page, first.link)
            send = ask(page)
            title = page.locator("h1").inner_text()
            partner.think()
            send.click()
            waits(page)
            first.kill()
        expect(page.locator("#lost")).to_be_visible()
        with served(run, port) as second:
            expect(page.locator("#lost")).to_be_hidden()
            for _ in range(2):
                waits(page)
                expect(page.locator(".turn.own .text")).to_have_text(ASKED)
                expect(page.locator("h1")).to_have_text(title)
                page.reload()
            partner.answer()
            expect(page.get_by_label("Your question")).to_be_visible()
            assert all("ERR_" in one for one in watch.faults())
            page.goto("about:blank")
            assert second.stop() == 3
    assert asked(run) == 1
    assert sim("verify", run).exit_code == 0


def asked(run: Path) -> int:
    """How many answers of the participant with the question are in a log."""
    return sum(ASKED.encode() in line and b"buyer:p" in line for line in outside_lines(run))
