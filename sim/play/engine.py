"""The engine: plays markets in one process and writes what happened.

A market's events are written in one piece when it ends; until then only its outside answers are.
So resuming means: play the markets that are not in the log, with the answers that are. A large
market is flushed in parts, and a re-execution skips the equal beginning.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from retailsim.agents.host import Hosting
from retailsim.events.kernel import Kernel, Receive
from retailsim.events.messages import Event, Message, Role
from retailsim.events.outside import Door
from retailsim.market.core.market import Market
from retailsim.market.core.spec import MarketSpec
from retailsim.sim.errors import MarketDiverged, MarketStandsStill, UndeclaredEvent
from retailsim.sim.play.leftovers import Leftover
from retailsim.sim.play.market_log import Log, MarketLog
from retailsim.sim.play.progress import ModelUsage, Progress
from retailsim.sim.play.stop import Stop, Turnstile

FLUSH_EVENTS = 4096
"""A market is written in parts of so many events, so that a large one need not fit in memory."""

_TICK_S = 0.5

IN_FLIGHT = 64
"""Markets at once in a process where agents wait."""


class PlayedSeat(Protocol):
    """One seat, from which every market gets an agent of its own."""

    def join(self, kernel: Kernel, door: Door, hosting: Hosting) -> object:
        """Make this seat's agent for one market and register it there."""
        ...


class Seats(Protocol):
    """All seats of a run, as far as playing it needs them; see `sim.seats.cast.Cast`."""

    @property
    def waits(self) -> bool:
        """Whether anybody waits for the outside, so that markets are worth interleaving."""
        ...

    def seat(self, role: Role, name: str) -> PlayedSeat:
        """Return the seat of this name."""
        ...

    def join_reader(self, kernel: Kernel, door: Door) -> None:
        """Register who reads claims for one market, if somebody is asked to."""
        ...

    def seated(self, spec: MarketSpec) -> MarketSpec:
        """Return a market with what takes each of its seats."""
        ...


class MarketEntry(Protocol):
    """Who decides whether a market may begin; with a budget, its worst case is reserved."""

    async def enter(self, spec: MarketSpec, leftover: Leftover) -> bool:
        """Return once the market may begin; False if it may not any more."""
        ...

    def leave(self, spec: MarketSpec) -> None:
        """Note that it is over."""
        ...


