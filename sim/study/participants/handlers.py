"""What participants' pages are asked for: the step they are at, and the form that ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from retailsim.agents.person.errors import BadAnswer, DeskClosed, NoSuchQuestion
from retailsim.sim.play_page.forms import YES, Posted, given_of, measured
from retailsim.sim.studio.site.posted import posted_form
from retailsim.sim.study.form_file import fields_of
from retailsim.sim.study.participant import Participant, Stage
from retailsim.sim.study.participants.front import FRONT, Front
from retailsim.sim.study.participants.pages import Refused, ended_of, page, shown
from retailsim.sim.study.results import broke_off

PANEL = ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID", "label")
"""What a link may bring along."""
MOST_PANEL = 200
"""Characters of each."""
SOON_S = 1.5
"""How long an answered form waits for what comes next, so that most pages come with a question."""
POLL_S = 20.0
"""How long a page waits for something new before it asks again."""
ROOM_COOKIE = "seat"
"""Which seat the room gave a browser: who comes to the room again, or in a second tab, is there."""


async def come(request: web.Request) -> web.StreamResponse:
    """Lead to the address of a link that ends in a slash: a page's addresses begin there."""
    query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
    raise web.HTTPFound(f"./{request.rel_url.raw_name}/{query}")


async def look(request: web.Request) -> web.StreamResponse:
    """Show the step a participant is at; the room leads to the place of whoever comes."""
    front = request.app[FRONT]
    token = request.match_info["token"]
    if "prefetch" in request.headers.get("Sec-Purpose", ""):  # nobody looks at it yet
        raise web.HTTPServiceUnavailable
    one = front.session.come(token, _panel(request), request.cookies.get(ROOM_COOKIE, ""))
    own = front.session.link(one.seat)
    if own == token:
        return await shown(front, one)
    answer = web.Response(status=303, headers={"Location": f"../{own}/"})
    # Without a path it is the room's alone, wherever a proxy has put that.
    answer.set_cookie(ROOM_COOKIE, own, httponly=True, samesite="Lax", path="")
    return answer


def _panel(request: web.Request) -> dict[str, str]:
    """Return what a link brought along, as far as a panel can mean it."""
    given = {name: request.query.get(name, "").strip() for name in PANEL}
    return {
        name: value
        for name, value in given.items()
        if 0 < len(value) <= MOST_PANEL and value.isprintable()
    }


def _whose(request: web.Request) -> Participant:
    """Return whose page it is that asks; raises `NoSuchSeat`."""
    return request.app[FRONT].session.there(request.match_info["token"])


# -- steps beside the conversations ------------------------------------------------------------

Take = Callable[[Front, Participant, Posted], Participant]


