"""The door to the outside: each answer is asked for once, written first, and found again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from hashlib import sha256
from typing import Any, TypeVar

import msgspec
import pytest

from retailsim.events.errors import OutsideDiverged, OutsideFailed, OutsideMissing
from retailsim.events.messages import (
    LoggedRecord,
    Message,
    ModelCalled,
    OutsideAnswered,
    OutsideRecord,
)
from retailsim.events.outside import Door
from retailsim.events.recorded_answers import FAILURE

T = TypeVar("T")


class Wondered(Message, tag="Wondered", kw_only=True):
    """What an agent was asked when it went outside."""


class Written:
    """A log in memory; `order` keeps what happened, in turn."""

    def __init__(self, order: list[str]) -> None:
        self.lines: list[bytes] = []
        self._order = order

    async def append_durable(self, lines: bytes, count: int) -> None:
        await asyncio.sleep(0)
        self.append(lines, count)
        self._order.append("written")

    def append(self, lines: bytes, count: int) -> None:
        assert lines.endswith(b"\n")
        assert count == 1
        self.lines.append(lines)


class Gate:
    """A gate that counts who is inside; once `closed` nobody gets in."""

    def __init__(self, *, closed: bool = False) -> None:
        self.closed = closed
        self.inside = 0
        self.entered = asyncio.Event()

    async def enter(self) -> None:
        if self.closed:
            await asyncio.Event().wait()
        self.inside += 1
        self.entered.set()

    def leave(self) -> None:
        self.inside -= 1


class Outside:
    """A world that answers with the number of times it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.order: list[str] = []

    async def __call__(self) -> str:
        self.asked += 1
        self.order.append("asked")
        return f"answer {self.asked}"


def request(episode: str | None = "e") -> Wondered:
    message = Wondered(episode=episode)
    message.market, message.t = "m", 7
    return message


def run(scene: Coroutine[Any, Any, T]) -> T:
    async def whole() -> T:
        async with asyncio.timeout(10):
            return await scene

    return asyncio.run(whole())


def records(written: Written) -> list[OutsideAnswered]:
    decode = msgspec.json.Decoder(OutsideAnswered).decode
    return [decode(line) for line in written.lines]


def answered(key: str = "k", call: int = 0, **changes: Any) -> OutsideAnswered:
    kept: dict[str, Any] = {"answer": "kept", "source": "buyer:b", "episode": "e", **changes}
    return OutsideAnswered(market="m", t=7, call=call, key=key, digest="", **kept)


def model_called() -> ModelCalled:
    return ModelCalled(
        market="m", episode="e", t=7, source="buyer:b", call=0, stage="decide", role="buyer",
        model="x", prompt_version="", request_sha256="", answer="", finish="stop", input_tokens=0,
        cached_tokens=0, output_tokens=0, reasoning_tokens=0, cost_nanousd=None,
    )  # fmt: skip


def ask(
    door: Door,
    call: Callable[[], Awaitable[Any]],
    key: str = "k",
    *,
    episode: str | None = "e",
    source: str = "buyer:b",
    timeout_s: float = 5.0,
) -> Awaitable[str]:
    return door(request(episode), source, key, call, timeout_s)


def test_a_new_answer_is_written_before_the_agent_gets_it() -> None:
    world = Outside()
    written = Written(world.order)

    async def scene() -> None:
        answer = await ask(Door((), written), world)
        world.order.append(f"got {answer}")

    run(scene())
    assert world.order == ["asked", "written", "got answer 1"]
    assert records(written) == [
        OutsideAnswered(
            market="m",
            episode="e",
            t=7,
            source="buyer:b",
            call=0,
            key="k",
            digest=sha256(b"answer 1").hexdigest(),
            answer="answer 1",
        )
    ]


def test_calls_are_counted_by_source_and_episode() -> None:
    world = Outside()
    written = Written(world.order)

    async def scene() -> None:
        door = Door((), written)
        for episode, source in (("e", "a"), ("e", "a"), ("e", "b"), ("f", "a"), (None, "a")):
            await ask(door, world, episode=episode, source=source)

    run(scene())
    assert [(r.episode, r.source, r.call) for r in records(written)] == [
        ("e", "a", 0),
        ("e", "a", 1),
        ("e", "b", 0),
        ("f", "a", 0),
        (None, "a", 0),
    ]


def test_a_recorded_answer_is_given_without_asking_and_the_next_one_is_new() -> None:
    world = Outside()
    written = Written(world.order)

    async def scene() -> list[str]:
        door = Door([answered()], written)
        return [await ask(door, world), await ask(door, world, "other")]

    assert run(scene()) == ["kept", "answer 1"]
    assert [(r.call, r.key) for r in records(written)] == [(1, "other")]


@pytest.mark.parametrize("recorded", [True, False])
def test_an_error_is_recorded_and_raised_again_word_by_word(recorded: bool) -> None:
    async def down() -> str:
        raise ConnectionError("the shop is shut")

    kept = answered(answer=None, error="ConnectionError: the shop is shut")
    written = Written([])

    async def scene() -> None:
        await ask(Door([kept] if recorded else (), written), down)

    with pytest.raises(OutsideFailed) as caught:
        run(scene())
    said = "buyer:b asked outside for 'k': ConnectionError: the shop is shut"
    assert str(caught.value) == said
    assert [r.error for r in records(written)] == ([] if recorded else [kept.error])


async def _silent() -> str:
    await asyncio.Event().wait()
    return ""


