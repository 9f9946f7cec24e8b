"""A replay is what a plain fold over the events says, however the log is laid out."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.analysis.replay.replay import replay
from retailsim.events import messages as m
from tests.analysis import fakelog

SEATS = st.sampled_from(("s1", "s2", "s3")), st.sampled_from(("b1", "b2"))
EPISODE = st.fixed_dictionaries(
    {
        "seller": SEATS[0],
        "buyer": SEATS[1],
        "category": st.sampled_from(("Food", "Home", None)),
        "cost": st.none() | st.integers(0, 500),
        "exchanges": st.integers(0, 3),
        "quantity": st.integers(0, 4),
        "price": st.integers(1, 10**6),
        "shipping": st.integers(0, 900),
        "returned": st.integers(0, 4),
        "stars": st.dictionaries(st.sampled_from(m.ASPECTS), st.integers(1, 5)),
        "recommends": st.sampled_from((None, True, False)),
        "rejected": st.tuples(st.integers(0, 2), st.integers(0, 2)),
        "end": st.sampled_from(("closed", "closed", "failed", "open")),
        "retries": st.booleans(),
    }
)
MARKETS = st.lists(
    st.tuples(
        st.lists(EPISODE, max_size=4), st.sampled_from(("closed", "closed", "failed", "open"))
    ),
    max_size=5,
)


def episode_events(name: str, plan: dict[str, Any], retried: str | None) -> list[m.Event]:
    """The events of one planned episode."""
    opening = fakelog.opened(
        plan["seller"], plan["buyer"], category=plan["category"],
        unit_cost_cents=plan["cost"], retries=retried,
    )  # fmt: skip
    events: list[m.Event] = [opening]
    for turn in range(plan["exchanges"]):
        for role in ("buyer", "seller"):
            events.append(m.MessageSent(stage="pre_inquiry", role=role, turn=turn + 1, text="?"))
    outputs, commands = plan["rejected"]
    events += [m.OutputRejected(stage="decide", reason="r", raw="{") for _ in range(outputs)]
    events += [m.CommandRejected(command="refund", reason="r") for _ in range(commands)]
    if plan["quantity"]:
        events.append(fakelog.order(plan["quantity"], plan["price"], plan["shipping"]))
        if returned := min(plan["returned"], plan["quantity"]):
            events.append(fakelog.refund(returned, returned * plan["price"]))
    for aspect, stars in plan["stars"].items():
        recommends = plan["recommends"] if aspect == "product" else None
        events.append(fakelog.review(aspect, stars, recommends))
    if plan["end"] == "closed":
        events.append(m.EpisodeClosed())
    elif plan["end"] == "failed":
        events.append(m.EpisodeFailed(stage="decide", reason="no answer"))
    return fakelog.episode(name, *events)


def market_events(
    number: int, plans: list[dict[str, Any]], end: str, failed: list[str]
) -> list[m.Event]:
    """The events of one planned market; a retry names the failed episode seen last."""
    events: list[m.Event] = [m.MarketOpened()]
    for index, plan in enumerate(plans):
        name = f"m{number}/e{index}"
        retried = failed.pop() if plan["retries"] and failed else None
        events += episode_events(name, plan, retried)
        if plan["end"] == "failed":
            failed.append(name)
    if end != "open":
        events.append(m.MarketClosed() if end == "closed" else m.MarketFailed(stage="", reason=""))
    return fakelog.stamp(f"m{number}", events)


@st.composite
def logs(draw: st.DrawFn) -> list[list[m.Event]]:
    """Markets, each a list of its events in order."""
    failed: list[str] = []
    return [market_events(n, *plan, failed) for n, plan in enumerate(draw(MARKETS))]


@st.composite
def layouts(draw: st.DrawFn) -> dict[str, Any]:
    """How a log is spread: shards, interleaving, batches, segments."""
    return {
        "shards": draw(st.integers(1, 3)),
        "order": draw(st.randoms(use_true_random=False)),
        "batch": draw(st.integers(1, 9)),
        "segment_bytes": draw(st.sampled_from((300, 2_000, 1 << 20))),
    }


def lay_out(folder: Path, markets: list[list[m.Event]], layout: dict[str, Any]) -> Path:
    """Write markets interleaved at random, the events of each in their order."""
    shards: list[list[m.Event]] = [[] for _ in range(layout["shards"])]
    waiting = [(layout["order"].randrange(layout["shards"]), list(events)) for events in markets]
    while waiting := [(shard, events) for shard, events in waiting if events]:
        shard, events = layout["order"].choice(waiting)
        shards[shard].append(events.pop(0))
    return fakelog.write_run(
        folder, *shards, batch=layout["batch"], segment_bytes=layout["segment_bytes"]
    )


def rate(above: float, below: float) -> float | None:
    return above / below if below else None


class Tally:
    """One episode, folded by hand."""

    def __init__(self) -> None:
        self.status = "open"
        self.count: Counter[str] = Counter()
        self.stars: dict[str, list[int]] = defaultdict(list)
        self.recommended: list[bool] = []
        self.opening = fakelog.opened()

    @property
    def rated(self) -> bool:
        return any(self.stars.values())

    def take(self, event: m.Event) -> None:
        match event:
            case m.EpisodeOpened():
                self.opening = event
            case m.EpisodeClosed():
                self.status = "closed"
            case m.EpisodeFailed() | m.MarketFailed():
                self.status = "failed"
            case m.OrderPlaced():
                self.count["orders"] += 1
                self.count["units"] += event.quantity
                self.count["gross_revenue_cents"] += event.quantity * event.unit_price_cents
                self.count["shipping_cents"] += event.shipping_cents
            case m.RefundIssued():
                self.count["units_refunded"] += event.quantity
                self.count["refunded"] += event.amount_cents
            case m.ReviewPosted():
                self.stars[event.aspect].append(event.rating)
                if event.would_recommend is not None:
                    self.recommended.append(event.would_recommend)
            case m.OutputRejected() | m.CommandRejected():
                self.count[type(event).__name__] += 1


def fold(markets: list[list[m.Event]]) -> dict[str, Tally]:
    """Every episode that counts."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for events in markets:
        for event in events:
            if event.episode is not None:
                tallies[event.episode].take(event)
            elif isinstance(event, m.MarketFailed):
                mine = {e.episode for e in events if e.episode is not None}
                for name in mine:
                    if tallies[name].status == "open":
                        tallies[name].take(event)
    for tally in list(tallies.values()):
        if tally.opening.retries is not None:
            tallies.pop(tally.opening.retries)
    return tallies


