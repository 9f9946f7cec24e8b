"""The upper bound of a call: more tokens than it can use, whatever the tokenizer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.llm.talk.caller import bound_of
from retailsim.agents.llm.types import Call, Say


def call(system: str, *said: str, most: int = 100) -> Call:
    return Call(
        system=system,
        says=tuple(Say("user", text) for text in said),
        shape={},
        shape_name="x",
        max_output_tokens=most,
    )


def test_an_answer_may_be_as_long_as_allowed_with_all_that_was_thought_before_it() -> None:
    assert bound_of(call("", most=100), 0).output == 100
    assert bound_of(call("", most=100), 4_000).output == 4_100


@given(st.text(max_size=50), st.lists(st.text(max_size=50), max_size=4), st.integers(0, 10))
def test_no_text_has_more_tokens_than_bytes(system: str, said: list[str], room: int) -> None:
    bound, empty = bound_of(call(system, *said), room), bound_of(call(""), room)
    texts = sum(len(text.encode()) for text in (system, *said))
    assert bound.input - empty.input == texts
    assert empty.input > 0, "the shape is sent, too"
