"""A loopback server that speaks every wire format and fails as told, by name or by seed."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Self

from aiohttp import web
from aiohttp.test_utils import TestServer

from retailsim.agents.llm.types import ModelConfig, Provider

KEY = "sk-test-0123456789abcdefSECRET"
TEXT = '{"text": "hello"}'


class Spoken(NamedTuple):
    """How a provider is spoken to.

    Parameters
    ----------
    model : str
        One of those it has.
    wire : str
        Which of the formats below it speaks.
    header, key : str
        Where the key goes, and as what.
    """

    model: str
    wire: str
    header: str = "Authorization"
    key: str = f"Bearer {KEY}"


SPOKEN: Mapping[Provider, Spoken] = {
    "openai": Spoken("gpt-5-mini", "chat"),
    "openai-responses": Spoken("gpt-5-mini", "responses"),
    "anthropic": Spoken("claude-sonnet-4-5", "anthropic", "x-api-key", KEY),
    "google": Spoken("gemini-2.5-flash", "google", "x-goog-api-key", KEY),
    "openrouter": Spoken("openai/gpt-5-mini", "chat"),
    "openai-compatible": Spoken("my-llama", "chat"),
}
"""Every provider: a new one is a line here, and all tests that speak to each speak to it."""

TRANSIENT = (
    "429-seconds",
    "429-ms",
    "429-date",
    "429-proxy",
    "429-body",
    "429-reset",
    "429-bare",
    "500",
    "502",
    "503",
    "503-after",
    "503-left",
    "529",
    "reset",
    "half",
    "stall",
    "not-json",
    "wrong-shape",
    "200-error",
)
"""Faults that the next attempt survives."""

WALL = 1_800_000_000.0
"""What the tests' wall clock says: Fri, 15 Jan 2027 08:00:00 GMT."""

Plan = Callable[[int], str]


class Seen(NamedTuple):
    path: str
    headers: Mapping[str, str]
    body: Any
    at: float


class FaultServer:
    """Answers request number n as ``plan[n]`` says, from the end of a list on with ``ok``."""

    def __init__(self, plan: Plan | Sequence[str] = (), *, latency_s: float = 0.0) -> None:
        self._plan = plan if callable(plan) else _listed(plan)
        self._latency_s = latency_s
        self.seen: list[Seen] = []
        self.in_flight = 0
        self.peak = 0
        self.connections: Counter[Any] = Counter()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._handle)
        self._server = TestServer(app, host="127.0.0.1")
        await self._server.start_server()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._server.close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    def config(self, provider: Provider = "openai-compatible", **fields: Any) -> ModelConfig:
        """A model at this server, with its key in ``TEST_KEY``."""
        given = {"model": SPOKEN[provider].model, "base_url": self.address, "key_env": "TEST_KEY"}
        return ModelConfig(provider=provider, **(given | fields))

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        number = len(self.seen)
        now = asyncio.get_running_loop().time()
        self.seen.append(Seen(request.path, request.headers.copy(), body, now))
        self.connections[request.transport] += 1
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            await asyncio.sleep(self._latency_s)
            return await answer(self._plan(number), vendor_of(request.path), request)
        finally:
            self.in_flight -= 1


def _listed(plan: Sequence[str]) -> Plan:
    return lambda number: plan[number] if number < len(plan) else "ok"


def seeded(seed: int, share: float = 0.3) -> Plan:
    """Faults for a share of the requests, the same for the same seed."""

    def plan(number: int) -> str:
        draw = random.Random(f"{seed}/{number}")
        return draw.choice(TRANSIENT) if draw.random() < share else "ok"

    return plan


def vendor_of(path: str) -> str:
    if path.endswith("/messages"):
        return "anthropic"
    if path.endswith(":generateContent"):
        return "google"
    return "responses" if path.endswith("/responses") else "chat"