class Engine:
    """Plays markets, several at a time where somebody waits.

    Parameters
    ----------
    cast : Seats
        The agents' seats.
    open_market : callable
        Returns the live rules of a market.
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
    declared : frozenset of event classes, or None
        What may be logged; None: whatever comes, since it is ours.
    """

    def __init__(
        self,
        *,
        cast: Seats,
        open_market: Callable[[MarketSpec], Market],
        log: Log,
        hosting: Hosting,
        stop: Stop,
        concurrency: int = 0,
        texts: bool = True,
        leftovers: Mapping[str, Leftover] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        declared: frozenset[type[Event]] | None = None,
    ) -> None:
        self.progress = Progress()
        self._cast = cast
        self._open_market = open_market
        self._log = log
        self._hosting = hosting
        self._stop = stop
        self._concurrency = concurrency or (IN_FLIGHT if cast.waits else 1)
        self._texts = texts
        self._leftovers = leftovers or {}
        self._entry: MarketEntry | None = None
        self._usage: Callable[[], ModelUsage] | None = None
        self._on_progress = on_progress
        self._declared = declared
        self._diverged: MarketDiverged | None = None

    async def run(
        self,
        markets: Iterable[MarketSpec],
        entry: MarketEntry | None = None,
        usage: Callable[[], ModelUsage] | None = None,
    ) -> None:
        """Play all `markets`, or those begun when the stop is requested.

        Parameters
        ----------
        entry : MarketEntry or None
            Asked before each market begins.
        usage : callable or None
            What models were asked so far; with it, progress is told between markets, too.

        Raises
        ------
        LogWriteError
            If the log takes no more.
        MarketDiverged
            If a market does not begin as the log says; what was in flight is finished before.
        """
        self._entry = entry
        waiting = iter(markets)
        self._usage = usage
        async with asyncio.TaskGroup() as group:
            ticking = group.create_task(self._tick())
            playing = [group.create_task(self._play_on(waiting)) for _ in range(self._concurrency)]
            await asyncio.wait(playing)
            ticking.cancel()
        self._tell()
        if self._diverged is not None:
            raise self._diverged

    async def _tick(self) -> None:
        """Tell progress while markets are under way that take long."""
        while self._usage is not None:
            await asyncio.sleep(_TICK_S)
            self._tell()

    def _tell(self) -> None:
        if self._usage is not None:
            self.progress.usage = self._usage()
        if self._on_progress is not None:
            self._on_progress(self.progress)

    async def _play_on(self, waiting: Iterator[MarketSpec]) -> None:
        for spec in waiting:
            if self._stop.requested:
                self.progress.stopped = True
                return
            await self._log.room()
            leftover = self._leftovers.get(spec.id, Leftover())
            if self._entry is not None and not await self._entry.enter(spec, leftover):
                self.progress.stopped = True
                return
            try:
                await self._play_one(spec, leftover)
            except MarketDiverged as error:
                self._diverged = self._diverged or error
                self._stop.request()
            finally:
                if self._entry is not None:
                    self._entry.leave(spec)
            await asyncio.sleep(0)  # signals and the other markets get their turn

    async def _play_one(self, spec: MarketSpec, leftover: Leftover) -> None:
        turnstile = Turnstile(self._stop)
        door = Door(leftover.records, self._log, turnstile)
        market_log = MarketLog(spec.id, self._log, leftover.events, texts=self._texts)

        def write(events: Sequence[Event]) -> None:
            if not turnstile.closed:  # else an agent may have taken the stop for an answer
                ended, failed = market_log.ended, market_log.failed
                market_log.write(events)
                self.progress.episodes += market_log.ended - ended
                self.progress.failed += market_log.failed - failed
                if len(events) >= FLUSH_EVENTS:  # a part: the market may take as long as its run
                    self._tell()

        with turnstile.scope:
            await self.play(spec, door, write)
        if turnstile.closed:
            self.progress.stopped = True
        else:
            market_log.end()
            self.progress.markets += 1
            self.progress.episodes += len(spec.episodes) - market_log.ended  # of a failed one
            self._tell()

    async def play(
        self, spec: MarketSpec, door: Door, sink: Callable[[Sequence[Event]], None]
    ) -> None:
        """Play one market to its end and give all its events to `sink`.

        Raises
        ------
        MarketDiverged
            If an agent asked the outside world something else than what is recorded.
        UndeclaredEvent
            If its protocol does not name one of its events.
        """

        def write(events: Sequence[Event]) -> None:
            if door.diverged is not None:
                raise MarketDiverged(spec.id, str(door.diverged))
            self._check_declared(spec, events)
            sink(events)

        market = self._open_market(self._cast.seated(spec))
        kernel = Kernel(spec.id, market.failed, sink=write, flush_every=FLUSH_EVENTS)
        kernel.add_rules(market.handle)
        for role, name in spec.seats:
            self._seat(role, name, kernel, door)
        self._cast.join_reader(kernel, door)
        kernel.post(market.open())
        await kernel.run()
        if not market.finished:
            raise MarketStandsStill(spec.id)
        write(kernel.events)

    def _check_declared(self, spec: MarketSpec, events: Sequence[Event]) -> None:
        """Refuse what no reader of the log could decode."""
        if self._declared is not None:
            for kind in dict.fromkeys(map(type, events)):
                if kind not in self._declared:
                    raise UndeclaredEvent(spec.id, kind.__name__)

    def _seat(self, role: Role, name: str, kernel: Kernel, door: Door) -> None:
        try:
            self._cast.seat(role, name).join(kernel, door, self._hosting)
        except Exception as error:  # noqa: BLE001 - an agent that cannot be made fails when asked
            kernel.add_agent(f"{role}:{name}", _failing(error), waits=False)


def _failing(error: Exception) -> Receive:
    async def receive(message: Message) -> Sequence[Message]:
        raise error

    return receive
