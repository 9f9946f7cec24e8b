"""The session of a study: who gets which seat, since when, and what the organiser can do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest

from retailsim.agents.person.desk import Desk
from retailsim.sim.execution.runner import RunControl
from retailsim.sim.people.steps import person_steps
from retailsim.sim.run.launch_options import Options
from retailsim.sim.study.errors import BadStudy, TakesNobodyNew
from retailsim.sim.study.links import ROOM
from retailsim.sim.study.made import Study, new_study, study_again
from retailsim.sim.study.participant import Participant
from retailsim.sim.study.places import Places
from retailsim.sim.study.register import Register
from retailsim.sim.study.serve import serve
from retailsim.sim.study.session import StudySession
from retailsim.sim.terminal.audience import Nobody
from retailsim.sim.terminal.program_name import program_name
from retailsim.sim.terminal.terminal import Terminal
from tests.sim.ports import free_port
from tests.sim.runs import beside_a_browser, sim
from tests.waiting import until

SMALL = ("products.per_category=1", "study.conversations=2", "design.max_turns=1")


def small(folder: Path, seats: int = 3, *settings: str) -> Study:
    """A study of a few short conversations, in ``folder/run``."""
    options = Options(out=folder / "run", settings=(*SMALL, *settings))
    return new_study(options, seats, Desk(gated=True), Nobody())


def playing(session: StudySession, one: Participant) -> Participant:
    """Somebody who got as far as the conversations."""
    return session.keep(msgspec.structs.replace(one, stage="play"))


def beside(study: Study, do: Callable[[], None]) -> None:
    """Do something while a study's run is played, and stop it then."""
    with ThreadPoolExecutor(1) as pool:
        played = pool.submit(study.play, Nobody(), RunControl())
        try:
            do()
        finally:
            study.session.close()
        played.result(60)


def test_nobody_new_is_let_in_once_the_organiser_says_so(tmp_path: Path) -> None:
    session = small(tmp_path).session
    room = session.link(ROOM)
    first = session.opened(room, {"label": "a"})
    session.take_nobody_new(closed=True)
    for link in (room, session.link("p003")):
        with pytest.raises(TakesNobodyNew):
            session.opened(link, {"label": "b"})
    assert session.opened(room, {"label": "a"}) == first
    assert Register(tmp_path / "run").closed, "a restart does not forget it"
    session.take_nobody_new(closed=False)
    assert session.opened(room, {"label": "b"}).seat == "p002"


def test_since_when_a_stage_is_what_it_is(tmp_path: Path) -> None:
    session = small(tmp_path).session
    came = session.opened(session.link("p001"), {})
    assert came.stage_at >= came.came_at
    stale = msgspec.structs.replace(came, answers={"age": 40}, stage_at="")
    assert session.keep(stale).stage_at == came.stage_at
    moved = msgspec.structs.replace(came, stage="checks")
    assert session.keep(moved).stage_at > came.stage_at
    assert session.seen.keys() == {"p001"}


def test_who_is_dismissed_is_asked_nothing_more(tmp_path: Path) -> None:
    study = small(tmp_path)
    session = study.session
    one = playing(session, session.opened(session.link("p002"), {}))

    def dismiss() -> None:
        until(lambda: session.question("p002") is not None)
        session.dismiss(one, "failed", "did not go on")
        until(lambda: session.played("p002") == 1)
        playing(session, session.opened(session.link("p003"), {}))
        until(lambda: session.question("p003") is not None)
        assert session.question("p002") is None, "its second conversation began"

    beside(study, dismiss)
    again = study_again(tmp_path / "run", Desk(gated=True)).session
    assert again.before == {"p002": 1}
    assert next(step.gone for step in person_steps(tmp_path / "run")) == "leave"
    known = again.register.participant("p002")
    assert known is not None
    assert (known.ending, known.why) == ("failed", "did not go on")


def test_who_withdraws_has_come_to_the_end(tmp_path: Path) -> None:
    session = small(tmp_path).session
    gone = session.withdraw(session.opened(session.link("p001"), {}))
    assert (gone.stage, gone.ending) == ("over", "screened out")
    done = session.end(session.opened(session.link("p002"), {}), "done")
    assert session.withdraw(done).ending == "done"
    assert all(one.withdrawn_at for one in session.register.participants)


@pytest.mark.slow
def test_a_run_that_cannot_go_on_says_what_to_type(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As when the disk is full; `resume`, which other runs are told of, has no page for people."""
    made = small(tmp_path, 2)

    def full(*how: object) -> NoReturn:
        raise BadStudy("events", "disk full")

    places = Places(port=free_port(), organisers_port=free_port())
    with beside_a_browser(), pytest.raises(ExceptionGroup):
        serve(dataclasses.replace(made, play=full), Terminal(), places)
    run = tmp_path / "run"
    again = f"once this is mended: {program_name()} study {run}"
    assert again in capsys.readouterr().err
    refused = sim("resume", run).stderr
    assert "people take buyer:p001, buyer:p002" not in refused and "for a study `study`" in refused
