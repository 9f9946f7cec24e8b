"""How a run stands: whether somebody plays it, whether it came to its end."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from retailsim.events.errors import LogDamaged
from retailsim.events.log.lock import is_held
from retailsim.events.log.seal import SEAL, check_quickly


class State(StrEnum):
    """What becomes of a run; the values are what people read."""

    RUNNING = "running"
    COMPLETE = "complete"
    UNFINISHED = "unfinished"
    DAMAGED = "damaged"


def state_of(run: Path) -> State:
    """Return how a run stands, without reading its log: so it is never found damaged here."""
    if is_held(run / "lock"):
        return State.RUNNING
    return State.COMPLETE if (run / "events" / SEAL).is_file() else State.UNFINISHED


def looked_at(run: Path) -> tuple[State, str]:
    """Return how a run stands, and what is damaged as far as sizes and last commits say.

    A log that somebody writes is not looked at: its files get other names meanwhile.
    """
    state = state_of(run)
    if state is State.RUNNING:
        return state, ""
    try:
        check_quickly(run / "events")
    except LogDamaged as error:
        if state_of(run) is State.RUNNING:  # somebody began to write it just then
            return State.RUNNING, ""
        return State.DAMAGED, f"{_inside(error.path, run)}: {error.what}"
    return state, ""


def _inside(path: Path, run: Path) -> Path:
    return path.relative_to(run) if path.is_relative_to(run) else path
