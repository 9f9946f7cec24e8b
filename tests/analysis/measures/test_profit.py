"""Profit in the frame of episodes against a plain loop over the events, cent by cent."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.analysis.measures.profit_statement import (
    LOST,
    NO_COSTS,
    profit_statement,
    profit_told,
    with_interval,
)
from retailsim.analysis.measures.rows import overall
from retailsim.analysis.projection.pieces import extract
from retailsim.analysis.projection.projection import merge
from tests.analysis.plain_measures import Row, profit

CENTS = st.integers(0, 9_999)


def maybe(draw: st.DrawFn, **fields: st.SearchStrategy[int]) -> Row:
    """Some of the fields: a log leaves out what is as usual."""
    return {name: draw(value) for name, value in fields.items() if draw(st.booleans())}


@st.composite
def episode(draw: st.DrawFn) -> list[Row]:
    """The events of one decided episode, as far as money is in them."""
    product = draw(st.sampled_from(("p", "q", None)))
    opened: Row = {"type": "EpisodeOpened", "product": product}
    opened |= maybe(draw, unit_cost_cents=CENTS)
    events = [opened]
    if draw(st.booleans()):
        events += draw(bought())
    return [*events, {"type": "EpisodeClosed"}]


@st.composite
def bought(draw: st.DrawFn) -> list[Row]:
    units = draw(st.integers(1, 5))
    order: Row = {"type": "OrderPlaced", "order": "o", "product": "p", "quantity": units}
    order |= {"unit_price_cents": draw(CENTS), "shipping_cents": draw(CENTS)}
    order |= maybe(
        draw,
        carrier_cents=CENTS,
        payment_fee_cents=CENTS,
        tax_cents=CENTS,
        unit_cost_cents=CENTS,
    )
    outcome = draw(st.sampled_from((None, "delivered", "exchanged", "refunded")))
    if outcome is None:
        return [order]
    resolved: Row = {"type": "IssueResolved", "order": "o", "outcome": outcome}
    if outcome == "exchanged":
        resolved |= maybe(draw, salvage_cents=CENTS)
    if outcome != "refunded":
        return [order, resolved]
    refund: Row = {
        "type": "RefundIssued",
        "quantity": draw(st.integers(1, units)),
        "amount_cents": draw(CENTS),
        "shipping_refund_cents": draw(CENTS),
        "return_shipping_cents": draw(CENTS),
        "return_shipping_payer": draw(st.sampled_from(("buyer", "seller"))),
    }
    return [order, resolved, refund | maybe(draw, salvage_cents=CENTS, tax_refund_cents=CENTS)]


def frame(episodes: list[list[Row]]) -> pl.DataFrame:
    """The frame of a log of these episodes."""
    events = [{**event, "episode": f"e{n}"} for n, some in enumerate(episodes) for event in some]
    lines = [
        json.dumps({"type": event["type"], "market": "m", "seq": seq, "t": seq, **event})
        for seq, event in enumerate(events)
    ]
    return merge([extract("\n".join(lines).encode() + b"\n")]).episodes


def projected(episodes: list[list[Row]]) -> dict[str, Any]:
    """What it says each of them earned."""
    return dict(frame(episodes).select("episode", "profit_cents").iter_rows())


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(episode(), min_size=1, max_size=6))
def test_profit_is_what_a_plain_loop_over_the_events_finds(episodes: list[list[Row]]) -> None:
    known = any("unit_cost_cents" in event for some in episodes for event in some)
    expected = {f"e{n}": profit(some, costs_known=known) for n, some in enumerate(episodes)}
    assert projected(episodes) == expected


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.lists(episode(), min_size=1, max_size=6))
def test_the_lines_of_the_statement_add_up_to_the_profit(episodes: list[list[Row]]) -> None:
    known = frame(episodes)
    found, row = profit_statement(known), overall(known)
    if found is None:
        assert row.profit_cents is None
        return
    *parts, (_, earned) = found.lines
    assert sum(cents for _, cents in parts) == earned == row.profit_cents
    assert (found.episodes, found.decided) == (row.profit_episodes, row.decided)
    assert found.products_with_cost <= found.products


def test_an_order_in_words() -> None:
    """Two at $10 that cost $6, shipping $1: one comes back, at the seller's cost."""
    opened: Row = {"type": "EpisodeOpened", "product": "p", "unit_cost_cents": 600}
    order: Row = {"type": "OrderPlaced", "quantity": 2, "unit_price_cents": 1000}
    order |= {"order": "o", "product": "p", "shipping_cents": 100}
    refund: Row = {"type": "RefundIssued", "quantity": 1, "amount_cents": 1000}
    refund |= {"shipping_refund_cents": 0, "return_shipping_cents": 100}
    refund |= {"return_shipping_payer": "seller"}
    exchange: Row = {"type": "IssueResolved", "order": "o", "outcome": "exchanged"}
    end: Row = {"type": "EpisodeClosed"}
    told: dict[str, list[Row]] = {
        "kept": [order],
        "free shipping": [{**order, "shipping_cents": 0, "carrier_cents": 100}],
        "one back, lost": [order, refund],
        "one back, worth half": [order, {**refund, "salvage_cents": 300}],
        "exchanged, lost": [order, exchange],
        "exchanged, resold": [order, {**exchange, "salvage_cents": 1200}],
        "fee and tax": [{**order, "payment_fee_cents": 59, "tax_cents": 335}],
        "nothing bought": [],
    }
    earned = projected([[opened, *some, end] for some in told.values()])
    assert dict(zip(told, earned.values(), strict=True)) == {
        "kept": 800,
        "free shipping": 700,
        "one back, lost": -300,
        "one back, worth half": 0,
        "exchanged, lost": -600,
        "exchanged, resold": 600,
        "fee and tax": 406,
        "nothing bought": 0,
    }


