"""A person plays in the page, by forms alone: both protocols, both roles, to the end."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from io import BytesIO
from pathlib import Path

import anyio
import pytest

from retailsim.agents.person.desk import Desk, Question
from retailsim.events.messages import Role
from retailsim.sim.people.steps import person_steps
from tests.people import csales_words, retail_words
from tests.people.played import CSALES, RETAIL, Answers, text_of
from tests.people.sat_down import LONG_S, OWN, TOKEN, Chair, again, at, new
from tests.sim.runs import events_of, outside_lines, sim


def text_for(text: str) -> str:
    """The scenario without a word about people."""
    return text.format(seller="", buyer="")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "role", "answers", "events"),
    [
        (RETAIL, "buyer", retail_words.buyers, ("RefundIssued", "ReviewPosted")),
        (RETAIL, "seller", retail_words.sellers, ("RefundIssued", "ReviewPosted")),
        (CSALES, "buyer", csales_words.buyers, ("OrderPlaced",)),
        (CSALES, "seller", csales_words.sellers, ("EpisodeClosed",)),
    ],
    ids=["retail buyer", "retail seller", "csales buyer", "csales seller"],
)
def test_every_protocol_is_played_by_forms_to_its_end(
    tmp_path: Path, text: str, role: Role, answers: Answers, events: tuple[str, ...]
) -> None:
    desk = Desk()

    async def play(chair: Chair) -> None:
        pages = await chair.play(answers)
        assert chair.sitting.over == "finished"
        last = await chair.page()
        assert "That was all" in last and f"Simulated {role}" in last
        assert pages and chair.sitting.seen.is_set()

    at(new(tmp_path, text_for(text), role, desk), desk, play)
    run = tmp_path / "run"
    for kind in events:
        assert events_of(run, kind), kind
    steps = list(person_steps(run))
    assert {one.shown_ms for one in steps} == {77} and {one.focus_lost for one in steps} == {1}
    verified = sim("verify", run)
    assert verified.exit_code == 0, verified.stderr


@pytest.mark.slow
def test_stopped_in_the_middle_it_goes_on_where_it_was(tmp_path: Path) -> None:
    desk, asked = Desk(), []

    async def begin(chair: Chair) -> None:
        await chair.play(retail_words.buyers, most=5)
        await chair.sitting.settled(LONG_S)
        asked.append(chair.sitting.question)
        desk.close()
        await chair.sitting.other_than(chair.sitting.state, LONG_S)
        assert "Nothing is lost" in await chair.page()

    at(new(tmp_path, text_for(RETAIL), "buyer", desk), desk, begin)
    run, later = tmp_path / "run", Desk()
    assert len(outside_lines(run)) == 5

    async def go_on(chair: Chair) -> None:
        await chair.sitting.settled(LONG_S)
        assert chair.sitting.question == asked[0]
        await chair.play(retail_words.buyers)
        assert "That was all" in await chair.page()

    at(again(run, later), later, go_on)
    seats = tuple(len(events_of(run, kind)) for kind in ("EpisodeOpened", "EpisodeClosed"))
    assert seats == (4, 4) and [step.number for step in person_steps(run)].count(0) == 4
    verified = sim("verify", run)
    assert verified.exit_code == 0 and "every event is the same" in verified.stdout


def test_what_cannot_be_taken_is_said_beside_its_control(tmp_path: Path) -> None:
    desk = Desk()

    async def play(chair: Chair) -> None:
        await chair.sitting.settled(LONG_S)
        question = chair.sitting.question
        assert question is not None and question.request == "ChooseTopics"
        status, html = await chair.fill_in(question, {"topics": []})
        assert status == 422 and chair.sitting.question == question
        assert '<p class="error" id="f.topics-problem">Topics: please choose.</p>' in html
        status, html = await chair.fill_in(question, {"topics": ["shipping", "gold"]})
        assert status == 422 and "please choose one of" in html
        assert 'value="shipping" checked' in html, "what was chosen stays"
        assert html.count('" checked>') == 1
        status, html = await chair.post("/answer", {"question": "0" * 16, "f.topics": "shipping"})
        assert status == 409 and "not open any more" in html
        status, html = await chair.fill_in(question, {"topics": ["shipping"]})
        assert status == 200 and question.id not in html

    at(new(tmp_path, text_for(RETAIL), "buyer", desk), desk, play)


def test_only_the_page_itself_answers(tmp_path: Path) -> None:
    desk = Desk()

    async def play(chair: Chair) -> None:
        await chair.sitting.settled(LONG_S)
        question = chair.sitting.question
        assert question is not None
        form = {"question": question.id, "f.topics": "shipping"}
        for headers in ({}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-site"}):
            assert (await chair.post("/answer", form, headers))[0] == 403
        foreign = {**OWN, "Origin": "http://foreign.example"}
        assert (await chair.post("/answer", form, foreign))[0] == 403
        as_form = {**OWN, "Content-Type": "application/x-www-form-urlencoded"}
        assert (await chair.post("/answer", BytesIO(b"x" * (2**20 + 1)), as_form))[0] == 413
        as_json = {**OWN, "Content-Type": "application/json"}
        assert (await chair.post("/answer", b"{}", as_json))[0] == 415
        chair.client.session.cookie_jar.clear()
        assert (await chair.post("/answer", form))[0] == 401
        assert chair.sitting.question == question
        await chair.client.get("/", params={"token": TOKEN})
        # A form on a page that tells no referrer says that it comes from nowhere.
        assert (await chair.post("/answer", form, {**OWN, "Origin": "null"}))[0] == 200

    at(new(tmp_path, text_for(RETAIL), "buyer", desk), desk, play)


@pytest.mark.parametrize(
    ("when_gone", "said"),
    [
        ("leave", "The time for a step was over, and it ended there as if you had left."),
        ("fail", "The time for a step was over, and it was broken off there."),
        ("hand over", "The time for a step was over, and a simulated buyer went on in your place."),
    ],
)
def test_who_is_late_is_not_told_to_have_left(tmp_path: Path, when_gone: str, said: str) -> None:
    desk = Desk(gated=True)

    async def play(chair: Chair) -> None:
        with anyio.fail_after(LONG_S):
            while chair.sitting.unread is None:
                await chair.sitting.other_than(chair.sitting.state, LONG_S)
        assert f'<p class="soft">{said}</p>' in await chair.page()

    options = f'deadline_s = 0.01, when_gone = "{when_gone}"'
    at(new(tmp_path, text_of(RETAIL, "buyer", options), "buyer", desk), desk, play)


def test_who_leaves_ends_the_conversation_sees_what_it_came_to_and_goes_on(tmp_path: Path) -> None:
    desk = Desk(gated=True)

    async def play(chair: Chair) -> None:
        await chair.sitting.settled(LONG_S)
        first = chair.sitting.question
        page = await chair.page()
        assert first is not None and "Conversation 1 of 4" in page
        assert "ends as it does when a buyer walks away" in page
        _, page = await chair.post("/leave", {"question": first.id})
        assert "This conversation is over" in page and "You left before its end." in page
        assert "<dt>Bought</dt><dd><bdi>nothing</bdi></dd>" in page
        assert "Conversation 1 of 4" in page and not desk.questions()
        assert (await chair.post("/next", {"market": "another"}))[1].count("is over") == 1
        _, page = await chair.post("/next", {"market": first.market})
        second = chair.sitting.question
        assert second is not None and second.market != first.market
        assert "Conversation 2 of 4" in page and "is over" not in page
        await chair.post("/next", {"market": first.market})  # sent twice
        assert chair.sitting.question == second

    at(new(tmp_path, text_for(RETAIL), "buyer", desk), desk, play)
    run = tmp_path / "run"
    assert not events_of(run, "EpisodeFailed") and len(events_of(run, "EpisodeClosed")) == 1


@pytest.mark.parametrize("text", [RETAIL, CSALES], ids=["retail", "csales"])
def test_a_seller_who_gets_up_hands_over_to_a_simulated_one(tmp_path: Path, text: str) -> None:
    desk = Desk(gated=True)

    async def play(chair: Chair) -> None:
        await chair.sitting.settled(LONG_S)
        first = chair.sitting.question
        assert first is not None and "Hand over to a simulated seller" in await chair.page()
        _, page = await chair.post("/leave", {"question": first.id})
        assert "A simulated seller went on in your place." in page and "is over" in page

    at(new(tmp_path, text_for(text), "seller", desk), desk, play)
    run = tmp_path / "run"
    assert not events_of(run, "EpisodeFailed") and len(events_of(run, "EpisodeClosed")) == 1
    assert {one.gone for one in person_steps(run)} == {"hand over"}


@pytest.mark.slow
def test_what_each_conversation_came_to_is_what_the_log_says(tmp_path: Path) -> None:
    """The page's own words against the events; and all that was said, the last words too."""
    desk, pages = Desk(gated=True), dict[str, str]()

    async def play(chair: Chair) -> None:
        while not chair.sitting.over:
            await chair.play(retail_words.sellers)
            market = chair.sitting.unread
            assert market is not None
            pages[market] = await chair.page()
            await chair.post("/next", {"market": market})
        assert "That was all" in await chair.page()

    at(new(tmp_path, text_for(RETAIL), "seller", desk), desk, play)
    run = tmp_path / "run"
    assert len(pages) == len(events_of(run, "MarketClosed")) == 4
    for market, page in pages.items():
        orders = [one for one in events_of(run, "OrderPlaced") if one["market"] == market]
        sold = str(orders[0]["quantity"]) if orders else "nothing"
        assert f"<dt>Sold</dt><dd><bdi>{sold}</bdi></dd>" in page
        reviews = [one for one in events_of(run, "ReviewPosted") if one["market"] == market]
        assert page.count("of 5</bdi></dd>") == len(reviews)
        refunds = [one for one in events_of(run, "RefundIssued") if one["market"] == market]
        back = sum(one["amount_cents"] + one["shipping_refund_cents"] for one in refunds)
        paid = sum(o["quantity"] * o["unit_price_cents"] + o["shipping_cents"] for o in orders)
        assert not orders or f"<dt>Paid by the buyer</dt><dd><bdi>${paid / 100:,.2f}</bdi>" in page
        left = f"<dt>Left in the end</dt><dd><bdi>${(paid - back) / 100:,.2f}</bdi>"
        assert (left in page) == bool(refunds)
        said = [one["text"] for one in events_of(run, "MessageSent") if one["market"] == market]
        assert said and all(escape(one, quote=False) in unescaped(page) for one in said)
        assert "Good evening." in page, "the pitch is no message, and was heard"


def unescaped(page: str) -> str:
    """A page with quotes as they are."""
    return page.replace("&#39;", "'").replace("&#34;", '"')


def test_a_page_is_of_one_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes while it is drawn is no part of its state: else nothing would renew it."""
    desk = Desk()

    async def play(chair: Chair) -> None:
        await chair.sitting.settled(LONG_S)
        question = chair.sitting.question
        assert question is not None
        calls: Iterator[list[Question]] = iter([[]])
        with monkeypatch.context() as patch:
            patch.setattr(desk, "questions", lambda seat: next(calls, [question]))
            html = await chair.page()
        assert "Waiting for the seller" in html
        assert f'data-state="{question.id}"' not in html
        assert f'data-state="{question.id}"' in await chair.page()

    at(new(tmp_path, text_for(RETAIL), "buyer", desk), desk, play)
