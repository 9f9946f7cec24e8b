"""How much the gateway costs beside a bare aiohttp loop against the same server.

A server process answers every chat completion after 50 ms; the gateway and a bare loop ask it in
turns, 64 calls in flight, in the same run, so that a noisy machine slows both. The ratios travel
between machines, the absolute figures do not. ``python -m benchmarks.bench_gateway`` prints them.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from statistics import median
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from retailsim.agents.llm.gateway.gateway import Gateway
from retailsim.agents.llm.types import Call, ModelConfig, Say

LATENCY_S = 0.05
IN_FLIGHT = 64
RATE_TARGET, CPU_TARGET = 0.95, 2.0
CROWD = 1_000

ANSWER = msgspec.json.encode(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "bench",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": '{"text": "' + "word " * 80 + '"}'},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 600, "completion_tokens": 90, "total_tokens": 690},
    }
)
CALL = Call(
    system="You sell products to buyers. " * 40,
    says=(Say("user", "What would you say about this product? " * 20),),
    shape={"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
    shape_name="pitch",
    max_output_tokens=400,
)


def serve(pipe: Connection, latency_s: float) -> None:
    """Answer after `latency_s` until the pipe closes; the server process's whole life."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.sleep(latency_s)
        return web.Response(body=ANSWER, content_type="application/json")

    async def main() -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=2 * CROWD)
        await site.start()
        pipe.send(runner.addresses[0][1])
        await asyncio.to_thread(pipe.poll, None)
        await runner.cleanup()

    asyncio.run(main())


@contextmanager
def server(latency_s: float) -> Iterator[str]:
    """Run the server in a process of its own; gives its address."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, latency_s), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/v1"
    finally:
        ours.send(None)
        process.join()


def gateway(base: str, in_flight: int) -> Gateway:
    """Return a gateway to the server."""
    config = ModelConfig(
        provider="openai-compatible", model="bench", base_url=base, max_in_flight=in_flight
    )
    return Gateway({"bench": config}, environ={})


async def together(ask: Callable[[], Awaitable[object]], calls: int, in_flight: int) -> None:
    """Make `calls` calls, `in_flight` at once."""
    left = iter(range(calls))

    async def worker() -> None:
        for _ in left:
            await ask()

    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(worker())


async def through_gateway(base: str, calls: int) -> tuple[float, float]:
    """Return wall and CPU seconds of `calls` calls through the gateway."""
    async with gateway(base, IN_FLIGHT) as door:

        async def ask() -> None:
            await door.ask("bench", CALL)

        await together(ask, 4 * IN_FLIGHT, IN_FLIGHT)  # connections, and concurrency grown
        return await _timed(ask, calls)


async def bare(base: str, calls: int) -> tuple[float, float]:
    """Return wall and CPU seconds of the same bytes posted by a bare aiohttp loop."""
    body = gateway(base, IN_FLIGHT).body("bench", CALL)
    headers = {"Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def ask() -> None:
            url = f"{base}/chat/completions"
            async with session.post(url, data=body, headers=headers) as response:
                reply = msgspec.json.decode(await response.read())
                assert reply["choices"]

        await together(ask, 4 * IN_FLIGHT, IN_FLIGHT)
        return await _timed(ask, calls)


async def _timed(ask: Callable[[], Awaitable[object]], calls: int) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    await together(ask, calls, IN_FLIGHT)
    return time.perf_counter() - wall, time.process_time() - cpu


async def crowd_bytes(base: str) -> float:
    """Return the memory of one call in flight, in bytes, connection included."""
    async with gateway(base, CROWD) as door:
        await door.ask("bench", CALL)
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        async with asyncio.TaskGroup() as group:
            for _ in range(CROWD):
                group.create_task(door.ask("bench", CALL))
        peak = tracemalloc.get_traced_memory()[1] - before
        tracemalloc.stop()
    return peak / CROWD


def run(calls: int = 2_000, repeats: int = 5) -> list[dict[str, Any]]:
    """Measure everything once; one row a measurement.

    Returns
    -------
    list of dict
        ``name``, ``value``, ``unit``; ``target`` and ``met`` where there is one. Ratios are
        medians over pairs measured one right after the other.
    """
    ours, theirs = [], []
    with server(LATENCY_S) as base:
        for _ in range(repeats):
            theirs.append(asyncio.run(bare(base, calls)))
            ours.append(asyncio.run(through_gateway(base, calls)))
    with server(1.0) as base:
        size = asyncio.run(crowd_bytes(base))
    rate = median(bare[0] / door[0] for bare, door in zip(theirs, ours, strict=True))
    cpu = median(door[1] / bare[1] for bare, door in zip(theirs, ours, strict=True))
    per = 1_000 / calls
    return [
        _row("gateway, calls", calls / median(wall for wall, _ in ours), "calls/s"),
        _row("bare aiohttp, calls", calls / median(wall for wall, _ in theirs), "calls/s"),
        {**_row("calls, gateway to bare", rate, "ratio"), **_met(RATE_TARGET, rate >= RATE_TARGET)},
        _row("gateway, CPU", per * median(cpu for _, cpu in ours), "s/1,000 calls"),
        _row("bare aiohttp, CPU", per * median(cpu for _, cpu in theirs), "s/1,000 calls"),
        {**_row("CPU, gateway to bare", cpu, "ratio"), **_met(CPU_TARGET, cpu <= CPU_TARGET)},
        _row(f"memory, each of {CROWD:,} in flight", size / 1024, "kB"),
    ]


def _row(name: str, value: float, unit: str) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit}


def _met(target: float, met: bool) -> dict[str, Any]:
    return {"target": target, "met": met}


def show(rows: Sequence[dict[str, Any]]) -> str:
    """Lay the rows out as text, a line each."""
    lines = []
    for row in rows:
        line = f"{row['name']:<34} {row['value']:>10,.3f} {row['unit']:<14}"
        if "target" in row:
            line += f"  target {row['target']}: {'met' if row['met'] else 'MISSED'}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    print(show(run(arguments.calls, arguments.repeats)))


if __name__ == "__main__":
    main()
