"""The participants' pages but for the conversations: who is where, and what changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import anyio
import pytest
from aiohttp.test_utils import TestClient, TestServer

from retailsim.agents.person.desk import Desk
from retailsim.sim.scenario.study_design import Treatment
from retailsim.sim.scenario.study_table import StudyTable
from retailsim.sim.studio.site import posted
from retailsim.sim.studio.site.static_files import KINDS
from retailsim.sim.study.form_file import read_form
from retailsim.sim.study.links import ROOM
from retailsim.sim.study.materials import Materials, text_of
from retailsim.sim.study.participants import front, handlers
from retailsim.sim.study.participants.app import FILES, MOST_BYTES, application
from retailsim.sim.study.participants.limits import Buckets
from retailsim.sim.study.register import Register
from retailsim.sim.study.session import StudySession
from tests.sim.runs import beside_a_browser
from tests.study.took_part import Client, Visitor, known, room

FORM = """
[limits]
tries = 2
[[checks]]
name = "partner"
label = "Whom do you talk to?"
kind = "choice"
options = ["program", "person"]
right = "program"
[[checks]]
name = "budget"
label = "How much is it?"
kind = "number"
right = 15
"""
INSTRUCTIONS = "# What you do\n\nTalk.\n"


def session(folder: Path, seats: int = 3, instructions: str | None = INSTRUCTIONS) -> StudySession:
    """A session without a run."""
    one = Treatment(number=0, partner="s", about="g", condition="full", replication=1)
    names = [f"p{number:03}" for number in range(1, seats + 1)]
    return StudySession(
        run=folder,
        table=StudyTable(back="https://panel.example/?cc={code}"),
        materials=Materials(
            instructions=text_of(instructions) if instructions else None,
            form=read_form(FORM, "form"),
        ),
        plan=dict.fromkeys(names, (one,)),
        markets={name: (f"m-{name}",) for name in names},
        before={},
        broken=frozenset(),
        register=Register(folder),
        desk=Desk(gated=True),
        currency="USD",
        program="retailsim",
    )


@pytest.fixture(autouse=True)
def nothing_is_played(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a question: there is no run."""
    monkeypatch.setattr(handlers, "SOON_S", 0.0)


def at(of: StudySession, do: Callable[[Client], Awaitable[None]]) -> None:
    """Do something while the pages are served."""

    async def main() -> None:
        async with TestClient(TestServer(application(of))) as client:
            await do(client)

    with beside_a_browser():
        anyio.run(main)


async def to_the_checks(client: Client, of: StudySession, seat: str = "p001") -> Visitor:
    """Somebody who has agreed, and read the instructions."""
    visitor = Visitor(client)
    await visitor.come(f"/p/{of.link(seat)}/")
    await visitor.send("consent", ("agree", "yes"))
    await visitor.send("instructions")
    return visitor


def test_the_room_gives_each_a_seat_and_who_comes_again_the_same(tmp_path: Path) -> None:
    of = session(tmp_path, 4)

    async def come(client: Client) -> None:
        jar = client.session.cookie_jar
        visitor = Visitor(client)
        seats = []

        async def seat(query: str = "", *, stranger: bool = False) -> str:
            if stranger:
                jar.clear()
            assert await visitor.come(room(of) + query) == 200, visitor.html
            seats.append(visitor.at)
            return next(one for one in of.seats if visitor.at == f"/p/{of.link(one)}/")

        assert await seat() == "p001"
        assert await seat() == "p001", "a second tab"
        assert await visitor.come(visitor.at) == 200 and visitor.at == seats[-1], "a reload"
        assert await seat(stranger=True) == "p002"
        assert await seat("?PROLIFIC_PID=a") == "p003", "somebody else at the same browser"
        assert await seat("?PROLIFIC_PID=a", stranger=True) == "p003", "from another device"
        assert await seat("?label=b", stranger=True) == "p004"
        assert known(of, "p003").panel == {"PROLIFIC_PID": "a"}
        jar.clear()
        assert await visitor.come(room(of)) == 409
        assert "All places in this study are taken." in visitor.html

    at(of, come)


def test_a_link_that_nobody_looks_at_takes_no_seat(tmp_path: Path) -> None:
    of = session(tmp_path)

    async def come(client: Client) -> None:
        async with client.head(f"{room(of)}/") as answer:
            assert answer.status == 405
        ahead = {"Sec-Purpose": "prefetch;prerender"}
        async with client.get(f"{room(of)}/", headers=ahead) as answer:
            assert answer.status == 503
        assert of.register.participants == ()
        async with client.get(f"{room(of)}/", allow_redirects=False) as answer:
            cookie = answer.headers["Set-Cookie"]
        assert cookie == f"seat={of.link('p001')}; HttpOnly; SameSite=Lax"

    at(of, come)


