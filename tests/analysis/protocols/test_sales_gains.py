"""Who gains by a conversation: what the seller takes, and what the buyer keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.analysis.projection.loader import load
from retailsim.analysis.protocols.csales.seller_table import table
from retailsim.events.messages import Event, MessageSent, OrderPlaced
from retailsim.market.protocols.csales.events import (
    ActionChosen,
    BuyerProfiled,
    ItemValued,
    ProfileInferred,
)
from tests.analysis.fakelog import closed, market, opened, write_run


def bought(price: int | None, worth: int | None) -> list[Event]:
    """What follows an action: an item that is worth so much, bought at this price."""
    events: list[Event] = []
    if worth is not None:
        asked = price or 0
        events.append(ItemValued(turn=1, product="x", price_cents=asked, reservation_cents=worth))
    if price is not None:
        events.append(
            OrderPlaced(
                order="o", product="x", quantity=1, unit_price_cents=price, shipping_cents=100
            )
        )
    return events


def gains(folder: Path, *ends: list[Event]) -> dict[str, float | None]:
    """The figures of the table for a seller whose conversations ended so."""
    markets = []
    for number, end in enumerate(ends):
        name = f"p{number}/s/b"
        profile = BuyerProfiled(
            profile=f"p{number}",
            decision_making_style="Rational",
            dialogue_openness="Active",
            target_category=("Home",),
            budget_min_cents=1_000,
            budget_max_cents=3_000,
        )
        events = (
            opened(product=None, category="Home", title=None),
            profile,
            MessageSent(stage="sales", role="buyer", turn=1, text="?"),
            ProfileInferred(turn=1),
            ActionChosen(turn=1, action="Persuasion", strategy="Framing"),
            *end,
        )
        markets.extend(market(name, closed(name, *events)))
    outcome = table(load(write_run(folder, markets, protocol="csales")))
    [row] = [row for row in outcome.rows if row.label == "s, per conversation"]
    return {value.name: value.measured.value for value in row.values}


def test_both_are_means_over_all_conversations(tmp_path: Path) -> None:
    found = gains(tmp_path / "run", bought(2_000, 2_600), bought(3_500, 3_100), bought(None, 900))
    assert found["net revenue"] == pytest.approx(5_500 / 3)
    assert found["buyer surplus"] == pytest.approx((600 - 400 + 0) / 3)


def test_a_buyer_that_did_not_say_what_it_is_worth_counts_in_revenue_alone(tmp_path: Path) -> None:
    found = gains(tmp_path / "run", bought(2_000, 2_600), bought(1_000, None))
    assert found["net revenue"] == pytest.approx(1_500)
    assert found["buyer surplus"] == pytest.approx(600)
