"""How much a whole run with models costs beside a bare aiohttp loop against the same server.

A server process answers every chat completion after 50 ms. A run of sellers and buyers that all
ask it (bus, market rules, prompts, log) and a bare loop that posts the very same bodies, 64 or 256
in flight both, take turns, so that a noisy machine slows both. The run has more markets under way
than calls. Calls a second are counted by the server, over the middle of each run's requests: a
run's first pitches and last reviews have nobody beside them. CPU is that of the asking process,
its log writer, its launch and its first replay included.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import multiprocessing
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import aiohttp
import msgspec
from aiohttp import web

LATENCY_S = 0.05
CPU_TARGET = 2.5


class Size(NamedTuple):
    """Calls in flight, products of each of the four categories, and what rate is wanted."""

    in_flight: int
    per_category: int
    rate_target: float


SIZES = (Size(64, 6, 0.9), Size(256, 15, 0.8))
SPARE = 32
"""Markets under way beyond the calls in flight."""
MIDDLE = (0.2, 0.8)
"""The part of a run's requests, in the order of their arrival, that is its steady state."""

SCENARIO = """
[run]
name = "model-run"
concurrency = {markets}
[products]
per_category = {per_category}
{seats}
[models.bench]
provider = "openai-compatible"
model = "bench"
base_url = "{base}"
max_in_flight = {in_flight}
price = {{ input = 1.0, output = 2.0 }}
"""


def scenario(base: str, size: Size) -> str:
    """Return a scenario of so many products, 5 model sellers and 5 model buyers."""
    seats = "\n".join(
        f'[[{role}]]\nid = "{number}"\nagent = "model"\nmodel = "bench"\n'
        f'persona = {{ rationality = "{("rational", "emotional")[number % 2]}" }}'
        for role in ("sellers", "buyers")
        for number in range(5)
    )
    return SCENARIO.format(
        per_category=size.per_category,
        markets=size.in_flight + SPARE,
        seats=seats,
        base=base,
        in_flight=size.in_flight,
    )


class Server:
    """Answers by content after `LATENCY_S`, each body's answer made once; knows its rate."""

    def __init__(self) -> None:
        self._answers: dict[bytes, bytes] = {}
        self._arrivals: list[float] = []
        self._in_flight = self._peak = 0

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one chat completion."""
        raw = await request.read()
        self._arrivals.append(time.perf_counter())
        self._in_flight += 1
        self._peak = max(self._peak, self._in_flight)
        answer = self._answers.get(raw) or self._answers.setdefault(raw, _completion(raw))
        await asyncio.sleep(LATENCY_S)
        self._in_flight -= 1
        return web.Response(body=answer, content_type="application/json")

    async def rate(self, request: web.Request) -> web.Response:
        """Say how many came, how many a second in the middle, most at once; begin anew."""
        times, peak = self._arrivals, self._peak
        self._arrivals, self._peak = [], 0
        first, last = (times[int(len(times) * share)] for share in MIDDLE)
        rate = len(times) * (MIDDLE[1] - MIDDLE[0]) / (last - first)
        return web.json_response({"calls": len(times), "rate": rate, "peak": peak})


def _completion(raw: bytes) -> bytes:
    from examples.rehearsal_server import reply_to

    text = reply_to(json.loads(raw))
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": len(raw) // 4, "completion_tokens": len(text) // 4}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return msgspec.json.encode({"model": "bench", "choices": [choice], "usage": usage})


def serve(pipe: Connection) -> None:
    """Answer until something comes through the pipe; the server process's whole life."""

    async def main() -> None:
        server, app = Server(), web.Application()
        app.router.add_post("/v1/chat/completions", server.answer)
        app.router.add_get("/rate", server.rate)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=512).start()
        pipe.send(runner.addresses[0][1])
        await asyncio.to_thread(pipe.poll, None)
        await runner.cleanup()

    asyncio.run(main())


@contextmanager
def serving() -> Iterator[str]:
    """Run the server in a process of its own; gives its address."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        ours.send(None)
        process.join()


class Took(msgspec.Struct, frozen=True):
    """One side's figures: calls a second in the steady state, CPU seconds a call."""

    calls: int
    rate: float
    peak: int
    cpu_s: float


@contextmanager
def measured(address: str, found: list[Took]) -> Iterator[None]:
    """Append what the block took."""
    cpu = time.process_time()
    yield
    cpu = time.process_time() - cpu
    with urllib.request.urlopen(f"{address}/rate") as response:
        told = json.load(response)
    found.append(Took(told["calls"], told["rate"], told["peak"], cpu / told["calls"]))


