"""A model in a process of its own that answers by content and fails by seed, and keeps count.

What it answers follows from the request alone (`examples.rehearsal_server`), so a run without
faults gets the same answers wherever it asks the same. Faults of the exchange (limits, errors,
resets) follow from the seed, the request and how often it came; faults of the answer (refusals,
broken JSON) from the seed and the request, so that they stay when a run is resumed.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from hashlib import sha256
from pathlib import Path
from typing import Any

from aiohttp import web

from examples.rehearsal_server import reply_to
from tests.llm.faultserver import ERRORS, PLAIN, TRANSIENT, Error

ROOT = Path(__file__).parents[2]
SPOILT = ("refusal", "violation", "prose", "broken", "empty", "length")
"""Faults of the answer: it arrives, is paid for, and is not what was asked for."""

CONTENT_SHARE = 0.2
"""The part of all faults that are faults of the answer."""

LOST = ("reset-after", "half", "stall")
"""Faults where the model did its work and the answer never arrived."""

EXCHANGE = (*(name for name in TRANSIENT if name != "stall"), "reset-after")
SHORT = "0.02"
QUICK: Mapping[str, Mapping[str, str]] = {
    "429-seconds": {"Retry-After": SHORT},
    "429-ms": {"retry-after-ms": "20", "Retry-After": "9"},
    "429-proxy": {"llm_provider-retry-after": SHORT},
    "429-reset": {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "20ms",
    },
    "503-after": {"Retry-After": SHORT},
}
"""The same hints as the fault server's, in milliseconds."""


