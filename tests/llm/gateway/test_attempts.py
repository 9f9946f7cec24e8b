"""Attempts are noted many at a time, in order and with the moment of each."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from retailsim.agents.llm.gateway.attempts import (
    GATHERED_S,
    MOST_GATHERED,
    Attempt,
    AttemptNotes,
)
from retailsim.agents.llm.gateway.prefix import PrefixMeter
from retailsim.agents.llm.types import Call, Say
from tests.llm.gateway_calls import CALL


def call(number: int) -> Call:
    return replace(CALL, says=(Say("user", "hello " * (50 + number)),))


def attempt(number: int, outcome: str = "answered") -> Attempt:
    return Attempt(
        at=float(number),
        call=call(number),
        model="m",
        status=200,
        latency_s=0.5,
        outcome=outcome,
        retry=0,
        reader="somewhere m",
    )


class Noted:
    """Notes with a clock that the test turns."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.now = 0.0
        self.notes = AttemptNotes(lambda **fields: self.told.append(fields), lambda: self.now)
        self.notes.observe(attempt(0))  # the first one is told at once
        assert len(self.told) == 1


def test_attempts_wait_for_others_but_no_longer_than_a_second() -> None:
    noted = Noted()
    noted.notes.observe(attempt(1))
    assert len(noted.told) == 1
    noted.now = GATHERED_S
    noted.notes.observe(attempt(2))
    assert [told["body_bytes"] for told in noted.told] == sorted(
        {told["body_bytes"] for told in noted.told}
    )
    assert len(noted.told) == 3


def test_no_more_are_gathered_than_is_said() -> None:
    noted = Noted()
    for number in range(1, MOST_GATHERED):
        noted.notes.observe(attempt(number))
    assert len(noted.told) == 1
    noted.notes.observe(attempt(MOST_GATHERED))
    assert len(noted.told) == 1 + MOST_GATHERED


def test_one_that_failed_is_told_at_once_behind_those_before_it() -> None:
    noted = Noted()
    noted.notes.observe(attempt(1))
    noted.notes.observe(attempt(2, "timeout"))
    assert [told["outcome"] for told in noted.told] == ["answered", "answered", "timeout"]


def test_a_note_has_the_moment_of_its_attempt_and_the_sizes_of_its_turn() -> None:
    noted, meter = Noted(), PrefixMeter()
    for number in range(1, 4):
        noted.notes.observe(attempt(number))
    noted.notes.tell()
    assert [told["timestamp"] for told in noted.told] == [
        f"1970-01-01T00:00:0{number}Z" for number in range(4)
    ]
    for number, told in enumerate(noted.told):
        sent = meter.ask("somewhere m", call(number))
        assert (told["body_bytes"], told["repeated_bytes"]) == sent
    noted.notes.tell()
    assert len(noted.told) == 4, "nothing is told twice"
