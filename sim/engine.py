"""The engine: plays markets in one process and writes what happened.

A market's events are written in one piece when it ends; until then only its outside answers are.
So resuming means: play the markets that are not in the log, with the answers that are. A large
market is flushed in parts, and a re-execution skips the equal beginning.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import anyio
import msgspec

from agents.host import Hosting
from events.kernel import Kernel, Receive
from events.messages import (
    DecisionMade,
    EpisodeFailed,
    Event,
    Message,
    MessageSent,
    PitchPresented,
    ReviewPosted,
    Role,
    StrategyFormed,
)
from events.outside import Door
from market.protocols import Market, Spec
from sim.errors import MarketDiverged
from sim.recovery import Leftover
from sim.seats import Cast

_encode_lines = msgspec.json.Encoder().encode_lines

FLUSH_EVENTS = 4096
"""A market is written in parts of so many events, so that a large one need not fit in memory."""

_TICK_S = 0.5

IN_FLIGHT = 64
"""Markets at once in a process where agents wait."""


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


class Entry(Protocol):
    """Who decides whether a market may begin; with a budget, its worst case is reserved."""

    async def enter(self, spec: Spec, leftover: Leftover) -> bool:
        """Return once the market may begin; False if it may not any more."""
        ...

    def leave(self, spec: Spec) -> None:
        """Note that it is over."""
        ...


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What language models were asked since the run, or its resumption, began.

    ``nanousd`` is None where a price is unknown.
    """

    calls: int = 0
    retries: int = 0
    in_flight: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    nanousd: int | None = 0

    def __add__(self, other: Usage) -> Usage:
        """Add what two processes did."""
        known = self.nanousd is not None and other.nanousd is not None
        return Usage(
            calls=self.calls + other.calls,
            retries=self.retries + other.retries,
            in_flight=self.in_flight + other.in_flight,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            nanousd=(self.nanousd or 0) + (other.nanousd or 0) if known else None,
        )


class Progress(msgspec.Struct, kw_only=True):
    """What is done so far; `stopped` when something was left for a resume.

    ``usage`` is None where no language model takes part.
    """

    markets: int = 0
    episodes: int = 0
    failed: int = 0
    stopped: bool = False
    usage: Usage | None = None


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


class Turnstile:
    """One market's way to the outside, closed when the run stops.

    Calls that are under way end and are recorded. One that would begin is held, and once none
    is under way any more, the market is cancelled, to be played again by a resume.
    """

    def __init__(self, stop: Stop) -> None:
        self.scope = anyio.CancelScope()
        self.closed = False
        self._stop = stop
        self._inside = 0

    async def enter(self) -> None:
        """Return when a call may begin; never, if the run is stopping."""
        if self._stop.requested:
            self.closed = True
            self._end_if_idle()
            await anyio.sleep_forever()
        self._inside += 1

    def leave(self) -> None:
        """Note that a call is over, and its answer recorded."""
        self._inside -= 1
        self._end_if_idle()

    def _end_if_idle(self) -> None:
        if self.closed and not self._inside:
            self.scope.cancel()


class Transcript:
    """Writes one market's events, without the beginning that the log holds already.

    Parameters
    ----------
    market : str
    log : Log
    logged : bytes
        The beginning.
    texts : bool
        Whether long texts are written.

    Attributes
    ----------
    failed : int
        Failed episodes among the events, those in the beginning too.

    Raises
    ------
    MarketDiverged
        If the events do not begin as the log does.
    """

    def __init__(self, market: str, log: Log, logged: bytes, *, texts: bool) -> None:
        self.failed = 0
        self._market = market
        self._log = log
        self._logged = logged
        self._texts = texts

    def write(self, events: Sequence[Event]) -> None:
        """Write these events."""
        self.failed += sum(type(event) is EpisodeFailed for event in events)
        if not self._texts:
            events = [without_texts(event) for event in events]
        lines, count = _encode_lines(events), len(events)
        if self._logged:
            lines, count = self._missing(lines)
        if lines:
            self._log.append(lines, count)

    def end(self) -> None:
        """Say that the market is over; the log must not know more of it."""
        if self._logged:
            raise MarketDiverged(self._market, "more events are logged than it has now")

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


