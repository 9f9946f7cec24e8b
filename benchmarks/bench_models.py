"""How much a whole run with models costs beside a bare aiohttp loop against the same server.

A server process answers every chat completion after 50 ms. A run of sellers and buyers that all
ask it (bus, market rules, prompts, log) and a bare loop that posts the very same bodies, 64 in
flight both, take turns, so that a noisy machine slows both. Calls a second are counted by the
server, over the middle of each run's requests: a run's first pitches and last reviews have
nobody beside them. CPU is that of the asking process, its log writer included.
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
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

LATENCY_S = 0.05
IN_FLIGHT = 64
RATE_TARGET = 0.9
MIDDLE = (0.2, 0.8)
"""The part of a run's requests, in the order of their arrival, that is its steady state."""

SCENARIO = """
[run]
name = "model-run"
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


def scenario(base: str, per_category: int) -> str:
    """Return a scenario of 4 x `per_category` products, 5 model sellers and 5 model buyers."""
    seats = "\n".join(
        f'[[{role}]]\nid = "{number}"\nagent = "model"\nmodel = "bench"\n'
        f'persona = {{ rationality = "{("rational", "emotional")[number % 2]}" }}'
        for role in ("sellers", "buyers")
        for number in range(5)
    )
    return SCENARIO.format(per_category=per_category, seats=seats, base=base, in_flight=IN_FLIGHT)


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
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=2 * IN_FLIGHT).start()
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


async def bare(address: str, bodies: Sequence[bytes]) -> None:
    """Post the bodies, `IN_FLIGHT` at once, and decode what comes back."""
    url, headers = f"{address}/v1/chat/completions", {"Content-Type": "application/json"}
    left = iter(bodies)

    async def worker(session: aiohttp.ClientSession) -> None:
        for body in left:
            async with session.post(url, data=body, headers=headers) as response:
                assert msgspec.json.decode(await response.read())["choices"]

    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:
        for _ in range(IN_FLIGHT):
            group.create_task(worker(session))


def run(per_category: int = 6, repeats: int = 3, *, quick: bool = False) -> list[dict[str, Any]]:
    """Measure everything once.

    Parameters
    ----------
    per_category : int
        Products of each of the four categories, with 25 episodes of some ten calls each.
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
        per_category, repeats = 1, 1
    ours: list[Took] = []
    theirs: list[Took] = []
    with tempfile.TemporaryDirectory() as folder, serving() as address:
        path = Path(folder) / "scenario.toml"
        path.write_text(scenario(f"{address}/v1", per_category))
        with collecting() as bodies, measured(address, []):
            play(path)
        for _ in range(repeats):
            with measured(address, theirs):
                asyncio.run(bare(address, bodies))
            with measured(address, ours):
                play(path)
    return _rows(ours, theirs, judged=per_category >= 6)


def _rows(ours: Sequence[Took], theirs: Sequence[Took], *, judged: bool) -> list[dict[str, Any]]:
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
            "target": f"ratio >= {RATE_TARGET:g}" if judged else "",
            "met": rate >= RATE_TARGET if judged else None,
        },
        {
            "figure": "model run: CPU, everything",
            "value": median(one.cpu_s for one in ours) * 1000,
            "unit": "s/1,000 calls",
            "reference": f"bare aiohttp {beside_cpu:.2f}",
            "ratio": cpu,
        },
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-category", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    for row in run(arguments.per_category, arguments.repeats):
        print(row)


if __name__ == "__main__":
    main()
