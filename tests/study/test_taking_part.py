"""A participant's way through a study over HTTP: from consent to the completion code."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import anyio
import pytest

from retailsim.agents.person.desk import Desk
from retailsim.sim.people.steps import person_steps
from retailsim.sim.study.made import study_again
from retailsim.sim.study.materials import CONSENT
from retailsim.sim.study.session import StudySession
from tests.sim.runs import events_of, sim
from tests.study.took_part import Client, Visitor, by_chance, during, known, room, study, talk

pytestmark = pytest.mark.slow

FAILS = """
[[sellers]]
id = "shop"
[[buyers]]
id = "b"
agent = "person"
options = { when_gone = "fail" }
[study]
conversations = 2
"""
FORM = """
[limits]
misses = 0
[[between]]
name = "trust"
label = "Did you trust them?"
kind = "yes or no"
[[between]]
name = "colour"
label = "Say blue."
right = ["blue", "navy"]
after = [2]
[[questions]]
name = "age"
label = "How old are you?"
kind = "number"
"""


async def to_play(client: Client, session: StudySession) -> Visitor:
    """Somebody in the first conversation."""
    visitor = Visitor(client)
    await visitor.come(f"/p/{session.link('p001')}/")
    await visitor.send("consent", ("agree", "yes"))
    return visitor


def test_from_consent_to_the_code(tmp_path: Path) -> None:
    session = (of := study(tmp_path, 2, "study.conversations=2")).session
    seen: list[str] = []

    async def take_part(client: Client) -> None:
        visitor = Visitor(client)
        assert await visitor.come(f"{room(session)}?PROLIFIC_PID=5f&STUDY_ID=s&other=x") == 200
        assert visitor.at == f"/p/{session.link('p001')}/"
        assert known(session, "p001").panel == {"PROLIFIC_PID": "5f", "STUDY_ID": "s"}
        assert not session.desk.questions(), "nothing begins before the seat comes to play"
        await visitor.send("consent", ("agree", "yes"))
        one = known(session, "p001")
        assert one.consent_digest == sha256(CONSENT.encode()).hexdigest()
        assert (one.stage, one.conversation) == ("play", 1)
        for number in (1, 2):
            assert await talk(session, visitor, "p001", seen=seen) > 1
            assert f"Conversation {number} of 2" in visitor.html
            assert session.played("p001") == number
            assert not session.desk.questions(), "the next one waits until it is come to"
            await visitor.send("next")
        one = known(session, "p001")
        assert (one.stage, one.ending) == ("over", "done")
        assert ">DONE<" in visitor.html and one.consent_at and one.over_at

    during(of, take_part)
    assert sim("verify", session.run).exit_code == 0
    hidden = [one["value_proposition"] for one in events_of(session.run, "StrategyFormed")]
    assert len(hidden) == 2 and seen
    assert not [text for text in hidden if any(text in html for html in seen)]
    assert len(events_of(session.run, "EpisodeClosed")) == 2, "the other seat was not opened"


def test_who_came_to_the_end_has_seen_it_once_the_page_was_shown(tmp_path: Path) -> None:
    """Until then the servers stay."""
    of = study(tmp_path, 1)

    def ends() -> tuple[bool, bool]:
        return of.session.all_over, of.session.all_seen

    async def take_part(client: Client) -> None:
        visitor = await to_play(client, of.session)
        await talk(of.session, visitor, "p001")
        await of.session.until(lambda: False, 60)
        assert of.session.over == "finished"
        assert ends() == (False, True), "nobody has come to the end"
        form = visitor.forms.hidden["next"]
        async with client.post(f"{visitor.at}next", data=form, allow_redirects=False) as answer:
            assert answer.status == 303
        assert ends() == (True, False)
        await visitor.come(visitor.at)
        assert ">DONE<" in visitor.html and ends() == (True, True)

    during(of, take_part)


@pytest.mark.parametrize(
    ("scenario", "role"), [("pairwise", "seller"), ("csales", "seller"), ("csales", "buyer")]
)
def test_either_role_in_each_protocol(tmp_path: Path, scenario: str, role: str) -> None:
    settings = (f'study.role="{role}"', "study.conversations=2")
    session = (of := study(tmp_path, 2, *settings, scenario=scenario)).session

    async def take_part(client: Client) -> None:
        visitor = await to_play(client, session)
        for _ in range(2):
            assert await talk(session, visitor, "p001") > 0
            await visitor.send("next")
        assert ">DONE<" in visitor.html

    during(of, take_part)
    assert sim("verify", session.run).exit_code == 0


def test_questions_between_and_at_the_end(tmp_path: Path) -> None:
    """Right, the participant is done; a wrong colour screens out, though all was played."""
    (tmp_path / "form.toml").write_text(FORM)
    (tmp_path / "words.md").write_text("<b>Agree?</b>\n")
    text = FAILS + 'form = "form.toml"\nconsent = "words.md"\ninstructions = "words.md"\n'
    session = (of := study(tmp_path, 2, text=text)).session

    async def take_part(client: Client) -> None:
        for seat, colour in (("p001", " Navy"), ("p002", "red")):
            visitor = Visitor(client)
            await visitor.come(f"/p/{session.link(seat)}/")
            assert "&lt;b&gt;Agree?" in visitor.html and "<h1>Taking part</h1>" in visitor.html
            await visitor.send("consent", ("agree", "yes"))
            await visitor.send("instructions")
            await talk(session, visitor, seat)
            assert await visitor.send("next") == 422
            assert "Did you trust them? please say yes or no." in visitor.html
            await visitor.send("next", ("f.trust", "yes"))
            await talk(session, visitor, seat)
            await visitor.send("next", ("f.trust", "no"), ("f.colour", colour))
            if seat == "p001":
                await visitor.send("questions", ("f.age", "40"))
        for seat, ending, answers in (
            ("p001", "done", {"trust.1": True, "trust.2": False, "age": 40}),
            ("p002", "screened out", {"trust.1": True, "trust.2": False}),
        ):
            one = known(session, seat)
            assert (one.ending, one.answers) == (ending, answers)
        assert [(each.check, each.right) for each in known(session, "p002").tried] == [
            ("colour.2", False)
        ]

    during(of, take_part)
    digest = known(session, "p001").consent_digest
    assert digest == sha256((session.run / "inputs/study/consent.md").read_bytes()).hexdigest()


def test_what_is_sent_twice_is_recorded_once(tmp_path: Path) -> None:
    session = (of := study(tmp_path, 2, "study.conversations=2")).session

    async def take_part(client: Client) -> None:
        visitor = await to_play(client, session)
        await session.until(lambda: session.question("p001") is not None, 60)
        question = session.question("p001")
        assert question is not None
        await visitor.come(visitor.at)
        tabs = [Visitor(client, visitor.at, visitor.html) for _ in range(3)]
        async with anyio.create_task_group() as group:
            for tab in tabs:
                group.start_soon(tab.send, "answer", *by_chance(question))
        assert sorted(tab.status for tab in tabs) == [200, 409, 409]
        await talk(session, visitor, "p001")
        tabs = [Visitor(client, visitor.at, visitor.html) for _ in range(3)]
        async with anyio.create_task_group() as group:
            for tab in tabs:
                group.start_soon(tab.send, "next")
        assert known(session, "p001").conversation == 2

    during(of, take_part)
    steps = [(one.market, one.number) for one in person_steps(session.run)]
    assert len(steps) > 2 and len(set(steps)) == len(steps)
    assert sim("verify", session.run).exit_code == 0


@pytest.mark.parametrize("seen", [True, False], ids=["seen", "killed before it was seen"])
def test_a_conversation_that_breaks_off_has_a_code_of_its_own(tmp_path: Path, seen: bool) -> None:
    session = (of := study(tmp_path, 2, text=FAILS)).session

    async def leave(client: Client) -> None:
        visitor = await to_play(client, session)
        await session.until(lambda: session.question("p001") is not None, 60)
        await visitor.come(visitor.at)
        page = visitor.html
        await visitor.post("leave", list(visitor.forms.hidden["leave"].items()))
        if not seen:
            return
        await session.until(lambda: session.played("p001") == 1, 60)
        await visitor.come(visitor.at)
        assert ">FAILED<" in visitor.html and "The conversation broke off" in visitor.html
        visitor.html = page
        await visitor.send("leave")
        assert known(session, "p001").ending == "failed"

    if seen:
        during(of, leave)
    else:
        during(of, lambda client: _without_a_page(client, session))
        assert known(session, "p001").stage == "play"
    again = study_again(session.run, Desk(gated=True))

    async def look(client: Client) -> None:
        visitor = Visitor(client)
        await again.session.until(lambda: again.session.played("p001") == 1, 60)
        await visitor.come(f"/p/{session.link('p001')}/")
        assert ">FAILED<" in visitor.html
        one = known(again.session, "p001")
        assert (one.ending, one.why) == ("failed", "conversation 1 broke off: left")
        assert not again.session.desk.questions(), "no second conversation"

    during(again, look)


async def _without_a_page(client: Client, session: StudySession) -> None:
    await to_play(client, session)
    await session.until(lambda: session.question("p001") is not None, 60)
    session.get_up("p001")
    await session.until(lambda: session.played("p001") == 1, 60)


def test_whoever_withdraws_in_the_middle_keeps_nobody_waiting(tmp_path: Path) -> None:
    session = (of := study(tmp_path, 2, "study.conversations=2")).session

    async def withdraw(client: Client) -> None:
        visitor = await to_play(client, session)
        await session.until(lambda: session.question("p001") is not None, 60)
        await visitor.come(f"{visitor.at}withdraw")
        await visitor.send("withdraw", ("sure", "yes"))
        assert "You have withdrawn" in visitor.html
        with anyio.fail_after(30):  # far less than a deadline
            await session.until(lambda: session.played("p001") == 1, 60)
        await anyio.sleep(0.1)
        assert not session.desk.questions()

    during(of, withdraw)
    assert known(session, "p001").withdrawn_at


def test_a_session_that_stops_leaves_the_link_good(tmp_path: Path) -> None:
    session = (of := study(tmp_path, 2)).session
    asked: list[str] = []

    async def begin(client: Client) -> None:
        visitor = await to_play(client, session)
        await session.until(lambda: session.question("p001") is not None, 60)
        question = session.question("p001")
        assert question is not None
        asked.append(question.id)
        await visitor.come(visitor.at)
        session.close()
        pairs = [("question", question.id), ("f.topics", "shipping")]
        assert await visitor.post("answer", pairs) == 409
        assert "The study is paused" in visitor.html

    during(of, begin)
    again = study_again(session.run, Desk(gated=True))

    async def go_on(client: Client) -> None:
        later = again.session
        await later.until(lambda: later.question("p001") is not None, 60)
        question = later.question("p001")
        assert question is not None and question.id == asked[0]
        visitor = Visitor(client)
        await visitor.come(f"/p/{session.link('p001')}/")
        await talk(later, visitor, "p001")
        await visitor.send("next")
        assert ">DONE<" in visitor.html

    during(again, go_on)
