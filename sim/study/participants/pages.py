"""The participants' pages as HTML: one for each step, the chat's is that of `play`."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import quote

import anyio.to_thread
import msgspec
from aiohttp import web
from jinja2 import Environment
from markupsafe import Markup

from retailsim.agents.person.desk import Question
from retailsim.agents.person.errors import BadAnswer, NoSuchQuestion
from retailsim.analysis.conversation.clock import clock
from retailsim.events.messages import Role
from retailsim.market.core.money import dollars, in_currency
from retailsim.sim.people.ended_market import EndedMarket
from retailsim.sim.people.outcome import Outcome, outcomes_of
from retailsim.sim.play_page.ending import Result, result_of
from retailsim.sim.play_page.forms import Posted, controls_of
from retailsim.sim.play_page.handlers import new_query, stage_name
from retailsim.sim.scenario.study_table import StudyTable
from retailsim.sim.studio.site.small_app import templates_of
from retailsim.sim.study.form_file import fields_of
from retailsim.sim.study.participant import Ending, Participant
from retailsim.sim.study.participants.front import Front, SeatSitting
from retailsim.sim.study.results import broke_off

STILL = "stopped"
"""The state of a page that does not follow what goes on, in the words of its script."""


class Refused:
    """A form that could not be taken: what was filled in, and what is wrong with it."""

    def __init__(self, posted: Posted, error: BadAnswer) -> None:
        self.posted = posted
        self.problems: dict[str | None, str] = {error.field: str(error)}


async def shown(
    front: Front,
    one: Participant,
    *,
    status: int = 200,
    note: str = "",
    refused: Refused | None = None,
) -> web.Response:
    """Return the page of the step at which a participant is.

    Parameters
    ----------
    note : str
        What there is to say beside it.
    refused : Refused or None
        The form that was sent and could not be taken.
    """
    result: Result | None = None
    if one.stage == "play" and not front.talks(one):
        ended = await ended_of(front, one)
        latest = front.participant(one.seat) or one
        if latest == one and broke_off(ended):
            latest = front.way.broke_off(one, ended)
        if latest != one:  # another page went on while this one waited
            return await shown(front, latest, note=note)
        result = _result(front, one, ended)
    if one.stage == "over":
        front.session.shown_end.add(one.seat)
    shape = _chat if one.stage == "play" else _step
    if front.talks(one) and front.session.over:
        return page(front, "paused.html", one, status=status, state=front.state(one), note=note)
    return shape(front, one, status, note, refused, result)


async def ended_of(front: Front, one: Participant) -> EndedMarket:
    """Return the market of the conversation that a participant has come to the end of."""
    market = front.session.markets[one.seat][one.conversation - 1]
    return await anyio.to_thread.run_sync(front.results.of, market, front.session.source(one.seat))


def _result(front: Front, one: Participant, ended: EndedMarket) -> Result:
    """Return what a conversation came to, as far as the participant may know it."""
    role, latest = front.session.table.role, front.sitting(one).latest
    outcomes = outcomes_of(ended.events).values()
    known = (_known(outcome, role) for outcome in outcomes)
    with in_currency(front.session.currency):
        return result_of(ended, known, role, latest.seen.said if latest is not None else ())


def _chat(
    front: Front,
    one: Participant,
    status: int,
    note: str,
    refused: Refused | None,
    result: Result | None,
) -> web.Response:
    sitting = front.sitting(one)
    question = None if result else sitting.now()
    fields = question.fields if question else fields_of(front.way.asked(one)) if result else ()
    problems = refused.problems if refused else {}
    return page(
        front,
        "chat.html",
        one,
        status=status,
        sitting=sitting,
        question=question,
        step=front.way.step(one),
        state=front.state(one, question),
        latest=sitting.latest,
        controls=controls_of(fields, refused.posted if refused else None, problems),
        problem=problems.get(None, ""),
        left_s=_left_s(sitting, question),
        note=note,
        result=result,
        ends=None,
    )


def _step(
    front: Front,
    one: Participant,
    status: int,
    note: str,
    refused: Refused | None,
    result: Result | None,
) -> web.Response:
    session, way = front.session, front.way
    problems = refused.problems if refused else {}
    asked = fields_of(way.asked(one))
    return page(
        front,
        _TEMPLATES[one.stage],
        one,
        status=status,
        step=way.step(one),
        state=front.state(one),
        materials=session.materials,
        left=way.form.limits.tries - way.tries(one),
        tried=way.tries(one),
        controls=controls_of(asked, refused.posted if refused else None, problems),
        problem=problems.get(None, ""),
        note=note,
        code=code_of(session.table, one.ending),
        back=back_of(session.table, one.ending),
    )


_TEMPLATES = {
    "consent": "consent.html",
    "instructions": "instructions.html",
    "checks": "checks.html",
    "questions": "questions.html",
    "over": "end.html",
}


def page(
    front: Front, template: str, one: Participant | None, *, status: int = 200, **values: Any
) -> web.Response:
    """Return a page of a participant, or of nobody; all of its addresses are beside its own."""
    shown = {"root": "./", "one": one, "note": "", "state": STILL, **values}
    shown.setdefault("withdrawable", one and one.consent_at and not one.withdrawn_at)
    with in_currency(front.session.currency):
        html = _environment().get_template(template).render(shown)
    return web.Response(text=html, status=status, content_type="text/html")


def code_of(table: StudyTable, ending: Ending) -> str:
    """Return the completion code of an end; empty where there is none yet."""
    codes = table.codes
    return {"done": codes.done, "screened out": codes.screened_out, "failed": codes.failed}.get(
        ending, ""
    )


def back_of(table: StudyTable, ending: Ending) -> str:
    """Return the address to which a participant goes back; empty where there is none."""
    return (table.back or "").replace("{code}", quote(code_of(table, ending), safe=""))


def _known(outcome: Outcome, role: Role) -> Outcome:
    """Leave out what only a buyer knows: what went wrong, where it said nothing about it."""
    return outcome if role == "buyer" else msgspec.structs.replace(outcome, issue=None)


def _left_s(sitting: SeatSitting, question: Question | None) -> int:
    """How many seconds are left; 0 where the question went this moment."""
    try:
        return int(sitting.desk.left_s(question.id)) if question else 0
    except NoSuchQuestion:
        return 0


@cache
def _environment() -> Environment:
    return templates_of(
        "retailsim.sim.study.participants",
        "retailsim.sim.play_page",
        clock=clock,
        dollars=dollars,
        stage_name=stage_name,
        new_query=new_query,
        Markup=Markup,
    )
