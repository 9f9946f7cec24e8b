"""The steps of people, from the log: what each was asked, and how its answer came about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from retailsim.agents.person.options import Absence
from retailsim.agents.person.recorded import read_recorded
from retailsim.agents.protocol import PERSON
from retailsim.events.log.reader import read_lines
from retailsim.events.messages import OutsideAnswered
from retailsim.sim.folder.run_folder import RunFolder

_BEGINS = b'{"type":"OutsideAnswered"'
_decode = msgspec.json.Decoder(OutsideAnswered).decode


class PersonStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step that was put to a person; what its answer was, the events say.

    Parameters
    ----------
    seat : str
        Such as ``buyer:ann``.
    number : int
        Counts the steps of the seat in the episode, from 0.
    request : str
        What was asked, such as ``Decide``.
    time_us : int
        Market time in microseconds.
    gone, after_s, shown_ms, focus_lost, waited_ms
        As `agents.person.recorded.Recorded` has them.
    """

    seat: str
    market: str
    episode: str | None
    number: int
    request: str
    time_us: int
    gone: Absence | None
    after_s: float | None
    shown_ms: int | None
    focus_lost: int | None
    waited_ms: int | None


def person_steps(run: Path) -> Iterator[PersonStep]:
    """Yield the steps of a run's people, in the order in which they were answered.

    Parameters
    ----------
    run : Path
        The run's folder; it may be unfinished.

    Raises
    ------
    NotARunFolder, LogDamaged
        If it cannot be read.
    """
    folder = RunFolder(run)
    scenario = folder.read().scenario
    people = {f"seller:{seat.id}" for seat in scenario.sellers if seat.agent == PERSON}
    people |= {f"buyer:{seat.id}" for seat in scenario.buyers if seat.agent == PERSON}
    for line in read_lines(folder.events):
        if not line.startswith(_BEGINS):
            continue
        record = _decode(line)
        if record.source in people and record.answer is not None:
            yield _step(record, record.answer)


def _step(record: OutsideAnswered, answer: str) -> PersonStep:
    recorded = read_recorded(answer)
    return PersonStep(
        seat=record.source,
        market=record.market,
        episode=record.episode,
        number=record.call,
        request=record.key.partition(" ")[0],
        time_us=record.t,
        gone=recorded.gone,
        after_s=recorded.after_s,
        shown_ms=recorded.shown_ms,
        focus_lost=recorded.focus_lost,
        waited_ms=recorded.waited_ms,
    )
