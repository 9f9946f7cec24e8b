"""The published schema is that of what is sent and taken."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from retailsim.agents.base import Seat
from retailsim.agents.conformance.repertoire import repertoire_of
from retailsim.agents.registry import resolve
from retailsim.agents.wire.format import VERSION, request_body, value_of
from retailsim.agents.wire.schema import wire_schema
from retailsim.events.messages import Role
from retailsim.events.streams import Seed
from retailsim.market.protocols.registry import find_protocol, rules_of
from tests.sim.runs import ROOT, sim

PARTS: list[tuple[str, Role]] = [
    (protocol, role) for protocol in ("retail", "csales") for role in ("seller", "buyer")
]


def validator(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    return jsonschema.Draft202012Validator({**schema, "$defs": root["$defs"]})


@pytest.mark.parametrize("protocol", ["retail", "csales"])
def test_the_schema_in_the_docs_is_what_the_command_prints(protocol: str) -> None:
    printed = sim("agents", "schema", "--protocol", protocol)
    assert printed.exit_code == 0
    path = ROOT / "docs" / f"wire-{protocol}.schema.json"
    assert path.read_text(encoding="utf-8") == printed.stdout, f"{path.name}: make map"


@pytest.mark.parametrize(("protocol", "role"), PARTS)
def test_what_is_sent_and_answered_has_the_schema(protocol: str, role: Role) -> None:
    """Every sample of the conformance suite, with what the built-in agents answer it."""
    of = find_protocol(protocol)
    schema = wire_schema(of)
    request = validator({"oneOf": schema["oneOf"]}, schema)
    seat = Seat(id="seat", role=role, seed=Seed(1), persona=None)
    agent = resolve("behavioral", role, protocol=of)(seat)
    kinds = set()
    for _, script in repertoire_of(of).everything(role, 1):
        asked = next(script, None)
        while asked is not None:
            name = type(asked).__name__
            if name in kinds:  # the form is that of the first one
                asked = _after(script, _stepped(agent.receive(asked)))
                continue
            sent = json.loads(request_body(protocol, asked, seat, {"a": 1}, 0))
            request.validate(sent)
            assert not request.is_valid({**sent, "request": "Nothing"})
            value = _stepped(agent.receive(asked))
            text = msgspec.json.encode(value, enc_hook=dict).decode()
            reply = validator(schema["answers"][name], schema)
            reply.validate({"answer": json.loads(text)})
            assert not reply.is_valid({"answer": 7})
            assert value_of("", asked, text, rules_of(of).admissions[type(asked)].answer) == value
            assert schema["roles"][name] == role
            kinds.add(name)
            asked = _after(script, value)
    assert kinds == {name for name, whose in schema["roles"].items() if whose == role}
    assert f"version {VERSION}" in schema["title"]


def _after(script: Any, value: Any) -> Any:
    try:
        return script.send(value)
    except StopIteration:
        return None


def _stepped(coroutine: Any) -> Any:
    """Return what an agent answers that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waited")
