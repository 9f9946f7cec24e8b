"""The words of the list of runs: of each a row, and of a sweep or an experiment one for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from retailsim.analysis.measures.value_text import written
from retailsim.market.core.money import NANOUSD_PER_CENT, in_currency, us_dollars
from retailsim.sim.studio.runs_list.run_summary import Numbers, RunSummary
from retailsim.sim.studio.state import State

_UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_AGES = (
    (timedelta(days=1), "day", "days"),
    (timedelta(hours=1), "hour", "hours"),
    (timedelta(minutes=1), "minute", "minutes"),
)
_DATED = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What stands in a row; a text is empty where there is nothing to say.

    Parameters
    ----------
    state : State
        Of several runs, the one that matters most.
    share : float or None
        Of a run that goes on, how much of it is done.
    """

    state: State
    stands: str
    episodes: str
    failed: str
    share: float | None
    net: str
    spent: str
    began: datetime
    age: str
    size: str
    said: str = ""
    scenario: str = ""


def row_of(run: RunSummary, now: datetime) -> Row:
    """Return the row of a run."""
    numbers = run.numbers
    with in_currency(run.currency):
        net = "" if numbers.net_cents is None else written("cents", numbers.net_cents)
    return Row(
        state=run.state,
        stands=run.state.capitalize(),
        episodes=episodes(numbers),
        failed=f"{numbers.failed:,} failed" if numbers.failed else "",
        share=_share(numbers) if run.state is State.RUNNING else None,
        net=net,
        spent=spent(numbers),
        began=run.began,
        age=age(now - run.began, run.began),
        size=size(run.n_bytes),
        said=run.said,
        scenario=run.scenario,
    )


def row_of_all(runs: Sequence[RunSummary], now: datetime) -> Row:
    """Return the row of the runs of a sweep or an experiment, which may have others to come."""
    whole = sum(run.state is State.COMPLETE for run in runs)
    numbers = together(run.numbers for run in runs)
    state, began = worst(run.state for run in runs), max(run.began for run in runs)
    doing = f"{state.capitalize()}, " if state is not State.COMPLETE else ""
    some = f"{whole:,}" if whole == len(runs) else f"{whole:,} of {len(runs):,}"
    return Row(
        state=state,
        stands=f"{doing}{some} {'run' if len(runs) == 1 else 'runs'} complete",
        episodes=episodes(numbers),
        failed=f"{numbers.failed:,} failed" if numbers.failed else "",
        share=_share(numbers) if state is State.RUNNING else None,
        net="",
        spent=spent(numbers),
        began=began,
        age=age(now - began, began),
        size=size(sum(run.n_bytes for run in runs)),
    )


def worst(states: Iterable[State]) -> State:
    """Return the state of several runs that matters most to who looks."""
    order = (State.DAMAGED, State.RUNNING, State.UNFINISHED, State.COMPLETE)
    return min(states, key=order.index)


def together(numbers: Iterable[Numbers]) -> Numbers:
    """Return the numbers of several runs as one; a sum is known where all its parts are."""
    planned, done, failed, _, asked, nanousd = zip(*numbers, strict=True)
    asking = None if None in asked else any(asked)
    paid = [one for one, did in zip(nanousd, asked, strict=True) if did]
    return Numbers(
        planned=_sum(planned),
        done=_sum(done),
        failed=_sum(failed),
        asked_models=asking,
        nanousd=_sum(paid) if asking else None,
    )


def _sum(parts: Iterable[int | None]) -> int | None:
    known = list(parts)
    return None if None in known else sum(one for one in known if one is not None)


def _share(numbers: Numbers) -> float | None:
    if numbers.done is None or not numbers.planned:
        return None
    return min(1.0, numbers.done / numbers.planned)


def episodes(numbers: Numbers) -> str:
    """Say how many episodes have ended, and of how many, if more are to come."""
    planned, done = numbers.planned, numbers.done
    if done is None:
        return "" if planned is None else f"of {planned:,}"
    return f"{done:,}" if planned is None or planned == done else f"{done:,} of {planned:,}"


def spent(numbers: Numbers) -> str:
    """Say what language models cost."""
    if not numbers.asked_models:
        return ""
    if numbers.nanousd is None:
        return "price unknown"
    return us_dollars(numbers.nanousd / NANOUSD_PER_CENT)


def size(n_bytes: int) -> str:
    """Write a size in a few cells."""
    for unit, name in _UNITS:
        if n_bytes >= unit:
            value = n_bytes / unit
            return f"{value:.1f} {name}" if value < 9.95 else f"{value:,.0f} {name}"
    return f"{n_bytes} B"


def age(since: timedelta, began: datetime) -> str:
    """Say how long ago something was; of what is long past, the day."""
    if since >= _DATED:
        return f"{began.astimezone(UTC):%d %b %Y}".lstrip("0")
    for unit, one, several in _AGES:
        if count := since // unit:
            return f"{count} {one if count == 1 else several} ago" if count > 0 else "just now"
    return "just now"
