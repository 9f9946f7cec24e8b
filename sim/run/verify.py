"""Verify: hash the whole log, then play every market again offline and compare the bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import msgspec

from retailsim.events.errors import LogDamaged
from retailsim.events.log.reader import LogCheck
from retailsim.events.log.seal import read_seal
from retailsim.events.messages import LoggedRecord
from retailsim.events.outside import Door
from retailsim.market.core.money import in_currency
from retailsim.market.core.spec import MarketSpec
from retailsim.sim.errors import MarketDiverged, RunChanged
from retailsim.sim.execution.job import cast_of, run_design
from retailsim.sim.folder.mathematics import other_mathematics
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.folder.session_agents import refuse_session_agents
from retailsim.sim.play.engine import Engine
from retailsim.sim.play.leftovers import Leftover, whole_markets
from retailsim.sim.play.market_log import MarketLog, short
from retailsim.sim.play.retries import attempt, retry_markets, shared_answers
from retailsim.sim.play.survey import Survey, survey
from retailsim.sim.run.made_by import other_version
from retailsim.sim.run.playing_again import (
    Code,
    RefusingLog,
    obstacle_to,
    offline_engine,
    silent_watchdog,
)
from retailsim.sim.scenario.design import Design
from retailsim.sim.terminal.terminal import Terminal


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of a run found; what is wrong is raised instead.

    Parameters
    ----------
    events : int
        Events in the log, whose chain of hashes is whole.
    markets : int or None
        Markets that were played again, each with every event the same; None: none was.
    missing : int
        Markets of the design that the log does not hold yet; of a sealed log, none.
    obstacle : str or None
        Why none was.
    """

    events: int
    markets: int | None = None
    missing: int = 0
    obstacle: str | None = None


def verify(path: Path, terminal: Terminal, code: Code = "own") -> int:
    """Check a run and say what was found; returns 0, and raises what `verified` raises."""

    def on_whole(events: int) -> None:
        terminal.out(_whole(path, events))
        differs = other_mathematics(RunFolder(path).read().mathematics)
        if differs is not None:
            terminal.say(f"warning: {path}: {differs}")

    found = verified(path, on_whole=on_whole, code=code)
    if found.obstacle is not None:
        terminal.out(f"{path}: not re-executed: {found.obstacle}")
    elif not found.markets:
        terminal.out(f"{path}: no market has ended yet, so there is nothing to play again")
    else:
        terminal.out(f"{path}: {found.markets:,} markets played again, every event is the same")
    if found.missing:
        of = found.missing + (found.markets or 0)
        terminal.out(f"{path}: not finished: {found.missing:,} of its {of:,} markets are missing")
    return 0


def _whole(path: Path, events: int) -> str:
    return f"{path}: {events:,} events, the hash chain is intact"


def verified(
    path: Path, on_whole: Callable[[int], None] = lambda events: None, code: Code = "own"
) -> Verification:
    """Check a run: its log, its inputs, and that it re-executes to the same bytes.

    Parameters
    ----------
    on_whole : callable
        Told the number of events as soon as the log is known to be whole.
    code : {"own", "any", "none"}
        Whose code may run: of runs that were launched here, of any (which is remembered of this
        run), or of none. A run that brings code which may not is not played again.

    Raises
    ------
    LogDamaged
        At the first damaged place, or if the log is another run's.
    KeptDiffers
        If what is kept of it in ``derived/`` is not what the log says.
    MarketDiverged
        For the first market that does not re-execute to what is logged.
    RunChanged
        If an input was changed, or a market is missing from a log that is sealed.
    SessionAgents
        If an agent sat in it whose class only the session had that made the run.
    """
    from retailsim.analysis.lookup.checking import check_kept_index
    from retailsim.analysis.projection.loader import check_kept

    run = RunFolder(path)
    file = run.read()
    found = survey(run.events)
    _check_owner(found.log, file)
    events = found.log.events
    on_whole(events)
    check_kept(path, found.log)
    check_kept_index(path, found.log)
    run.check_inputs(file)
    refuse_session_agents(path, file, "played again")
    obstacle = obstacle_to(run, file, code)
    if obstacle is not None:
        _check_names(run, file, found)
        return Verification(events=events, obstacle=obstacle)
    played, missing = asyncio.run(_replay_all(run, file, found))
    return Verification(events=events, markets=played, missing=missing)


