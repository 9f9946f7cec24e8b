"""Execution: one shard of a run played in this process, whoever started it.

A single process plays shard 0 of 1; with workers each plays a share of its own and is the only
writer of its own segments.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from functools import partial
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

import anyio
import msgspec

from retailsim.agents.base import Agent
from retailsim.agents.host import Hosting
from retailsim.agents.llm.gateway.budget import Budget
from retailsim.agents.llm.gateway.purse import Purse
from retailsim.events.diagnostics import Diagnostics, TelemetryFile, diagnostics
from retailsim.events.log.writer import LogWriter
from retailsim.events.messages import SCHEMA_VERSION, LoggedRecord
from retailsim.events.streams import Seed
from retailsim.market.core.money import in_currency
from retailsim.market.core.spec import MarketSpec
from retailsim.market.protocols.registry import Protocol, rules_of
from retailsim.sim.errors import RunChanged, WireStopped
from retailsim.sim.execution.attended import attended
from retailsim.sim.execution.garbage import few_collections
from retailsim.sim.execution.kept_segments import SegmentKeeper
from retailsim.sim.execution.watching import warn_on_stderr, watchdog
from retailsim.sim.folder.inputs import PLUGINS, with_inputs
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.play.engine import IN_FLIGHT, Engine, MarketEntry
from retailsim.sim.play.leftovers import Leftovers
from retailsim.sim.play.progress import Progress
from retailsim.sim.play.stop import Stop
from retailsim.sim.play.survey import Stretch
from retailsim.sim.play.turns import Turns
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.protocol import (
    declared_events,
    design_of,
    run_of,
    scenario_protocol,
    talks_of,
)
from retailsim.sim.scenario.scenario import Scenario
from retailsim.sim.seats.cast import Cast, used_models
from retailsim.sim.terminal.program_name import program_name

SHARDS = 10_000
MOST_WAITING = 10_000
"""Markets that wait for people at once."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What one process shall play.

    Parameters
    ----------
    share, of : int
        Every `of`-th market of those to play, beginning with number `share`.
    skip : tuple of int
        Numbers of the design's markets that are done.
    extra : tuple of Raw
        Markets beside the design's, as JSON: retries of failed episodes.
    begun : mapping of market to stretches
        Where the log holds something of markets that were begun; who plays one reads it there.
    shared : mapping of market to records
        Answers that a retry shares with the market it repeats.
    budget : float or None
        Dollars that the whole run may cost, all its processes together.
    spent_nanousd : int
        What earlier executions spent of it; of several processes, each has a part of that.
    purse : int or None
        The inherited descriptor of what the processes spend; see `agents.llm.gateway.purse`.
    classes : mapping of str to type
        Agents that only this process has, by name; workers have none.
    desk : Desk or None
        Where the people are asked who take seats; workers have none.
    cells : pair of int or None
        Of a run in shares, the cells of the design from the first up to the second, which are this
        share's: `skip` counts from there, and nothing is split further. None: all of them.
    lease : int or None
        What this process may cost in all, `spent_nanousd` with it, in billionths of a dollar, in
        the place of an even part of the budget.
    part : float or None
        Its part of all rate limits; None: an even one of `of` processes.
    answers : Answers or None
        Where answers have to be, too, before they are used; see `sim.shares.kept_answers`.
    home : str or None
        Folder that holds the log and the telemetry of what is played; None: the run's.
    """

    run: str
    share: int = 0
    of: int = 1
    skip: tuple[int, ...] = ()
    extra: tuple[msgspec.Raw, ...] = ()
    begun: Mapping[str, tuple[Stretch, ...]] = {}
    shared: Mapping[str, tuple[LoggedRecord, ...]] = {}
    verbose: bool = False
    budget: float | None = None
    spent_nanousd: int = 0
    purse: int | None = None
    classes: Mapping[str, Any] = {}
    desk: Any = None
    cells: tuple[int, int] | None = None
    lease: int | None = None
    part: float | None = None
    answers: Any = None
    home: str | None = None

    @property
    def rates(self) -> float:
        """This process's part of all rate limits."""
        return 1.0 / self.of if self.part is None else self.part

    @property
    def written(self) -> RunFolder:
        """Where the log and the telemetry of what is played are."""
        return RunFolder(Path(self.home or self.run))

    @property
    def again(self) -> str:
        """The command that goes on with the run; where people take part, the one with a page."""
        command = "resume" if self.desk is None else self.desk.command
        return f"{program_name()} {command} {shlex.quote(self.run)}"

    @property
    def leftovers(self) -> Leftovers:
        """What the log holds of markets that were begun."""
        return Leftovers(self.written.events, self.begun, self.shared)

    def of_design(self, design: Design) -> Iterator[MarketSpec]:
        """Yield the design's markets that `skip` counts: all, or those of a share."""
        return design.markets() if self.cells is None else design.stretch(*self.cells)

    def markets(self, design: Iterable[MarketSpec], kind: type[MarketSpec]) -> Iterator[MarketSpec]:
        """Yield this process's markets; those of `extra` are of this kind."""
        done = frozenset(self.skip)
        todo = (spec for number, spec in enumerate(design) if number not in done)
        extra = (msgspec.json.decode(spec, type=kind) for spec in self.extra)
        for position, spec in enumerate(chain(todo, extra)):
            if self.cells is not None or position % self.of == self.share:
                yield spec

    def shares(self, workers: int) -> list[Job]:
        """Split the job among workers; together they have spent what was spent before."""
        each, rest = divmod(self.spent_nanousd, workers)
        return [
            msgspec.structs.replace(
                self, share=share, of=workers, spent_nanousd=each + (share < rest)
            )
            for share in range(workers)
        ]


