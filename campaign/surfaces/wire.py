"""Answers of agents over HTTP: each kind of every protocol, as a seat reads them."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import msgspec

from campaign.planting import planted
from campaign.surface import Surface, WrongInSilence
from retailsim.agents.base import Agent, Seat
from retailsim.agents.conformance.repertoire import repertoire_of
from retailsim.agents.llm.gateway.transport import HttpReply
from retailsim.agents.protocol import agents_of
from retailsim.agents.registry import resolve
from retailsim.agents.wire import format as wire_format
from retailsim.agents.wire.address import wire_options
from retailsim.agents.wire.exchange import Place, read_reply
from retailsim.agents.wire.format import value_of
from retailsim.events.streams import Seed
from retailsim.market.core.admission import Admission, admitted
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.registry import BUILT_IN, rules_of

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
PLACE = Place(wire_options("agent", {"url": "http://127.0.0.1:9/"}), {}, {})


@cache
def asked() -> dict[str, tuple[AgentRequest, Admission, bytes]]:
    """A request of each kind, what answers it, and what a built-in agent says, by name."""
    found: dict[str, tuple[AgentRequest, Admission, bytes]] = {}
    for protocol in BUILT_IN.values():
        for role in agents_of(protocol).bases:
            agent = resolve("behavioral", role, protocol=protocol)(
                Seat(id="seat", role=role, seed=Seed(1))
            )
            for request, value in _talk(agent, repertoire_of(protocol).everything(role, 1)):
                said = msgspec.json.encode({"answer": value}, enc_hook=dict)
                rule = rules_of(protocol).admissions[type(request)]
                found.setdefault(f"{protocol.name}/{type(request).__name__}", (request, rule, said))
    return found


def _talk(agent: Agent, scripts: Iterable[tuple[str, Any]]) -> Iterator[tuple[AgentRequest, Any]]:
    """Yield what an agent is asked, and what it answers; it waits for nothing."""
    for _, script in scripts:
        with suppress(StopIteration):
            request = next(script)
            while True:
                value = _stepped(agent.receive(request))
                yield request, value
                request = script.send(value)


def _stepped(coroutine: Coroutine[Any, Any, Any]) -> Any:
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waited")


@cache
def seeds() -> tuple[bytes, ...]:
    """An answer of each kind, and bodies that are none."""
    good = [f"{name} 200\n".encode() + said for name, (_, _, said) in asked().items()]
    name = next(iter(asked()))
    return (
        *good,
        f'{name} 422\n{{"error": "nobody here answers that"}}'.encode(),
        f"{name} 302\n".encode(),
        f"{name} 200\n<!DOCTYPE html><p>Log in".encode(),
        f'{name} 200\n{BOM}{{"version": 1, "answer": null}}'.encode(),
    )


def feed(data: bytes) -> str:
    """Take an answer as a seat does; each value stands in the body, and each of the body in it."""
    head, _, body = data.partition(b"\n")
    name, _, status = head.decode("utf-8", "replace").partition(" ")
    request, rule, _ = asked().get(name) or next(iter(asked().values()))
    code = int(status) if status.isascii() and status.isdigit() and len(status) == 3 else 200
    text = read_reply(PLACE, HttpReply(code, {"Content-Type": "application/json"}, body))
    if not isinstance(text, str):
        return f"again: {text.kind}"
    value = value_of(PLACE.url, request, text, rule.answer)
    said = json.loads(body.decode("utf-8-sig"))["answer"]
    _compare(said, msgspec.to_builtins(value), "answer")
    admitted("buyer:ann", request, value, rule)
    return type(request).__name__


def _compare(said: Any, found: Any, place: str) -> None:
    if isinstance(said, dict) and isinstance(found, dict):
        for key, value in said.items():
            if key not in found:
                raise WrongInSilence(f"{place}.{key:.60} is lost")
            _compare(value, found[key], f"{place}.{key:.60}")
    elif isinstance(said, list) and isinstance(found, list | tuple):
        if len(said) != len(found):
            raise WrongInSilence(f"{place}: {len(found)} of {len(said)} items")
        for one, other in zip(said, found, strict=True):
            _compare(one, other, place)
    elif said != found or isinstance(said, bool) != isinstance(found, bool):
        raise WrongInSilence(f"{place}: {found!r:.60} where the body says {said!r:.60}")


def _wrong(unknown: Callable[..., str]) -> Callable[..., str]:
    """A field that no answer has is passed over."""
    return lambda given, understood, place: ""


SURFACE = Surface(
    name="wire",
    seeds=seeds,
    feed=feed,
    code=("agents/wire",),
    bug=lambda: planted(wire_format, "_unknown", _wrong),
)