def _step(stage: Stage, take: Take) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return what takes the form of a stage: once, and only where the participant is there."""

    async def post(request: web.Request) -> web.StreamResponse:
        posted, front = await posted_form(request), request.app[FRONT]
        if stage == "play":
            await _looked_up(front, _whose(request))
        one = _whose(request)
        # From here to what is kept nothing is awaited: of two tabs, one is first.
        there = one.stage == stage and not front.talks(one)
        if there and posted.get("question") == front.way.step(one):
            try:
                after = take(front, one, posted)
            except BadAnswer as error:
                return await shown(front, one, status=422, refused=Refused(posted, error))
            if after.stage == "play":
                await _settled(front, after)
        raise web.HTTPSeeOther("./")

    return post


async def _looked_up(front: Front, one: Participant) -> None:
    """Learn how a conversation ended before anybody goes on from it."""
    if one.stage != "play" or front.talks(one):
        return
    ended = await ended_of(front, one)
    if broke_off(ended) and _again(front, one) == one:
        front.way.broke_off(one, ended)


def _again(front: Front, one: Participant) -> Participant:
    return front.participant(one.seat) or one


def _consent(front: Front, one: Participant, posted: Posted) -> Participant:
    match posted.get("agree"):
        case "yes":
            return front.way.agreed(one)
        case "no":
            return front.way.refused(one)
    raise BadAnswer("Please say whether you agree.")


def _read(front: Front, one: Participant, posted: Posted) -> Participant:
    return front.way.has_read(one)


def _given(front: Front, one: Participant, posted: Posted) -> dict[str, Any]:
    return given_of(fields_of(front.way.asked(one)), posted)


def _checks(front: Front, one: Participant, posted: Posted) -> Participant:
    return front.way.checked(one, _given(front, one, posted))


def _next(front: Front, one: Participant, posted: Posted) -> Participant:
    return front.way.went_on(one, _given(front, one, posted))


def _questions(front: Front, one: Participant, posted: Posted) -> Participant:
    return front.way.answered(one, _given(front, one, posted))


# -- a conversation ----------------------------------------------------------------------------


async def answer(request: web.Request) -> web.StreamResponse:
    """Take what was filled in; the browser is answered once it is in the log."""
    posted, front, one = await posted_form(request), request.app[FRONT], _whose(request)
    question = front.session.question(one.seat) if front.talks(one) else None
    if question is None or posted.get("question") != question.id:
        return await shown(front, one, status=409, note=str(NoSuchQuestion()))
    try:
        receipt = front.sitting(one).answer(
            question,
            given_of(question.fields, posted),
            shown_ms=measured(posted, "shown_ms"),
            focus_lost=measured(posted, "focus_lost"),
        )
        # Shielded: who goes away must not take the receipt along, which the run still fills in.
        await asyncio.shield(asyncio.wrap_future(receipt))
    except BadAnswer as error:
        return await shown(front, one, status=422, refused=Refused(posted, error))
    except (NoSuchQuestion, DeskClosed) as error:
        return await shown(front, _again(front, one), status=409, note=str(error))
    await _settled(front, one)
    raise web.HTTPSeeOther("./#ask")


async def leave(request: web.Request) -> web.StreamResponse:
    """Get up from the question that is open."""
    posted, front, one = await posted_form(request), request.app[FRONT], _whose(request)
    question = front.session.question(one.seat) if front.talks(one) else None
    if question is not None and posted.get("question") == question.id:
        front.session.desk.leave(question.id)
        await _settled(front, one)
    raise web.HTTPSeeOther("./#ask")


async def _settled(front: Front, one: Participant) -> None:
    """Return once there is something to do for a participant, or soon."""

    def there() -> bool:
        return front.session.question(one.seat) is not None or not front.talks(_again(front, one))

    await front.session.until(there, SOON_S)


async def state(request: web.Request) -> web.StreamResponse:
    """Say what there is to see, as soon as it is something else than the page knows."""
    front, one = request.app[FRONT], _whose(request)
    known, until = request.query.get("known", ""), asyncio.get_running_loop().time() + POLL_S
    with front.polls.wait(one.seat, request):
        while front.state(_again(front, one)) == known and not front.closing:
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                break
            await front.session.changed(left)
    return web.json_response({"state": front.state(_again(front, one))})


# -- withdrawing -------------------------------------------------------------------------------


async def ask_withdraw(request: web.Request) -> web.StreamResponse:
    """Ask once more."""
    front, one = request.app[FRONT], _whose(request)
    if not one.consent_at or one.withdrawn_at:
        raise web.HTTPSeeOther("./")
    return page(front, "withdraw.html", one, withdrawable=False)


async def withdraw(request: web.Request) -> web.StreamResponse:
    """Take it that a participant withdraws."""
    posted, front, one = await posted_form(request), request.app[FRONT], _whose(request)
    if one.consent_at and not one.withdrawn_at and posted.get("sure") == YES:
        front.session.withdraw(one)
    raise web.HTTPSeeOther("./")


ROUTES = (
    web.get("/p/{token}", come, allow_head=False),
    web.get("/p/{token}/", look, allow_head=False),
    web.get("/p/{token}/state", state, allow_head=False),
    web.get("/p/{token}/withdraw", ask_withdraw, allow_head=False),
    web.post("/p/{token}/consent", _step("consent", _consent)),
    web.post("/p/{token}/instructions", _step("instructions", _read)),
    web.post("/p/{token}/checks", _step("checks", _checks)),
    web.post("/p/{token}/answer", answer),
    web.post("/p/{token}/leave", leave),
    web.post("/p/{token}/next", _step("play", _next)),
    web.post("/p/{token}/questions", _step("questions", _questions)),
    web.post("/p/{token}/withdraw", withdraw),
)
