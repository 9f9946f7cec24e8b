"""Models and runs in a store: what was answered is there before it is used, and paid for once."""

from __future__ import annotations

import asyncio
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from retailsim.events import object_store
from retailsim.events.errors import StoreFailed
from retailsim.events.messages import LoggedRecord, OutsideAnswered
from retailsim.events.object_store import Objects
from retailsim.events.outside import encode
from retailsim.sim.shares import kept_in_store, shard
from retailsim.sim.shares.divided import _said_in_store
from retailsim.sim.shares.kept_answers import Answers, KeptTwice, chosen
from retailsim.sim.shares.view import view_of
from tests.sim.budget.test_estimate import MODELS
from tests.sim.modelserver import by_rote, serving
from tests.sim.runs import ROOT, command, event_lines, launched, outside_lines, scenario, sim
from tests.sim.shares.objectstore import BUCKET, Door, Fault, serving_store

ADDRESS = f"s3://{BUCKET}/runs/asked"
BATCH = r"PUT .*/answers/"
MARKETS = 4


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Door]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(object_store, "PATIENCE_S", 20.0)
    monkeypatch.setattr(object_store, "ANSWER_S", 1.0)
    with serving_store(monkeypatch) as found:
        yield found


class Provider:
    """Answers by rote, and counts; after `most` answers it keeps others waiting."""

    def __init__(self) -> None:
        self.answered = 0
        self.most = 10**9
        self._given_up = 0
        self._changed = threading.Condition()

    def __call__(self, body: dict[str, Any]) -> tuple[int, Any]:
        with self._changed:
            began = self._given_up
            self._changed.wait_for(lambda: self.answered < self.most or self._given_up > began)
            if self._given_up > began:
                return 500, "whoever asked is gone"
            self.answered += 1
        return by_rote(body)

    def give_up(self) -> None:
        """Forget who waits, and answer all others."""
        with self._changed:
            self.most = 10**9
            self._given_up += 1
            self._changed.notify_all()


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def asked(provider: Provider, tmp_path: Path) -> Iterator[Path]:
    """A scenario whose models the provider answers for."""
    with serving(provider) as server:
        text = MODELS.format(url=server.url, products=1).replace("requests_per_minute = 120", "")
        yield scenario(tmp_path, text)
        provider.give_up()


def planned(asked: Path, tmp_path: Path) -> Objects:
    out = tmp_path / "planned"
    result = sim("launch", asked, "--out", out, "--shares", 1, "--store", ADDRESS)
    assert result.exit_code == 0, result.stderr
    return Objects(ADDRESS)


def play(attempt: int = 1) -> str:
    result = sim("shard", ADDRESS, "--share", 0, "--attempt", attempt)
    assert result.exit_code == 0, result.stderr
    return result.stderr + result.stdout


def started() -> subprocess.Popen[bytes]:
    words = command("shard", ADDRESS, "--share", 0)
    return subprocess.Popen(words, cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def kept(objects: Objects) -> int:
    """How many answers the store holds."""
    names = [name for name in objects.sizes("shares") if "/answers/" in name]
    return sum((objects.read(name) or b"").count(b"\n") for name in names)


def until(reached: Callable[[], object]) -> None:
    end = time.monotonic() + 120
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.02)


def same(asked: Path, provider: Provider, tmp_path: Path) -> int:
    """Compare the run in the store with one of this machine; returns the answers of that."""
    assert sim("gather", ADDRESS).exit_code == 0
    before = provider.answered
    launched(tmp_path / "whole", asked)
    view = view_of(ADDRESS)
    assert event_lines(view) == event_lines(tmp_path / "whole")
    assert len(outside_lines(view)) == provider.answered - before
    verified = sim("verify", ADDRESS)
    assert verified.exit_code == 0, verified.stderr
    return provider.answered - before


