"""Solving an anchor, where the answer is known: logit demand without anything drawn."""

from __future__ import annotations

import math

import pytest

from retailsim.agents.retail.behavioral.chances import Prospect, mean_chances
from retailsim.agents.retail.behavioral.levels import Level
from retailsim.market.catalogue.product import Category
from retailsim.sim.protocols.retail.anchor_solution import (
    Demand,
    OutOfReach,
    Refunds,
    solved_issue_rates,
    solved_level,
)


def prospect(rest: float = 0.0, slope: float = 2.0) -> Prospect:
    def priced(factor: float, price: float) -> tuple[float, float]:
        return -factor * slope * math.log(price), 0.0

    return Prospect("e", "Food", "buyer", rest, 0.0, priced)


def logit(share: float) -> float:
    return math.log(share / (1.0 - share))


@pytest.mark.parametrize("conversion", [0.001, 0.03, 0.5, 0.97])
def test_a_conversion_is_reached_by_the_level_alone(conversion: float) -> None:
    level = solved_level(Demand([prospect(rest=0.7)]), conversion, None)
    assert level.inclination == pytest.approx(logit(conversion) - 0.7, abs=1e-3)
    assert level.price == 1.0


@pytest.mark.parametrize(("conversion", "elasticity"), [(0.03, -2.0), (0.6, -1.3), (0.2, -0.1)])
def test_an_elasticity_is_the_slope_times_the_share_that_does_not_buy(
    conversion: float, elasticity: float
) -> None:
    """Of the logit, at a point; over 5 % either way it is that within a hundredth or so."""
    demand = Demand([prospect()])
    level = solved_level(demand, conversion, elasticity)
    assert demand.conversion(level) == pytest.approx(conversion, abs=1e-4)
    assert demand.elasticity(level) == pytest.approx(elasticity, abs=1e-3)
    assert -2.0 * level.price * (1.0 - conversion) == pytest.approx(elasticity, rel=0.02)


def test_a_conversion_that_is_not_given_stays_as_it_is() -> None:
    demand = Demand([prospect(rest=-1.0), prospect(rest=0.5)])
    level = solved_level(demand, None, -3.0)
    assert demand.conversion(level) == pytest.approx(demand.conversion(Level()), abs=1e-4)


def test_an_elasticity_that_no_slope_gives_is_refused_with_what_can_be_had() -> None:
    blind = Demand([prospect(slope=0.0)])
    with pytest.raises(OutOfReach, match=r"elasticity: -2 cannot be reached at .* 0\.5: only from"):
        solved_level(blind, 0.5, -2.0)


@pytest.mark.parametrize(("rest", "spread"), [(0.0, 0.0), (1.3, 1.2), (-4.0, 2.0)])
def test_the_mean_chance_is_the_integral_over_a_normal_utility(rest: float, spread: float) -> None:
    steps = [-8.0 + 0.001 * step for step in range(16_001)]
    weights = [math.exp(-0.5 * z * z) for z in steps]
    chances = [1.0 / (1.0 + math.exp(-rest - spread * z)) for z in steps]
    exact = sum(w * c for w, c in zip(weights, chances, strict=True)) / sum(weights)
    assert mean_chances([rest], [spread])[0] == pytest.approx(exact, abs=1e-5)


FOOD = Refunds(units=100.0, least=2.0, most=32.0)
FASHION = Refunds(units=100.0, least=0.0, most=60.0)
ALONE: dict[Category, Refunds] = {"Food": FOOD}
BOTH: dict[Category, Refunds] = {"Food": FOOD, "Fashion": FASHION}


def test_a_return_rate_is_reached_by_the_share_of_orders_with_an_issue() -> None:
    rates = solved_issue_rates(ALONE, {"Food": 1.0}, 0.12)
    assert rates["Food"] == pytest.approx(1.0 / 3.0, abs=1e-5)
    ends = [solved_issue_rates(ALONE, {"Food": 0.5}, rate) for rate in (0.02, 0.32)]
    assert [one["Food"] for one in ends] == [0.0, 1.0]


def test_categories_keep_their_proportions_until_all_orders_have_an_issue() -> None:
    """Twice as often in fashion: (2 + 30 k + 120 k) / 200 = 0.1 where k is the rate of food."""
    rates: dict[Category, float] = {"Food": 0.2, "Fashion": 0.4}
    found = solved_issue_rates(BOTH, rates, 0.1)
    assert found["Food"] == pytest.approx(18.0 / 150.0, abs=1e-4)
    assert found["Fashion"] == pytest.approx(2.0 * found["Food"], abs=1e-4)
    capped = solved_issue_rates(BOTH, rates, 0.42)
    assert capped["Fashion"] == 1.0
    assert capped["Food"] == pytest.approx(22.0 / 30.0, abs=1e-4)


@pytest.mark.parametrize("rate", [0.01, 0.33])
def test_a_return_rate_out_of_reach_is_refused_with_what_can_be_had(rate: float) -> None:
    with pytest.raises(OutOfReach, match=r"only from 0\.020 .* to 0\.320"):
        solved_issue_rates(ALONE, {"Food": 1.0}, rate)


def test_what_is_never_refunded_is_never_refunded() -> None:
    with pytest.raises(OutOfReach):
        solved_issue_rates({"Food": Refunds(units=9.0, least=0.0, most=0.0)}, {"Food": 1.0}, 0.1)


def test_a_buyer_with_an_inclination_of_its_own_is_made_up_for_by_the_others() -> None:
    fixed = Prospect("f", "Food", "own", logit(0.2), 0.0, prospect().priced)
    demand = Demand([fixed, prospect()], {"own": ("inclination",)})
    level = solved_level(demand, 0.3, None)
    assert demand.conversion(level) == pytest.approx(0.3, abs=1e-4)
    assert level.inclination == pytest.approx(logit(0.4), abs=1e-3)
    alone = solved_level(Demand([fixed, prospect()]), 0.3, None)
    assert alone.inclination != pytest.approx(level.inclination, abs=0.05)
    with pytest.raises(OutOfReach, match=r"conversion: 0\.7 cannot .*: only from 0\.1 to 0\.6"):
        solved_level(demand, 0.7, None)


def test_a_buyer_with_a_slope_of_its_own_keeps_it() -> None:
    fixed = Prospect("f", "Food", "own", 0.0, 0.0, prospect(slope=0.5).priced)
    demand = Demand([fixed, prospect()], {"own": ("price",)})
    level = solved_level(demand, 0.5, -2.0)
    assert demand.elasticity(level) == pytest.approx(-2.0, abs=1e-3)
    assert 0.5 * (0.5 + 2.0 * level.price) * 0.5 == pytest.approx(2.0, rel=0.03)
