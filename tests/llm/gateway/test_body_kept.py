"""What is kept of a body while it is asked for twice is never another call's."""

from __future__ import annotations

import msgspec

from retailsim.agents.llm.gateway.endpoint import Endpoint
from retailsim.agents.llm.types import ModelConfig
from tests.llm.gateway_calls import CALL, SHAPE


def test_bodies_are_each_calls_own_whoever_was_asked_for_before() -> None:
    """The last body and the shapes are kept by identity; an equal call made anew is no problem."""
    endpoint = Endpoint("m", ModelConfig(provider="openai", model="gpt-5.4-mini"), {})
    other = msgspec.structs.replace(CALL, system="Another.", shape={**SHAPE, "required": []})
    once = [endpoint.body(call) for call in (CALL, other)]
    again = [endpoint.body(call) for call in (CALL, other, other, CALL, CALL)]
    assert again == [once[0], once[1], once[1], once[0], once[0]]
    assert b"Another." in once[1]
    assert b"Another." not in once[0]
    made_anew = [endpoint.body(msgspec.structs.replace(CALL, shape=dict(SHAPE))) for _ in range(9)]
    assert made_anew == [once[0]] * 9