@pytest.mark.slow
@pytest.mark.parametrize("loading", [True, False])
def test_of_a_node_that_is_killed_no_answer_is_paid_twice(
    door: Door,
    provider: Provider,
    asked: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    loading: bool,
) -> None:
    """With the control that without the answers of the first attempt all of them are."""
    objects = planned(asked, tmp_path)
    provider.most = 17
    node = started()
    until(lambda: kept(objects) == 17)
    node.kill()
    node.wait()
    provider.give_up()
    if not loading:
        monkeypatch.setattr(kept_in_store, "fetch_answers", lambda *_: {})
    play(2)
    paid = provider.answered
    assert paid == same(asked, provider, tmp_path) + (0 if loading else 17)


@pytest.mark.slow
def test_nobody_goes_on_by_an_answer_that_is_not_there(
    door: Door, provider: Provider, asked: Path, tmp_path: Path
) -> None:
    """A node that is killed loses its last batch, which is paid twice, and no more."""
    objects = planned(asked, tmp_path)
    second = f"{BATCH}00000001"
    door.faults = [Fault("busy", second, 10**9)]
    node = started()
    until(lambda: door.fetched(second))
    until(at_rest(provider))
    node.kill()
    node.wait()
    door.faults.clear()
    lost = provider.answered - kept(objects)
    assert 0 < lost <= MARKETS  # each waits for one
    play(2)
    paid = provider.answered
    assert paid == same(asked, provider, tmp_path) + lost
    assert paid > 3 * MARKETS