def row(tallies: list[Tally]) -> dict[str, Any]:
    """The contract's measures of some episodes."""
    closed = [tally for tally in tallies if tally.status == "closed"]
    buying = [tally for tally in tallies if tally.count["orders"]]
    declining = [tally for tally in closed if not tally.count["orders"]]
    settled = [t for t in buying if t.status == "closed" or (t.status == "open" and t.rated)]
    back, sold = (sum(t.count[key] for t in settled) for key in ("units_refunded", "units"))
    stars = {a: [s for t in buying for s in t.stars[a]] for a in m.ASPECTS}
    every = [s for aspect in stars.values() for s in aspect]
    total: Counter[str] = Counter()
    for tally in buying:
        total.update(tally.count)
    net = total["gross_revenue_cents"] - total["refunded"]
    said = [r for t in buying for r in t.recommended]
    return {
        "episodes": len(closed),
        "failed": sum(t.status == "failed" for t in tallies),
        "open": sum(t.status == "open" for t in tallies),
        **{k: total[k] for k in ("orders", "units", "units_refunded")},
        "conversion_rate": rate(len(buying), len(buying) + len(declining)),
        "refund_rate": rate(back, sold),
        "average_quantity": rate(total["units"], total["orders"]),
        "average_rating": rate(sum(every), len(every)),
        "ratings": {a: rate(sum(s), len(s)) for a, s in stars.items()},
        "recommend_rate": rate(sum(said), len(said)),
        "gross_revenue_cents": total["gross_revenue_cents"],
        "net_revenue_cents": net,
        "shipping_cents": total["shipping_cents"],
        **profit(declining, buying),
    }


