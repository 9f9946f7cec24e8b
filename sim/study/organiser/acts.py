"""What the organiser can do, each with a second question before it happens."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from aiohttp import web

from retailsim.agents.person.errors import NoSuchQuestion
from retailsim.sim.study.participant import Participant
from retailsim.sim.study.session import StudySession

REASON = "ended by the organiser"
_COMES = {
    "fail": "the conversation ends there as failed",
    "leave": "the conversation ends as if they had said so: nothing more is asked or bought",
    "hand over": "a simulated agent goes on in this conversation",
}
"""What comes of a step that nobody answers, by the question's `when_gone`."""


class NotNow(web.HTTPConflict):
    """What was to be done cannot be done any more; the text says so."""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do.

    Parameters
    ----------
    name : str
        In addresses.
    label : str
        On the button that leads to the second question.
    question, comes : str
        The second question, and what comes of it, as sentences; {seat} and {then} are filled in.
    yes : str
        On the button that does it.
    fits : callable
        Session and participant -> whether it can be done now; of the whole session, without one.
    do : callable
        Does it.
    """

    name: str
    label: str
    question: str
    comes: str
    yes: str
    fits: Callable[[StudySession, Participant | None], bool]
    do: Callable[[StudySession, Participant | None], None]

    def then(self, session: StudySession, one: Participant | None) -> str:
        """Return what comes of it, as sentences."""
        seat, then = one.seat if one else "", ""
        question = session.question(seat) if one else None
        if question is not None:
            then = f"The step that waits for {seat} counts as left: {_COMES[question.when_gone]}. "
        return self.comes.format(seat=seat, then=then)


def _get_up(session: StudySession, one: Participant | None) -> None:
    assert one is not None
    try:
        session.get_up(one.seat)
    except NoSuchQuestion:
        raise NotNow(text="That step was answered meanwhile; nothing was done.") from None


def _end(session: StudySession, one: Participant | None) -> None:
    assert one is not None
    session.dismiss(one, "failed", REASON)


def _withdraw(session: StudySession, one: Participant | None) -> None:
    assert one is not None
    session.withdraw(one)


def _going(session: StudySession, one: Participant | None) -> bool:
    return one is not None and one.stage != "over"


def _asked(session: StudySession, one: Participant | None) -> bool:
    return one is not None and session.question(one.seat) is not None


ACTS = {
    one.name: one
    for one in (
        Act(
            name="close",
            label="Let nobody new in",
            question="Let nobody new in?",
            comes="Who has a seat goes on; whoever else follows a link is told that the study "
            "takes nobody new. Seats that stay free are in no rate. You can let people in again.",
            yes="Let nobody new in",
            fits=lambda session, one: not session.register.closed,
            do=lambda session, one: session.take_nobody_new(closed=True),
        ),
        Act(
            name="open",
            label="Let people in again",
            question="Let people in again?",
            comes="Free seats can be taken from now on.",
            yes="Let people in",
            fits=lambda session, one: session.register.closed,
            do=lambda session, one: session.take_nobody_new(closed=False),
        ),
        Act(
            name="stop",
            label="Stop the session",
            question="Stop the session?",
            comes="Both servers end, for everybody. What was answered is kept, and the study can "
            "go on later, with the same links; open steps are asked again.",
            yes="Stop the session",
            fits=lambda session, one: not session.over,
            do=lambda session, one: session.close(),
        ),
        Act(
            name="get-up",
            label="Go on without an answer",
            question="Go on without an answer from {seat}?",
            comes="{then}The participant then goes on with what comes next.",
            yes="Go on without",
            fits=_asked,
            do=_get_up,
        ),
        Act(
            name="end",
            label="End it for this participant",
            question="End it for {seat}?",
            comes="{seat} is asked nothing more and sees the code for those who failed. {then}"
            "This cannot be undone.",
            yes="End it",
            fits=_going,
            do=_end,
        ),
        Act(
            name="withdraw",
            label="This participant withdraws",
            question="Does {seat} withdraw?",
            comes="{seat} is left out of what is exported from now on. What was said stays in the "
            "log, which cannot be changed: study RUN --rewrite OUT makes a run without it. "
            "This cannot be undone.",
            yes="Withdraw {seat}",
            fits=lambda session, one: one is not None and not one.withdrawn_at,
            do=_withdraw,
        ),
    )
}
"""By their names in addresses."""
OF_ALL = ("close", "open", "stop")
OF_ONE = ("get-up", "end", "withdraw")


def possible(
    names: tuple[str, ...], session: StudySession, one: Participant | None = None
) -> tuple[Act, ...]:
    """Return what of it can be done now."""
    return tuple(act for name in names if (act := ACTS[name]).fits(session, one))
