"""Rating in a real Chromium: by keys, by buttons alone, over a killed server, on a telephone."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from retailsim.sim.rate_page.app import application
from retailsim.sim.rate_page.ratings import Ratings, opened
from tests.annotation import rated
from tests.annotation.exports import hostile_sheet, key_of
from tests.annotation.rated import exported, lines, shown_at
from tests.axe import axe
from tests.browser import FOREIGN, every_look, expect, picture, watched
from tests.keyboard import tabbed
from tests.serving import HOME, serving
from tests.sim.ports import free_port
from tests.sim.runs import ROOT, sim
from tests.waiting import PATIENCE_S

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser import Look, Watch

pytestmark = pytest.mark.slow

WIDE = "document.documentElement.scrollWidth - innerWidth"


@contextmanager
def served(place: Path, *names: str, host: str = HOME) -> Iterator[tuple[Ratings, list[str]]]:
    """Serve an export from a thread; yields the raters' links, the organiser's first."""
    hosts = frozenset({HOME, host})
    with opened(place, names) as ratings, serving(application(ratings, hosts=hosts)) as address:
        address = address.replace(HOME, host)
        links = [f"{address}?token={ratings.links.organiser}"]
        for number, rater in enumerate(ratings.links.raters, 1):
            links.append(f"{address}rate/{number}/?token={rater.token}")
        yield ratings, links


@contextmanager
def program(place: Path, port: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command; yields it and the rater's link."""
    words = ("annotate", "serve", str(place), "--raters", "ann", "--port", str(port))
    process = subprocess.Popen(
        (sys.executable, "-m", "sim", *words),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(f"you: http://{HOME}:{port}/?token=")
        yield process, process.stdout.readline().strip().removeprefix("ann: ")
    finally:
        process.kill()
        process.communicate()


def where(page: Page) -> int:
    """The number of the item that is shown."""
    expect(page.locator("#rating")).to_be_visible()
    found = re.fullmatch(r"Item (\d+) of \d+ · RetailSim", page.title())
    assert found is not None, page.title()
    return int(found[1])


def strike(page: Page, key: str) -> None:
    """Press a key, once the page's script is there."""
    expect(page.locator("html.has-script #rating")).to_be_visible()
    page.keyboard.press(key)


def press(page: Page, key: str, then: int) -> None:
    """Press a key, and wait for the item that it leads to, whole."""
    strike(page, key)
    expect(page).to_have_title(re.compile(rf"Item {then} of "))
    expect(page.locator("html.has-script")).to_be_attached()


def stands(page: Page) -> str:
    """The rating that the page shows."""
    chosen = page.locator('.choices [aria-pressed="true"]')
    return str(chosen.get_attribute("value")) if chosen.count() else ""


def rate(page: Page, first: int, last: int) -> dict[int, str]:
    """Rate items by keys, up to the page that follows; returns which key each got."""
    said = {}
    for number in range(first, last + 1):
        assert where(page) == number
        said[number] = "a" if page.locator(".sides").count() else str(1 + number % 5)
        press(page, said[number], number + 1)
    return said


def kept(place: Path) -> dict[int, str]:
    """What stands in the rater's journal, by the number of the item, as keys."""
    with opened(place) as ratings:
        stood = ratings.desks[0].journal.standing.ratings
        at = shown_at(ratings)
        return {
            at[found.item, found.again]: str(one.rating).lower() for found, one in stood.items()
        }


def test_by_keys_with_undo_reload_and_a_killed_server(
    page: Page, watch: Watch, tmp_path: Path
) -> None:
    # Over 60 lines: one sitting, of which each step goes by what was before.
    place, _ = exported(tmp_path, count=12, pairs=3)
    port = free_port()
    with program(place, port) as (process, link):
        page.goto(link)
        expect(page.locator("h1")).to_have_text("Rating conversations")
        assert "token" not in page.url
        page.locator("a.main").click()
        said = rate(page, 1, 6)
        press(page, "u", 6)
        expect(page.get_by_role("status")).to_contain_text("taken back")
        assert stands(page) == ""
        press(page, "p", 5)
        assert stands(page).lower() == said[5]
        press(page, "n", 6)
        strike(page, "f")
        expect(page.get_by_role("button", name="Flag")).to_have_attribute("aria-pressed", "true")
        page.reload()
        said |= rate(page, 6, 6)
        page.wait_for_load_state()  # with its script, which says that the server is gone
        process.send_signal(signal.SIGKILL)
        process.wait()
        strike(page, "b" if page.locator(".sides").count() else "3")
        expect(page.locator("#lost")).to_be_visible()
        assert where(page) == 7
        assert [fault for fault in watch.faults() if "ERR_CONNECTION" not in fault] == []
    acts = lines(place)
    assert [one["act"] for one in acts] == ["rated"] * 6 + ["undone", "flagged", "rated"]
    assert all(one["seconds"] is not None for one in acts if one["act"] == "rated")
    assert kept(place) == said
    with program(place, port) as (process, again):
        assert again == link
        said |= rate(page, 7, 15)
        strike(page, "a" if page.locator(".sides").count() else "2")
        expect(page.locator("h1")).to_have_text("That was all. Thank you!")
        expect(page.locator("main")).to_contain_text("Flagged by you: item 6")
        page.wait_for_load_state()  # before its server ends
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
    after = kept(place)
    assert len(after) == 16
    assert after.pop(16) in "a2"
    assert after == said


def test_the_same_answers_by_page_and_by_form_are_scored_the_same(
    page: Page, tmp_path: Path
) -> None:
    """By hand both ways; the page asks for the repeat, too, which the form does not have."""
    place, key = exported(tmp_path, count=12, pairs=3)
    said = {
        answer.id: ("AB"[number % 2] if answer.right else str(1 + (2 * number) % 5))
        for number, answer in enumerate(key.items)
    }
    with served(place, "ann") as (ratings, links):
        page.goto(links[1])
        page.locator("a.main").click()
        for (item, again), number in shown_at(ratings).items():
            answer = {"A": "B", "B": "A", "1": "5"}.get(said[item], "1") if again else said[item]
            if number < ratings.desks[0].total:
                press(page, answer, number + 1)
            else:
                strike(page, answer)
        expect(page.locator("h1")).to_have_text("That was all. Thank you!")
        page.wait_for_load_state()  # before its server ends
    page.goto((place / "form.html").as_uri())
    page.get_by_label("Your name").fill("ann")
    for item, rating in said.items():
        page.locator(f'input[name="{item}"][value="{rating}"]').check()
    with page.expect_download() as found:
        page.get_by_role("button", name="Save", exact=True).click()
    found.value.save_as(tmp_path / found.value.suggested_filename)
    by_form, by_page = (
        json.loads(sim("annotate", "score", place, place / f"ratings-ann.{end}", "--json").stdout)
        for end in ("json", "jsonl")
    )
    assert len(by_form["tasks"]) == len(by_form["traits"]) == 1
    for part in ("items", "tasks", "traits", "dirty"):
        assert by_page[part] == by_form[part]
    assert by_form["self_agreement"] == []
    [twice] = by_page["self_agreement"]
    assert (twice["items"], twice["same"]["value"]) == (1, 0.0)


def test_by_buttons_alone_where_no_script_runs(browser: Browser, tmp_path: Path) -> None:
    place, _ = exported(tmp_path, count=3, pairs=1)
    with served(place, "ann") as (ratings, links), watched(browser, scripts=False) as watch:
        page = watch.page
        page.goto(links[1])
        page.get_by_role("link", name="Begin").click()
        for number in range(1, 5):
            assert where(page) == number
            name = "Text B" if page.locator(".sides").count() else "2 poor"
            page.get_by_role("button", name=name).click()
        expect(page.locator("h1")).to_have_text("That was all. Thank you!")
        page.get_by_role("link", name="Look at the last item").click()
        page.get_by_role("button", name="Undo item 4").click()
        page.get_by_role("button", name="Flag").click()
        page.get_by_role("link", name="Back").click()
        assert (where(page), ratings.desks[0].open, ratings.desks[0].flagged) == (3, (4,), (4,))


def test_keys_can_be_turned_off_and_stay_off(page: Page, tmp_path: Path) -> None:
    place, _ = exported(tmp_path, count=4, pairs=0)
    with served(place, "ann") as (ratings, links):
        page.goto(links[1])
        page.locator("a.main").click()
        page.get_by_label("Keys").uncheck()
        for _ in range(2):
            strike(page, "3")
            strike(page, "n")
            assert where(page) == 1
            page.reload()
            expect(page.get_by_label("Keys")).not_to_be_checked()
        assert ratings.desks[0].rated == 0
        page.get_by_label("Keys").check()
        press(page, "3", 2)
        strike(page, "Control+n")  # the browser's own
        strike(page, "a")  # no key of this item
        assert where(page) == 2


PRESS_AGAIN = """() => {
  let times = 0;
  document.addEventListener("submit", () => {
    if (++times === 2) queueMicrotask(() => document.querySelector("[value='4']").click());
  });
}"""
"""Presses another button once the script has sent what was pressed, before the answer comes."""


def test_who_presses_twice_is_understood_once(page: Page, tmp_path: Path) -> None:
    place, _ = exported(tmp_path, count=4, pairs=0)
    with served(place, "ann") as (_, links):
        page.goto(links[1])
        page.locator("a.main").click()
        expect(page.locator("html.has-script #rating")).to_be_visible()
        page.evaluate(PRESS_AGAIN)
        page.get_by_role("button", name="2 poor").click()
        expect(page).to_have_title(re.compile("Item 2 of "))
        page.wait_for_load_state()
    assert [line["rating"] for line in lines(place)] == [2]


def test_two_raters_at_once_in_one_browser_stay_apart(
    page: Page, watch: Watch, tmp_path: Path
) -> None:
    place, _ = exported(tmp_path, count=6, pairs=0)
    with served(place, "ann", "bo") as (ratings, links):
        other = page.context.new_page()
        for one, link in ((page, links[1]), (other, links[2])):
            one.goto(link)
            one.locator("a.main").click()
        for number in range(1, 4):
            press(page, "5", number + 1)
            press(other, "1", number + 1)
        assert [desk.rated for desk in ratings.desks] == [3, 3]
        assert {line["rating"] for line in lines(place, "ann")} == {5}
        assert {line["rating"] for line in lines(place, "bo")} == {1}
        # Neither link opens what is the organiser's.
        page.goto(links[0].partition("?")[0])
        expect(page.locator("h1")).to_have_text("Sorry")
        assert all("401" in fault for fault in watch.faults())


def test_a_rater_at_another_machine_is_let_rate(page: Page, watch: Watch, tmp_path: Path) -> None:
    """Over plain HTTP to a name, browsers do not say whose page sent a form, except by Origin."""
    place, _ = exported(tmp_path, count=3, pairs=0)
    with served(place, "ann", host=FOREIGN) as (ratings, links):
        page.goto(links[1])
        assert not page.evaluate("isSecureContext")
        page.locator("a.main").click()
        press(page, "4", 2)
        assert ratings.desks[0].rated == 1
        expected = (
            f"leaves: http://{FOREIGN}",
            "Cross-Origin-Opener-Policy header has been ignored",
        )
        assert [one for one in watch.faults() if not any(said in one for said in expected)] == []


@every_look
def test_nobody_is_kept_out_and_nothing_is_cut_off(page: Page, look: Look, tmp_path: Path) -> None:
    place, _ = exported(tmp_path, count=20, pairs=2)
    with served(place, "ann", "bo") as (ratings, links):
        pair = shown_at(ratings)["p0", False]
        likert = shown_at(ratings)["i0", False]

        def looked_at(name: str) -> None:
            assert axe(page) == []
            assert page.evaluate(WIDE) <= 0
            picture(page, f"rating-{name}-{look}")
            tabbed(page)

        page.goto(links[1])
        looked_at("begin")
        begin = page.url
        for name, number in (("pair", pair), ("likert", likert)):
            page.goto(f"{begin}{number}")
            looked_at(name)
        size = page.locator(".choices button").first.bounding_box()
        assert size is not None and min(size["width"], size["height"]) >= 44
        for number in range(1, ratings.desks[0].total + 1):
            task = ratings.desks[0].card(number).task
            ratings.desks[0].rate(number, "A" if task.kind == "pair" else str(1 + number % 5), "")
        ratings.desks[0].flag(likert, flag=True)
        ratings.desks[1].rate(shown_at(ratings, 2)["i0", False], "3", "")
        page.goto(f"{begin}{likert}")
        looked_at("rated")
        page.goto(begin)
        looked_at("end")
        page.goto(links[0])
        looked_at("organiser")


@every_look
def test_hostile_texts_stay_text_and_in_their_place(page: Page, look: Look, tmp_path: Path) -> None:
    rated.write(
        tmp_path, hostile_sheet(), key_of(("i1", "pitch", None), ("i2", "seller_friendliness", "A"))
    )
    with served(tmp_path, "<img src=x onerror=alert(1)> {{7*7}}") as (_, links):
        page.goto(links[1])
        begin = page.url
        for address in (begin, f"{begin}1", f"{begin}2", links[0]):
            page.goto(address)
            assert page.locator("img").count() == 0
            assert page.evaluate(WIDE) <= 0
