"""A person at the page in a real Chromium: looks, types, presses buttons."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from retailsim.agents.person.desk import Desk, Question
from retailsim.events.messages import Role
from retailsim.sim.execution.runner import RunControl
from retailsim.sim.play_page.app import application
from retailsim.sim.play_page.serve import sit, sitting_at
from retailsim.sim.play_page.sitting import Sitting
from retailsim.sim.play_page.table import Table
from tests.axe import axe
from tests.browser import DESK, HEIGHT, LOOKS, expect, picture
from tests.people.played import Answers
from tests.people.sat_down import TOKEN, new
from tests.serving import serving
from tests.sim.runs import beside_a_browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser import Look

WIDE = "document.documentElement.scrollWidth - innerWidth"
STATE = "#page"
THERE = "#form, #next, .over"
"""What a page shows that has something to do, or is the last one."""


@contextmanager
def playing(
    page: Page, folder: Path, text: str, role: Role, *, gated: bool = True
) -> Iterator[Sitting]:
    """Play a new run beside its page, which is opened, and left before the server ends."""
    desk = Desk(gated=gated)
    with beside_a_browser():
        table = new(folder, text.format(seller="", buyer=""), role, desk)
    with sitting_down(page, table, desk) as sitting:
        yield sitting


@contextmanager
def sitting_down(page: Page, table: Table, desk: Desk) -> Iterator[Sitting]:
    """Play a table's run beside its page."""
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
    expect(page.locator(STATE)).to_have_attribute("data-state", question.id)
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


class Eyes:
    """Looks at each kind of page once: narrow and wide, light and dark.

    Parameters
    ----------
    name : str
        Of the pictures.
    """

    def __init__(self, page: Page, name: str) -> None:
        self.seen = Counter[str]()
        self._page = page
        self._name = name

    def look(self, kind: str) -> None:
        """Look at what is shown, if nothing of its kind was seen before."""
        self.seen[kind] += 1
        if self.seen[kind] > 1:
            return
        for look in LOOKS:
            self._turn(look)
            assert self._page.evaluate(WIDE) <= 0, f"{kind} scrolls sideways at {look}"
            picture(self._page, f"{self._name}-{kind}-{look}")
            assert axe(self._page) == [], f"{kind} at {look}"
        self._turn(DESK)

    def _turn(self, look: Look) -> None:
        self._page.set_viewport_size({"width": look.width, "height": HEIGHT})
        self._page.emulate_media(color_scheme=look.scheme)


def play_by_hand(
    page: Page, sitting: Sitting, answers: Answers, eyes: Eyes, most: int | None = None
) -> list[Question]:
    """Play to the end, or so many steps; returns what was asked."""
    questions: list[Question] = []
    while most is None or len(questions) < most:
        expect(page.locator(THERE).first).to_be_visible()
        if page.locator(".over").count():
            eyes.look("end")
            break
        before = page.locator(STATE).get_attribute("data-state") or ""
        if page.locator("#next").count():
            eyes.look("result")
            page.locator("#next button").click()
        else:
            questions.append(asked(page, sitting))
            eyes.look(questions[-1].request)
            given = answers(questions[-1])
            assert given is not None, questions[-1]
            fill_in(page, given)
        expect(page.locator(STATE)).not_to_have_attribute("data-state", before)
    return questions
