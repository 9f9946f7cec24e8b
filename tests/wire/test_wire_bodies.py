"""Whatever a body holds, it is an answer of which nothing is lost, or one short line."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.agents.retail.samples import REPERTOIRE
from retailsim.agents.wire.errors import WireError
from retailsim.agents.wire.format import answer_text, value_of
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.retail.values import Decision, Support

ASKED: AgentRequest = next(REPERTOIRE.everything("buyer", 1)[0][1])
DECISION = {
    "will_purchase": True,
    "quantity": 1,
    "quantity_reason": "One.",
    "sentiment": "Positive",
    "reason": "Good.",
}
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)
CHANGED = st.dictionaries(st.sampled_from([*DECISION, "quantty", "proposal"]), ANY, max_size=3)


def taken(raw: bytes, kind: Any) -> Any:
    return value_of("url", ASKED, answer_text("url", raw), kind)


@settings(max_examples=50)
@given(st.binary(max_size=60) | ANY.map(lambda value: json.dumps(value).encode()))
def test_a_body_that_is_no_answer_is_one_line(raw: bytes) -> None:
    try:
        taken(raw, Decision | str | None)
    except WireError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 500


@settings(max_examples=50)
@given(CHANGED, st.sets(st.sampled_from(list(DECISION)), max_size=2))
def test_of_an_answer_that_is_taken_nothing_is_lost(more: dict[str, Any], less: set[str]) -> None:
    given_ = {name: value for name, value in {**DECISION, **more}.items() if name not in less}
    try:
        value = taken(json.dumps({"answer": given_}).encode(), Decision)
    except WireError:
        return
    assert msgspec.to_builtins(value) == given_


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ({"text": "a", "propsal": None}, "no field is called 'propsal' - at `$`"),
        (
            {
                "text": "a",
                "proposal": {"outcome": "refunded", "resolution": "", "reason": "", "q": 1},
            },
            "no field is called 'q' - at `$.proposal`",
        ),
        ({"text": 7}, "Expected `str`, got `int` - at `$.text`"),
        ({}, "Object missing required field `text`"),
        ("yes", "Expected `object`, got `str`"),
        ({"text": "a", "x" * 100_000: 1}, "no field is called 'xxx"),
    ],
)
def test_what_is_wrong_with_an_answer_is_named_with_its_place(answer: Any, line: str) -> None:
    with pytest.raises(WireError) as error:
        taken(json.dumps({"answer": answer}).encode(), Support)
    assert line in str(error.value)
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("depth", [900, 5_000, 200_000])
def test_nesting_without_end_is_one_line(depth: int) -> None:
    nested = b'{"answer": ' + b"[" * depth + b"]" * depth + b"}"
    with pytest.raises(WireError):
        taken(nested, Decision)