async def answer(fault: str, vendor: str, request: web.Request) -> web.StreamResponse:
    if fault == "stall":
        await asyncio.sleep(86_400)
    if fault == "reset":
        assert request.transport is not None
        request.transport.abort()
        return web.Response()
    if fault == "half":
        return await _half(request, success(vendor))
    if fault in ("bom", "gzip"):
        plain = json.dumps(success(vendor)).encode()
        sent = gzip.compress(plain) if fault == "gzip" else b"\xef\xbb\xbf" + plain
        coded = {"Content-Encoding": "gzip"} if fault == "gzip" else {}
        return web.Response(body=sent, headers=coded, content_type="application/json")
    if fault in HALVES:
        cut = json.dumps(success(vendor)).encode().replace(b"hello", HALVES[fault])
        return web.Response(body=cut, content_type="application/json")
    if fault in PLAIN:
        status, body, headers = PLAIN[fault]
        return web.Response(status=status, text=body, headers=headers)
    if fault in ERRORS:
        status, error, headers = ERRORS[fault]
        return web.json_response(ERROR_BODY[vendor](status, error), status=status, headers=headers)
    return web.json_response(success(vendor, fault))


async def _half(request: web.Request, body: Any) -> web.StreamResponse:
    data = json.dumps(body).encode()
    response = web.StreamResponse(headers={"Content-Length": str(len(data))})
    await response.prepare(request)
    await response.write(data[: len(data) // 2])
    assert request.transport is not None
    request.transport.abort()
    return response


def success(vendor: str, kind: str = "ok") -> Any:
    """An answer in the vendor's format; `kind`: ok, refusal, length, 200-error."""
    if kind == "200-error":
        return ERROR_BODY[vendor](502, {"message": "the model crashed", "code": 502})
    assert kind in ("ok", "refusal", "length"), kind
    return SUCCESS[vendor](kind)


def _chat(kind: str) -> Any:
    message = {"role": "assistant", "content": TEXT if kind == "ok" else None}
    if kind == "refusal":
        message["refusal"] = "I will not"
    finish = "length" if kind == "length" else "stop"
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "served",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": 100,
            "completion_tokens": 20,
            "total_tokens": 120,
            "prompt_tokens_details": {"cached_tokens": 64},
            "completion_tokens_details": {"reasoning_tokens": 5},
        },
    }


def _responses(kind: str) -> Any:
    part = {"type": "output_text", "text": TEXT, "annotations": []}
    if kind == "refusal":
        part = {"type": "refusal", "refusal": "I will not"}
    message = {"type": "message", "role": "assistant", "content": [part]}
    cut = kind == "length"
    return {
        "id": "resp_1",
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "error": None,
        "model": "served",
        "output": [{"type": "reasoning", "summary": []}] + ([] if cut else [message]),
        "usage": {
            "input_tokens": 100,
            "input_tokens_details": {"cached_tokens": 64},
            "output_tokens": 20,
            "output_tokens_details": {"reasoning_tokens": 5},
            "total_tokens": 120,
        },
    }


def _anthropic(kind: str) -> Any:
    stop = {"ok": "end_turn", "refusal": "refusal", "length": "max_tokens"}[kind]
    thinking = {"type": "thinking", "thinking": "", "signature": "x"}
    said = [{"type": "text", "text": TEXT}] if kind == "ok" else []
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "served",
        "content": [thinking, *said],
        "stop_reason": stop,
        "usage": {
            "input_tokens": 30,
            "cache_read_input_tokens": 64,
            "cache_creation_input_tokens": 6,
            "output_tokens": 20,
            "output_tokens_details": {"thinking_tokens": 5},
        },
    }


def _gemini(kind: str) -> Any:
    finish = {"ok": "STOP", "refusal": "SAFETY", "length": "MAX_TOKENS"}[kind]
    parts = [{"text": "let me see", "thought": True}, {"text": TEXT}]
    content = {"role": "model", "parts": parts} if kind == "ok" else {"role": "model"}
    return {
        "candidates": [{"content": content, "finishReason": finish, "index": 0}],
        "modelVersion": "served",
        "usageMetadata": {
            "promptTokenCount": 100,
            "cachedContentTokenCount": 64,
            "candidatesTokenCount": 15,
            "thoughtsTokenCount": 5,
            "totalTokenCount": 120,
        },
    }


SUCCESS: Mapping[str, Callable[[str], Any]] = {
    "chat": _chat,
    "responses": _responses,
    "anthropic": _anthropic,
    "google": _gemini,
}

Error = tuple[int, Mapping[str, Any], Mapping[str, str]]