def _check_owner(log: LogCheck, file: RunFile) -> None:
    """Refuse a log whose segments say that they are another run's; all of them name the same."""
    for one in log.segments:
        if one.header is not None and one.header.run != file.run.id:
            problem = f"it belongs to run {one.header.run!r}, and run.toml is of {file.run.id!r}"
            raise LogDamaged(one.segment.path, 0, problem)


def _check_names(run: RunFolder, file: RunFile, found: Survey) -> None:
    """Compare the markets of a log that is not played again with those of the run's design.

    A design of another version, or of a protocol that is not installed, is not asked for.
    """
    protocol = file.scenario.design.protocol
    if file.imported is not None or file.versions.embedding or ":" in protocol:
        return
    if other_version(file) is not None:
        return
    names = {spec.id for spec in run_design(run, file).markets()}
    for market in sorted(found.closed):
        if attempt(market)[0] not in names:
            raise MarketDiverged(market, "the scenario has no such market")
    if read_seal(run.events) is not None:
        _check_complete(run, names, found.closed)


async def _replay_all(run: RunFolder, file: RunFile, found: Survey) -> tuple[int, int]:
    """Return how many markets were played again, and how many are not in the log yet."""
    scenario = file.scenario
    design = run_design(run, file)
    watch = silent_watchdog(scenario)
    engine = offline_engine(scenario, cast_of(run, file), design, watch)
    markets = _Markets(run, design, found)
    texts = scenario.design.transcripts
    played: set[str] = set()
    with watch, in_currency(scenario.products.currency):
        for market, logged in whole_markets(run.events):
            spec = markets.specs.get(market)
            if spec is None:
                raise MarketDiverged(market, "the scenario has no such market")
            whole = logged.behind(markets.shared.get(market, ()))
            await _compare(engine, spec, whole, texts=texts)
            played.add(market)
    if read_seal(run.events) is not None:
        _check_complete(run, markets.specs, played)
    return len(played), len(markets.specs.keys() - played)


class _Markets:
    """All markets that the log may hold, by name, with what retries share."""

    def __init__(self, run: RunFolder, design: Design, found: Survey) -> None:
        attempts = [name for name in (*found.closed, *found.begun) if attempt(name)[1]]
        retries = list(retry_markets(design.markets(), found.failed, attempts=attempts))
        self.specs: dict[str, MarketSpec] = {spec.id: spec for spec in design.markets()}
        self.specs |= {spec.id: spec for spec in retries}
        self.shared: Mapping[str, tuple[LoggedRecord, ...]] = shared_answers(
            run.events, retries, found.failed
        )


def _check_complete(run: RunFolder, names: Collection[str], closed: Collection[str]) -> None:
    for market in sorted(names):
        if market not in closed:
            raise RunChanged(run.events, f"the log is sealed, but market {market} is missing")


async def _compare(engine: Engine, spec: MarketSpec, logged: Leftover, *, texts: bool) -> None:
    """Play a market again beside its log, as a resume does, but what is new is a difference."""
    more = _Unlogged(spec.id)
    market_log = MarketLog(spec.id, more, logged.events, texts=texts)
    await engine.play(spec, Door(logged.records, None), market_log.write)
    market_log.end()


class _Unlogged(RefusingLog):
    """Refuses the first line of a market that was played again and that its log does not hold."""

    def __init__(self, market: str) -> None:
        self._market = market

    def append(self, lines: bytes, count: int) -> None:
        line = lines.partition(b"\n")[0]
        raise MarketDiverged(self._market, f"now it has an event that is not logged, {short(line)}")