@pytest.mark.slow
def test_an_attempt_by_hand_is_in_the_store_before_anything_is_asked(
    door: Door, provider: Provider, asked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loop that begins then would give away what it may spend."""
    out = tmp_path / "planned"
    launch = ("launch", asked, "--out", out, "--shares", 1, "--store", ADDRESS, "--budget", 1)
    assert sim(*launch).exit_code == 0
    objects, seen = Objects(ADDRESS), []
    real = shard._attempted

    def attempted(*given: Any, **more: Any) -> Any:
        seen.append((provider.answered, _said_in_store(objects)))
        return real(*given, **more)

    monkeypatch.setattr(shard, "_attempted", attempted)
    play()
    [(answered, said)] = seen
    assert answered == 0
    assert [(share, paid) for (share, _), paid in said.items()] == [(0, None)]
    assert sim("gather", ADDRESS).exit_code == 0
    assert [name for name in objects.sizes("shares") if "/a1-" in name] == []


def at_rest(provider: Provider) -> Callable[[], bool]:
    """Return what says whether nothing was answered for a while."""
    seen = [-1] * 50

    def rests() -> bool:
        seen.append(provider.answered)
        return len({*seen[-50:]}) == 1

    return rests


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["busy", "lost", "late", "conflict"])
def test_what_a_store_does_costs_no_answer(
    door: Door, provider: Provider, asked: Path, tmp_path: Path, kind: Any
) -> None:
    planned(asked, tmp_path)
    door.faults = [Fault(kind, f"{BATCH}0000000{number}", 2) for number in range(3)]
    play()
    assert [fault for fault in door.faults if fault.times] == []
    paid = provider.answered
    assert paid == same(asked, provider, tmp_path)
    assert not [name for name in Objects(ADDRESS).sizes("shares") if "/answers/" in name]


@pytest.mark.slow
def test_a_store_that_takes_no_more_ends_the_share_and_loses_nothing(
    door: Door, provider: Provider, asked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(asked, tmp_path)
    monkeypatch.setattr(object_store, "PATIENCE_S", 0.5)
    door.faults = [Fault("busy", f"{BATCH}00000002", 10**9)]
    result = sim("shard", ADDRESS, "--share", 0)
    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1].startswith(f"error: {ADDRESS}: the store says: ")
    monkeypatch.setattr(object_store, "PATIENCE_S", 20.0)
    door.faults.clear()
    lost = provider.answered - kept(Objects(ADDRESS))
    assert 0 <= lost <= MARKETS
    play(2)
    paid = provider.answered
    assert paid == same(asked, provider, tmp_path) + lost


class Store:
    """A store that takes its time."""

    address = "s3://b"

    def __init__(self) -> None:
        self.puts: list[bytes] = []
        self.may = threading.Event()
        self.began = threading.Event()
        self.stopped = threading.Event()
        self.fails = False
        self.error: Exception = StoreFailed("s3://b", "no", 3)

    def put(self, name: str, data: bytes) -> None:
        assert name == f"shares/0000/a1/answers/{len(self.puts):08d}.jsonl"
        self.began.set()
        self.may.wait()
        if self.fails:
            raise self.error
        self.puts.append(data)


class Log:
    """A log in memory."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def append(self, lines: bytes, count: int) -> None:
        self.lines.append(lines)

    async def append_durable(self, lines: bytes, count: int) -> None:
        self.lines.append(lines)

    async def room(self) -> None:
        return


def record(market: str, call: int, key: str = "k") -> OutsideAnswered:
    return OutsideAnswered(
        market=market, episode=None, t=0, source="s", call=call, key=key, digest="", answer="x"
    )


def line(number: int) -> bytes:
    return encode(record("m", number)) + b"\n"


def beside(store: Store) -> tuple[Answers, KeptTwice, Log]:
    answers, log = Answers(store, "shares/0000/a1"), Log()  # type: ignore[arg-type]
    return answers, answers.beside(log, store.stopped.set), log


def test_what_comes_while_a_batch_is_put_is_the_next_one() -> None:
    store = Store()
    answers, log, local = beside(store)

    async def asked() -> None:
        first = asyncio.ensure_future(log.append_durable(line(0), 1))
        await asyncio.to_thread(store.began.wait)
        more = [asyncio.ensure_future(log.append_durable(line(one), 1)) for one in (1, 2)]
        await asyncio.sleep(0)
        log.append(line(3), 1)  # recorded, and waited for by nobody
        log.append(b'{"type":"MarketOpened"}\n', 1)
        assert not first.done()
        store.may.set()
        await asyncio.gather(first, *more)

    asyncio.run(asked())
    answers.close()
    assert store.puts == [line(0), line(1) + line(2) + line(3)]
    assert len(local.lines) == 5
    assert not store.stopped.is_set()


def test_once_the_store_takes_no_more_nothing_is_written() -> None:
    store = Store()
    store.fails = True
    store.may.set()
    answers, log, local = beside(store)

    async def asked() -> None:
        with pytest.raises(StoreFailed):
            await log.append_durable(line(0), 1)
        with pytest.raises(StoreFailed):
            await log.append_durable(line(1), 1)
        with pytest.raises(StoreFailed):
            await log.room()

    asyncio.run(asked())
    with pytest.raises(StoreFailed):
        log.append(b"{}\n", 1)
    answers.close()
    assert (store.puts, local.lines) == ([], [line(0)])
    assert store.stopped.is_set()


def test_who_waits_is_told_of_any_error_of_the_thread_that_puts() -> None:
    """A bug of ours or of the client's must end the share, not keep it waiting for ever."""
    store = Store()
    store.fails, store.error = True, ValueError("what is this")
    store.may.set()
    answers, log, _ = beside(store)

    async def asked() -> None:
        with pytest.raises(StoreFailed, match="unexpected ValueError: what is this") as told:
            await asyncio.wait_for(log.append_durable(line(0), 1), 20)
        assert told.value.exit_status == 1

    asyncio.run(asked())
    answers.close()
    assert store.stopped.is_set()


def test_answers_of_one_market_are_one_attempts() -> None:
    one = [record("m", 0), record("m", 1), record("n", 0)]
    two = [record("m", 0, "other"), record("n", 0, "other"), record("n", 1, "other")]
    found: dict[str, list[LoggedRecord]] = {"a1-0": [*one], "a2-0": [*two]}
    assert chosen(found, None, ()) == {"m": one[:2], "n": two[1:]}
    assert chosen(found, "a2-0", ["m"]) == {"m": two[:1], "n": two[1:]}
    assert chosen({}, "a2-0", ["m"]) == {}
