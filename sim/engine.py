"""The engine: plays markets in one process and writes what happened.

A market's events are written in one piece when it ends; until then only its outside answers are.
So resuming means: play the markets that are not in the log, with the answers that are. A large
market is flushed in parts, and a re-execution skips the equal beginning.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

import anyio
import msgspec

from agents.host import Hosting
from events.kernel import Kernel
from events.messages import (
    DecisionMade,
    EpisodeFailed,
    Event,
    MessageSent,
    PitchPresented,
    ReviewPosted,
    StrategyFormed,
)
from events.outside import Door
from events.streams import Seed
from market.retail.protocol import RetailMarket
from market.retail.spec import MarketSpec, RetailRules
from sim.errors import MarketDiverged
from sim.recovery import Leftover
from sim.seats import Cast

_encode_lines = msgspec.json.Encoder().encode_lines


class Log(Protocol):
    """The log writer, as far as the engine needs it."""

    def append(self, lines: bytes, count: int) -> None:
        """Queue lines, in order."""
        ...

    async def append_durable(self, lines: bytes, count: int) -> None:
        """Return once the lines are written."""
        ...

    async def room(self) -> None:
        """Wait while too much is queued."""
        ...


class Progress(msgspec.Struct, kw_only=True):
    """What is done so far; `stopped` when something was left for a resume."""

    markets: int = 0
    episodes: int = 0
    failed: int = 0
    stopped: bool = False


class Stop:
    """Whether the run shall stop: no new market and no new outside call, but nothing undone."""

    def __init__(self) -> None:
        self.requested = False

    def request(self) -> None:
        """Ask for it; safe from a signal handler and from another thread."""
        self.requested = True

    async def wait(self) -> None:
        """Return soon after it is requested."""
        while not self.requested:  # noqa: ASYNC110 - an event could not be set from a thread
            await anyio.sleep(0.1)


class Transcript:
    """Writes one market's events, without the beginning that the log holds already.

    Raises
    ------
    MarketDiverged
        If the events do not begin as the log does.
    """

    def __init__(self, market: str, log: Log, logged: bytes, *, texts: bool) -> None:
        self._market = market
        self._log = log
        self._logged = logged
        self._texts = texts

    def write(self, events: list[Event]) -> None:
        """Write these events."""
        if not self._texts:
            leave_out_texts(events)
        lines, count = _encode_lines(events), len(events)
        if self._logged:
            lines, count = self._missing(lines)
        if lines:
            self._log.append(lines, count)

    def _missing(self, lines: bytes) -> tuple[bytes, int]:
        known = self._logged[: len(lines)]
        if not lines.startswith(known):
            raise MarketDiverged(self._market, first_difference(known, lines))
        self._logged = self._logged[len(known) :]
        rest = lines[len(known) :]
        return rest, rest.count(b"\n")


def first_difference(logged: bytes, replayed: bytes) -> str:
    """Say where two runs of event lines first differ."""
    pairs = zip(logged.splitlines(), replayed.splitlines(), strict=False)
    for number, (there, here) in enumerate(pairs):
        if there != here:
            return f"event {number} is logged as {_short(there)}, now it is {_short(here)}"
    return f"{len(logged.splitlines())} events are logged, now {len(replayed.splitlines())}"


def _short(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    return text if len(text) <= 200 else f"{text[:200]}..."


def leave_out_texts(events: list[Event]) -> None:
    """Empty the long texts of events that nobody will read any more."""
    for event in events:
        match event:
            case MessageSent() | ReviewPosted():
                event.text = ""
            case PitchPresented():
                event.sections = dict.fromkeys(event.sections, "")
            case StrategyFormed():
                event.target_expansion = event.value_proposition = None
                event.contextual_urgency = event.objection_handling = None
            case DecisionMade():
                event.reason = event.quantity_reason = ""


class Engine:
    """Plays markets, several at a time where somebody waits.

    Parameters
    ----------
    cast : Cast
        The agents' seats.
    rules : RetailRules
    seed : Seed
    log : Log
    hosting : Hosting
    stop : Stop
    concurrency : int
        Markets in flight; 0: one where nobody waits, else 64.
    texts : bool
        Whether long texts are logged.
    leftovers : mapping of market to Leftover
        What the log holds of markets that were begun.
    on_progress : callable, optional
        Called after every market.
    """

    def __init__(
        self,
        *,
        cast: Cast,
        rules: RetailRules,
        seed: Seed,
        log: Log,
        hosting: Hosting,
        stop: Stop,
        concurrency: int = 0,
        texts: bool = True,
        leftovers: Mapping[str, Leftover] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.progress = Progress()
        self._cast = cast
        self._rules = rules
        self._seed = seed
        self._log = log
        self._hosting = hosting
        self._stop = stop
        self._concurrency = concurrency or (64 if cast.waits else 1)
        self._texts = texts
        self._leftovers = leftovers or {}
        self._on_progress = on_progress

    async def run(self, markets: Iterable[MarketSpec]) -> None:
        """Play all `markets`, or those begun when the stop is requested.

        Raises
        ------
        LogWriteError
            If the log takes no more.
        MarketDiverged
            If a market does not begin as the log says.
        """
        waiting = iter(markets)
        async with asyncio.TaskGroup() as group:
            for _ in range(self._concurrency):
                group.create_task(self._play_on(waiting))

    async def _play_on(self, waiting: Iterator[MarketSpec]) -> None:
        for spec in waiting:
            if self._stop.requested:
                self.progress.stopped = True
                return
            await self._log.room()
            await self._play_one(spec)
            await asyncio.sleep(0)  # signals and the other markets get their turn

    async def _play_one(self, spec: MarketSpec) -> None:
        leftover = self._leftovers.get(spec.id, Leftover())
        transcript = Transcript(spec.id, self._log, leftover.events, texts=self._texts)
        with anyio.CancelScope() as scope:

            async def admit() -> None:
                if self._stop.requested:
                    scope.cancel()
                    await anyio.sleep_forever()

            door = Door(leftover.records, self._log, admit)
            events = await self.play(spec, door, transcript.write)
            transcript.write(events)
            self._count(spec, events)
        if scope.cancelled_caught:
            self.progress.stopped = True

    async def play(
        self, spec: MarketSpec, door: Door, sink: Callable[[list[Event]], None] | None = None
    ) -> list[Event]:
        """Play one market to its end and return its (last) events."""
        market = RetailMarket(spec, self._rules, self._seed)
        kernel = Kernel(spec.id, market.failed, sink=sink)
        kernel.add_rules(market.handle)
        self._cast.seat("seller", spec.seller.id).join(kernel, door, self._hosting)
        for buying in spec.episodes:
            self._cast.seat("buyer", buying.buyer.id).join(kernel, door, self._hosting)
        kernel.post(market.open())
        await kernel.run()
        if not market.finished:
            raise AssertionError(f"market {spec.id} came to a standstill")  # a bug of ours
        return kernel.events

    def _count(self, spec: MarketSpec, events: list[Event]) -> None:
        self.progress.markets += 1
        self.progress.episodes += len(spec.episodes)
        self.progress.failed += sum(type(event) is EpisodeFailed for event in events)
        if self._on_progress is not None:
            self._on_progress(self.progress)
