"""How a run ends for the person: the tables, where it lies, and the exit status."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from retailsim.events.whole_file import leads_out
from retailsim.sim.execution.as_ctrl_c import as_ctrl_c
from retailsim.sim.execution.garbage import MANY, give_back
from retailsim.sim.execution.runner import RunOutcome
from retailsim.sim.folder.currency import currency_of, in_currency_of
from retailsim.sim.folder.participants import cautions
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.terminal.program_name import program_name
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    from retailsim.analysis.projection.projection import LazyProjection
    from retailsim.analysis.replay.replay import Replay
    from retailsim.events.log.reader import LogCheck


def conclude(run: RunFolder, outcome: RunOutcome, terminal: Terminal) -> int:
    """Show what came out of a run; returns the exit status.

    Raises
    ------
    Interrupted
        On Ctrl-C meanwhile; says what is left to do.
    """
    if not outcome.finished:
        again = f"{program_name()} resume {shlex.quote(str(run.path))}"
        terminal.say(left := f"stopped; everything so far is kept; continue with: {again}")
    else:
        shown = f"{program_name()} replay {shlex.quote(str(run.path))}"
        left = f"the run is complete; what came out of it says: {shown}"
    with as_ctrl_c(lambda: left):
        if outcome.progress.episodes >= MANY:
            give_back()
        more = {"behavioral": run.read().behavioral} if terminal.json else {}
        status = show_replay(run, terminal, more)
    terminal.say(f"its report: {program_name()} report {shlex.quote(str(run.path))}")
    return status if outcome.finished else 3


def show_replay(
    run: RunFolder, terminal: Terminal, more: Mapping[str, Any] = MappingProxyType({})
) -> int:
    """Replay a run and print its tables or its JSON; returns 1 if no episode closed.

    Parameters
    ----------
    more : mapping
        Further keys of the JSON.
    """
    with in_currency_of(run.path):
        return _shown(run, terminal, more)


class _Told(NamedTuple):
    """What a replay shows, made of its tables."""

    replay: Replay
    log: LogCheck | None
    parts: Sequence[Any]
    why_failed: str


def _shown(run: RunFolder, terminal: Terminal, more: Mapping[str, Any]) -> int:
    from retailsim.analysis.projection.loader import scan

    told = scan(run.path, lambda found: _told(run.path, found, as_json=terminal.json))
    if terminal.json:
        terminal.out_json({**msgspec.to_builtins(told.replay), **more})
    else:
        terminal.show(*told.parts)
        terminal.out(f"run: {run.path}")
    for line in cautions(run.path):
        terminal.say(line)
    for line in _when_hashed(told.log):
        terminal.say(line)
    if leads_out(derived := run.path / "derived", run.path):
        terminal.say(f"{derived} leads out of the run's folder: nothing was kept there")
    if run.shares.is_dir() and not run.gathered.exists():
        again = f"{program_name()} gather {shlex.quote(str(run.path))}"
        terminal.say(f"what its shares played is not here until they are put together: {again}")
    if told.why_failed:
        terminal.say(told.why_failed)
    return 0 if told.replay.episodes.closed else 1


def _told(run: Path, projection: LazyProjection, *, as_json: bool) -> _Told:
    """Say what a replay shows, which of its parts are for a terminal."""
    from retailsim.analysis.replay.replay import replay

    result = replay(run, projection)
    failed = result.episodes.failed
    why = _why_failed(projection, failed) if failed else ""
    if as_json:
        return _Told(_as_json(result, projection), projection.log, (), why)
    return _Told(result, projection.log, tuple(_parts(run, result, projection)), why)


def _parts(run: Path, result: Replay, projection: LazyProjection) -> Iterator[Any]:
    """Yield what stands below each other on a terminal."""
    from retailsim.analysis.projection.registered import own_measures
    from retailsim.analysis.replay.terminal_tables import heatmap, measure_table

    yield measure_table(result, own_measures(run))
    yield from _profit(result, projection)
    if result.pairs:
        yield heatmap(result)
    if result.cost is not None:
        from retailsim.analysis.replay.cost_tables import cost_tables

        yield from cost_tables(result.cost)
    yield from _illustration(projection)


def _when_hashed(log: LogCheck | None) -> Iterator[str]:
    """Say since when a log was not hashed again, if it was not."""
    since = [one.hashed_at for one in log.segments if one.hashed_at is not None] if log else []
    if log is not None and since:
        some = "" if len(since) == len(log.segments) else f" of {len(since)} of its files"
        when = f"{min(since):%Y-%m-%d %H:%M:%S} UTC"
        yield f"hashes{some} checked {when}; the files are unchanged since"


def _illustration(projection: LazyProjection) -> Iterator[Any]:
    """Yield what a reader has to know where behavioral agents took part."""
    from rich.text import Text

    from retailsim.analysis.measures.scope import illustration

    return map(Text, illustration(projection.episodes))


def _profit(result: Replay, projection: LazyProjection) -> Iterator[Any]:
    """Yield what was earned and of what it is made, or why nobody knows."""
    from rich.text import Text

    from retailsim.analysis.measures.profit_statement import profit_told, with_interval

    if result.overall.decided:
        found = with_interval(result.profit, projection.episodes)
        yield Text("\n".join((*profit_told(found), "")))


def _why_failed(projection: LazyProjection, failed: int) -> str:
    """Say why most of the failed episodes failed: often it is the same for all."""
    from retailsim.analysis.measures.failures import failed_of, reasons

    stage, reason, number = reasons(failed_of(projection.episodes)).row(0)
    return f"{number:,} of the {failed:,} failed in {stage}: {reason}"


def show_replays(runs: Sequence[Path], terminal: Terminal) -> int:
    """Replay one or several runs; returns 0."""
    if len(runs) > 1 and terminal.json:
        terminal.out_json({"runs": [measures_as_json(run) for run in runs]})
        return 0
    for run in runs:
        show_replay(RunFolder(run), terminal)
    return 0


def measures_as_json(run: Path) -> Replay:
    """Return a run's measures as JSON has them; raises what `load` raises."""
    from retailsim.analysis.projection.loader import scan
    from retailsim.analysis.replay.replay import replay

    return scan(run, lambda found: _as_json(replay(run, found), found))


def _as_json(result: Replay, projection: LazyProjection) -> Replay:
    """Return a result as JSON: with intervals, and a folder's name that JSON can hold."""
    from retailsim.analysis.measures.profit_statement import with_interval
    from retailsim.analysis.projection.registered import own_measures
    from retailsim.analysis.replay.headline_intervals import intervals

    own = own_measures(Path(result.run))
    return msgspec.structs.replace(
        result,
        run=os.fsencode(result.run).decode("utf-8", "replace"),
        intervals=intervals(projection, own),
        profit=with_interval(result.profit, projection.episodes),
        currency=currency_of(Path(result.run)),
    )
