"""Participants whose partner thinks for long, in a real Chromium on a telephone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import Look, expect, watched
from tests.study.slow_partner import open_to_browsers

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.slow

TELEPHONE = Look(390, "light")
ASKED = "Is it in stock?"


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
        open_to_browsers(tmp_path) as study,
        watched(browser, TELEPHONE, scripts=False) as watch,
    ):
        page = watch.page
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