def raw_specs(specs: Iterable[MarketSpec]) -> tuple[msgspec.Raw, ...]:
    """Return markets as a job holds them, whatever their protocol."""
    return tuple(msgspec.Raw(msgspec.json.encode(spec)) for spec in specs)


def protocol_of(folder: RunFolder, file: RunFile) -> Protocol:
    """Return the protocol of a run, from the run folder alone where it holds its module."""
    return scenario_protocol(file.scenario, folder.inputs / PLUGINS)


def cast_of(
    folder: RunFolder, file: RunFile, classes: Mapping[str, type[Agent]] = MappingProxyType({})
) -> Cast:
    """Seat the run's agents, from the run folder alone where it holds their modules.

    Raises
    ------
    RunChanged
        If a plug-in's code is not what it was when the run was made.
    """
    scenario = with_inputs(file.scenario, folder.inputs)
    protocol, plugins = protocol_of(folder, file), folder.inputs / PLUGINS
    cast = Cast(scenario, protocol, Seed(scenario.run.seed), plugins, classes=classes)
    for name, digest in cast.plugin_digests().items():
        if file.plugins.get(name) != digest:
            raise RunChanged(folder.path, f"plug-in {name!r} was changed since the run was made")
    return cast


def run_design(folder: RunFolder, file: RunFile) -> Design:
    """Return the markets of a run, from the run folder alone."""
    protocol, seed = protocol_of(folder, file), Seed(file.scenario.run.seed)
    files = folder.files(run_of(protocol).file_names)
    return design_of(protocol, file.scenario, folder.products(), files, seed)


def play(
    job: Job, *, stop: Stop, on_progress: Callable[[Progress], None] | None = None
) -> Progress:
    """Play a job from outside an event loop."""
    return anyio.run(partial(play_with_telemetry, job, stop=stop, on_progress=on_progress))


async def play_with_telemetry(
    job: Job,
    *,
    stop: Stop,
    on_progress: Callable[[Progress], None] | None = None,
    warn: Callable[[str], None] = warn_on_stderr,
) -> Progress:
    """Play a job as `play_shard` does, with diagnostics in the run's telemetry."""
    telemetry = job.written.telemetry
    with TelemetryFile(telemetry / f"shard-{job.share:04d}.jsonl") as file:
        notes = diagnostics(file, sys.stderr if job.verbose else None)
        return await play_shard(job, stop=stop, notes=notes, on_progress=on_progress, warn=warn)


async def play_shard(
    job: Job,
    *,
    stop: Stop,
    notes: Diagnostics,
    on_progress: Callable[[Progress], None] | None = None,
    warn: Callable[[str], None] = warn_on_stderr,
) -> Progress:
    """Play a job's markets and write them to its shard.

    Parameters
    ----------
    warn : callable
        Takes lines for the person, from any thread.

    Raises
    ------
    LogWriteError
        If the log takes no more; what is written is kept.
    MarketDiverged, RunChanged
        If the run cannot be continued as it began.
    """
    folder = RunFolder(Path(job.run))
    file = folder.read()
    scenario = file.scenario
    cast = cast_of(folder, file, job.classes)
    design = run_design(folder, file)
    watch = watchdog(scenario.run.block_timeout_s, notes, warn)
    keeper = SegmentKeeper(folder.path, job.written.derived)
    writer = LogWriter(
        job.written.events,
        run=file.run.id,
        shard=job.share,
        schema=SCHEMA_VERSION,
        compress=scenario.log.compress,
        on_full=keeper.keep,
    )
    written_in = in_currency(scenario.products.currency)
    watching = watch if cast.has_plugins else nullcontext()
    with keeper, writer, few_collections(), watching, written_in:
        engine = Engine(
            cast=cast,
            declared=declared_events(cast.protocol),
            open_market=design.open,
            log=writer if job.answers is None else job.answers.beside(writer, stop.request),
            hosting=Hosting(
                admissions=rules_of(cast.protocol).admissions,
                watch=watch,
                reply_s=scenario.run.reply_timeout_s,
            ),
            stop=stop,
            concurrency=_concurrency(scenario, cast, design),
            texts=scenario.design.transcripts,
            leftovers=job.leftovers,
            on_progress=on_progress,
        )
        notes.info("shard begins", shard=job.share, of=job.of, begun=len(job.begun))
        await _run(engine, cast, job, design, stop, notes)
        notes.info("shard ends", shard=job.share, **msgspec.structs.asdict(engine.progress))
    return engine.progress


