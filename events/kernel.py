"""The kernel: one market's actors, its virtual clock and the bus between them.

A heap of due instants holds a bucket of messages each. The kernel takes the earliest bucket,
numbers and logs the events in it, hands each message to its recipient, and buffers what the
recipients return, in the order (due time, priority, order of the message handled, position among
what its handler returned). What a handler returns for this very instant is delivered in the next
round of it. So the order of everything follows from the messages alone: task scheduling, latency
and concurrency never decide an outcome.

Recipients come in three kinds. Rules are plain functions. Agents that do not wait are stepped
once, in place: no task, no switch. Agents that wait run side by side, one message at a time for
each episode (`events.side_by_side`); what they answered, and how they failed, is dealt with only
when all have ended, in the order in which they were asked. A coroutine that was said not to wait
and does is an error, because finishing it in another task would break its cancel scopes and
deadlines.

There is one thing it may await, where the caller of the kernel answers for it: a `Question`, as a
seat does that is played from outside. `Kernel.run_dry`, which needs no event loop, then stops where
it is and hands the question out; `Kernel.answer` wakes the agent, and the kernel goes on behind it.
Nothing else is delivered meanwhile, so the events are those of an agent that knew the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from heapq import heappop, heappush
from typing import Any, cast

import msgspec

from retailsim.events.errors import (
    AwaitedInline,
    CancelledWithin,
    NobodyAsked,
    NotMessages,
    PostedIntoPast,
    UnknownRecipient,
    WaitsInDryRun,
)
from retailsim.events.messages import Event, Message
from retailsim.events.side_by_side import SideBySide

MARKET = "market"
"""The name of the rules, and the recipient of whatever an agent returns."""

Outgoing = Sequence["Message | Post"]
Rules = Callable[[Message], Outgoing]
Receive = Callable[[Message], Coroutine[Any, Any, Outgoing]]
OnFailure = Callable[[str, Message, Exception], Outgoing]
Sink = Callable[[list[Event]], None]


class Post(msgspec.Struct, frozen=True, gc=False):
    """A message with its delivery: to whom (None: to the log only), how much later, how urgent.

    ``delay_us`` is at least 0; of messages due at one instant those of the lower ``priority``
    come first.
    """

    message: Message
    to: str | None = None
    delay_us: int = 0
    priority: int = 0


class Question:
    """Awaited by an agent whose caller answers for it; see `Kernel.run_dry`.

    Parameters
    ----------
    request : Message
        What the agent was asked.
    key : str
        What it wants to know of it, in words of its own.
    """

    __slots__ = ("key", "request")

    def __init__(self, request: Message, key: str = "") -> None:
        self.request = request
        self.key = key

    def __await__(self) -> Generator[Question, Any, Any]:
        """Return what `Kernel.answer` is given."""
        return (yield self)


class _Asked(msgspec.Struct, frozen=True, gc=False):
    """An agent that stands at its question."""

    question: Question
    name: str
    message: Message
    coroutine: Coroutine[Any, Any, Outgoing]


class _Numbered(dict[type[Message], bool]):
    """Whether a class of messages is one of events: asked once, as ``isinstance`` costs 0.1 us."""

    def __missing__(self, kind: type[Message]) -> bool:
        self[kind] = numbered = issubclass(kind, Event)
        return numbered


_NUMBERED = _Numbered()
_Queued = tuple[Message, str | None]
_LISTS = (tuple, list)
_BREATH = 10_000
"""Messages after which a market without waiting lets other tasks run: some 10 ms."""


class Kernel:
    """Runs one market until nothing is due any more.

    Parameters
    ----------
    market : str
        Stamped into every message.
    on_failure : callable
        ``(source, message, error) -> messages``: the market's answer to an agent that raised
        while it handled `message`. Cancellation of the run is never caught.
    sink : callable, optional
        Takes the delivered events whenever `flush_every` of them have gathered, so that a large
        market does not hold them all; without it they stay in `events`.

    Attributes
    ----------
    now : int
        Market time in microseconds.
    events : list of Event
        What was delivered and not yet given to the sink, in order.
    delivered : int
        Messages delivered so far, commands among them.
    """

    def __init__(
        self,
        market: str,
        on_failure: OnFailure,
        *,
        sink: Sink | None = None,
        flush_every: int = 4096,
    ) -> None:
        self.market = market
        self.now = 0
        self.events: list[Event] = []
        self.delivered = 0
        self._on_failure = on_failure
        self._sink = sink
        self._flush_every = flush_every
        self._seq = 0
        self._instants: list[tuple[int, int]] = []
        self._buckets: dict[tuple[int, int], list[_Queued]] = {}
        self._rules: dict[str, Rules] = {}
        self._inline: dict[str, Receive] = {}
        self._beside = SideBySide()
        self._waiting = self._beside.agents
        self._dry = False
        self._rest: Iterator[_Queued] = iter(())
        self._asked: _Asked | None = None

    def add_rules(self, rules: Rules, name: str = MARKET) -> None:
        """Register a plain function; what it returns keeps the episode that it names itself."""
        self._rules[name] = rules

    def add_agent(self, name: str, receive: Receive, *, waits: bool, eager: bool = False) -> None:
        """Register an agent; what it returns belongs to the episode of the message handled.

        Parameters
        ----------
        eager : bool
            Of one that waits: whether it may be asked before its request is due, because what it
            returns follows from the requests of the same episode alone.
        """
        (self._waiting if waits else self._inline)[name] = receive
        if waits and eager:
            self._beside.eager.add(name)

    def post(self, outgoing: Outgoing, source: str = MARKET) -> None:
        """Put messages on the bus, as the first ones of a market are."""
        self._buffer(outgoing, source)

    async def run(self) -> None:
        """Deliver until nothing is due.

        Cancelled, it leaves in `events` the beginning of what the whole run would have given;
        to go on, the market is executed again.

        Raises
        ------
        UnknownRecipient
            If a message goes to somebody who was never registered.
        PostedIntoPast
            If a message was posted with a negative delay.
        PostedOutOfTurn
            If an eager agent is asked for something that is due before what it was asked already
            in the same episode.
        """
        if not self._waiting:
            await self._deliver()
            return
        async with self._beside.running():
            await self._deliver()

    async def _deliver(self) -> None:
        breath = _BREATH
        while self._instants:
            if self.delivered >= breath:
                breath = self.delivered + _BREATH
                await asyncio.sleep(0)
            batch = self._due()
            if self._waiting and any(to in self._waiting for _, to in batch):
                await self._handle_waiting(batch)
            else:
                self._handle(batch)

    def run_dry(self) -> Question | None:
        """Deliver, without an event loop, until nothing is due or an agent awaits a `Question`.

        Called again before the question is answered, it returns the same one.

        Returns
        -------
        Question or None
            What has to be answered by `answer` before this is called again; None: nothing is due
            any more.

        Raises
        ------
        WaitsInDryRun
            If there is an agent that waits for something else.
        UnknownRecipient, PostedIntoPast
            As `run`.
        """
        for name in self._waiting:
            raise WaitsInDryRun(self.market, name)
        self._dry = True
        while self._asked is None:
            self._handle(self._rest)
            if self._asked is None:
                if not self._instants:
                    return None
                self._rest = iter(self._due())
        return self._asked.question

    def answer(self, value: object) -> None:
        """Give the agent whose question `run_dry` returned its answer: what its await returns.

        Raises
        ------
        NobodyAsked
            If no question is open.
        """
        asked, self._asked = self._asked, None
        if asked is None:
            raise NobodyAsked(self.market)
        outgoing = self._step(asked.name, asked.message, asked.coroutine, value)
        if outgoing:
            self._buffer(outgoing, asked.name)

    def _due(self) -> list[_Queued]:
        """Take the earliest bucket, and log what is in it."""
        instant = heappop(self._instants)
        batch = self._buckets.pop(instant)
        now, events = instant[0], self.events
        if now < self.now:
            raise PostedIntoPast(batch[0][0].source, self.now, now)
        self.now = now
        for message, _ in batch:
            message.t = now
            if _NUMBERED[type(message)]:
                message.seq = self._seq
                self._seq += 1
                events.append(message)  # type: ignore[arg-type]
        self.delivered += len(batch)
        if self._sink is not None and len(events) >= self._flush_every:
            self.events = []
            self._sink(events)
        return batch

    def _handle(self, batch: Iterable[_Queued]) -> None:
        """Let each message be handled, up to one whose agent asks a question."""
        inline, rules = self._inline, self._rules
        for message, to in batch:
            if to is None:
                continue
            handle = rules.get(to)
            if handle is not None:
                outgoing = handle(message)
            elif to in inline:
                outgoing = self._step(to, message)
                if self._asked is not None:
                    return
            else:
                raise UnknownRecipient(self.market, to)
            if outgoing:
                self._buffer(outgoing, to)

    async def _handle_waiting(self, batch: list[_Queued]) -> None:
        """Ask those who wait, then go through the batch in its order, as if nobody had waited.

        Failures are answered in that second pass too: the market's answer may depend on what it
        has handled before, as which episode is the last one to end does.
        """
        answers, waiting = await self._beside.ask(batch), self._waiting
        for index, queued in enumerate(batch):
            message, to = queued
            if to not in waiting:
                self._handle([queued])
                continue
            answer = answers.get(index)
            outgoing, error = answer or ((), CancelledWithin(to))
            if error is None:
                outgoing = self._signed(outgoing, to, message)
            else:
                outgoing = self._failed(to, message, error)
            if outgoing:
                self._buffer(outgoing, to)

    def _step(
        self,
        name: str,
        message: Message,
        coroutine: Coroutine[Any, Any, Outgoing] | None = None,
        value: object = None,
    ) -> Outgoing:
        """Run an agent that does not wait, or one that stood at its question, in place."""
        try:
            if coroutine is None:
                coroutine = self._inline[name](message)
            awaited = coroutine.send(value)
        except StopIteration as done:
            return self._signed(done.value, name, message)
        except asyncio.CancelledError:  # nothing was awaited, so it can only be the agent's own
            return self._failed(name, message, CancelledWithin(name))
        except Exception as error:  # noqa: BLE001 - as above
            return self._failed(name, message, error)
        if self._dry and isinstance(awaited, Question):
            self._asked = _Asked(awaited, name, message, coroutine)
            return ()
        with suppress(Exception):  # whatever it does about being closed, it has failed
            coroutine.close()
        return self._failed(name, message, AwaitedInline(name))

    def _signed(self, outgoing: Outgoing, name: str, message: Message) -> Outgoing:
        """An agent's messages carry its own name and the episode it was asked in, always."""
        if not isinstance(outgoing, _LISTS):
            return self._failed(name, message, NotMessages(name, outgoing))
        episode = message.episode
        for out in outgoing:
            signed = out
            if type(out) is Post:
                signed = out.message
                if out.delay_us < 0:
                    due = self.now + out.delay_us
                    return self._failed(name, message, PostedIntoPast(name, self.now, due))
            if type(signed) not in _NUMBERED and not isinstance(signed, Message):
                return self._failed(name, message, NotMessages(name, outgoing))
            signed.source = name
            signed.episode = episode
        return outgoing

    def _failed(self, name: str, message: Message, error: Exception) -> Outgoing:
        # The answer to a failure is the market's, not the failing agent's.
        outgoing = self._on_failure(name, message, error)
        for out in outgoing:
            (out.message if isinstance(out, Post) else out).source = MARKET
        return outgoing

    def _buffer(self, outgoing: Outgoing, source: str) -> None:
        now, market, buckets, eager = self.now, self.market, self._buckets, self._beside.eager
        for out in outgoing:
            if type(out) is Post:
                message, to = out.message, out.to
                key = (now + out.delay_us, out.priority)
            else:
                message, to, key = cast("Message", out), MARKET, (now, 0)
            message.market = market
            if not message.source:
                message.source = source
            bucket = buckets.get(key)
            if bucket is None:
                buckets[key] = [(message, to)]
                heappush(self._instants, key)
            else:
                bucket.append((message, to))
            if eager and to in eager:
                self._beside.posted(message, to, key)