def profit(declining: list[Tally], buying: list[Tally]) -> dict[str, int | None]:
    """Profit over the decided episodes with a cost."""
    known = [t for t in (*declining, *buying) if t.opening.unit_cost_cents is not None]
    spent = [(t.opening.unit_cost_cents or 0) * t.count["units"] for t in known]
    earned = [t.count["gross_revenue_cents"] - t.count["refunded"] for t in known]
    return {
        "profit_cents": sum(earned) - sum(spent) if known else None,
        "profit_episodes": len(known),
    }


def rows(tallies: list[Tally], *by: str) -> list[dict[str, Any]]:
    """Measures per group, sorted; episodes without the key are in none."""
    groups: dict[tuple[Any, ...], list[Tally]] = defaultdict(list)
    for tally in tallies:
        groups[tuple(getattr(tally.opening, name) for name in by)].append(tally)
    return [
        dict(zip(by, key, strict=True)) | row(groups[key])
        for key in sorted(key for key in groups if None not in key)
    ]


def contained(expected: Any, found: Any) -> None:
    """Every expected field is found; more fields are welcome."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            contained(value, found[key])
    elif isinstance(expected, list):
        assert len(expected) == len(found)
        for one, other in zip(expected, found, strict=True):
            contained(one, other)
    else:
        assert found == expected


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=40)
@given(markets=logs(), layout=layouts())
def test_a_replay_is_the_fold_of_its_events(
    markets: list[list[m.Event]], layout: dict[str, Any]
) -> None:
    """Every measure of the contract equals the plain fold's, to the last bit."""
    with tempfile.TemporaryDirectory() as folder:
        found = msgspec.to_builtins(replay(lay_out(Path(folder) / "run", markets, layout)))
    tallies = list(fold(markets).values())
    status = Counter(tally.status for tally in tallies)
    ends = [{type(event) for event in events} for events in markets]
    expected = {
        "episodes": {
            "opened": len(tallies),
            "closed": status["closed"],
            "failed": status["failed"],
        },
        "failed_markets": sum(m.MarketFailed in end for end in ends),
        "partial": bool(status["open"])
        or any(not end & {m.MarketClosed, m.MarketFailed} for end in ends),
        "rejected_outputs": sum(tally.count["OutputRejected"] for tally in tallies),
        "rejected_commands": sum(tally.count["CommandRejected"] for tally in tallies),
        "overall": row(tallies),
        "sellers": rows(tallies, "seller"),
        "buyers": rows(tallies, "buyer"),
        "categories": rows(tallies, "category"),
        "pairs": rows(tallies, "seller", "buyer"),
        "cost": None,
    }
    contained(expected, found)


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=15)
@given(markets=logs(), first=layouts(), second=layouts())
def test_the_layout_of_a_log_leaves_no_trace(
    markets: list[list[m.Event]], first: dict[str, Any], second: dict[str, Any]
) -> None:
    """Shards, interleaving, batches and segments change no byte of the JSON."""
    encoded = []
    for layout in (first, second):
        with tempfile.TemporaryDirectory() as folder:
            found = replay(lay_out(Path(folder) / "run", markets, layout))
            again = replay(Path(folder) / "run")
        assert msgspec.json.encode(found) == msgspec.json.encode(again)
        encoded.append(msgspec.json.encode(msgspec.structs.replace(found, run="")))
    assert encoded[0] == encoded[1]


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=15)
@given(markets=logs(), layout=layouts())
def test_normalized_revenue_is_centred_on_the_observed_pairs(
    markets: list[list[m.Event]], layout: dict[str, Any]
) -> None:
    """Each pair's value is its net minus the mean net of the pairs with a decision."""
    with tempfile.TemporaryDirectory() as folder:
        found = replay(lay_out(Path(folder) / "run", markets, layout))
    observed = [pair.net_revenue_cents for pair in found.pairs if pair.decided]
    for pair in found.pairs:
        if not pair.decided:
            assert pair.normalized_revenue_cents is None
            continue
        expected = pair.net_revenue_cents - fmean(observed)
        assert isinstance(pair.normalized_revenue_cents, float)
        assert abs(pair.normalized_revenue_cents - expected) < 1e-6
