"""The tables of a study: people, ids and bonuses, each a file of its own, joined by the seat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from retailsim.sim.scenario.study_table import StudyCodes
from retailsim.sim.study.ledger import Conversation, bonus_cents, earned_cents
from retailsim.sim.study.participant import Ending, Participant
from retailsim.sim.study.session import StudySession

Row = dict[str, object]
OUTCOME = (
    "status", "bought", "quantity", "gross_cents", "shipping_cents", "refunded_cents",
    "net_cents", "spent_cents", "issue", "resolution", "messages",
)  # fmt: skip
"""What of an outcome is a column."""
_OF_CONVERSATION = re.compile(r"c[0-9]+\.")


def people(session: StudySession, own: Mapping[str, Sequence[Conversation]]) -> Iterator[Row]:
    """Yield a row for each seat, also for those that nobody took, but not for who withdrew.

    Of a rehearsal each row says that it is of one.

    What was answered beside conversations is in columns ``answer.NAME``, checks in
    ``check.NAME`` (whether the last try was right) and ``tries.NAME``; columns of the first
    conversation begin with ``c1.``.
    """
    for seat in session.seats:
        one = session.register.participant(seat)
        if one is not None and one.withdrawn_at:
            continue
        row: Row = {"seat": seat}
        if session.table.rehearsal:
            row["rehearsal"] = True
        row |= {"stage": "free"} if one is None else _known(session.table.codes, one)
        yield row | _conversations(own[seat])


def ids(session: StudySession) -> Iterator[Row]:
    """Yield a row for each participant with what their panel calls them, and their code.

    Who withdrew is among them: a panel wants to hear of them, too.
    """
    for one in session.register.participants:
        row: Row = {"seat": one.seat, "code": code_of(session.table.codes, one.ending)}
        # Under a name of its own, so that a link cannot bring along a seat or code.
        yield row | {f"panel.{name}": value for name, value in one.panel.items()}


def bonuses(session: StudySession, own: Mapping[str, Sequence[Conversation]]) -> Iterator[Row]:
    """Yield what each participant who came to the end has earned; who withdrew after it, too."""
    for one in session.register.participants:
        if one.ending:
            conversations = own.get(one.seat, ())
            cents = bonus_cents(session.table, one, conversations)
            yield {
                "seat": one.seat,
                "ending": one.ending,
                "conversations": sum(each.counts for each in conversations),
                "earned_cents": sum(earned_cents(session.table, each) for each in conversations),
                "bonus_cents": cents,
                "bonus": f"{cents // 100}.{cents % 100:02}",
            }


def columns(rows: Sequence[Row]) -> list[str]:
    """Return the names of all columns as rows have them, those of conversations last."""
    names = dict.fromkeys(name for row in rows for name in row)
    return sorted(names, key=lambda name: _OF_CONVERSATION.match(name) is not None)


def code_of(codes: StudyCodes, ending: Ending) -> str:
    """Return the completion code of an ending; empty while there is none."""
    return {
        "": "",
        "done": codes.done,
        "screened out": codes.screened_out,
        "failed": codes.failed,
    }[ending]


def _known(codes: StudyCodes, one: Participant) -> Row:
    row: Row = {
        "stage": one.stage,
        "ending": one.ending,
        "code": code_of(codes, one.ending),
        "why": one.why,
        "came_at": one.came_at,
        "consent_at": one.consent_at,
        "consent_sha256": one.consent_digest,
        "over_at": one.over_at,
        "seconds": _seconds(one),
    }
    for tried in one.tried:
        row[f"check.{tried.check}"] = tried.right
        row[f"tries.{tried.check}"] = sum(other.check == tried.check for other in one.tried)
    return row | {f"answer.{name}": _cell(value) for name, value in one.answers.items()}


def _seconds(one: Participant) -> float | None:
    """Return how long somebody took from the first page to the last."""
    if not one.over_at:
        return None
    took = datetime.fromisoformat(one.over_at) - datetime.fromisoformat(one.came_at)
    return round(took.total_seconds(), 3)


def _cell(value: Any) -> object:
    return "; ".join(str(each) for each in value) if isinstance(value, list | tuple) else value


def _conversations(own: Sequence[Conversation]) -> Row:
    return {
        f"c{number}.{name}": value
        for number, one in enumerate(own, start=1)
        for name, value in _columns(one).items()
    }


def _columns(one: Conversation) -> Row:
    row: Row = {
        "market": one.market,
        "episode": one.episode,
        "partner": one.treatment.partner,
        "condition": one.treatment.condition,
        "about": one.treatment.about,
        "replication": one.treatment.replication,
    }
    row |= {name: getattr(one.outcome, name, None) for name in OUTCOME}
    stars = one.outcome.stars if one.outcome is not None else {}
    row["stars"] = sum(stars.values()) / len(stars) if stars else None
    return row | {"gone": one.gone, "answers": one.answers, "waited_ms": one.waited_ms}