@pytest.mark.parametrize("query", [f"?label={'x' * 201}", "?label=%00", "?label=%20", "?other=1"])
def test_what_no_panel_means_is_left_out(tmp_path: Path, query: str) -> None:
    of = session(tmp_path)

    async def come(client: Client) -> None:
        assert await Visitor(client).come(room(of) + query) == 200
        assert known(of, "p001").panel == {}

    at(of, come)


def test_who_refuses_takes_no_part(tmp_path: Path) -> None:
    of = session(tmp_path)

    async def refuse(client: Client) -> None:
        visitor = Visitor(client)
        await visitor.come(room(of))
        assert "cannot be changed afterwards" in visitor.html, "whatever the text says"
        assert "Withdraw</a>" not in visitor.html
        assert await visitor.post("consent", [("question", f"consent-{'p001'}")]) == 422
        assert "Please say whether you agree." in visitor.html
        await visitor.send("consent", ("agree", "no"))
        one = known(of, "p001")
        assert (one.stage, one.ending, one.consent_at) == ("over", "screened out", "")
        assert ">SCREENEDOUT<" in visitor.html
        assert 'href="https://panel.example/?cc=SCREENEDOUT"' in visitor.html
        await visitor.post("consent", [("question", "consent-p001"), ("agree", "yes")])
        assert known(of, "p001") == one, "the back button changes nothing"

    at(of, refuse)


def test_checks_have_their_tries(tmp_path: Path) -> None:
    of = session(tmp_path)

    async def try_twice(client: Client) -> None:
        visitor = await to_the_checks(client, of)
        assert await visitor.send("checks", ("f.partner", "program")) == 422
        assert "please give a number" in visitor.html and not known(of, "p001").tried
        page = visitor.html
        await visitor.send("checks", ("f.partner", "program"), ("f.budget", "3"))
        assert [one.right for one in known(of, "p001").tried] == [True, False]
        assert "you have one more try" in visitor.html
        latest, visitor.html = visitor.html, page
        await visitor.send("checks", ("f.partner", "program"), ("f.budget", "3"))
        assert len(known(of, "p001").tried) == 2, "sent again from the old page"
        visitor.html = latest
        await visitor.send("checks", ("f.partner", "person"), ("f.budget", "15"))
        one = known(of, "p001")
        assert (one.stage, one.ending, one.conversation) == ("over", "screened out", 0)
        assert one.why == "did not pass the comprehension checks"
        assert [(each.check, each.answer) for each in one.tried[2:]] == [
            ("partner", "person"),
            ("budget", 15),
        ]

    at(of, try_twice)


def test_what_a_study_does_not_have_is_passed_over(tmp_path: Path) -> None:
    of = session(tmp_path, instructions=None)

    async def agree(client: Client) -> None:
        visitor = Visitor(client)
        await visitor.come(room(of))
        await visitor.send("consent", ("agree", "yes"))
        assert known(of, "p001").stage == "checks"
        await visitor.send("checks", ("f.partner", "program"), ("f.budget", "15"))
        assert known(of, "p001").stage == "play"

    at(of, agree)


def test_each_step_is_kept_before_the_page_goes_on(tmp_path: Path) -> None:
    """What a second server reads, after each answer, is what the first one knows."""
    of = session(tmp_path)

    async def take_part(client: Client) -> None:
        visitor = await to_the_checks(client, of)
        assert Register(tmp_path).participant("p001") == known(of, "p001")
        await visitor.send("checks", ("f.partner", "program"), ("f.budget", "3"))
        assert len(known(of, "p001").tried) == 2
        assert Register(tmp_path).participants == (known(of, "p001"),)

    at(of, take_part)
    again = session(tmp_path)

    async def go_on(client: Client) -> None:
        visitor = Visitor(client)
        await visitor.come(f"/p/{of.link('p001')}/")
        assert "you have one more try" in visitor.html

    at(again, go_on)


def test_whoever_withdraws_is_asked_once_more(tmp_path: Path) -> None:
    of = session(tmp_path)

    async def withdraw(client: Client) -> None:
        visitor = Visitor(client)
        await visitor.come(f"/p/{of.link('p001')}/")
        own = visitor.at
        await visitor.come(f"{own}withdraw")
        assert visitor.at == own, "before consent there is nothing to withdraw"
        await visitor.post("withdraw", [("sure", "yes")])
        assert known(of, "p001").stage == "consent"
        await visitor.send("consent", ("agree", "yes"))
        assert 'href="./withdraw"' in visitor.html
        await visitor.come(f"{own}withdraw")
        assert known(of, "p001").withdrawn_at == ""
        await visitor.send("withdraw", ("sure", "yes"))
        one = known(of, "p001")
        assert one.withdrawn_at and (one.stage, one.ending) == ("over", "screened out")
        assert "You have withdrawn" in visitor.html and ">SCREENEDOUT<" in visitor.html
        await visitor.post("withdraw", [("sure", "yes")])
        assert known(of, "p001") == one, "a second time changes nothing"

    at(of, withdraw)


