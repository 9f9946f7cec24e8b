"""What a run earned: replayed, and summed up by its scenario's terms; what people read of it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from retailsim.analysis.measures.profit_statement import LOST, NO_COSTS
from retailsim.analysis.measures.value_text import change_written
from retailsim.market.catalogue.product_files import Problems, builtin_catalogue, read_products
from tests.analysis.plain_measures import profit
from tests.sim.runs import events_of, launched, sim

SIZE = ("--set", "products.per_category=2", "--sellers", "plain-dealer,bold-showman")
TERMS = {
    "policy.salvage": 0.4,
    "policy.Food.salvage": 0.0,
    "policy.payment_fee": 0.029,
    "policy.payment_fee_cents": 30,
    "policy.tax": 0.19,
    "policy.carrier_rate": 0.07,
    "shipping.rate": 0.0,
}
KINDS = ("EpisodeOpened", "OrderPlaced", "IssueResolved", "RefundIssued")


def by_episode(run: Path) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for kind in KINDS:
        for event in events_of(run, kind):
            found.setdefault(event["episode"], {})[kind] = event
    return found


def half_up(cents: float) -> int:
    return int(cents + 0.5 + 1e-9)


def by_terms(events: dict[str, dict[str, Any]]) -> int:
    """What an episode earned by `TERMS`, from quantities and prices alone."""
    opened, order = events["EpisodeOpened"], events.get("OrderPlaced")
    if order is None:
        return 0
    cost, units = opened["unit_cost_cents"], order["quantity"]
    outcome = events.get("IssueResolved", {}).get("outcome")
    refund = events.get("RefundIssued")
    carrier = min(800, half_up(0.07 * opened["list_price_cents"]))
    paid = units * opened["price_cents"]
    back = refund["quantity"] * opened["price_cents"] if refund else 0
    taxed = half_up((paid - back) * 0.19 / 1.19)
    ways = 1 + 2 * (outcome == "exchanged")
    if refund and refund["return_shipping_payer"] == "seller" and refund["return_shipping_cents"]:
        ways += 1
    returned = refund["quantity"] if refund else units * (outcome == "exchanged")
    salvage = 0.0 if opened["category"] == "Food" else 0.4
    goods = units * cost * (1 + (outcome == "exchanged")) - half_up(salvage * returned * cost)
    fee = half_up(paid * 0.029) + 30
    return int(paid - back - carrier * ways - goods - fee - taxed)


@pytest.mark.slow
def test_a_run_earns_what_its_terms_make_of_its_quantities(tmp_path: Path) -> None:
    run = tmp_path / "run"
    settings = [part for key, value in TERMS.items() for part in ("--set", f"{key}={value}")]
    launched(run, *SIZE, *settings)
    told = json.loads(sim("replay", run, "--json").stdout)
    episodes = by_episode(run)
    assert sum("RefundIssued" in one for one in episodes.values()) > 5
    assert told["overall"]["profit_cents"] == sum(map(by_terms, episodes.values()))
    loop = (profit(list(one.values()), costs_known=True) or 0 for one in episodes.values())
    assert told["profit"]["profit_cents"] == sum(loop)
    for name in ("salvage_cents", "payment_fees_cents", "taxes_cents", "delivery_cents"):
        assert told["profit"][name] > 0, name


@pytest.fixture(params=["none", "some", "the price"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """A catalogue of eight products, with which unit costs."""
    file = tmp_path / "shop.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("id", "title", "category", "price", "unit_cost"))
        for n in range(8):
            cost = {"none": "", "some": "5" if n % 2 else "", "the price": "20"}[request.param]
            rows.writerow((f"p{n}", f"Lamp number {n}", "Home", "20", cost))
    return request.param, file


def test_the_terminal_says_what_was_earned_and_over_what(
    shop: tuple[str, Path], tmp_path: Path
) -> None:
    costs, file = shop
    run = tmp_path / "run"
    told = launched(run, "--catalog", file, *SIZE, "--set", "products.per_category=8")
    page = " ".join(sim("replay", run).stdout.split())
    earned = told["overall"]["profit_cents"]
    if costs == "none":
        assert earned is told["profit"] is None
        assert page.count("rofit") == 1
        assert NO_COSTS in page
        return
    assert "per episode (" in page.split("Profit: ")[1]
    assert "That is sales $" in page
    if costs == "some":
        assert "over 40 of 80 episodes: 4 of 8 products have a unit cost." in page
    else:
        assert earned <= 0


@pytest.mark.slow
def test_a_conversation_names_the_cost_of_what_is_sold(tmp_path: Path) -> None:
    """Every order's cost is its sheet's; the payment's fee goes off."""
    run = tmp_path / "run"
    told = launched(
        run, "csales", "--set", "profiles.count=4", "--set", "policy.payment_fee_cents=30"
    )
    goods = read_products(builtin_catalogue(), problems=Problems())
    costs = {one.id: one.unit_cost_cents for one in goods}
    orders = events_of(run, "OrderPlaced")
    assert orders
    assert [one["unit_cost_cents"] for one in orders] == [costs[one["product"]] for one in orders]
    earned = sum(one["unit_price_cents"] - one["unit_cost_cents"] - 30 for one in orders)
    assert told["overall"]["profit_cents"] == earned
    assert told["overall"]["profit_episodes"] == told["episodes"]["closed"]


@pytest.mark.slow
def test_compare_says_the_change_were_all_returns_resold(tmp_path: Path) -> None:
    """It is the one that runs with policy.salvage = 1 have."""
    for salvage in (0, 1):
        for discount in (0, 0.2):
            launched(
                tmp_path / f"{salvage} {discount}",
                *SIZE,
                *("--set", f"policy.salvage={salvage}", "--set", f"design.discount={discount}"),
            )
    lost, resold = (
        json.loads(
            sim("compare", tmp_path / f"{salvage} 0", tmp_path / f"{salvage} 0.2", "--json").stdout
        )["comparison"]
        for salvage in (0, 1)
    )
    change = change_written("cents", resold["planned"][0]["test"]["estimate"])
    assert lost["planned"][0]["test"] != resold["planned"][0]["test"]
    assert lost["notes"][-1] == f"{LOST} the change of profit per episode would be {change}."
    assert not any(LOST in note for note in resold["notes"])
