"""The engine by itself: what it counts, what it writes, and how it ends when something is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import pytest

from retailsim.agents.host import Hosting
from retailsim.agents.watchdog import Watchdog
from retailsim.events.kernel import Kernel, Post
from retailsim.events.messages import Event, Message, MessageSent, Role
from retailsim.events.outside import Door
from retailsim.market.core.event_tags import SHARED_EVENTS
from retailsim.market.core.market import EpisodeState, Market, Steps, episode_opened
from retailsim.market.core.participants import EpisodeSpec, Participant
from retailsim.market.core.request import AgentRequest
from retailsim.market.core.spec import MarketSpec
from retailsim.sim.errors import MarketDiverged, MarketStandsStill, UndeclaredEvent
from retailsim.sim.play import engine as module
from retailsim.sim.play.engine import IN_FLIGHT, Engine
from retailsim.sim.play.leftovers import Leftover
from retailsim.sim.play.progress import ModelUsage, Progress
from retailsim.sim.play.stop import Stop

WORDS = "as cheap as it gets"
Behaviour = Callable[[Message, Door], Any]


class Ask(AgentRequest, kw_only=True):
    stage: ClassVar[str] = "asking"


class Episode(EpisodeState):
    """It ends with the first word; with ``hm`` it never does."""

    def told(self, event: MessageSent) -> Sequence[Post]:
        self.ended = event.text != "hm"
        return []


class Talk(Market):
    steps: ClassVar[Steps] = {MessageSent: Episode.told}

    def __init__(self, spec: MarketSpec) -> None:
        super().__init__(spec)
        self._episodes = {one.episode: Episode(one) for one in spec.episodes}

    def opened(self, episode_spec: EpisodeSpec) -> Sequence[Event]:
        return [episode_opened(self._market, episode_spec, None)]

    def begin(self) -> Sequence[Post]:
        return [
            Post(Ask(episode=one.id, unit=one.id), one.buyer) for one in self._episodes.values()
        ]


class Seat:
    """Answers by a function of the request and the door."""

    def __init__(self, name: str, behaviour: Behaviour) -> None:
        self._name, self._behaviour = name, behaviour

    def join(self, kernel: Kernel, door: Door, hosting: Hosting) -> None:
        async def receive(message: Message) -> Sequence[Message]:
            text = self._behaviour(message, door)
            if not isinstance(text, str):
                text = await text
            return [MessageSent(stage="pre_inquiry", role="buyer", turn=1, text=text)]

        kernel.add_agent(self._name, receive, waits=True)


class Seats:
    """Buyers that all behave the same; nobody can take the seat called ``nobody``."""

    def __init__(self, behaviour: Behaviour, *, waits: bool = False) -> None:
        self.waits, self._behaviour = waits, behaviour

    def seat(self, role: Role, name: str) -> Seat:
        if name == "nobody":
            raise LookupError("nobody sits here")
        return Seat(f"{role}:{name}", self._behaviour)

    def join_reader(self, kernel: Kernel, door: Door) -> None:
        """Nobody reads claims."""

    def seated(self, spec: MarketSpec) -> MarketSpec:
        return spec.with_kinds(lambda role, name: "plug-in")


class Kept:
    """A log in memory, which says when room was asked for."""

    def __init__(self) -> None:
        self.lines, self.asked = b"", 0

    def append(self, lines: bytes, count: int) -> None:
        assert lines.count(b"\n") == count
        self.lines += lines

    async def append_durable(self, lines: bytes, count: int) -> None:
        self.append(lines, count)

    async def room(self) -> None:
        self.asked += 1

    def types(self, market: str) -> list[str]:
        """What is logged of a market, in order."""
        own = [line for line in self.lines.splitlines() if f'"market":"{market}"'.encode() in line]
        return [line.split(b'"')[3].decode() for line in own]


def market(name: str, *buyers: str) -> MarketSpec:
    return MarketSpec(
        id=name,
        sellers=(Participant(id="s"),),
        episodes=tuple(
            EpisodeSpec(episode=f"{name}/{buyer}", buyer=Participant(id=buyer)) for buyer in buyers
        ),
    )


def says(text: str = WORDS) -> Behaviour:
    return lambda message, door: text


def engine(log: Kept, behaviour: Behaviour | None = None, **options: Any) -> Engine:
    watch = Watchdog(warn_s=60, deadline_s=60, say=lambda line: None)
    told: dict[str, Any] = {
        "cast": Seats(behaviour or says()),
        "open_market": Talk,
        "log": log,
        "hosting": Hosting(admissions={}, watch=watch),
        "stop": Stop(),
        **options,
    }
    return Engine(**told)


def run(of: Engine, markets: Iterable[MarketSpec], *more: Any) -> Progress:
    asyncio.run(of.run(markets, *more))
    return of.progress


WHOLE = ["MarketOpened", "EpisodeOpened", "MessageSent", "EpisodeClosed", "MarketClosed"]


def test_markets_episodes_and_failures_are_counted() -> None:
    """A seat that cannot be taken fails its episodes, and no others."""
    log, seen = Kept(), list[tuple[int, int, int]]()

    def note(progress: Progress) -> None:
        seen.append((progress.markets, progress.episodes, progress.failed))

    markets = [market("a", "x", "nobody", "y"), market("b", "x"), market("c", "nobody")]
    found = run(engine(log, on_progress=note), markets)
    assert found == Progress(markets=3, episodes=5, failed=2)
    assert seen == [(1, 3, 1), (2, 4, 1), (3, 5, 2), (3, 5, 2)]
    assert log.types("b") == WHOLE and WORDS.encode() in log.lines
    assert log.types("c")[-2:] == ["EpisodeFailed", "MarketClosed"]
    assert b"nobody sits here" in log.lines
    assert b'"buyer_kind":"plug-in"' in log.lines
    assert log.asked == 3


@pytest.mark.parametrize("texts", [True, False])
def test_long_texts_are_logged_where_they_are_wanted(texts: bool) -> None:
    log = Kept()
    run(engine(log, texts=texts), [market("a", "x")])
    assert (WORDS.encode() in log.lines) is texts


def test_what_is_logged_already_is_not_written_again() -> None:
    whole = Kept()
    run(engine(whole), [market("a", "x")])
    for cut in range(len(whole.lines.splitlines()) + 1):
        begun = b"".join(whole.lines.splitlines(keepends=True)[:cut])
        log = Kept()
        run(engine(log, leftovers={"a": Leftover(events=begun)}), [market("a", "x")])
        assert begun + log.lines == whole.lines


def test_a_market_that_begins_otherwise_than_logged_stops_the_run_after_what_is_in_flight() -> None:
    """Nothing of it is counted; the first market that differs is the one that is told."""
    stop, log = Stop(), Kept()
    odd = {name: Leftover(events=b'{"odd":1}\n') for name in ("b", "c")}
    waiting = iter([market("a", "x"), market("b", "x"), market("c", "x"), market("d", "x")])
    of = engine(log, stop=stop, leftovers=odd, concurrency=3)
    with pytest.raises(MarketDiverged, match=r"^market b does not match .* event 0 is logged as"):
        run(of, waiting)
    assert stop.requested
    assert of.progress == Progress(markets=1, episodes=1, stopped=True)
    assert log.types("a") == WHOLE
    assert log.types("d") == []


def test_a_log_that_knows_more_of_a_market_than_it_has_is_another_markets() -> None:
    log = Kept()
    run(engine(log), [market("a", "x")])
    more = Leftover(events=log.lines + b'{"one":"more"}\n')
    of = engine(Kept(), leftovers={"a": more})
    with pytest.raises(MarketDiverged, match="more events are logged than it has now"):
        run(of, [market("a", "x")])
    assert of.progress.markets == 0


def test_an_answer_that_contradicts_the_record_is_not_written() -> None:
    """Whatever the agent makes of it: its events are worth nothing."""

    async def other(message: Message, door: Door) -> str:
        door.diverge(LookupError("asked something else"))  # type: ignore[arg-type]
        return WORDS

    log = Kept()
    with pytest.raises(MarketDiverged, match="asked something else"):
        run(engine(log, other), [market("a", "x")])
    assert log.lines == b""


def test_an_event_that_may_not_be_logged_is_an_error_and_the_market_is_not_written() -> None:
    log, known = Kept(), frozenset(SHARED_EVENTS)
    run(engine(log, declared=known), [market("a", "x")])
    assert log.types("a") == WHOLE
    log = Kept()
    with pytest.raises(ExceptionGroup) as caught:
        run(engine(log, declared=known - {MessageSent}), [market("a", "x")])
    [error] = caught.value.exceptions
    assert isinstance(error, UndeclaredEvent)
    assert str(error).startswith("market a: its protocol logs MessageSent, which it does not decl")
    assert log.lines == b""


def test_a_market_in_which_nothing_is_due_and_that_has_not_ended_is_an_error() -> None:
    log = Kept()
    with pytest.raises(ExceptionGroup) as caught:
        run(engine(log, says("hm")), [market("a", "x")])
    [error] = caught.value.exceptions
    assert isinstance(error, MarketStandsStill) and "market a came to a standst" in str(error)
    assert log.lines == b"", "its events are no market's"


def test_a_stop_before_a_market_leaves_it_for_later_and_says_so() -> None:
    stop, log = Stop(), Kept()

    def stopping(message: Message, door: Door) -> str:
        stop.request()
        return WORDS

    found = run(engine(log, stopping, stop=stop), [market("a", "x"), market("b", "x")])
    assert found == Progress(markets=1, episodes=1, stopped=True)
    assert log.types("a") == WHOLE and log.types("b") == []
    assert not run(engine(Kept()), [market("a", "x")]).stopped


def test_a_market_held_at_its_door_by_a_stop_is_not_written_or_counted() -> None:
    stop, log = Stop(), Kept()

    async def ask(message: Message, door: Door) -> str:
        stop.request()

        async def answer() -> str:
            raise AssertionError("no call begins in a stopping run")

        try:
            return await door(message, message.source, "k", answer, 1.0)
        except asyncio.CancelledError:
            return "a stop taken for an answer"

    found = run(engine(log, ask, stop=stop), [market("a", "x")])
    assert found == Progress(stopped=True)
    assert log.lines == b""


class Entry:
    """Lets in the markets it is told, and says who came and went."""

    def __init__(self, *allowed: str) -> None:
        self.allowed, self.seen = allowed, list[str]()

    async def enter(self, spec: MarketSpec, leftover: Leftover) -> bool:
        assert isinstance(leftover.events, bytes)
        self.seen.append(f"+{spec.id}:{len(leftover.events)}")
        return spec.id in self.allowed

    def leave(self, spec: MarketSpec) -> None:
        self.seen.append(f"-{spec.id}")


def test_a_market_that_may_not_begin_ends_the_run_and_one_that_did_leaves_whatever_came() -> None:
    entry, log = Entry("a"), Kept()
    found = run(engine(log), [market(name, "x") for name in "abc"], entry)
    assert found == Progress(markets=1, episodes=1, stopped=True)
    assert entry.seen == ["+a:0", "-a", "+b:0"]
    entry = Entry("a")
    with pytest.raises(MarketDiverged):
        odd = {"a": Leftover(events=b"odd\n")}
        run(engine(Kept(), leftovers=odd), [market("a", "x")], entry)
    assert entry.seen == ["+a:4", "-a"]


@pytest.mark.parametrize(
    ("waits", "concurrency", "most"), [(False, None, 1), (True, None, IN_FLIGHT), (True, 3, 3)]
)
def test_so_many_markets_are_under_way_at_once(
    waits: bool, concurrency: int | None, most: int
) -> None:
    under_way, largest = 0, 0

    async def slowly(message: Message, door: Door) -> str:
        nonlocal under_way, largest
        under_way += 1
        largest = max(largest, under_way)
        for _ in range(500):
            await asyncio.sleep(0)
        under_way -= 1
        return WORDS

    told: dict[str, Any] = {} if concurrency is None else {"concurrency": concurrency}
    of = engine(Kept(), cast=Seats(slowly, waits=waits), **told)
    run(of, (market(f"m{number}", "x") for number in range(IN_FLIGHT + 8)))
    assert largest == most


def test_a_large_market_is_written_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FLUSH_EVENTS", 2)
    sizes: list[int] = []

    class Counting(Kept):
        def append(self, lines: bytes, count: int) -> None:
            sizes.append(count)
            super().append(lines, count)

    log, seen = Counting(), list[tuple[int, int]]()

    def note(progress: Progress) -> None:
        seen.append((progress.markets, progress.episodes))

    run(engine(log, on_progress=note), [market("a", "x", "y")])
    assert len(sizes) > 1 and sum(sizes) == log.lines.count(b"\n") == 8
    assert (0, 2) in seen, "episodes are told as they end, not when the market does"
    assert seen[-1] == (1, 2)


def test_what_models_were_asked_is_told_between_markets_and_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A market may take minutes: whoever watches sees that something goes on."""
    monkeypatch.setattr(module, "_TICK_S", 0.0)
    told, calls = list[tuple[int, ModelUsage | None]](), iter(range(1_000_000))
    enough = asyncio.Event()

    def note(progress: Progress) -> None:
        told.append((progress.markets, progress.usage))
        if len(told) == 3:
            enough.set()

    async def slowly(message: Message, door: Door) -> str:
        await enough.wait()
        return WORDS

    of = engine(Kept(), slowly, on_progress=note)
    run(of, [market("a", "x")], None, lambda: ModelUsage(calls=next(calls)))
    assert [one for one, _ in told[:3]] == [0, 0, 0]
    assert [usage.calls for _, usage in told if usage] == list(range(len(told)))
    assert told[-1][0] == 1


def test_without_models_nothing_is_said_of_them() -> None:
    assert run(engine(Kept()), [market("a", "x")]).usage is None