def test_other_links_open_nothing(tmp_path: Path) -> None:
    of, other = session(tmp_path / "a"), session(tmp_path / "b")

    async def try_links(client: Client) -> None:
        visitor = Visitor(client)
        for given in (other.link("p001"), other.link(ROOM), "p001", "p001.x", "x" * 5_000, "%00"):
            for path in ("", "/", "/state", "/withdraw"):
                assert await visitor.come(f"/p/{given}{path}") in (404, 414, 400), given
                assert "p001" not in visitor.html.replace(given, "")
        for post in ("consent", "answer", "next", "withdraw"):
            form = {"sure": "yes", "agree": "yes", "question": "consent-p001"}
            async with client.post(f"/p/{other.link('p001')}/{post}", data=form) as answer:
                assert answer.status == 404
        async with client.post(f"/p/{of.link('p002')}/consent", data={"agree": "yes"}) as answer:
            assert answer.status == 404, "a seat is taken by its page alone"
        assert of.register.participants == ()

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    at(of, try_links)


def test_nothing_else_is_there_and_nothing_tells_what_it_is(tmp_path: Path) -> None:
    of = session(tmp_path)

    async def look(client: Client) -> None:
        for path in ("/", "/healthz", "/static/studio.css", "/p", "/p/", "/runs", "/p/a/b/c"):
            async with client.get(path) as answer:
                text = await answer.text()
                assert answer.status == 404, path
            assert text == "There is nothing here."
            told = f"{text} {answer.headers}".lower()
            assert not [word for word in ("retailsim", "aiohttp", "python") if word in told]
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        visitor = Visitor(client)
        await visitor.come(room(of))
        assert "retailsim" not in visitor.html.lower()
        own = f"/p/{of.link('p001')}"
        for name in (*FILES, "report.css"):
            async with client.get(f"{own}/static/{name}") as answer:
                assert answer.status == 200 and await answer.read(), name
                assert answer.content_type == KINDS[Path(name).suffix]
        for name in ("..%2Fapp.py", "app.py", "base.html"):
            async with client.get(f"{own}/static/{name}") as answer:
                assert answer.status == 404, name

    at(of, look)


def test_what_is_no_form_of_ours_is_refused_in_a_sentence(tmp_path: Path) -> None:
    of = session(tmp_path)

    async def post(client: Client) -> None:
        visitor = Visitor(client)
        await visitor.come(room(of))
        form = "application/x-www-form-urlencoded"
        consent = f"{visitor.at}consent"
        sent = [
            (413, b"x" * (MOST_BYTES + 1), {"Content-Type": form}),
            (415, b"{}", {"Content-Type": "application/json"}),
            (415, b"agree=yes", {"Content-Type": f"{form}; charset=klingon"}),
            # It takes seconds to read so much of it, in which nobody else is answered.
            (415, b"agree=-" + b"a" * 200_000, {"Content-Type": f"{form}; charset=punycode"}),
            (400, b"agree=\xff", {"Content-Type": form}),
            (400, b"agree=yes", {"Content-Type": form, "Sec-Fetch-Site": "cross-site"}),
        ]
        for status, data, headers in sent:
            async with client.post(consent, data=data, headers=headers) as answer:
                assert (answer.status, answer.content_type) == (status, "text/html")
                assert "<h1" in await answer.text()
        assert known(of, "p001").stage == "consent"
        headers = {"Content-Type": f"{form}; charset=UTF-8"}
        body = b"question=consent-p001&agree=yes"
        async with client.post(consent, data=body, headers=headers) as answer:
            assert answer.status == 200 and known(of, "p001").stage == "instructions"

    at(of, post)


def test_a_form_that_trickles_in_does_not_keep_its_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posted, "SENT_WITHIN_S", 0.1)
    of = session(tmp_path)

    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"a"
            await anyio.sleep(0.02)

    async def post(client: Client) -> None:
        place = f"/p/{of.link('p001')}/"
        await Visitor(client).come(place)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        async with client.post(f"{place}consent", data=trickle(), headers=headers) as answer:
            assert answer.status == 408 and "took too long" in await answer.text()

    at(of, post)