def without_texts(event: Event) -> Event:
    """Return the event without its long texts.

    A copy: the market may not have handled the event yet, and agents may still look at it.
    """
    match event:
        case MessageSent() | ReviewPosted():
            return msgspec.structs.replace(event, text="")
        case PitchPresented():
            return msgspec.structs.replace(event, sections=dict.fromkeys(event.sections, ""))
        case StrategyFormed():
            return msgspec.structs.replace(
                event,
                target_expansion=None,
                value_proposition=None,
                contextual_urgency=None,
                objection_handling=None,
            )
        case DecisionMade():
            return msgspec.structs.replace(event, reason="", quantity_reason="")
        case _:
            return event


class Engine:
    """Plays markets, several at a time where somebody waits.

    Parameters
    ----------
    cast : Cast
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
    """

    def __init__(
        self,
        *,
        cast: Cast,
        open_market: Callable[[Spec], Market],
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
        self._open_market = open_market
        self._log = log
        self._hosting = hosting
        self._stop = stop
        self._concurrency = concurrency or (IN_FLIGHT if cast.waits else 1)
        self._texts = texts
        self._leftovers = leftovers or {}
        self._entry: Entry | None = None
        self._usage: Callable[[], Usage] | None = None
        self._on_progress = on_progress
        self._diverged: MarketDiverged | None = None

    async def run(
        self,
        markets: Iterable[Spec],
        entry: Entry | None = None,
        usage: Callable[[], Usage] | None = None,
    ) -> None:
        """Play all `markets`, or those begun when the stop is requested.

        Parameters
        ----------
        entry : Entry or None
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

    async def _play_on(self, waiting: Iterator[Spec]) -> None:
        for spec in waiting:
            if self._stop.requested:
                self.progress.stopped = True
                return
            await self._log.room()
            if not await self._may_begin(spec):
                self.progress.stopped = True
                return
            try:
                await self._play_one(spec)
            except MarketDiverged as error:
                self._diverged = self._diverged or error
                self._stop.request()
            finally:
                if self._entry is not None:
                    self._entry.leave(spec)
            await asyncio.sleep(0)  # signals and the other markets get their turn

    async def _may_begin(self, spec: Spec) -> bool:
        if self._entry is None:
            return True
        return await self._entry.enter(spec, self._leftovers.get(spec.id, Leftover()))

    async def _play_one(self, spec: Spec) -> None:
        leftover = self._leftovers.get(spec.id, Leftover())
        turnstile = Turnstile(self._stop)
        door = Door(leftover.records, self._log, turnstile)
        transcript = Transcript(spec.id, self._log, leftover.events, texts=self._texts)

        def write(events: Sequence[Event]) -> None:
            if not turnstile.closed:  # else an agent may have taken the stop for an answer
                transcript.write(events)

        with turnstile.scope:
            await self.play(spec, door, write)
        if turnstile.closed:
            self.progress.stopped = True
        else:
            transcript.end()
            self._count(spec, transcript.failed)

    async def play(self, spec: Spec, door: Door, sink: Callable[[Sequence[Event]], None]) -> None:
        """Play one market to its end and give all its events to `sink`.

        Raises
        ------
        MarketDiverged
            If an agent asked the outside world something else than what is recorded.
        """

        def write(events: Sequence[Event]) -> None:
            if door.diverged is not None:
                raise MarketDiverged(spec.id, str(door.diverged))
            sink(events)

        market = self._open_market(spec)
        kernel = Kernel(spec.id, market.failed, sink=write, flush_every=FLUSH_EVENTS)
        kernel.add_rules(market.handle)
        self._seat("seller", spec.seller.id, kernel, door)
        for buying in spec.episodes:
            self._seat("buyer", buying.buyer.id, kernel, door)
        kernel.post(market.open())
        await kernel.run()
        if not market.finished:
            raise AssertionError(f"market {spec.id} came to a standstill")  # a bug of ours
        write(kernel.events)

    def _seat(self, role: Role, name: str, kernel: Kernel, door: Door) -> None:
        try:
            self._cast.seat(role, name).join(kernel, door, self._hosting)
        except Exception as error:  # noqa: BLE001 - an agent that cannot be made fails when asked
            kernel.add_agent(f"{role}:{name}", _failing(error), waits=False)

    def _count(self, spec: Spec, failed: int) -> None:
        self.progress.markets += 1
        self.progress.episodes += len(spec.episodes)
        self.progress.failed += failed
        self._tell()


def _failing(error: Exception) -> Receive:
    async def receive(message: Message) -> Sequence[Message]:
        raise error

    return receive
