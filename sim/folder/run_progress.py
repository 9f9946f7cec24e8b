"""How far a run is, as its runner last said: ``telemetry/progress.json``.

It is for who watches from outside. It is never the truth, for that is in the log, and it may be
deleted at any time. A run's folder may be a stranger's, so what the file says is taken only where
it makes sense.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from retailsim.events.whole_file import leads_out, read_bounded

NAME = "progress.json"
MOST_BYTES = 64 << 10
_AHEAD = timedelta(days=1)
"""What another machine's clock may be ahead of ours."""

Count = Annotated[int, msgspec.Meta(ge=0, le=10**15)]
Nanousd = Annotated[int, msgspec.Meta(ge=0, le=10**18)]
"""Up to a billion dollars."""
Number = Annotated[float, msgspec.Meta(ge=0.0, le=1e12)]
When = Annotated[datetime, msgspec.Meta(tz=True)]
Doing = Literal["running", "stopped", "finished"]


class AskedModels(msgspec.Struct, frozen=True, kw_only=True):
    """What language models were asked since this execution of the run began.

    Parameters
    ----------
    calls : int
        That were answered.
    per_s : float
        Calls a second, over the last seconds.
    nanousd : int or None
        What they cost; under a budget, with what earlier executions spent of it. None where a
        price is unknown.
    """

    calls: Count
    per_s: Number
    retries: Count
    in_flight: Count
    input_tokens: Count
    output_tokens: Count
    nanousd: Nanousd | None


class RunProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is.

    Parameters
    ----------
    state : str
        "stopped": something is left for a resume. A killed runner leaves "running" behind; the
        lock of the run says whether it still is.
    total, done : int
        Episodes of the whole run, and those that ended, in earlier executions, too.
    failed : int
        Of those that this execution ended.
    per_s : float
        Episodes a second, over the last seconds.
    models : AskedModels or None
        None where no language model takes part.
    budget_usd : float or None
        What the models may cost.
    started, written : datetime
        When this execution began, and when this was said, by the runner's clock.
    """

    format: Literal[1] = 1
    state: Doing
    total: Count
    done: Count
    failed: Count
    per_s: Number
    models: AskedModels | None
    budget_usd: Number | None
    started: When
    written: When


def progress_place(run: Path) -> Path:
    """Return where a run's progress is said."""
    return run / "telemetry" / NAME


def read_progress(run: Path, now: datetime | None = None) -> RunProgress | None:
    """Return how far a run says it is; None where it says nothing, or nothing that makes sense.

    Parameters
    ----------
    now : datetime or None
        What is said to be of a day later, or more, makes no sense. None: the time now.
    """
    place = progress_place(run)
    try:
        if not place.is_file() or leads_out(place, run):  # a pipe would be waited for without end
            return None
        text = read_bounded(place, MOST_BYTES)
    except OSError:
        return None
    return understood(text, now or datetime.now(UTC))


def understood(text: bytes, now: datetime) -> RunProgress | None:
    """Return what a file's text says; None where that makes no sense `now`."""
    try:
        said = msgspec.json.decode(text, type=RunProgress)
    except (ValueError, RecursionError):  # msgspec's errors, and those of texts, are ValueErrors
        return None
    in_time = said.started <= said.written < now + _AHEAD
    return said if in_time and said.failed <= said.done <= said.total else None