async def _number() -> Any:
    return 7


async def _half() -> str:
    return "\ud83d"


async def _cancels_itself() -> str:
    raise asyncio.CancelledError


async def _exits() -> str:
    raise SystemExit(4)


class _Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even this")


async def _mute() -> str:
    raise _Mute


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (_silent, "no answer within 0.01 s"),
        (_number, "the answer is a int, text is needed"),
        (_half, "the answer is no valid Unicode text"),
        (_cancels_itself, "CancelledError: the call cancelled itself"),
        (_exits, "SystemExit: 4"),
        (_mute, "_Mute: it cannot say why"),
    ],
)
def test_whatever_comes_of_a_call_is_an_answer_or_an_error(
    call: Callable[[], Awaitable[Any]], error: str
) -> None:
    written = Written([])

    async def scene() -> None:
        await ask(Door((), written), call, timeout_s=0.01)

    with pytest.raises(OutsideFailed):
        run(scene())
    assert [(r.answer, r.error) for r in records(written)] == [(None, error)]


def test_an_agent_that_is_cancelled_leaves_no_record() -> None:
    """Its call will be made again by a resume."""
    written, gate = Written([]), Gate()

    async def scene() -> None:
        asking = asyncio.ensure_future(ask(Door((), written, gate), _silent))
        await gate.entered.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    run(scene())
    assert not written.lines
    assert gate.inside == 0


@pytest.mark.parametrize(
    ("record", "was"), [(answered("other"), "other"), (model_called(), "a model's answer")]
)
def test_a_call_that_contradicts_the_record_is_noted_at_the_door(
    record: LoggedRecord, was: str
) -> None:
    """Even where the agent swallows the error: what it does then cannot be trusted."""
    world, door = Outside(), Door([record], Written([]))
    with pytest.raises(OutsideDiverged) as caught:
        run(_awaited(ask(door, world)))
    assert str(caught.value) == (
        f"buyer:b, call 0: the log has {was!r}, but 'k' was asked; "
        "the agent is not a deterministic function of its messages"
    )
    assert door.diverged is caught.value
    assert not world.asked


async def _awaited(asking: Awaitable[str]) -> str:
    return await asking


def test_nothing_new_is_asked_where_nothing_can_be_recorded() -> None:
    world, door = Outside(), Door((), None)
    with pytest.raises(OutsideMissing) as caught:
        run(_awaited(ask(door, world)))
    assert str(caught.value) == "buyer:b asks outside for 'k', which the log does not hold"
    assert door.diverged is caught.value
    assert not world.asked


def test_the_first_contradiction_is_the_one_that_is_told() -> None:
    first, second = OutsideMissing("a", "k"), OutsideMissing("b", "k")
    door = Door((), None)
    door.diverge(first)
    assert door.diverge(second) is second
    assert door.diverged is first


def test_a_stopping_run_asks_for_nothing_new_but_gives_what_is_recorded() -> None:
    world, written = Outside(), Written([])

    async def scene() -> None:
        door = Door([answered()], written, Gate(closed=True))
        assert await ask(door, world) == "kept"
        held = asyncio.ensure_future(ask(door, world))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not held.done()
        held.cancel()

    run(scene())
    assert not world.asked
    assert not written.lines


def test_the_gate_is_left_after_the_answer_is_written() -> None:
    gate, world = Gate(), Outside()
    written = Written(world.order)
    inside: list[int] = []

    async def call() -> str:
        inside.append(gate.inside)
        return "yes"

    run(_awaited(ask(Door((), written, gate), call)))
    assert inside == [1]
    assert gate.inside == 0


def test_a_failed_reply_is_found_again_by_its_key() -> None:
    written = Written([])
    door = Door((), written)
    assert door.failure(request(), "buyer:b", "Decide 0") is None
    door.record_failure(request(), "buyer:b", "Decide 0", "no reply within 1 s")
    [record] = records(written)
    assert (record.key, record.answer, record.error) == (
        f"{FAILURE}Decide 0",
        None,
        "no reply within 1 s",
    )
    again = Door([record], None)
    assert again.failure(request(), "buyer:b", "Decide 0") == "no reply within 1 s"
    assert again.failure(request(), "buyer:b", "Decide 1") is None
    assert again.failure(request("f"), "buyer:b", "Decide 0") is None
    assert again.failure(request(), "buyer:c", "Decide 0") is None


def test_a_failure_is_neither_recorded_behind_a_closed_gate_nor_without_a_log() -> None:
    """A run that stops breaks agents off: that must not be held against them for good."""
    written = Written([])
    Door((), written, Gate(closed=True)).record_failure(request(), "buyer:b", "k", "late")
    assert not written.lines
    with pytest.raises(OutsideMissing):
        Door((), None).record_failure(request(), "buyer:b", "k", "late")


@pytest.mark.parametrize("key", [7, None, "\ud83d", f"{FAILURE}k"])
def test_a_key_is_text_and_none_of_ours(key: Any) -> None:
    """Nothing is asked, recorded or counted for another."""
    world, written = Outside(), Written([])
    door = Door((), written)
    with pytest.raises(ValueError, match="the key"):
        run(_awaited(ask(door, world, key)))
    assert not world.asked
    assert door.number("e", "buyer:b") == 0


def test_records_know_nothing_but_market_time() -> None:
    assert set(OutsideRecord.__struct_fields__) == {"market", "episode", "t", "source", "call"}
