"""HTTP bodies: what providers of language models answer, with status and headers."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any, get_args

import msgspec
from multidict import CIMultiDict

from campaign.planting import planted
from campaign.surface import Surface, WrongInSilence, within
from retailsim.agents.llm.adapters import usage
from retailsim.agents.llm.gateway.endpoint import Endpoint
from retailsim.agents.llm.gateway.transport import HttpReply
from retailsim.agents.llm.types import PROVIDERS, ModelAnswer, ModelConfig, Provider
from tests.llm.faultserver import ERROR_BODY, SPOKEN, success

KEY = "campaign-secret-0123456789"


class _Wire(msgspec.Struct):
    """An input: who answers, with what."""

    provider: str
    status: int
    headers: dict[str, str]
    body: Any


_decode = msgspec.json.Decoder(_Wire).decode


@cache
def _endpoints() -> dict[str, Endpoint]:
    return {
        provider: Endpoint(
            "m",
            ModelConfig(
                provider=provider, model="x", base_url="http://127.0.0.1:1/v1", key_env="MY_KEY"
            ),
            {"MY_KEY": KEY},
        )
        for provider in PROVIDERS
    }


@cache
def seeds() -> tuple[bytes, ...]:
    """Answers, refusals, cut ones and errors of all providers."""
    found = []
    for provider in PROVIDERS:
        vendor = SPOKEN[provider].wire
        for kind in ("ok", "refusal", "length", "200-error"):
            found.append(_wire(provider, 200, {"x-request-id": "1"}, success(vendor, kind)))
        for status in (400, 401, 404, 413, 429, 500, 503):
            error = {"message": f"Please try again in 6m0s. {KEY}", "code": status}
            headers = {"retry-after": "7", "x-ratelimit-reset-requests": "1s"}
            found.append(_wire(provider, status, headers, ERROR_BODY[vendor](status, error)))
        found.append(_wire(provider, 200, {"content-type": "text/html"}, "<html>no</html>"))
    return tuple(found)


def _wire(provider: str, status: int, headers: dict[str, str], body: Any) -> bytes:
    wire = {"provider": provider, "status": status, "headers": headers, "body": body}
    return json.dumps(wire).encode()


def feed(data: bytes) -> str:
    """Read a response as the gateway does; what is no input of this form is a body by itself."""
    try:
        wire = _decode(data)
        body = wire.body if isinstance(wire.body, str) else msgspec.json.encode(wire.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        wire, body = _Wire("openai", 200 if len(data) % 2 else 500, {}, None), data
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    endpoint = _endpoints().get(wire.provider, _endpoints()["openai"])
    reply = HttpReply(wire.status, CIMultiDict(wire.headers), raw)
    found = endpoint.read(reply, b"x" * 400, lambda: 1e9)
    if isinstance(found, ModelAnswer):
        return _answer(found, raw)
    failure = endpoint.clean(found)
    within("delay_s", failure.delay_s, 0.0, 1e300)
    if KEY in failure.detail or len(failure.detail) > 300 or not failure.detail.isprintable():
        raise WrongInSilence(f"detail: {failure.detail!r:.80}")
    return failure.kind


def _answer(answer: ModelAnswer, raw: bytes) -> str:
    told = answer.usage
    for name, tokens in msgspec.structs.asdict(told).items():
        within(name, tokens, 0, 10**8)
    within("cached and written", told.cached + told.written, 0, told.input)
    within("reasoning", told.reasoning, 0, told.output)
    within("cost_nanousd", answer.cost_nanousd, 0, 10**12)
    if KEY in answer.text:
        raise WrongInSilence("text: it holds the key")
    if not told.estimated:
        for tokens in (told.input, told.output):
            within(f"{tokens}, which the body does not say", int(_says(raw, tokens)), 1, 1)
    return "answer"


def _says(raw: bytes, number: int) -> bool:
    """Whether a number stands in the body, in any of the forms that are read, or is a sum."""
    told = raw.decode("utf-8", "replace")
    return str(number) in told or _sum(told, number)


def _sum(told: str, number: int) -> bool:
    """Two of the vendors state parts, whose sum counts."""
    try:
        numbers = [one for one in _numbers(json.loads(told)) if 0 <= one <= number]
    except (ValueError, RecursionError):
        return False
    sums = {0}
    for one in numbers[:14]:
        sums |= {total + int(one) for total in sums}
    return number in sums


def _numbers(tree: Any) -> list[float]:
    match tree:
        case dict():
            return [number for value in tree.values() for number in _numbers(value)]
        case list():
            return [number for value in tree for number in _numbers(value)]
        case bool():
            return []
        case int() | float() if tree == tree and abs(tree) < 1e9:
            return [tree]
        case str() if tree.isascii() and tree.isdigit() and len(tree) < 12:
            return [int(tree)]
        case _:
            return []


def _wrong(count: Callable[[object], int | None]) -> Callable[[object], int | None]:
    def wrong(told: object) -> int | None:
        return abs(told) if isinstance(told, int) and told < 0 else count(told)

    return wrong


SURFACE = Surface(
    name="http-bodies",
    seeds=seeds,
    feed=feed,
    code=("agents/llm/adapters", "agents/llm/provider", "agents/llm/gateway/endpoint.py"),
    bug=lambda: planted(usage, "count", _wrong),
)
assert set(SPOKEN) == set(get_args(Provider))
