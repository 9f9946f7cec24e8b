"""Solving an anchor, where the answer is known: logit demand without anything drawn."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from retailsim.agents.footing import mean_chances
from retailsim.agents.retail.behavioral.chances import Prospect
from retailsim.agents.retail.behavioral.levels import Level
from retailsim.market.catalogue.product import Category
from retailsim.sim.protocols.retail.anchor_solution import (
    DOUBLINGS,
    STEP,
    Demand,
    OutOfReach,
    Refunds,
    Returns,
    returns_deviation,
    solved_issue_rates,
    solved_level,
)


def prospect(
    rest: float = 0.0, slope: float = 2.0, buyer: str = "buyer", unit: str = "unit"
) -> Prospect:
    def utility(factor: float, price: float) -> float:
        return rest - factor * slope * math.log(price)

    def units(factor: float, price: float) -> float:
        return math.exp(-0.5 * factor * math.log(price))

    return Prospect("e", "Food", buyer, unit, utility, units)


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
    """Of the logit, at a point; over 10 % either way it is that within a hundredth or so."""
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


def test_what_the_draws_do_to_a_rate_of_returns_as_it_comes_out_of_many() -> None:
    """Orders of one or three units, with a chance each; against many shops drawn."""
    draws, size, rate = np.random.default_rng(5), 300, {"Food": 0.3}
    units = draws.choice([1.0, 3.0], size)
    chances, most = draws.uniform(0.1, 0.9, size), units * (draws.random(size) < 0.8)
    food = Returns(chances=chances, units=units, least=np.zeros(size), most=most)
    bought = draws.random((4_000, size)) < chances
    refunded = (bought & (draws.random(bought.shape) < rate["Food"])) @ most
    found = refunded / (bought @ units)
    wanted = rate["Food"] * food.expected().most / food.expected().units
    told = returns_deviation({"Food": food}, {"Food": rate["Food"]}, wanted)
    assert told == pytest.approx(found.std(), rel=0.05)
    assert found.mean() == pytest.approx(wanted, rel=0.02)
    ones = Returns(
        chances=chances, units=np.ones(size), least=np.zeros(size), most=(most > 0.0).astype(float)
    )
    assert returns_deviation({"Food": ones}, {"Food": rate["Food"]}, wanted) < 0.95 * told


def test_nothing_returned_for_sure_is_not_moved() -> None:
    none = Returns(*(np.full(9, one) for one in (0.5, 2.0, 0.0, 0.0)))
    assert returns_deviation({"Food": none}, {"Food": 1.0}, 0.0) == 0.0


def test_what_is_never_refunded_is_never_refunded() -> None:
    with pytest.raises(OutOfReach):
        solved_issue_rates({"Food": Refunds(units=9.0, least=0.0, most=0.0)}, {"Food": 1.0}, 0.1)


def test_a_buyer_with_an_inclination_of_its_own_is_made_up_for_by_the_others() -> None:
    fixed = prospect(logit(0.2), buyer="own")
    demand = Demand([fixed, prospect()], {"own": ("inclination",)})
    level = solved_level(demand, 0.3, None)
    assert demand.conversion(level) == pytest.approx(0.3, abs=1e-4)
    assert level.inclination == pytest.approx(logit(0.4), abs=1e-3)
    alone = solved_level(Demand([fixed, prospect()]), 0.3, None)
    assert alone.inclination != pytest.approx(level.inclination, abs=0.05)
    with pytest.raises(OutOfReach, match=r"conversion: 0\.7 cannot .*: only from 0\.1 to 0\.6"):
        solved_level(demand, 0.7, None)


def test_a_buyer_with_a_slope_of_its_own_keeps_it() -> None:
    fixed = prospect(slope=0.5, buyer="own")
    demand = Demand([fixed, prospect()], {"own": ("price",)})
    level = solved_level(demand, 0.5, -2.0)
    steps = (math.log(1.0 - STEP), math.log(1.0 + STEP))
    utilities = [
        [level.inclination - slope * step for slope in (0.5, 2.0 * level.price)] for step in steps
    ]
    low, high = (sum(1.0 / (1.0 + math.exp(-one)) for one in each) for each in utilities)
    assert math.log(high / low) / (steps[1] - steps[0]) == pytest.approx(-2.0, abs=1e-3)


def test_an_elasticity_is_found_where_the_steepest_slopes_are_no_answer() -> None:
    """One would buy at any price and one at none, once slopes are steep: nobody is moved."""

    def choosy(worth: float) -> Prospect:
        def utility(factor: float, price: float) -> float:
            return factor * 2.0 * (worth - math.log(price))

        return replace(prospect(), utility=utility)

    demand = Demand([choosy(0.5), choosy(-0.5)])
    steepest = Level(price=2.0**DOUBLINGS)
    assert demand.elasticity(steepest) == pytest.approx(0.0, abs=1e-3)
    level = solved_level(demand, 0.5, -0.7)
    assert demand.elasticity(level) == pytest.approx(-0.7, abs=1e-3)
    with pytest.raises(OutOfReach, match=r"elasticity: -5 cannot be reached .* from 0.00 to -0.85"):
        solved_level(demand, 0.5, -5.0)


def test_what_the_draws_do_to_a_conversion_as_it_comes_out_of_many() -> None:
    """Decisions of one unit share their draw: simulated, each with the share it has."""
    rests = {"a": (-1.0, 0.3, 2.0), "b": (0.1,), "c": (-0.5, -0.5)}
    each = [prospect(rest, unit=unit) for unit, some in rests.items() for rest in some]
    generator = np.random.default_rng(1)
    drawn = {unit: generator.logistic(size=40_000) for unit in rests}
    bought = sum((drawn[unit] + rest > 0.0) * 1.0 for unit, some in rests.items() for rest in some)
    said = Demand(each).deviation(Level())
    assert said == pytest.approx(float(np.std(bought / len(each))), rel=0.02)
    apart = [replace(one, unit=str(place)) for place, one in enumerate(each)]
    assert Demand(apart).deviation(Level()) < 0.9 * said


def test_units_answer_more_than_purchases_where_a_purchase_holds_fewer() -> None:
    """By half a percent for one percent, here."""
    demand = Demand([prospect()])
    more = demand.elasticity_of_units(Level()) - demand.elasticity(Level())
    assert more == pytest.approx(-0.5, abs=1e-9)
