"""What the pages of a sitting are asked for: the page itself, an answer, what is new."""

from __future__ import annotations

import asyncio
import secrets
from functools import cache
from typing import Any

from aiohttp import web
from jinja2 import Environment

from retailsim.agents.person.desk import Question
from retailsim.agents.person.errors import BadAnswer, DeskClosed, NoSuchQuestion
from retailsim.analysis.conversation.clock import clock
from retailsim.analysis.conversation.remarks import STAGES
from retailsim.market.core.money import dollars, in_currency
from retailsim.sim.play_page.ending import Ending, Result, ending, result
from retailsim.sim.play_page.forms import Posted, controls_of, given_of, measured
from retailsim.sim.play_page.sitting import SITTING, Sitting
from retailsim.sim.studio.site.posted import posted_form
from retailsim.sim.studio.site.small_app import templates_of
from retailsim.sim.studio.site.studio import STUDIO

SOON_S = 1.5
"""How long an answered form waits for what comes next, so that most pages come with a question."""
WRITTEN_S, LOOK_S = 3.0, 0.1
"""How long a conversation's end may take to get into the log, and how often that is looked for."""
HURRY_S = 600
"""So many seconds before its end, the time that is left for a step is shown."""
POLL_S = 20.0
"""How long a page waits for something new before it asks again."""


async def page(request: web.Request) -> web.Response:
    """Show how things stand."""
    return await shown(request)


async def answer(request: web.Request) -> web.Response:
    """Take what was filled in; the browser is answered once it is in the log."""
    sitting = request.app[SITTING]
    posted = await posted_form(request)
    question = sitting.question
    if question is None or posted.get("question") != question.id:
        return await shown(request, status=409, note=str(NoSuchQuestion()))
    try:
        receipt = sitting.answer(
            question,
            given_of(question.fields, posted),
            shown_ms=measured(posted, "shown_ms"),
            focus_lost=measured(posted, "focus_lost"),
        )
        # Shielded: who goes away must not take the receipt along, which the run still fills in.
        await asyncio.shield(asyncio.wrap_future(receipt))
    except BadAnswer as error:
        return await shown(request, status=422, posted=posted, problem=error)
    except (NoSuchQuestion, DeskClosed) as error:
        return await shown(request, status=409, note=str(error))
    await sitting.settled(SOON_S)
    raise web.HTTPSeeOther("./#ask")


async def leave(request: web.Request) -> web.Response:
    """Get up from the question that is open."""
    sitting = request.app[SITTING]
    posted = await posted_form(request)
    try:
        sitting.desk.leave(str(posted.get("question")))
    except NoSuchQuestion as error:
        return await shown(request, status=409, note=str(error))
    await sitting.settled(SOON_S)
    raise web.HTTPSeeOther("./#ask")


async def go_on(request: web.Request) -> web.Response:
    """Go on from what a conversation came to; sent twice, it goes on once."""
    sitting = request.app[SITTING]
    posted = await posted_form(request)
    if sitting.unread is not None and posted.get("market") == sitting.unread:
        sitting.go_on()
        await sitting.settled(SOON_S)
    raise web.HTTPSeeOther("./#ask")


async def state(request: web.Request) -> web.Response:
    """Say what there is to see, as soon as it is something else than the page knows."""
    sitting = request.app[SITTING]
    async with request.app[STUDIO].until_closing():
        await sitting.other_than(request.query.get("known", ""), POLL_S)
    return web.json_response({"state": sitting.state})


async def shown(
    request: web.Request,
    *,
    status: int = 200,
    note: str = "",
    posted: Posted | None = None,
    problem: BadAnswer | None = None,
) -> web.Response:
    """Return the page, with what was filled in and could not be taken."""
    sitting = request.app[SITTING]
    found, ends = await _came_to(request)
    question = sitting.now() if found is None and ends is None else None
    problems = {problem.field: str(problem)} if problem else {}
    with in_currency(sitting.currency):
        html = rendered(
            "play.html",
            sitting=sitting,
            question=question,
            state=sitting.state_with(question),
            latest=sitting.latest,
            controls=controls_of(question.fields, posted, problems) if question else (),
            problem=problems.get(None, ""),
            left_s=_left_s(sitting, question),
            note=note,
            result=found,
            ends=ends,
        )
    if ends is not None:
        sitting.seen.set()
    return web.Response(text=html, status=status, content_type="text/html")


async def _came_to(request: web.Request) -> tuple[Result | None, Ending | None]:
    """Return what there is to read of what was played: the last conversation, or the end of all."""
    sitting = request.app[SITTING]
    while True:
        market, over = sitting.unread, sitting.over
        found = await _result(request, market) if market is not None else None
        ends = await _ending(request) if over and market is None else None
        if (market, over) == (sitting.unread, sitting.over):  # else it changed meanwhile
            return found, ends


async def _result(request: web.Request, market: str) -> Result:
    sitting, work = request.app[SITTING], request.app[STUDIO].work
    latest = sitting.latest
    heard = latest.seen.said if latest is not None and latest.market == market else ()

    async def make() -> Result:
        for _ in range(round(WRITTEN_S / LOOK_S)):
            found = await work(result, sitting.run, sitting.seat, market, heard)
            if found is not None:
                return found
            await asyncio.sleep(LOOK_S)
        return Result(said=tuple(heard))

    made: Result = await sitting.made_once(market, make)
    return made


async def _ending(request: web.Request) -> Ending:
    sitting, work = request.app[SITTING], request.app[STUDIO].work
    made: Ending = await sitting.made_once(
        "", lambda: work(ending, sitting.run, sitting.seat, sitting.trust)
    )
    return made


def _left_s(sitting: Sitting, question: Question | None) -> int:
    """How many seconds are left; 0 where the question went this moment."""
    try:
        return int(sitting.desk.left_s(question.id)) if question else 0
    except NoSuchQuestion:
        return 0


def rendered(template: str, **values: Any) -> str:
    """Return a page as HTML; all of its addresses are beside one another."""
    return _environment().get_template(template).render(root="./", **values)


@cache
def _environment() -> Environment:
    return templates_of(
        "retailsim.sim.play_page",
        "retailsim.sim.studio",
        clock=clock,
        dollars=dollars,
        stage_name=stage_name,
        new_query=new_query,
        HURRY_S=HURRY_S,
    )


def new_query() -> str:
    """Return a query that no address had before.

    A link to where a page stands that differs in its fragment alone, or in nothing, moves the page
    and asks the server for nothing.
    """
    return f"?again={secrets.token_hex(4)}"


def stage_name(stage: str) -> str:
    """Return what a stage is called; those of others' protocols by their own names."""
    return STAGES.get(stage, stage.replace("_", " ").capitalize())


ROUTES = (
    web.get("/", page),
    web.get("/state", state),
    web.post("/answer", answer),
    web.post("/leave", leave),
    web.post("/next", go_on),
)
