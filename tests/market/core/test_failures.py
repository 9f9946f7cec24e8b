"""How failures read in the log: one bounded line, the same on every execution."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.events.errors import UnusableOutput
from retailsim.events.messages import EpisodeFailed, OutputRejected
from retailsim.market.core.failure_reason import RAW_CHARS, REASON_CHARS, legible, raw_of, reason_of
from retailsim.market.protocols.retail.requests import Decide
from tests.market.players import but, buyer, play, raises


def test_a_reason_names_the_class_and_its_text() -> None:
    assert reason_of(ValueError("no price")) == "ValueError: no price"
    assert reason_of(KeyError()) == "KeyError:"


def test_addresses_in_memory_are_masked() -> None:
    reasons = {reason_of(TypeError(f"cannot use {thing!r}")) for thing in (object(), object())}
    assert reasons == {"TypeError: cannot use <object object at 0x...>"}
    assert legible("at 0X7FFA and 0x10") == "at 0x... and 0x..."


def test_lines_and_control_characters_become_spaces() -> None:
    assert legible("one\r\n two\x1b[31m\tthree\x00\x85four ") == "one two [31m three four"


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert legible("\ud83d!") == "\ufffd!"
    assert raw_of('"\udc00"') == '"\ufffd"'


def test_reasons_and_raw_answers_are_bounded() -> None:
    assert len(reason_of(ValueError("x" * 10**6))) == REASON_CHARS
    assert len(raw_of("x" * 10**6)) == RAW_CHARS


def test_a_raw_answer_keeps_its_lines_and_addresses() -> None:
    assert raw_of("a\n\t0x7f") == "a\n\t0x7f"
    assert raw_of(None) == "None"


def test_an_error_that_cannot_be_told_is_still_a_failure() -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert reason_of(Broken()) == "Broken: its text cannot be read (RuntimeError)"


@settings(deadline=None)
@given(st.text(st.characters(), max_size=600))
def test_any_text_becomes_one_line_that_can_be_logged(text: str) -> None:
    line = legible(text)
    assert "\n" not in line
    assert len(line) <= REASON_CHARS
    assert msgspec.json.decode(msgspec.json.encode(line)) == line
    assert legible(line) == line


@pytest.mark.parametrize("error", [ValueError(object()), UnusableOutput(f"{object()}", "\ud800")])
def test_two_executions_of_a_failure_give_the_same_log(error: Exception) -> None:
    logs = [play(buying=but(buyer(), Decide, raises(error))) for _ in range(2)]
    assert logs[0].lines == logs[1].lines
    assert "object object at 0x..." in logs[0].one(EpisodeFailed).reason
    if isinstance(error, UnusableOutput):
        assert logs[0].one(OutputRejected).raw == "\ufffd"