def play(path: Path) -> None:
    """Launch the scenario into a folder of its own."""
    from retailsim.sim.run.launch import launch
    from retailsim.sim.run.launch_options import Options
    from retailsim.sim.terminal.terminal import Terminal

    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()) as words,
    ):
        status = launch(Options(scenario=str(path), out=Path(folder) / "run"), Terminal(json=True))
    if status:
        raise RuntimeError(f"the run ended with status {status}: {words.getvalue()}")


@contextmanager
def collecting() -> Iterator[list[bytes]]:
    """Collect the bodies that runs send while the block runs."""
    from retailsim.agents.llm.gateway import call

    bodies: list[bytes] = []
    post = call.post

    async def noted(session: Any, target: Any, body: bytes) -> Any:
        bodies.append(body)
        return await post(session, target, body)

    call.post = noted
    try:
        yield bodies
    finally:
        call.post = post


async def bare(address: str, bodies: Sequence[bytes], in_flight: int) -> None:
    """Post the bodies, so many at once, and decode what comes back."""
    url, headers = f"{address}/v1/chat/completions", {"Content-Type": "application/json"}
    left = iter(bodies)

    async def worker(session: aiohttp.ClientSession) -> None:
        for body in left:
            async with session.post(url, data=body, headers=headers) as response:
                assert msgspec.json.decode(await response.read())["choices"]

    connector = aiohttp.TCPConnector(limit=in_flight)
    async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(worker(session))


def run(
    sizes: Sequence[Size] = SIZES, repeats: int = 3, *, quick: bool = False
) -> list[dict[str, Any]]:
    """Measure everything once.

    Parameters
    ----------
    sizes : sequence of Size
        Each product of a category is sold in 25 episodes of some ten calls.
    repeats : int
        Pairs of a run and a bare loop; ratios are medians over the pairs.
    quick : bool
        100 episodes, once.

    Returns
    -------
    list of dict
        In the words of `benchmarks.__main__.Row`.
    """
    if quick:
        sizes, repeats = [SIZES[0]._replace(per_category=1)], 1
    with serving() as address:
        return [row for size in sizes for row in _measure(address, size, repeats, judged=not quick)]


def _measure(address: str, size: Size, repeats: int, *, judged: bool) -> list[dict[str, Any]]:
    ours: list[Took] = []
    theirs: list[Took] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.toml"
        path.write_text(scenario(f"{address}/v1", size))
        with collecting() as bodies, measured(address, []):
            play(path)
        for _ in range(repeats):
            with measured(address, theirs):
                asyncio.run(bare(address, bodies, size.in_flight))
            with measured(address, ours):
                play(path)
    return _rows(ours, theirs, size, judged=judged)


def _rows(
    ours: Sequence[Took], theirs: Sequence[Took], size: Size, *, judged: bool
) -> list[dict[str, Any]]:
    rate = median(one.rate / other.rate for one, other in zip(ours, theirs, strict=True))
    cpu = median(one.cpu_s / other.cpu_s for one, other in zip(ours, theirs, strict=True))
    beside_rate = median(one.rate for one in theirs)
    beside_cpu = median(one.cpu_s for one in theirs) * 1000
    calls, peak = ours[0].calls, max(one.peak for one in ours)
    return [
        {
            "figure": f"model run: {calls:,} calls, {peak} in flight",
            "value": median(one.rate for one in ours),
            "unit": "calls/s",
            "reference": f"bare aiohttp {beside_rate:,.0f}",
            "ratio": rate,
            "target": f"ratio >= {size.rate_target:g}" if judged else "",
            "met": rate >= size.rate_target if judged else None,
        },
        {
            "figure": f"model run: CPU, everything, {peak} in flight",
            "value": median(one.cpu_s for one in ours) * 1000,
            "unit": "s/1,000 calls",
            "reference": f"bare aiohttp {beside_cpu:.2f}",
            "ratio": cpu,
            "target": f"ratio <= {CPU_TARGET:g}" if judged else "",
            "met": cpu <= CPU_TARGET if judged else None,
        },
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--in-flight", type=int, choices=[size.in_flight for size in SIZES])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    sizes = [size for size in SIZES if arguments.in_flight in (None, size.in_flight)]
    for row in run(sizes, arguments.repeats):
        print(row)


if __name__ == "__main__":
    main()