async def _run(
    engine: Engine, cast: Cast, job: Job, design: Design, stop: Stop, notes: Diagnostics
) -> None:
    """Play the job's markets, with people at their desk, if any take part."""
    async with attended(job.run, cast, job.desk, stop):
        await _run_with_wires(engine, cast, job, design, stop, notes)


async def _run_with_wires(
    engine: Engine, cast: Cast, job: Job, design: Design, stop: Stop, notes: Diagnostics
) -> None:
    """Play the job's markets, with connections open to agents over HTTP, if any take part."""
    wires = cast.wires()
    if not wires:
        await _run_with_models(engine, cast, job, design, stop, notes)
        return
    from retailsim.agents.wire.exchange import WireAttempt
    from retailsim.agents.wire.post import Post

    def observe(seat: str, attempt: WireAttempt) -> None:
        notes.info("wire attempt", seat=seat, **msgspec.structs.asdict(attempt))

    post = Post(wires, job.rates, stop.request, lambda: stop.requested, observe=observe)
    async with post:
        cast.connect_wires(post)
        await _run_with_models(engine, cast, job, design, stop, notes)
    if post.reason is not None:
        never = not post.answered and not job.skip and not job.leftovers
        kept = f"{post.reason}; everything so far is kept: {job.again}"
        raise WireStopped(kept, wrong=never)


async def _run_with_models(
    engine: Engine, cast: Cast, job: Job, design: Design, stop: Stop, notes: Diagnostics
) -> None:
    """Play the job's markets, with the gateway open where language models take part."""
    configs = used_models(design.scenario)
    markets = job.markets(job.of_design(design), rules_of(cast.protocol).spec)
    if not configs:
        await engine.run(markets, _in_turn(cast, job, stop, None))
        return
    from retailsim.agents.llm.gateway.attempts import AttemptNotes
    from retailsim.sim.budget.market_workload import Workload
    from retailsim.sim.budget.models import Models, shared_answers
    from retailsim.sim.budget.reservation import Reservations

    attempts = AttemptNotes(partial(notes.info, "model attempt"))
    budget = budget_of(job)
    with shared_answers(design.scenario.cache) as cache:
        models = Models(
            configs,
            stop,
            budget=budget,
            cache=cache,
            seed=design.scenario.run.seed,
            notes=notes.warning,
            share=job.rates,
            observe=attempts.observe,
        )
        workload = Workload(talks_of(cast.protocol, design.scenario), configs)
        entry = Reservations(budget, workload.worst_nanousd, stop, models.halt)
        try:
            async with models:
                cast.connect(models)
                await engine.run(markets, _in_turn(cast, job, stop, entry), models.usage)
        finally:
            attempts.tell()
            budget.leave()
    models.raise_if_halted(job.again, fresh=not (job.skip or job.begun or job.shared))


def _in_turn(cast: Cast, job: Job, stop: Stop, entry: MarketEntry | None) -> MarketEntry | None:
    """Let people into one market at a time, if any take part."""
    people = cast.people()
    return Turns(people, job.desk, stop, entry) if people and job.desk else entry


def _concurrency(scenario: Scenario, cast: Cast, design: Design) -> int:
    """Return how many markets may be in flight; those that wait for people hold up no others.

    Also where the scenario says how many: a person would wait for people who never come.
    """
    people = set(cast.people())
    if not people:
        return scenario.run.concurrency
    waiting = sum(
        any(f"{role}:{name}" in people for role, name in spec.seats) for spec in design.markets()
    )
    return (scenario.run.concurrency or IN_FLIGHT) + min(waiting, MOST_WAITING)


def budget_of(job: Job) -> Budget:
    """Return the run's budget, as the job's process sees it.

    Without a purse, as where processes share no memory, each has an even part, or its lease.
    """
    if job.lease is not None:
        return Budget(job.lease, job.spent_nanousd)
    if job.budget is None:
        return Budget(None)
    limit = int(job.budget * 1e9)
    if job.purse is None:
        return Budget(limit // job.of, job.spent_nanousd)
    return Budget(limit, job.spent_nanousd, Purse(job.share, job.purse))
