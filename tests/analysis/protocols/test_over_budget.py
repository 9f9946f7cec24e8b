"""What counts as more than a buyer's budget, to the cent."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.analysis.projection.loader import load
from retailsim.analysis.protocols.csales.seller_table import table
from retailsim.events.messages import MessageSent, OrderPlaced
from retailsim.market.protocols.csales.events import ActionChosen, BuyerProfiled, ProfileInferred
from tests.analysis.fakelog import closed, market, opened, write_run

BUDGET = 3_000


def over_budget(folder: Path, *prices: int) -> float | None:
    """The share over budget among buyers of the same means who paid these prices."""
    markets = []
    for number, price in enumerate(prices):
        name = f"p{number}/s/b"
        profile = BuyerProfiled(
            profile=f"p{number}",
            decision_making_style="Rational",
            dialogue_openness="Active",
            target_category=("Home",),
            budget_min_cents=1_000,
            budget_max_cents=BUDGET,
        )
        events = (
            opened(product=None, category="Home", title=None),
            profile,
            MessageSent(stage="sales", role="buyer", turn=1, text="?"),
            ProfileInferred(turn=1),
            ActionChosen(turn=1, action="Persuasion", strategy="Framing"),
            OrderPlaced(
                order="o", product="x", quantity=1, unit_price_cents=price, shipping_cents=100
            ),
        )
        markets.extend(market(name, closed(name, *events)))
    outcome = table(load(write_run(folder, markets, protocol="csales")))
    [row] = [row for row in outcome.rows if row.label == "s"]
    [value] = [value for value in row.values if value.name == "over budget"]
    share: float | None = value.measured.value
    return share


@pytest.mark.slow
@pytest.mark.parametrize(("price", "share"), [(BUDGET - 1, 0.0), (BUDGET, 0.0), (BUDGET + 1, 1.0)])
def test_who_pays_exactly_the_budget_is_not_over_it(
    price: int, share: float, tmp_path: Path
) -> None:
    """Shipping, which no seller can choose, is not held against the item."""
    assert over_budget(tmp_path / "run", price, price) == share


def test_the_share_is_that_of_all_conversations(tmp_path: Path) -> None:
    prices = (BUDGET, BUDGET + 1, BUDGET - 1, BUDGET + 500)
    assert over_budget(tmp_path / "run", *prices) == 0.5
