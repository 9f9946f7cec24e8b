"""What a protocol shows to people and asks them, step by step; without it, from types alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import msgspec

from retailsim.agents.person.form import Fields, Given, fields_of, value_of
from retailsim.agents.protocol import agents_of
from retailsim.events.messages import Role
from retailsim.market.catalogue.product import Product
from retailsim.market.core.admission import Admission
from retailsim.market.core.dialogue import Turn
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.registry import Protocol, imported, rules_of

USUAL_S = 90.0
"""How long a person may take for a step, in seconds, where nobody says otherwise."""


class Fact(msgspec.Struct, frozen=True):
    """One thing to know, such as the price: what it is, and its value as a person reads it."""

    label: str
    text: str


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """A product as its reader may see it.

    Parameters
    ----------
    product : Product
        Without what its unit costs, where a buyer reads it.
    price_cents : int
        What is asked for it now.
    note : str
        What it is here, such as "selected".
    """

    product: Product
    price_cents: int
    note: str = ""


class Said(msgspec.Struct, frozen=True):
    """One message of the conversation, with the stage in which it was said."""

    role: Role
    text: str
    stage: str


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the one who is asked may see.

    Parameters
    ----------
    said : tuple of Said
        The conversation so far.
    sheets : tuple of Sheet
        The products under discussion.
    facts : tuple of Fact
        Price, terms, the order and what else there is to know.
    """

    said: tuple[Said, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    facts: tuple[Fact, ...] = ()


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind of request is put to a person.

    Parameters
    ----------
    role : {"seller", "buyer"}
    asks : callable
        ``request -> sentence``: what there is to do.
    fields : callable
        ``request -> fields``.
    value : callable
        ``(request, filled in) -> value``: the answer as the market takes it.
    leave : callable or None
        ``request -> value``: what who leaves answers, by the protocol's own ways. None: a person
        cannot leave here, and the episode fails.
    deadline_s : float
        How long a person may take, in seconds, unless the seat says otherwise.
    """

    role: Role
    asks: Callable[[Any], str]
    fields: Callable[[Any], Fields]
    value: Callable[[Any, Given], Any]
    leave: Callable[[Any], Any] | None = None
    deadline_s: float = USUAL_S


def _nothing_wrong(request: Any, value: Any) -> Iterable[str]:
    return ()


class PersonSide(msgspec.Struct, frozen=True, kw_only=True):
    """One protocol, as people at its seats meet it: `ProtocolAgents.people`.

    Parameters
    ----------
    steps : mapping of request class to Step
        What is not here is asked by the type of its answer.
    seen : callable
        ``(request, role) -> Seen``.
    problems : callable
        ``(request, value) -> sentences``: what the market would reject in a value that it lets in;
        a person is told at once.
    """

    steps: Mapping[type[AgentRequest], Step] = {}
    seen: Callable[[Any, Role], Seen] | None = None
    problems: Callable[[Any, Any], Iterable[str]] = _nothing_wrong


def side_of(protocol: Protocol) -> PersonSide:
    """Return what a protocol says of people; where it says nothing, all comes from types."""
    found = cast("PersonSide | None", imported(agents_of(protocol).people))
    return PersonSide() if found is None else found


def step_of(protocol: Protocol, side: PersonSide, kind: type[AgentRequest], role: Role) -> Step:
    """Return how a request is put to a person."""
    written = side.steps.get(kind)
    if written is not None:
        return written
    rule: Admission = rules_of(protocol).admissions[kind]
    return Step(
        role=role,
        asks=lambda request: f"Your turn: {request.stage.replace('_', ' ')}.",
        fields=lambda request: fields_of(rule.answer),
        value=lambda request, given: value_of(rule.answer, given),
    )


def stages_of(protocol: Protocol, side: PersonSide, role: Role) -> tuple[str, ...]:
    """Return the stages in which a role may be asked, as far as the protocol says it."""
    steps = side.steps
    return tuple(
        dict.fromkeys(
            kind.stage
            for kind in rules_of(protocol).admissions
            if kind not in steps or steps[kind].role == role
        )
    )


def may_leave(side: PersonSide, role: Role) -> bool:
    """Whether a protocol has ways of its own to leave for who has this role, at some step."""
    return any(one.leave is not None for one in side.steps.values() if one.role == role)


def for_reader(product: Product, role: Role) -> Product:
    """Leave out what only sellers see."""
    if role == "seller":
        return product
    return msgspec.structs.replace(product, unit_cost_cents=None)


def seen_by(side: PersonSide, request: AgentRequest, role: Role) -> Seen:
    """Return what a request shows to the one who is asked."""
    return _plainly(request, role) if side.seen is None else side.seen(request, role)


_ENVELOPE = frozenset(AgentRequest.__struct_fields__)


def _plainly(request: AgentRequest, role: Role) -> Seen:
    """Show what a request holds, field by field: for protocols that wrote no view."""
    said: list[Said] = []
    sheets: list[Sheet] = []
    facts: list[Fact] = []
    for name in request.__struct_fields__:
        value = getattr(request, name)
        if name in _ENVELOPE or value is None:
            continue
        if isinstance(value, Product):
            sheets.append(Sheet(product=for_reader(value, role), price_cents=value.price_cents))
        elif isinstance(value, tuple) and value and all(isinstance(one, Turn) for one in value):
            said.extend(Said(one.role, one.text, request.stage) for one in value)
        else:
            facts.append(Fact(name.replace("_", " ").capitalize(), _told(value)))
    return Seen(said=tuple(said), sheets=tuple(sheets), facts=tuple(facts))


def _told(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {one}" for key, one in value.items())
    return str(value)