_SLOW: Mapping[str, Any] = {"message": "Rate limit reached", "code": "rate_limit_exceeded"}
_DATE = {"Retry-After": "Fri, 15 Jan 2027 08:00:07 GMT"}
_RESET = {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "7s",
}
ERRORS: Mapping[str, Error] = {
    "429-seconds": (429, _SLOW, {"Retry-After": "7"}),
    "429-ms": (429, _SLOW, {"retry-after-ms": "7000", "Retry-After": "9"}),
    "429-date": (429, _SLOW, _DATE),
    "429-proxy": (429, _SLOW, {"llm_provider-retry-after": "7"}),
    "429-body": (429, {**_SLOW, "message": "Please try again in 7s."}, {}),
    "429-reset": (429, _SLOW, _RESET),
    "429-bare": (429, _SLOW, {}),
    "429-later": (429, _SLOW, {"Retry-After": "300"}),
    "429-minutes": (429, _SLOW, {"Retry-After": "1800"}),
    "429-hours": (429, _SLOW, {"Retry-After": "37000"}),
    "500": (500, {"message": "boom", "code": "server_error"}, {}),
    "502": (502, {"message": "bad gateway"}, {}),
    "503": (503, {"message": "busy", "code": "server_is_overloaded"}, {}),
    "503-after": (503, {"message": "busy"}, {"Retry-After": "7"}),
    "503-left": (503, {"message": "busy"}, {**_RESET, "x-ratelimit-reset-requests": "1s"}),
    "529": (529, {"message": "Overloaded", "type": "overloaded_error"}, {}),
    "never": (500, {"message": "boom"}, {"x-should-retry": "false"}),
    "400": (400, {"message": "schema is too deep", "type": "invalid_request_error"}, {}),
    "422": (422, {"message": "we do not like this"}, {}),
    "401": (401, {"message": f"Incorrect API key provided: {KEY}."}, {}),
    "403": (403, {"message": "not allowed", "type": "permission_error"}, {}),
    "404": (404, {"message": "no such model", "code": "model_not_found"}, {}),
    "402": (402, {"message": "pay first", "type": "billing_error"}, {}),
}
HALVES = {"half-escape": rb"hello\ud83d", "half-bytes": b"hello\xed\xa0\xbd"}
"""What half a character looks like in a body: in JSON's own escapes, and in bytes."""
PLAIN: Mapping[str, tuple[int, str, Mapping[str, str]]] = {
    "not-json": (200, '{"choices": [', {}),
    "wrong-shape": (
        200,
        '{"choices": "none", "content": 7, "output": "none", "candidates": 3}',
        {},
    ),
    "html": (502, "<html>\n<h1>Bad Gateway</h1>\n</html>", {}),
    "moved": (307, "", {"Location": "http://127.0.0.1:1/elsewhere"}),
    "no-usage": (200, '{"choices": [{"message": {"content": "12345678"}}]}', {}),
    "huge": (200, " " * (9 * 2**20), {}),
    "page": (200, "<!DOCTYPE html><title>Log in</title>", {"Content-Type": "text/html"}),
    "stream": (
        200,
        'data: {"choices": [{"delta": {"content": "x"}}]}\n\n',
        {"Content-Type": "text/event-stream"},
    ),
    "firewall": (
        403,
        "<html><h1>Access denied</h1>by the corporate firewall</html>",
        {"Content-Type": "text/html; charset=utf-8"},
    ),
    "portal": (401, "<HTML>sign in", {}),
    "br": (200, "in plain words", {"Content-Encoding": "br"}),
    "zstd": (200, "in plain words", {"Content-Encoding": "zstd"}),
    "no-gzip": (200, "in plain words", {"Content-Encoding": "gzip"}),
}


def _as_openai(status: int, error: Mapping[str, Any]) -> Any:
    return {"error": {"type": None, "param": None, "code": None, **error}}


def _as_anthropic(status: int, error: Mapping[str, Any]) -> Any:
    types = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error"}
    kind = error.get("type") or types.get(status, "api_error" if status != 429 else None)
    return {
        "type": "error",
        "error": {"type": kind or "rate_limit_error", "message": error["message"]},
        "request_id": "req_1",
    }


def _as_google(status: int, error: Mapping[str, Any]) -> Any:
    found = {"code": status, "message": error["message"], "status": "X", "details": []}
    if "try again" in error["message"]:
        info = "type.googleapis.com/google.rpc.RetryInfo"
        found["details"] = [{"@type": info, "retryDelay": "7s"}]
    return [{"error": found}] if status == 429 else {"error": found}


ERROR_BODY: Mapping[str, Callable[[int, Mapping[str, Any]], Any]] = {
    "chat": _as_openai,
    "responses": _as_openai,
    "anthropic": _as_anthropic,
    "google": _as_google,
}
