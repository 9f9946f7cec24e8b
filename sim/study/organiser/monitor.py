"""How the seats of a study stand: what the organiser's page shows, without a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from retailsim.agents.person.desk import Question
from retailsim.agents.person.errors import NoSuchQuestion
from retailsim.sim.scenario.study_design import Treatment
from retailsim.sim.study.participant import Participant
from retailsim.sim.study.session import StudySession

QUIET = timedelta(minutes=5)
"""Somebody on the way whose page was not asked for so long has perhaps left."""
PAGE = 100
"""Seats on one page."""
FREE, WITHDREW, AWAY, WAY = "free", "withdrew", "away", "on the way"
STATES = (
    FREE, "consent", "instructions", "checks", "play", "questions",
    "done", "screened out", "failed",
)  # fmt: skip
"""How a seat can stand, in the order of a study."""
SORTS = {"seat": "seat", "waiting": "longest without a sign", "latest": "came last"}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One seat.

    Parameters
    ----------
    seat : str
    state : str
        One of `STATES`.
    since, seen : str
        ISO 8601, UTC, or empty: since when it stands so, and when its page was last asked for.
    away : bool
        Whether somebody is on the way and was not seen for `QUIET`.
    withdrew : bool
    played, of : int
        Conversations that are over, and that the seat has.
    waits_for : str
        Whom it goes on with.
    why : str
        Why it ended, if it ended early.
    panel : str
        What a panel calls the participant.
    """

    seat: str
    state: str
    since: str = ""
    seen: str = ""
    away: bool = False
    withdrew: bool = False
    played: int = 0
    of: int = 0
    waits_for: str = ""
    why: str = ""
    panel: str = ""

    @property
    def conversation(self) -> str:
        """Which conversation of how many, for those who have come so far."""
        if self.state == "play" and self.played < self.of:
            return f"{self.played + 1} of {self.of}"
        return f"{self.played} of {self.of}" if self.played else ""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which seats are asked for; defaults are all of them, by seat.

    Parameters
    ----------
    state : str
        One of `STATES`, or "on the way", "away", "withdrew"; empty: any.
    text : str
        Part of a seat's name, a panel's id or a reason.
    sort : str
        Of `SORTS`.
    after : int
        How many are passed over.
    """

    state: str = ""
    text: str = ""
    sort: str = "seat"
    after: int = 0


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """All seats as they stand.

    Parameters
    ----------
    counts : mapping of state to int
        Of all seats, with "on the way", "away" and "withdrew", which count some of them again.
    rows : tuple of Row
        One page of those that are asked for.
    found : int
        How many are asked for.
    """

    counts: Mapping[str, int]
    rows: tuple[Row, ...]
    found: int


def asked(query: Mapping[str, str]) -> Asked:
    """Return which seats an address asks for; what means nothing is left out."""
    after, sort = query.get("after", ""), query.get("sort", "")
    state = query.get("state", "")
    number = int(after) if after.isascii() and after.isdecimal() and len(after) < 7 else 0
    return Asked(
        state=state if state in (*STATES, WAY, AWAY, WITHDREW) else "",
        text=query.get("text", "").strip()[:100],
        sort=sort if sort in SORTS else "seat",
        after=number,
    )


def standing(session: StudySession, wanted: Asked, at: datetime) -> Standing:
    """Return how the seats stand at a time."""
    every = list(rows(session, at))
    chosen = [one for one in every if _is(one, wanted)]
    if wanted.sort == "waiting":
        chosen.sort(key=lambda one: (one.state not in _MOVING, one.seen or one.since))
    elif wanted.sort == "latest":
        chosen.sort(key=lambda one: one.since, reverse=True)
    return Standing(
        counts=_counts(every),
        rows=tuple(chosen[wanted.after : wanted.after + PAGE]),
        found=len(chosen),
    )


def rows(session: StudySession, at: datetime) -> Iterator[Row]:
    """Yield all seats of a study as they stand at a time, in their order."""
    open_ = {one.seat: one for one in session.desk.questions()}
    for seat, plan in session.plan.items():
        one = session.register.participant(seat)
        if one is None:
            yield Row(seat=seat, state=FREE, of=len(plan))
        else:
            yield _row(session, one, open_.get(session.source(seat)), at)


_MOVING = frozenset({"consent", "instructions", "checks", "play", "questions"})


def _row(session: StudySession, one: Participant, question: Question | None, at: datetime) -> Row:
    seen = session.seen.get(one.seat, "")
    last = seen or one.stage_at or one.came_at
    return Row(
        seat=one.seat,
        state=one.ending or one.stage,
        since=one.stage_at or one.came_at,
        seen=seen,
        away=one.stage in _MOVING and at - datetime.fromisoformat(last) > QUIET,
        withdrew=bool(one.withdrawn_at),
        played=session.played(one.seat),
        of=len(session.plan[one.seat]),
        waits_for=_waits_for(session, one, question),
        why=one.why,
        panel=panel_id(one),
    )


def panel_id(one: Participant) -> str:
    """Return what a panel calls a participant: the first thing that its link brought along."""
    return next((value for value in one.panel.values() if value), "")


def _waits_for(session: StudySession, one: Participant, question: Question | None) -> str:
    if one.stage == "over":
        return ""
    if one.stage != "play":
        return "the participant"
    if question is None:  # between two conversations, it is the participant who goes on
        between = session.played(one.seat) >= one.conversation
        return "the participant" if between else f"the {partners_role(session)}"
    try:
        left = int(session.desk.left_s(question.id))
    except NoSuchQuestion:  # it was answered this moment
        return ""
    return f"the participant, {left // 60}:{left % 60:02} left"


def partners_role(session: StudySession) -> str:
    """Return the role of those whom the people meet."""
    return "seller" if session.table.role == "buyer" else "buyer"


def _is(one: Row, wanted: Asked) -> bool:
    match wanted.state:
        case "":
            fits = True
        case "on the way":
            fits = one.state in _MOVING
        case "away":
            fits = one.away
        case "withdrew":
            fits = one.withdrew
        case state:
            fits = one.state == state
    text = wanted.text.casefold()
    return fits and any(text in place.casefold() for place in (one.seat, one.panel, one.why))


def _counts(every: Sequence[Row]) -> dict[str, int]:
    by_state = Counter(one.state for one in every)
    return {state: by_state[state] for state in STATES} | {
        WAY: sum(one.state in _MOVING for one in every),
        AWAY: sum(one.away for one in every),
        WITHDREW: sum(one.withdrew for one in every),
    }


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """How often one partner, condition, product or profile was met, in conversations.

    Parameters
    ----------
    value : str
    planned : int
        By all seats.
    begun : int
        By those who got as far as the conversations.
    done : int
        By those who are done and did not withdraw.
    """

    value: str
    planned: int
    begun: int
    done: int


def balanced(kind: str) -> Mapping[str, Callable[[Treatment], Any]]:
    """Return what treatments are balanced by, where they are about things of this kind."""
    return {
        "Partner": lambda one: one.partner,
        "Condition": lambda one: one.condition,
        kind.capitalize(): lambda one: one.about,
    }


def kind_of(session: StudySession) -> str:
    """Return what the treatments of a study are about: a product, or a profile."""
    return next((one.kind for plan in session.plan.values() for one in plan), "product")


def balance(session: StudySession) -> dict[str, tuple[Given, ...]]:
    """Return how evenly treatments were given: by all that they differ in."""
    planned, begun, done = Counter[Any](), Counter[Any](), Counter[Any]()
    by = balanced(kind_of(session))
    for seat, plan in session.plan.items():
        marks = [(name, mark(one)) for one in plan for name, mark in by.items()]
        planned.update(marks)
        one = session.register.participant(seat)
        if one is None:
            continue
        if one.stage in ("play", "questions") or one.ending == "done" or session.played(seat):
            begun.update(marks)
        if one.ending == "done" and not one.withdrawn_at:
            done.update(marks)
    return {
        name: tuple(
            Given(value=value, planned=planned[key], begun=begun[key], done=done[key])
            for key in sorted(planned)
            for value in (key[1],)
            if key[0] == name
        )
        for name in by
    }


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)
