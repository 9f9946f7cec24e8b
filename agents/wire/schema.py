"""The JSON Schema of what goes over the wire: each request of a protocol, and what answers it."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any, Literal

import msgspec

from retailsim.agents.protocol import agents_of
from retailsim.agents.wire.format import VERSION, WireRequest, own_fields
from retailsim.market.core.admission import Admission
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.registry import Protocol, rules_of


def wire_schema(protocol: Protocol) -> dict[str, Any]:
    """Return the schema of a protocol's requests over the wire.

    The root describes a request; ``answers`` has what answers each kind, and ``roles`` who is
    asked it.
    """
    rules, roles = rules_of(protocol).admissions, _roles(protocol)
    kinds = {kind.__name__: kind for kind in rules if kind in roles or not roles}
    types: list[type] = []
    for kind in kinds.values():
        types += (_request_type(protocol, kind), _answer_type(kind, rules[kind]))
    _, parts = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Agents over HTTP: the protocol {protocol.name}, version {VERSION}",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in kinds],
        "roles": {name: roles[kind] for name, kind in kinds.items() if kind in roles},
        "answers": {name: {"$ref": f"#/$defs/{name}Reply"} for name in kinds},
        "$defs": {name: _flush(part) for name, part in parts.items()},
    }


def _flush(part: dict[str, Any]) -> dict[str, Any]:
    """Return a part whose description is indented as none: Python before 3.13 indents it."""
    about = part.get("description")
    return part if about is None else {**part, "description": cleandoc(about)}


def _roles(protocol: Protocol) -> dict[type[AgentRequest], str]:
    """Return who is asked what, as the bases of the protocol's agents say."""
    bases = agents_of(protocol).bases.items()
    return {kind: role for role, base in bases for kind in getattr(base, "methods", {})}


def _request_type(protocol: Protocol, kind: type[AgentRequest]) -> type:
    """Return the type of one kind of request, with the fields that are asked by."""
    name = kind.__name__
    told: dict[str, Any] = {
        "version": Literal[1],
        "protocol": Literal[protocol.name],
        "request": Literal[name],
        "asked": _asked_type(kind),
    }
    fields = [
        (field.name, told.get(field.name, field.type))
        for field in msgspec.structs.fields(WireRequest)
    ]
    return _struct(name, fields, kind.__doc__)


def _asked_type(kind: type[AgentRequest]) -> type:
    own = own_fields(kind)
    fields = [(one.name, one.type) for one in msgspec.structs.fields(kind) if one.name in own]
    return _struct(f"{kind.__name__}Asked", fields, "What is asked, and all that may be known.")


def _answer_type(kind: type[AgentRequest], rule: Admission) -> type:
    return _struct(f"{kind.__name__}Reply", [("answer", rule.answer)], "The whole body.")


def _struct(name: str, fields: list[tuple[str, Any]], about: str | None) -> type:
    return msgspec.defstruct(name, fields, namespace={"__doc__": about}, kw_only=True)
