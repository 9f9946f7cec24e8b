"""Verify: hash the whole log, then play every market again offline and compare the bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec

from agents.host import Hosting
from agents.watchdog import Watchdog
from events.log.reader import check
from events.messages import LoggedRecord
from events.outside import Door
from events.streams import Seed
from market.retail.spec import MarketSpec
from sim.design import Design, rules
from sim.engine import Engine, Stop, Transcript, first_difference
from sim.errors import MarketDiverged, RunChanged
from sim.execution import cast_of
from sim.recovery import Leftover, market_lines, recovered
from sim.retries import attempt, failures, of_pitch, retry_markets
from sim.run_folder import RunFile, RunFolder, versions
from sim.terminal import Terminal

_decode_record = msgspec.json.Decoder(LoggedRecord).decode


class _Refusing:
    """Stands where the log's writer stands in a run: nothing may be written."""

    def append(self, lines: bytes, count: int) -> None:
        raise AssertionError("verifying writes nothing")

    async def append_durable(self, lines: bytes, count: int) -> None:
        raise AssertionError("verifying writes nothing")

    async def room(self) -> None:
        return


def verify(path: Path, terminal: Terminal) -> int:
    """Check a run; returns 0 if it is whole and re-executes to the same bytes.

    Raises
    ------
    LogDamaged
        At the first damaged place.
    MarketDiverged
        For the first market that does not re-execute to what is logged.
    """
    run = RunFolder(path)
    file = run.read()
    events = check(run.events).events
    terminal.say(f"{path}: {events} events, the chain of hashes is whole")
    run.check_inputs(file)
    obstacle = _obstacle(run, file)
    if obstacle is not None:
        terminal.say(f"{path}: not re-executed: {obstacle}")
        return 0
    played = asyncio.run(_replay_all(run, file))
    terminal.say(f"{path}: {played} markets played again, every event is the same")
    return 0


def _obstacle(run: RunFolder, file: RunFile) -> str | None:
    """Say what of the code differs from what made the run, if anything does."""
    if file.imported is not None:
        return f"it was imported from {file.imported}, not simulated"
    if file.versions != versions():
        return f"it was made by version {file.versions.package}, this is {versions().package}"
    try:
        cast_of(run, file)
    except RunChanged as change:
        return str(change)
    return None


async def _replay_all(run: RunFolder, file: RunFile) -> int:
    scenario, seed = file.scenario, Seed(file.scenario.run.seed)
    watch = Watchdog(warn_s=5.0, deadline_s=scenario.run.block_timeout_s, say=lambda line: None)
    engine = Engine(
        cast=cast_of(run, file),
        rules=rules(scenario),
        seed=seed,
        log=_Refusing(),
        hosting=Hosting(watch=watch, reply_s=scenario.run.reply_timeout_s),
        stop=Stop(),
    )
    specs = _specs(run, file, seed)
    played = 0
    with watch:
        for market, leftover in _logged_markets(run.events, specs):
            await _compare(engine, specs[market], leftover, texts=scenario.design.transcripts)
            played += 1
    return played


def _specs(run: RunFolder, file: RunFile, seed: Seed) -> dict[str, MarketSpec]:
    """All markets that the log may hold, by name."""
    design = Design(file.scenario, run.products(), seed)
    state = recovered(run.events)
    attempts = [name for name in (*state.closed, *state.begun) if attempt(name)[1]]
    specs = {spec.id: spec for spec in design.markets()}
    retries = retry_markets(design.markets(), failures(run.events), attempts=attempts)
    return specs | {spec.id: spec for spec in retries}


def _logged_markets(events: Path, specs: dict[str, MarketSpec]) -> Iterator[tuple[str, Leftover]]:
    """Yield each market that is done in the log, with its lines; holds the open ones only."""
    lines: dict[str, list[bytes]] = {}
    records: dict[str, list[LoggedRecord]] = {}
    shared: dict[str, list[LoggedRecord]] = {}
    for market, is_record, line in market_lines(events):
        if market not in specs:
            raise MarketDiverged(market, "the scenario has no such market")
        if is_record:
            record = _decode_record(line)
            records.setdefault(market, []).append(record)
            if record.episode is None:
                shared.setdefault(market, []).append(record)
            continue
        lines.setdefault(market, []).append(line + b"\n")
        if line.startswith((b'{"type":"MarketClosed"', b'{"type":"MarketFailed"')):
            pitch = of_pitch(shared.get(attempt(market)[0], ()), market)
            yield (
                market,
                Leftover(
                    records=(*pitch, *records.pop(market, ())), events=b"".join(lines.pop(market))
                ),
            )


async def _compare(engine: Engine, spec: MarketSpec, logged: Leftover, *, texts: bool) -> None:
    replayed = _Collected()
    transcript = Transcript(spec.id, replayed, b"", texts=texts)
    events = await engine.play(spec, Door(logged.records, None), transcript.write)
    transcript.write(events)
    if bytes(replayed.lines) != logged.events:
        raise MarketDiverged(spec.id, first_difference(logged.events, bytes(replayed.lines)))


class _Collected(_Refusing):
    """Keeps the lines of one market that was played again."""

    def __init__(self) -> None:
        self.lines = bytearray()

    def append(self, lines: bytes, count: int) -> None:
        self.lines += lines