def test_beyond_measure_nothing_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "SEAT_BURST", 5)
    monkeypatch.setattr(front, "SEAT_PER_S", 0)
    of = session(tmp_path, 12)

    async def hammer(client: Client) -> None:
        visitor = Visitor(client)
        answers = [await visitor.come(f"/p/{of.link('p001')}/") for _ in range(7)]
        assert answers == [200] * 5 + [429] * 2
        assert "please wait a moment" in visitor.html
        assert await visitor.come(f"/p/{of.link('p002')}/") == 200, "others are not held up"
        for number in range(10):
            assert await visitor.come(f"{room(of)}/?label={number}") == 200, "it is everybody's"

    at(of, hammer)


def test_a_bucket_fills_up_again() -> None:
    now = [0.0]
    buckets = Buckets(2, 0.5, clock=lambda: now[0])
    assert [buckets.take("a") for _ in range(3)] == [True, True, False]
    assert buckets.take("b")
    now[0] = 1.9
    assert not buckets.take("a")
    now[0] = 3.9
    assert [buckets.take("a") for _ in range(2)] == [True, False]
    now[0] = 1e9
    assert [buckets.take("a") for _ in range(3)] == [True, True, False]


def test_an_answer_that_cannot_be_kept_is_not_told_to_be(tmp_path: Path) -> None:
    of = session(tmp_path)

    async def agree(client: Client) -> None:
        visitor = Visitor(client)
        await visitor.come(room(of))
        before, folder = known(of, "p001"), tmp_path / "people"
        folder.rename(tmp_path / "elsewhere")
        folder.write_text("no folder")
        page = visitor.html
        assert await visitor.send("consent", ("agree", "yes")) == 503
        assert "Something went wrong here" in visitor.html
        assert str(tmp_path) not in visitor.html
        folder.unlink()
        (tmp_path / "elsewhere").rename(folder)
        assert known(of, "p001") == before == Register(tmp_path).participant("p001")
        visitor.html = page
        await visitor.send("consent", ("agree", "yes"))
        assert known(of, "p001").stage == "instructions"

    at(of, agree)


def test_a_page_that_waits_hears_of_it_and_not_too_many_wait(tmp_path: Path) -> None:
    of = session(tmp_path)

    async def wait(client: Client) -> None:
        visitor = await to_the_checks(client, of)
        found: list[int] = []
        refused = anyio.Event()

        async def poll() -> None:
            async with client.get(f"{visitor.at}state?known=checks-1-p001") as answer:
                found.append(answer.status)
                if found == [429, 429]:
                    refused.set()
                if answer.status == 200:
                    assert (await answer.json())["state"] == "checks-2-p001"

        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(poll)
            with anyio.fail_after(10):
                await refused.wait()
            await visitor.send("checks", ("f.partner", "person"), ("f.budget", "3"))
        assert sorted(found) == [200] * 8 + [429] * 2

    at(of, wait)


def test_the_pages_wait_no_longer_than_the_server(tmp_path: Path) -> None:
    of = session(tmp_path)

    async def wait(client: Client) -> None:
        visitor = await to_the_checks(client, of)
        async with anyio.create_task_group() as group:

            async def poll() -> None:
                async with client.get(f"{visitor.at}state?known=checks-1-p001") as answer:
                    assert (await answer.json())["state"] == "checks-1-p001"

            group.start_soon(poll)
            await anyio.sleep(0.05)
            with anyio.fail_after(5):
                await client.app.shutdown()

    at(of, wait)


def test_what_is_sent_for_another_step_changes_nothing(tmp_path: Path) -> None:
    of = session(tmp_path)

    async def post(client: Client) -> None:
        visitor = await to_the_checks(client, of)
        before = known(of, "p001")
        for action in ("consent", "instructions", "next", "questions", "answer", "leave"):
            for step in ("", "checks-1-p001", "after-0-p001", f"{action}-p001"):
                form = [("question", step), ("agree", "no"), ("f.partner", "program")]
                assert await visitor.post(action, form) in (200, 409)
                visitor.at = f"/p/{of.link('p001')}/"
        assert known(of, "p001") == before

    at(of, post)


def test_the_end_stands_though_the_session_is_over(tmp_path: Path) -> None:
    of = session(tmp_path)

    async def look(client: Client) -> None:
        visitor = await to_the_checks(client, of)
        await visitor.send("checks", ("f.partner", "program"), ("f.budget", "15"))
        assert "Waiting for the seller" in visitor.html
        of.close()
        await visitor.come(visitor.at)
        assert "The study is paused" in visitor.html and "same link" in visitor.html
        of.end(known(of, "p001"), "done")
        await visitor.come(visitor.at)
        assert ">DONE<" in visitor.html

    at(of, look)
