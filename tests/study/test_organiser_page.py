"""The organiser's pages over HTTP: what they show, what they do, and to whom."""

from __future__ import annotations

import csv
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from retailsim.sim.play.progress import ModelUsage
from retailsim.sim.study.links import ROOM
from retailsim.sim.study.organiser.app import application
from retailsim.sim.study.organiser.handlers import spent
from retailsim.sim.study.participants.app import application as participants
from retailsim.sim.study.session import StudySession
from tests.sim.runs import beside_a_browser
from tests.study.seated import BASE, STOOD, TOKEN, stand
from tests.study.test_monitor import wide
from tests.study.test_session import beside, playing, small
from tests.study.took_part import study
from tests.waiting import until

OWN = {"Sec-Fetch-Site": "same-origin"}
Client = TestClient[web.Request, web.Application]


def at(
    session: StudySession, ask: Callable[[Client], Awaitable[None]], *, known: bool = True
) -> None:
    """Serve the organiser's pages while somebody asks for them."""

    async def main() -> None:
        async with TestClient(TestServer(application(session, TOKEN, BASE))) as client:
            if known:
                await client.get("/", params={"token": TOKEN})
            await ask(client)

    with beside_a_browser():
        anyio.run(main)


async def got(client: Client, path: str, status: int = 200) -> str:
    """Look at a page."""
    async with client.get(path) as answer:
        text = await answer.text()
        assert answer.status == status, text
        return text


async def post(client: Client, do: str, seat: str = "", status: int = 200) -> str:
    """Answer the second question with yes."""
    async with client.post("/do", data={"do": do, "seat": seat}, headers=OWN) as answer:
        text = await answer.text()
        assert answer.status == status, text
        return text


def test_only_who_has_the_token_sees_anything(tmp_path: Path) -> None:
    session = small(tmp_path).session
    stand_one = session.opened(session.link(ROOM), {"PROLIFIC_PID": "secret-id"})

    async def ask(client: Client) -> None:
        for path in ("/", "/links", "/links.csv", f"/seat?id={stand_one.seat}", "/sure?do=stop"):
            assert "secret-id" not in await got(client, path, 401)
        await post(client, "close", status=401)
        # With the token, but from another site's page:
        await client.get("/", params={"token": TOKEN})
        async with client.post("/do", data={"do": "close"}) as answer:
            assert answer.status == 403
        assert not session.register.closed
        async with client.get("/") as answer:
            assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
            assert "secret-id" in await answer.text()

    at(session, ask, known=False)


def test_the_page_says_how_every_seat_stands(tmp_path: Path) -> None:
    session = small(tmp_path, 12).session
    stand(session)

    async def ask(client: Client) -> None:
        html = await got(client, "/")
        assert html.count('<tr data-key="') == 12
        for number, (stage, ending, why) in enumerate(STOOD, start=1):
            row = html.partition(f'<tr data-key="p{number:03}"')[2].partition("</tr>")[0]
            assert f"<span>{ending or stage}</span>" in row
            assert why in row
        assert f'value="{BASE}/p/{session.link(ROOM)}"' in html
        assert "<script>alert" not in html
        away = await got(client, "/?state=away")
        assert re.findall(r'data-key="(\w+)"', away) == ["p006", "p007", "p008"]
        assert "No seat is like that" in await got(client, "/?text=nobody")
        one = await got(client, "/seat?id=p001")
        assert "25 to 34" in one
        assert "ab" * 6 in one
        assert "5f9c" in one
        assert "no such seat" in await got(client, "/seat?id=p999", 404)

    at(session, ask)


def test_links_are_those_that_open_seats_on_the_page_and_in_the_file(tmp_path: Path) -> None:
    session = wide(tmp_path, 120)

    async def ask(client: Client) -> None:
        rows = list(csv.reader((await got(client, "/links.csv")).splitlines()))
        assert rows[0] == ["seat", "link"]
        assert [row[0] for row in rows[1:]] == ["room", *session.seats]
        for seat, link in rows[2:5]:
            opened = session.opened(link.removeprefix(f"{BASE}/p/"), {})
            assert opened.seat == seat
        first = await got(client, "/links")
        assert rows[2][1] in first
        assert rows[-1][1] not in first
        assert rows[-1][1] in await got(client, "/links?after=100")

    at(session, ask)


def test_nothing_happens_before_the_second_question(tmp_path: Path) -> None:
    session = small(tmp_path).session
    session.opened(session.link("p001"), {})

    async def ask(client: Client) -> None:
        assert "Let nobody new in?" in await got(client, "/sure?do=close")
        assert "End it for p001?" in await got(client, "/sure?do=end&seat=p001")
        assert not session.register.closed
        assert "cannot be done now" in await got(client, "/sure?do=open", 409)
        assert "cannot be done now" in await got(client, "/sure?do=end&seat=p002", 409)
        assert "no such seat" in await got(client, "/sure?do=end&seat=all", 404)
        assert "no such thing" in await got(client, "/sure?do=erase", 404)
        assert "Nobody new is let in" in await post(client, "close")
        assert "Nobody new is let in" not in await post(client, "open")
        assert "ended by the organiser" in await post(client, "end", "p001")
        await post(client, "end", "p001", status=409)
        assert "withdrew" in await post(client, "withdraw", "p001")
        await post(client, "stop")
        assert session.over == "stopped"

    at(session, ask)


def test_who_comes_once_the_door_is_closed_is_told_so(tmp_path: Path) -> None:
    session = wide(tmp_path, 2)
    session.take_nobody_new(closed=True)

    async def main() -> None:
        async with TestClient(TestServer(participants(session))) as client:
            said = await got(client, f"/p/{session.link(ROOM)}/", 409)
            assert "takes no more participants" in said

    with beside_a_browser():
        anyio.run(main)


def test_what_models_cost_is_said_in_dollars_and_calls() -> None:
    assert spent(None) == ""
    assert spent(ModelUsage(calls=1, nanousd=1_250_000_000)) == "$1.25, 1 call"
    assert spent(ModelUsage(calls=2_000, nanousd=None)) == "price unknown, 2,000 calls"


def test_who_is_stuck_goes_on_without_an_answer(tmp_path: Path) -> None:
    study = small(tmp_path)
    session = study.session

    def go_on() -> None:
        playing(session, session.opened(session.link("p001"), {}))
        until(lambda: session.question("p001") is not None)

        async def ask(client: Client) -> None:
            sure = await got(client, "/sure?do=get-up&seat=p001")
            assert "The step that waits for p001 counts as left" in sure
            assert "ends as if they had said so" in sure
            await post(client, "get-up", "p001")

        at(session, ask)
        until(lambda: session.played("p001") == 1)

    beside(study, go_on)


@pytest.mark.parametrize(("scenario", "word"), [("pairwise", "Product"), ("csales", "Profile")])
def test_treatments_are_about_what_the_other_pages_call_it(
    tmp_path: Path, scenario: str, word: str
) -> None:
    """The heading of products and of profiles, with the ids that stand below it."""
    session = study(tmp_path, 2, scenario=scenario).session
    ids = {one.about for plan in session.plan.values() for one in plan}

    async def ask(client: Client) -> None:
        whole = (await got(client, "/")).split("<h2>Treatments</h2>")[1]
        for page in (whole, await got(client, "/seat?id=p001")):
            headings = re.findall(r"<th scope=\"col\"[^>]*>(\w+)</th>", page)
            assert word in headings and not {"Goods", "Product", "Profile"} - {word} & {*headings}
        assert all(f"<bdi>{one}</bdi>" in whole for one in ids)

    at(session, ask)
