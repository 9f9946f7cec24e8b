"""What a protocol's rooms hold is where the others look for it: each miss is one line."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from retailsim.agents.protocol import agents_of
from retailsim.events.messages import Event
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.registry import BUILT_IN, imported, rules_of

DOCS = Path(__file__).resolve().parents[2] / "docs"


def events_in(package: str) -> set[type[Event]]:
    """The events that a package's modules define."""
    rooms = [
        import_module(f"{package}.{one.name}")
        for one in iter_modules(import_module(package).__path__)
    ]
    kinds = [(kind, room) for room in rooms for kind in vars(room).values()]
    return {
        kind
        for kind, room in kinds
        if isinstance(kind, type) and issubclass(kind, Event) and kind.__module__ == room.__name__
    }


def requests_of(name: str) -> list[type[AgentRequest]]:
    return list(rules_of(BUILT_IN[name]).admissions)


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_event_of_its_own_is_one_that_its_log_may_hold(name: str) -> None:
    """One that is left out is written all the same, and nobody can read it back."""
    own = events_in(f"retailsim.market.protocols.{name}")
    left_out = {kind.__name__ for kind in own - set(rules_of(BUILT_IN[name]).events)}
    assert not left_out, f"not in MARKET.events of market/protocols/{name}/protocol.py: {left_out}"


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_stage_is_on_the_page_of_the_log(name: str) -> None:
    page = (DOCS / "log-format.md").read_text()
    said = re.findall(rf"[Ii]n {name} (?:they are )?`([\w, ]+)`", page)
    stages = {request.stage for request in requests_of(name)}
    told = {stage for some in said for stage in some.split(", ")}
    assert told == stages, "docs/log-format.md: Stages have the same names everywhere"


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_request_is_on_the_page_for_authors_of_agents(name: str) -> None:
    page = (DOCS / "writing-an-agent.md").read_text()
    asked = [request.__name__ for request in requests_of(name)]
    left_out = [request for request in asked if f"({request})`" not in page]
    assert not left_out, f"in no table of docs/writing-an-agent.md: {left_out}"


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_request_has_a_form_where_a_protocol_has_forms(name: str) -> None:
    """Without any, people are asked what the types say."""
    people = imported(agents_of(BUILT_IN[name]).people)
    steps = requests_of(name) if people is None else people.steps
    left_out = [one.__name__ for one in requests_of(name) if one not in steps]
    assert not left_out, f"in no table of agents/{name}/people: {left_out}"
