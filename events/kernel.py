"""The kernel: one market's actors, its virtual clock and the bus between them.

A heap of due instants holds a bucket of messages each. The kernel takes the earliest bucket,
numbers and logs the events in it, hands each message to its recipient, and buffers what the
recipients return, in the order (due time, priority, order of the message handled, position among
what its handler returned). What a handler returns for this very instant is delivered in the next
round of it. So the order of everything follows from the messages alone: task scheduling, latency
and concurrency never decide an outcome.

Recipients come in three kinds. Rules are plain functions. Agents that do not wait are stepped
once, in place: no task, no switch. Agents that wait run side by side in a task group, one message
at a time for each episode. A coroutine that was said not to wait and does is an error, because
finishing it in another task would break its cancel scopes and deadlines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from heapq import heappop, heappush
from typing import Any, cast

import msgspec

from events.errors import AwaitedInline, UnknownRecipient
from events.messages import Event, Message

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


_Queued = tuple[Message, str | None]


class Kernel:
    """Runs one market until nothing is due any more.

    Parameters
    ----------
    market : str
        Stamped into every message.
    on_failure : callable
        ``(source, message, error) -> messages``: the market's answer to an agent that raised
        while it handled `message`. Cancellation is never caught.
    sink : callable, optional
        Takes the delivered events whenever `flush_every` of them have gathered, so that a large
        market does not hold them all; without it they stay in `events`.
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
        self._steps: dict[str, Rules] = {}
        self._waiting: dict[str, Receive] = {}

    def add_rules(self, rules: Rules, name: str = MARKET) -> None:
        """Register a plain function; what it returns keeps the episode that it names itself."""

        def step(message: Message) -> Outgoing:
            return rules(message)

        self._steps[name] = step

    def add_agent(self, name: str, receive: Receive, *, waits: bool) -> None:
        """Register an agent; what it returns belongs to the episode of the message handled."""
        if waits:
            self._waiting[name] = receive
        else:
            self._steps[name] = self._inline(name, receive)

    def post(self, outgoing: Outgoing, source: str = MARKET) -> None:
        """Put messages on the bus, as the first ones of a market are."""
        self._buffer(outgoing, source)

    async def run(self) -> None:
        """Deliver until nothing is due."""
        while self._instants:
            instant = heappop(self._instants)
            batch = self._buckets.pop(instant)
            self.now = instant[0]
            self._log(batch)
            if self._waiting and any(to in self._waiting for _, to in batch):
                await self._handle_waiting(batch)
            else:
                self._handle(batch)

    def _log(self, batch: list[_Queued]) -> None:
        now, events = self.now, self.events
        for message, _ in batch:
            message.t = now
            if isinstance(message, Event):
                message.seq = self._seq
                self._seq += 1
                events.append(message)
        self.delivered += len(batch)
        if self._sink is not None and len(events) >= self._flush_every:
            self.events = []
            self._sink(events)

    def _handle(self, batch: list[_Queued]) -> None:
        steps = self._steps
        for message, to in batch:
            if to is None:
                continue
            step = steps.get(to)
            if step is None:
                raise UnknownRecipient(self.market, to)
            outgoing = step(message)
            if outgoing:
                self._buffer(outgoing, to)

    async def _handle_waiting(self, batch: list[_Queued]) -> None:
        """Handle a batch in which somebody waits; replies are buffered in the batch's order."""
        replies: list[tuple[Outgoing, str]] = [((), "")] * len(batch)
        chains: dict[tuple[str, str | None], list[int]] = {}
        for index, (message, to) in enumerate(batch):
            if to in self._waiting:
                chains.setdefault((to, message.episode), []).append(index)

        async def handle(name: str, indices: list[int]) -> None:
            for index in indices:
                message = batch[index][0]
                replies[index] = await self._awaited(name, message), name

        async with asyncio.TaskGroup() as group:  # 3x the speed of an anyio group here
            for (name, _), indices in chains.items():
                group.create_task(handle(name, indices))
            for index, (message, to) in enumerate(batch):
                if to is not None and to not in self._waiting:
                    replies[index] = self._steps[to](message), to
        for outgoing, source in replies:
            self._buffer(outgoing, source)

    async def _awaited(self, name: str, message: Message) -> Outgoing:
        try:
            return _signed(await self._waiting[name](message), name, message.episode)
        except Exception as error:  # noqa: BLE001 - an agent may raise anything; the market answers
            return self._failed(name, message, error)

    def _inline(self, name: str, receive: Receive) -> Rules:
        def step(message: Message) -> Outgoing:
            coroutine = receive(message)
            try:
                coroutine.send(None)
            except StopIteration as done:
                return _signed(done.value, name, message.episode)
            except Exception as error:  # noqa: BLE001 - as above
                return self._failed(name, message, error)
            coroutine.close()
            return self._failed(name, message, AwaitedInline(name))

        return step

    def _failed(self, name: str, message: Message, error: Exception) -> Outgoing:
        # The answer to a failure is the market's, not the failing agent's.
        outgoing = self._on_failure(name, message, error)
        for out in outgoing:
            _message(out).source = MARKET
        return outgoing

    def _buffer(self, outgoing: Outgoing, source: str) -> None:
        now, market, buckets = self.now, self.market, self._buckets
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


def _message(out: Message | Post) -> Message:
    return out.message if isinstance(out, Post) else out


def _signed(outgoing: Outgoing, source: str, episode: str | None) -> Outgoing:
    """An agent's messages carry its own name and the episode it was asked in, whatever it says."""
    for out in outgoing:
        message = _message(out)
        message.source = source
        message.episode = episode
    return outgoing
