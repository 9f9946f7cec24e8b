"""How the seats of a study stand, as the organiser sees it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from retailsim.agents.person.desk import Desk
from retailsim.sim.scenario.study_design import Treatment
from retailsim.sim.scenario.study_table import StudyTable
from retailsim.sim.study.materials import read_materials
from retailsim.sim.study.organiser.monitor import (
    PAGE,
    QUIET,
    Asked,
    asked,
    balance,
    rows,
    standing,
)
from retailsim.sim.study.participant import Ending, Participant, Stage
from retailsim.sim.study.register import Register
from retailsim.sim.study.session import StudySession
from tests.study.test_session import beside, playing, small
from tests.waiting import until


def _put(session: StudySession, seat: str, stage: Stage, ending: Ending = "") -> Participant:
    one = session.opened(session.link(seat), {"PROLIFIC_PID": f"id-{seat}"})
    return session.keep(msgspec.structs.replace(one, stage=stage, ending=ending))


def wide(folder: Path, seats: int) -> StudySession:
    """A session of many seats, without a run."""
    one = Treatment(number=0, partner="s", about="g", condition="full", replication=1)
    return StudySession(
        run=folder,
        table=StudyTable(),
        plan={f"p{number:05}": (one,) for number in range(1, seats + 1)},
        markets={f"p{number:05}": (f"m{number}",) for number in range(1, seats + 1)},
        materials=read_materials(StudyTable(), folder),
        before={},
        broken=frozenset(),
        register=Register(folder),
        desk=Desk(gated=True),
        currency="USD",
        program="retailsim",
    )


def _at(minutes: float = 0) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


def test_each_seat_is_in_one_state_and_all_are_counted(tmp_path: Path) -> None:
    session = small(tmp_path, 7).session
    _put(session, "p002", "consent")
    _put(session, "p003", "checks")
    _put(session, "p004", "over", "done")
    session.withdraw(_put(session, "p005", "over", "done"))
    session.dismiss(_put(session, "p006", "checks"), "failed", "could not be reached")
    found = standing(session, Asked(), _at())
    by_hand = {"free": 2, "consent": 1, "checks": 1, "done": 2, "failed": 1}
    assert {state: count for state, count in found.counts.items() if count} == {
        **by_hand, "on the way": 2, "withdrew": 1
    }  # fmt: skip
    assert found.found == 7 == sum(by_hand.values())
    assert [one.seat for one in found.rows] == list(session.seats)
    assert {one.seat: one.why for one in found.rows if one.why} == {"p006": "could not be reached"}


def test_seats_are_found_by_state_text_and_silence(tmp_path: Path) -> None:
    session = small(tmp_path, 6).session
    for number, seat in enumerate(("p001", "p002", "p003")):
        _put(session, seat, "checks")
        session.seen[seat] = (_at(-number)).isoformat()
    _put(session, "p004", "over", "done")

    def seats(at: datetime, **wanted: str) -> list[str]:
        return [one.seat for one in standing(session, asked(wanted), at).rows]

    assert seats(_at(), state="on the way") == ["p001", "p002", "p003"]
    assert seats(_at(), text="ID-P002") == ["p002"]
    assert seats(_at(), text="003", state="done") == []
    assert seats(_at(), sort="waiting")[:3] == ["p003", "p002", "p001"]
    assert seats(_at(), state="away") == []
    assert seats(_at() + QUIET - timedelta(minutes=1, seconds=30), state="away") == ["p003"]
    assert seats(_at(600), state="away") == ["p001", "p002", "p003"], "who is done is not away"


@pytest.mark.parametrize("after", ["-1", "x", "²", "9" * 9])
def test_an_address_that_means_nothing_asks_for_all(after: str) -> None:
    assert asked({"state": "gone", "sort": "x", "after": after}) == Asked()


def test_ten_thousand_seats_come_by_the_page(tmp_path: Path) -> None:
    session = wide(tmp_path, 10_000)
    found = standing(session, Asked(after=9_950), _at())
    assert found.found == found.counts["free"] == 10_000
    assert [one.seat for one in found.rows][::49] == ["p09951", "p10000"]
    assert len(standing(session, Asked(), _at()).rows) == PAGE


def test_balance_counts_conversations_by_hand(tmp_path: Path) -> None:
    session = small(tmp_path, 12).session
    for seat in ("p001", "p002", "p003"):
        _put(session, seat, "over", "done")
    session.withdraw(_put(session, "p003", "over", "done"))
    playing(session, _put(session, "p004", "checks"))
    _put(session, "p005", "checks")
    given = balance(session)
    for name, key in (("Partner", "partner"), ("Condition", "condition"), ("Product", "about")):
        planned, begun, done = (
            Counter(getattr(one, key) for seat in seats for one in session.plan[seat])
            for seats in (session.seats, session.seats[:4], session.seats[:2])
        )
        assert {one.value: one.planned for one in given[name]} == planned
        assert {one.value: one.begun for one in given[name] if one.begun} == begun
        assert {one.value: one.done for one in given[name] if one.done} == done


def test_whom_a_conversation_waits_for(tmp_path: Path) -> None:
    study = small(tmp_path)
    session = study.session

    def look() -> None:
        playing(session, session.opened(session.link("p001"), {}))
        until(lambda: session.question("p001") is not None)
        first = next(rows(session, _at()))
        assert first.conversation == "1 of 2"
        assert first.waits_for.startswith("the participant, 1:")
        session.get_up("p001")
        until(lambda: session.played("p001") == 1)
        second = next(rows(session, _at()))
        assert second.conversation == "2 of 2"
        assert second.waits_for == "the participant", "it has not begun: they read how one ended"

    beside(study, look)
