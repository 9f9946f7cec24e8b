"""How fast messages travel: the kernel beside asyncio.Queue and beside bare function calls.

A thousand agents send messages to each other in pairs, so every message wakes somebody who had
nothing to do. Both sides have the garbage collector as a run has it (`sim.execution.garbage`): with
Python's own thresholds it goes through a thousand waiting tasks again and again, a quarter of the
time. The ratios travel between machines, the absolute figures do not.
``python -m benchmarks.bench_kernel`` prints them.
"""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from retailsim.events.kernel import Kernel, Outgoing, Post
from retailsim.events.messages import Message
from retailsim.sim.execution.garbage import few_collections

AGENTS = 1_000
INLINE_TARGET, WAITING_TARGET = 500_000, 100_000
MEMORY_TARGET_BYTES = 1_024


class Peer:
    """An agent that returns a message to its partner until the hops are used up."""

    def __init__(self, number: int, hops: int, *, waits: bool) -> None:
        self._partner = f"seller:{number ^ 1}"
        self._left = hops
        self._waits = waits

    async def receive(self, message: Message) -> Outgoing:
        """Send a message back, after a turn of the loop if it waits."""
        if self._waits:
            await asyncio.sleep(0)
        self._left -= 1
        return (Post(Message(), self._partner, 1),) if self._left > 0 else ()


def kernel(hops: int, *, waits: bool) -> int:
    """Let every agent handle `hops` messages; return how many were delivered."""
    bus = Kernel("bench", lambda source, message, error: ())
    for number in range(AGENTS):
        peer = Peer(number, hops, waits=waits)
        bus.add_agent(f"seller:{number}", peer.receive, waits=waits)
    bus.post([Post(Message(), f"seller:{number}") for number in range(AGENTS)])
    asyncio.run(bus.run())
    return bus.delivered


def queues(hops: int) -> int:
    """The same between a thousand tasks with an asyncio.Queue each."""

    async def main() -> None:
        boxes: list[asyncio.Queue[Message]] = [asyncio.Queue() for _ in range(AGENTS)]

        async def peer(number: int) -> None:
            box, partner = boxes[number], boxes[number ^ 1]
            for _ in range(hops):
                await box.get()
                partner.put_nowait(Message())

        for box in boxes[::2]:
            box.put_nowait(Message())
        async with asyncio.TaskGroup() as group:
            for number in range(AGENTS):
                group.create_task(peer(number))

    asyncio.run(main())
    return hops * AGENTS


def calls(hops: int) -> int:
    """The same as bare function calls: the floor of what Python can do."""

    def receive(message: Message) -> Message:
        return Message()

    for _ in range(AGENTS):
        message = Message()
        for _ in range(hops):
            message = receive(message)
    return hops * AGENTS


def idle_bytes(agents: int = 10_000) -> float:
    """Return the memory that registering one agent takes, in bytes, its own object apart."""
    peers = [Peer(number, 0, waits=False) for number in range(agents)]
    tracemalloc.start()
    bus = Kernel("bench", lambda source, message, error: ())
    before = tracemalloc.get_traced_memory()[0]
    for number, peer in enumerate(peers):
        bus.add_agent(f"seller:{number}", peer.receive, waits=False)
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return taken / agents


def rate(run: Callable[[], int], repeats: int = 5) -> float:
    """Return the median of messages per second over `repeats` runs."""
    rates = []
    for _ in range(repeats):
        start = time.perf_counter()
        messages = run()
        rates.append(messages / (time.perf_counter() - start))
    return median(rates)


def run() -> list[dict[str, Any]]:
    """Measure everything once; one row a measurement.

    Returns
    -------
    list of dict
        ``name``, ``value``, ``unit``; ``target`` and ``met`` where there is one (memory is to
        stay below it, rates above), ``to_queue`` and ``to_calls`` (ratios) for rates.
    """
    with few_collections():
        inline = rate(lambda: kernel(200, waits=False))
        queue = rate(lambda: queues(100))
        bare = rate(lambda: calls(500))
        waiting = rate(lambda: kernel(50, waits=True))
    rows = [
        _rate("kernel, awaited inline", inline, queue, bare, INLINE_TARGET),
        _rate("kernel, a task each", waiting, queue, bare, WAITING_TARGET),
        _rate("asyncio.Queue between tasks", queue, queue, bare),
        _rate("bare function calls", bare, queue, bare),
    ]
    size = idle_bytes()
    met = size <= MEMORY_TARGET_BYTES
    memory = {"name": "idle agent", "value": size, "unit": "bytes"}
    return [*rows, {**memory, "target": MEMORY_TARGET_BYTES, "met": met}]


def _rate(
    name: str, value: float, queue: float, bare: float, target: float | None = None
) -> dict[str, Any]:
    row = {"name": name, "value": value, "unit": "messages/s"}
    row |= {"to_queue": value / queue, "to_calls": value / bare}
    return row if target is None else {**row, "target": target, "met": value >= target}


def show(rows: Sequence[dict[str, Any]]) -> str:
    """Lay the rows out as text, a line each."""
    lines = []
    for row in rows:
        line = f"{row['name']:<28} {row['value']:>12,.0f} {row['unit']:<10}"
        if "to_queue" in row:
            line += f"  {row['to_queue']:6.2f} x queue  {row['to_calls']:6.3f} x calls"
        if "target" in row:
            line += f"  target {row['target']:,}: {'met' if row['met'] else 'MISSED'}"
        lines.append(line)
    return "\n".join(lines)


if __name__ == "__main__":
    print(show(run()))
