"""What goes over the wire: a request and its answer as JSON, in a form that has a version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from retailsim.agents.base import Seat
from retailsim.agents.llm.provider.keys import redact
from retailsim.agents.wire.errors import WireMalformed, WireRefused
from retailsim.events.messages import Message
from retailsim.market.core.request import AgentRequest

VERSION = 1
"""Of the form; a change that an agent could trip over has another one."""
MOST_SEED = 2**53 - 1
"""Largest seed: the largest whole number that every language's JSON holds."""

_ENVELOPE = frozenset(Message.__struct_fields__) | {"unit"}
_BEGINS = 60


class WireSeat(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asked, as the scenario has it; ``config`` is the table of this name in its options."""

    id: str
    role: str
    persona: dict[str, str] | None
    gender: str | None
    config: dict[str, Any]


class WireRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request.

    Parameters
    ----------
    version : int
    protocol : str
        The market's, such as ``retail``.
    request : str
        What is asked, such as ``AskSeller``.
    market, episode : str, str or None
        What it belongs to; None where an answer is for all episodes of its market. Notes of an
        agent belong to both and to the seat's id.
    number : int
        How many requests of this episode the seat got before; the same if it is sent again.
    time_us : int
        Market time in microseconds since the scenario's start.
    unit : str
        What draws depend on: product, seats and replication, but neither arm nor price, so that
        two arms of an experiment share them.
    seed : int
        For random draws, in [0, 2**53): of the run's seed, the unit and what is asked, so that a
        run repeats.
    asked : mapping
        The fields of the request, as its schema has them.
    """

    version: int = VERSION
    protocol: str
    request: str
    seat: WireSeat
    market: str
    episode: str | None
    number: int
    time_us: int
    unit: str
    seed: int
    asked: Mapping[str, Any]


def request_body(
    protocol: str, request: AgentRequest, seat: Seat, config: Mapping[str, Any], number: int
) -> bytes:
    """Return the bytes that ask an agent; the same whenever the market is played again."""
    draws = seat.seed.stream(f"{seat.role}/wire {request.stage} {number}", request.unit)
    return msgspec.json.encode(
        WireRequest(
            protocol=protocol,
            request=type(request).__name__,
            seat=WireSeat(
                id=seat.id,
                role=seat.role,
                persona=dict(seat.persona) if seat.persona is not None else None,
                gender=seat.gender,
                config=dict(config),
            ),
            market=request.market,
            episode=request.episode,
            number=number,
            time_us=request.t,
            unit=request.unit,
            seed=draws.integer(0, MOST_SEED),
            asked=asked_fields(request),
        )
    )


def asked_fields(request: AgentRequest) -> dict[str, Any]:
    """Return what a request says beside its envelope, as JSON has it."""
    fields = msgspec.to_builtins(request, enc_hook=_plain)
    own = own_fields(type(request))
    return {name: value for name, value in fields.items() if name in own}


def _plain(value: object) -> object:
    """Read-only mappings are as good as dicts."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} cannot go over the wire")


def own_fields(kind: type[AgentRequest]) -> list[str]:
    """Return the fields of a request beside its envelope, which the wire has its own words for."""
    return [name for name in kind.__struct_fields__ if name not in _ENVELOPE]


def answer_text(url: str, raw: bytes, told: Callable[[str], str] = str) -> str:
    """Return what an agent answered, as compact JSON, whatever its form.

    Parameters
    ----------
    told : callable
        Makes the agent's own words fit to be shown.

    Raises
    ------
    WireMalformed
        If the body is no JSON object with an ``answer``.
    WireRefused
        If it has an ``error`` instead.
    """
    try:
        body = msgspec.json.decode(raw.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise WireMalformed(url, f"answered with no JSON: it begins {told(begins(raw))}") from None
    if not isinstance(body, dict) or not {"answer", "error"} & body.keys():
        shown = told(begins(raw))
        raise WireMalformed(url, f'the body must be {{"answer": ...}}, and begins {shown}')
    if body.get("version", VERSION) != VERSION:
        shown = told(repr(body["version"]))
        raise WireMalformed(url, f"answered in version {shown}, asked in {VERSION}")
    if "error" in body:
        raise WireRefused(url, f"the agent says: {told(str(body['error']))}")
    unknown = sorted(body.keys() - {"version", "answer"})
    if unknown:
        raise WireMalformed(url, f"the body has {told(repr(unknown[0]))} beside its answer")
    try:
        return msgspec.json.encode(body["answer"]).decode()
    except RecursionError:
        raise WireMalformed(url, "answered with JSON that is nested without end") from None


def value_of(url: str, request: AgentRequest, text: str, kind: Any) -> Any:
    """Return an answer as the value that the request asks for.

    Raises
    ------
    WireMalformed
        If it is of another kind, or has fields that the kind does not know.
    """
    try:
        value = msgspec.json.decode(text, type=kind)
        unknown = _unknown(msgspec.json.decode(text), msgspec.to_builtins(value), "$")
    except (msgspec.DecodeError, RecursionError) as error:
        unknown = str(error)
    if unknown:
        name = type(request).__name__
        shown = begins(text.encode())
        raise WireMalformed(url, redact(f"answered {name} with {shown}: {unknown}", None))
    return value


def _unknown(given: Any, understood: Any, place: str) -> str:
    """Say where something was given that was not understood; empty where nothing was."""
    if isinstance(given, dict) and isinstance(understood, dict):
        pairs = [(f"{place}.{key}", item, understood.get(key)) for key, item in given.items()]
        for key in given.keys() - understood.keys():
            return f"no field is called {key!r} - at `{place}`"
    elif isinstance(given, list) and isinstance(understood, list):
        pairs = [
            (f"{place}[{n}]", *both) for n, both in enumerate(zip(given, understood, strict=False))
        ]
    else:
        return ""
    return next(filter(None, (_unknown(item, known, at) for at, item, known in pairs)), "")


def begins(raw: bytes) -> str:
    """Return the first characters of a body, to be shown to a person."""
    text = " ".join(raw[: 4 * _BEGINS].decode("utf-8", "replace").split())
    return repr(text if len(text) <= _BEGINS else text[: _BEGINS - 1] + "\N{HORIZONTAL ELLIPSIS}")