def test_what_nobody_knows_the_cost_of_has_no_profit() -> None:
    """Not 0: not even of an episode without an order."""
    order: Row = {"type": "OrderPlaced", "quantity": 1, "unit_price_cents": 1, "shipping_cents": 0}
    costs: defaultdict[str, Row] = defaultdict(dict, known={"unit_cost_cents": 1})
    for name, expected in (("unknown", [None, None, None]), ("known", [None, None, 0])):
        some: list[list[Row]] = [
            [{"type": "EpisodeOpened", "product": "p"}, {"type": "EpisodeClosed"}],
            [{"type": "EpisodeOpened", "product": None}, order, {"type": "EpisodeClosed"}],
            [{"type": "EpisodeOpened", "product": None}, {"type": "EpisodeClosed"}],
        ]
        with_cost = [{"type": "EpisodeOpened", "product": "q", **costs[name]}]
        assert list(projected([*some, with_cost]).values())[:3] == expected


def told(*costs: int | None) -> list[str]:
    """What is said of orders at $10 of products with these costs, each one kept."""
    order: Row = {"type": "OrderPlaced", "quantity": 1, "unit_price_cents": 1000}
    some: list[list[Row]] = []
    for n, cost in enumerate(costs):
        opened: Row = {"type": "EpisodeOpened", "product": f"p{n}"}
        opened |= {} if cost is None else {"unit_cost_cents": cost}
        paid = {**order, "product": f"p{n}", "shipping_cents": 0}
        some.append([opened, paid, {"type": "EpisodeClosed"}])
    known = frame(some)
    return list(profit_told(with_interval(profit_statement(known), known)))


def test_profit_is_told_with_what_it_is_over() -> None:
    every, some = told(600, 500, 400), told(600, None, 400)
    assert every[0] == "Profit: $5.00 per episode ($2.52 to $7.48), $15.00 in all."
    assert some[0].startswith("Profit: $5.00 per episode (")
    assert some[0].endswith(
        "$10.00 in all, over 2 of 3 episodes: 2 of 3 products have a unit cost."
    )
    assert not any(LOST in said for said in (*every, *some))


def test_what_hangs_on_returns_is_said() -> None:
    """One of two at $10 comes back, which cost $6: lost, or resold at that."""
    opened: Row = {"type": "EpisodeOpened", "product": "p", "unit_cost_cents": 600}
    order: Row = {"type": "OrderPlaced", "quantity": 2, "unit_price_cents": 1000}
    refund: Row = {"type": "RefundIssued", "quantity": 1, "amount_cents": 1000}
    refund |= {"shipping_refund_cents": 0, "return_shipping_cents": 0}
    paid = {**order, "product": "p", "shipping_cents": 0}
    sold = [opened, paid, {**refund, "return_shipping_payer": "buyer"}, {"type": "EpisodeClosed"}]
    found = profit_statement(frame([sold]))
    assert found is not None
    _, parts, said = profit_told(found)
    assert parts == (
        "That is sales $20.00 - refunds $10.00 - goods kept by buyers $6.00"
        " - goods that came back, lost $6.00."
    )
    assert said == f"{LOST} an episode would earn $4.00."
    assert found.lines == (
        ("Sales", 2_000),
        ("Refunds", -1_000),
        ("Goods kept by buyers", -600),
        ("Goods that came back, lost", -600),
        ("Profit", -200),
    )


def test_without_a_cost_one_line_says_why_there_is_no_profit() -> None:
    assert told(None, None) == [NO_COSTS]


def test_goods_that_cost_what_they_bring_earn_nothing() -> None:
    """A control: the cost is the price."""
    assert told(1000, 1000)[0].startswith("Profit: $0.00 per episode")
