"""Answers of a large market lie on disk, and are found as those at hand are."""

from __future__ import annotations

import gc
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.events import recorded_answers
from retailsim.events.messages import LoggedRecord, Message, ModelCalled, OutsideAnswered
from retailsim.events.outside import Door
from retailsim.events.recorded_answers import FAILURE, HeldAnswers, StoredAnswers

names = st.none() | st.sampled_from(["e", "e/1", "\0", "é", ""])
calls = st.tuples(names, st.sampled_from(["buyer:b", "seller:s", "\u2028"]), st.integers(0, 3))


def answered(call: tuple[str | None, str, int], answer: str, key: str = "k") -> OutsideAnswered:
    episode, source, number = call
    return OutsideAnswered(
        market="m", episode=episode, t=0, source=source, call=number, key=key, digest="",
        answer=answer,
    )  # fmt: skip


def called(number: int, answer: str) -> ModelCalled:
    return ModelCalled(
        market="m", episode=f"e{number}", t=0, source="buyer:b", call=0, stage="decide",
        role="buyer", model="x", prompt_version="", request_sha256="", answer=answer,
        finish="stop", input_tokens=1, cached_tokens=0, output_tokens=1, reasoning_tokens=0,
        cost_nanousd=None,
    )  # fmt: skip


def lines(records: list[Any]) -> Iterator[bytes]:
    return (msgspec.json.encode(one) + b"\n" for one in records)


def stored(records: list[Any], near: Path = Path()) -> StoredAnswers:
    return StoredAnswers(lines(records), near)


@settings(deadline=None)
@given(listed=st.lists(calls, max_size=30), first=st.lists(calls, max_size=3), mask=st.integers(0))
def test_each_call_has_the_answer_that_it_has_at_hand(
    listed: list[tuple[str | None, str, int]], first: list[tuple[str | None, str, int]], mask: int
) -> None:
    """The last one of several, and those before the others only where these say nothing."""
    shared = tuple(answered(one, f"shared {n}") for n, one in enumerate(first))
    records: list[LoggedRecord] = [answered(one, f"{n}") for n, one in enumerate(listed)]
    with pytest.MonkeyPatch.context() as patch:
        if mask % 2:  # all begin alike
            patch.setattr(recorded_answers, "crc32", lambda _: 7)
        found, held = stored(records).behind(shared), HeldAnswers([*shared, *records])
        for call in {*listed, *first, ("no such", "buyer:b", 0)}:
            assert found.find(*call) == held.find(*call)
    assert list(found) == [*shared, *records]


def test_failures_of_replies_are_at_hand() -> None:
    call = ("e", "buyer:b", 1)
    failed = answered(call, "", f"{FAILURE}Decide 0")
    lure = answered(("e", "buyer:b", 2), f'"key":"{FAILURE}x"')
    records: list[LoggedRecord] = [
        called(1, "a"),
        failed,
        lure,
        answered(("e", "buyer:b", 3), "b", "plain"),
    ]
    assert stored(records).failures == HeldAnswers(records).failures
    assert list(stored(records).failures.values()) == [failed]
    assert Door(stored(records), None).recorded("e", "buyer:b", 2) == lure


@settings(deadline=None)
@given(
    listed=st.lists(st.tuples(calls, st.booleans()), max_size=12),
    first=st.lists(st.tuples(calls, st.booleans()), max_size=4),
)
def test_a_failure_that_a_later_record_replaced_counts_no_more(
    listed: list[tuple[tuple[str | None, str, int], bool]],
    first: list[tuple[tuple[str | None, str, int], bool]],
) -> None:
    """As for those at hand, also where another run's answers stand before the market's own."""

    def records(some: list[tuple[tuple[str | None, str, int], bool]]) -> list[LoggedRecord]:
        return [
            answered(call, f"{n}", f"{FAILURE}{call[2]}" if fails else "k")
            for n, (call, fails) in enumerate(some)
        ]

    shared, own = records(first), records(listed)
    found = stored(own).behind(tuple(shared)).failures
    assert found == HeldAnswers([*shared, *own]).failures


def test_a_reply_that_failed_once_and_was_answered_then_is_answered() -> None:
    call = ("e", "buyer:b", 1)
    then = answered(call, "yes")
    failed = msgspec.structs.replace(then, key=f"{FAILURE}Decide 0", answer=None, error="late")
    request = Message(market="m", episode="e")
    for records, first, fails in (
        ([failed], (), True),
        ([then, failed], (), True),
        ([failed, then], (), False),
        ([then], (failed,), False),
        ([failed], (then,), True),
    ):
        door = Door(stored(records).behind(first), None)
        told = door.failure(request, "buyer:b", "Decide 0")
        assert (told is not None) == fails, (records, first)


@pytest.mark.slow
def test_memory_has_some_bytes_an_answer() -> None:
    def traced(make: Callable[[list[bytes]], Any]) -> int:
        encoded = list(lines([called(number, "x" * 2_000) for number in range(3_000)]))
        gc.collect()
        tracemalloc.start()
        try:
            kept = make(encoded)
            assert Door(kept, None).recorded("e7", "buyer:b", 0) == called(7, "x" * 2_000)
            return tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

    decode = recorded_answers.decode_record
    assert traced(lambda encoded: StoredAnswers(encoded, Path())) < 300_000
    held = traced(lambda encoded: tuple(map(decode, encoded)))
    assert held > 6_000_000, "the control: at hand they take more than their texts"


@pytest.mark.slow
def test_nothing_is_left_of_the_file(tmp_path: Path) -> None:
    def open_files() -> int:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    before = open_files()
    answers = stored([called(1, "a")], tmp_path)
    assert open_files() == before + 1, "the control"
    assert list(tmp_path.iterdir()) == []
    del answers
    gc.collect()
    assert open_files() == before


def test_where_the_log_cannot_be_written_beside_the_file_is_elsewhere(tmp_path: Path) -> None:
    answers = stored([called(1, "a")], tmp_path / "no such folder")
    assert list(answers) == [called(1, "a")]


def test_a_disk_without_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(OSError, match="No space left"):
        stored([called(1, "a")], tmp_path)