class Model:
    """Answers and counts.

    A `share` of the requests meets a fault; after `stop_at` requests all meet `stop_with`, after
    `hang_at` requests none is answered any more.
    """

    def __init__(self) -> None:
        self.reset({})

    def reset(self, told: dict[str, Any]) -> None:
        """Begin to count anew."""
        self.seed: int = told.get("seed", 1)
        self.share: float = told.get("share", 0.0)
        self.stop_at: int | None = told.get("stop_at")
        self.stop_with: str = told.get("stop_with", "402")
        self.hang_at: int | None = told.get("hang_at")
        self.hanging = asyncio.Event()
        self.seen: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()

    def fault(self, digest: str) -> str:
        """Return what becomes of a request that came for the `seen`-th time."""
        if self.stop_at is not None and self.seen.total() > self.stop_at:
            return self.stop_with
        content = random.Random(f"{self.seed}/{digest}")
        spoilt = content.choice(SPOILT) if content.random() < self.share * CONTENT_SHARE else "ok"
        exchange = random.Random(f"{self.seed}/{digest}/{self.seen[digest]}")
        if exchange.random() < self.share * (1 - CONTENT_SHARE):
            # A stall costs seconds, so there are fewer of them.
            return "stall" if exchange.random() < 0.01 else exchange.choice(EXCHANGE)
        return spoilt

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one chat completion, or fail at it."""
        raw = await request.read()
        path = request.path.removeprefix("/v1").encode()  # as the log has it: without the host
        digest = sha256(b"%b\n%b" % (path, raw)).hexdigest()
        self.seen[digest] += 1
        fault = self.fault(digest)
        if self.hang_at is not None and self.seen.total() > self.hang_at:
            self.hanging.set()
            await asyncio.sleep(60)
        self.faults[fault] += 1
        if fault not in ("ok", *SPOILT):
            return await failed(fault, raw, request)
        response = web.Response(body=completion(raw, fault), content_type="application/json")
        self.answered[digest] += 1
        return response

    async def count(self, request: web.Request) -> web.Response:
        """Say what was seen, answered and failed."""
        return web.json_response(
            {"seen": self.seen.total(), "answered": self.answered, "faults": self.faults}
        )

    async def hung(self, request: web.Request) -> web.Response:
        """Answer once a request hangs."""
        await self.hanging.wait()
        return web.json_response({})

    async def control(self, request: web.Request) -> web.Response:
        """Take new settings."""
        self.reset(await request.json())
        return web.json_response({})


def completion(raw: bytes, fault: str = "ok") -> bytes:
    """Return the body of a 200 whose text is good, or spoilt as `fault` says."""
    text = spoilt(reply_to(json.loads(raw)), fault)
    finish = "length" if fault == "length" else "stop"
    message = {"role": "assistant", "content": text}
    if fault == "refusal":
        message = {"role": "assistant", "content": "", "refusal": "I will not play this."}
    usage = {"prompt_tokens": len(raw) // 4, "completion_tokens": len(text) // 4}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return json.dumps({"model": "served", "choices": [choice], "usage": usage}).encode()


def spoilt(text: str, fault: str) -> str:
    """Return an answer as its fault leaves it."""
    match fault:
        case "violation":
            reply = json.loads(text)["reply"]
            reply["surprise"] = reply.popitem()[1]
            return json.dumps({"reply": reply})
        case "prose":
            return "Well, that depends on many things."
        case "broken" | "length":
            return text[: len(text) * 2 // 3]
        case "empty":
            return ""
        case _:
            return text


async def failed(fault: str, raw: bytes, request: web.Request) -> web.StreamResponse:
    """Fail at the exchange."""
    if fault == "stall":
        await asyncio.sleep(60)
    if fault in ("reset", "reset-after", "stall"):
        if fault == "reset-after":
            completion(raw)
        return _cut(request)
    if fault == "half":
        return await _half(request, completion(raw))
    if fault == "200-error":
        return web.json_response({"error": {"message": "the model crashed", "code": 502}})
    if fault in PLAIN:
        status, body, headers = PLAIN[fault]
        return web.Response(status=status, text=body, headers=headers)
    status, error, headers = _error(fault)
    return web.json_response({"error": {"code": None, **error}}, status=status, headers=headers)


def _error(fault: str) -> Error:
    if fault == "insufficient":
        told = {"message": "You exceeded your current quota", "code": "insufficient_quota"}
        return 429, told, {}
    status, error, headers = ERRORS[fault]
    if fault == "429-date":
        return status, error, {"Retry-After": formatdate(usegmt=True)}
    if fault == "429-body":
        return status, {**error, "message": "Please try again in 20ms."}, {}
    return status, error, QUICK.get(fault, headers)


def _cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _half(request: web.Request, data: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(len(data))})
    await response.prepare(request)
    await response.write(data[: len(data) // 2])
    assert request.transport is not None
    request.transport.abort()
    return response


class Remote:
    """The process as a test sees it."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}"
        self.url = f"{self._address}/v1"

    def begin(self, **settings: Any) -> None:
        """Count anew, with faults as told."""
        data = json.dumps(settings).encode()
        request = urllib.request.Request(f"{self._address}/control", data=data, method="POST")
        request.add_header("Content-Type", "application/json")
        urllib.request.urlopen(request).read()

    def wait_until_hanging(self) -> None:
        """Return once there is a request that will not be answered."""
        urllib.request.urlopen(f"{self._address}/hung", timeout=60).read()

    def counts(self) -> tuple[int, Counter[str], Counter[str]]:
        """Requests seen, answers given by digest of their request, and faults by name."""
        with urllib.request.urlopen(f"{self._address}/counts") as response:
            told = json.load(response)
        return told["seen"], Counter(told["answered"]), Counter(told["faults"])


@contextmanager
def running() -> Iterator[Remote]:
    """Run the process while the block runs."""
    command = [sys.executable, "-m", "tests.sim.faultymodel"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Remote(int(process.stdout.readline()))
        finally:
            process.kill()


async def _serve() -> None:
    model = Model()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", model.handle)
    app.router.add_get("/counts", model.count)
    app.router.add_get("/hung", model.hung)
    app.router.add_post("/control", model.control)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
