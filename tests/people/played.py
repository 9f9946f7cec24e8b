"""Runs with people at a desk: played in this process, and gone on with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from retailsim.agents.person.desk import Desk, Question
from retailsim.events.log.seal import write_seal
from retailsim.events.messages import Role
from retailsim.sim.execution.job import Job, play_with_telemetry
from retailsim.sim.execution.runner import RunControl, RunOutcome
from retailsim.sim.play.stop import Stop
from retailsim.sim.run.launch import make, play_prepared, prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.run.resume import go_on
from retailsim.sim.terminal.terminal import Quiet
from tests.llm.virtualtime import now
from tests.llm.virtualtime import run as virtual_run

Answers = Callable[[Question], Mapping[str, Any] | None]
"""What is answered to a question; None: nothing, it stays open."""

RETAIL = """
[run]
seed = 3
[products]
per_category = 1
[design]
broadcast = "episode"
[[sellers]]
id = "shop"
{seller}
[[buyers]]
id = "ann"
{buyer}
"""
CSALES = """
[run]
seed = 3
[design]
protocol = "csales"
[profiles]
count = 3
[[sellers]]
id = "shop"
{seller}
[[buyers]]
id = "ann"
{buyer}
"""


def text_of(text: str, role: Role, options: str = "") -> str:
    """The scenario with a person in one seat."""
    seat = 'agent = "person"\n' + (f"options = {{ {options} }}" if options else "")
    return text.format(**{"seller": "", "buyer": "", role: seat})


class Attended:
    """A desk at which every question is answered as soon as it comes.

    Attributes
    ----------
    asked : list of Question
        In the order in which they came.
    """

    def __init__(
        self,
        answers: Answers,
        *,
        most: int | None = None,
        shown_ms: int = 1234,
        desk: Desk | None = None,
    ) -> None:
        self.desk = desk or Desk()
        self.asked: list[Question] = []
        self.errors: list[Exception] = []
        self.receipts: list[Future[None]] = []
        self._answers = answers
        self._most = most
        self._shown_ms = shown_ms
        self.desk.listen(self._look)

    def _look(self) -> None:
        try:
            self._answer_all()
        except Exception as error:  # noqa: BLE001 - raised again in `play`
            self.errors.append(error)
            self.desk.close()

    def _answer_all(self) -> None:
        for question in self.desk.questions():
            if question in self.asked:
                continue
            self.asked.append(question)
            if self._most is not None and len(self.asked) > self._most:
                self.desk.close()
                return
            given = self._answers(question)
            if given is not None:
                self.receipts.append(self.desk.answer(question.id, given, shown_ms=self._shown_ms))


def play(
    folder: Path, text: str, attended: Attended | Desk, control: RunControl | None = None
) -> RunOutcome:
    """Play a scenario into ``folder/run``."""
    path = folder / "people.toml"
    path.write_text(text)
    desk = attended.desk if isinstance(attended, Attended) else attended
    prepared = prepare(Options(scenario=str(path), out=folder / "run", desk=desk), Quiet())
    run = make(prepared)
    outcome = play_prepared(prepared, run, Quiet(), control or RunControl())
    if isinstance(attended, Attended) and attended.errors:
        raise attended.errors[0]
    return outcome


def resumed(run: Path, attended: Attended) -> RunOutcome | None:
    """Go on with a run."""
    return go_on(run, Quiet(), desk=attended.desk, control=RunControl())


def play_in_virtual_time(folder: Path, text: str, attended: Attended) -> tuple[Path, float]:
    """Play a scenario without waiting for deadlines; its run, and how long it took so."""
    path = folder / "people.toml"
    path.write_text(text)
    prepared = prepare(Options(scenario=str(path), out=folder / "run", desk=attended.desk), Quiet())
    run = make(prepared)

    async def timed() -> float:
        await play_with_telemetry(Job(run=str(run.path), desk=attended.desk), stop=Stop())
        return now()

    seconds = virtual_run(timed())
    if attended.errors:
        raise attended.errors[0]
    write_seal(run.events)
    return run.path, seconds
