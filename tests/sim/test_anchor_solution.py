"""Solving an anchor, where the answer is known: logit demand without anything drawn."""

from __future__ import annotations

import math

import pytest

from retailsim.agents.retail.behavioral.chances import Prospect, mean_chances
from retailsim.agents.retail.behavioral.parameters import Level
from retailsim.sim.protocols.retail.anchor_solution import (
    Demand,
    OutOfReach,
    Refunds,
    solved_issue_rate,
    solved_level,
)


def prospect(rest: float = 0.0, slope: float = 2.0, spread: float = 0.0) -> Prospect:
    def priced(factor: float, price: float) -> float:
        return -factor * slope * math.log(price)

    return Prospect("e", "Food", "buyer", spread, rest, priced)


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


def test_a_return_rate_is_reached_by_the_share_of_orders_with_an_issue() -> None:
    refunds = Refunds(least=0.02, most=0.32)
    assert solved_issue_rate(refunds, 0.12) == pytest.approx(1.0 / 3.0, abs=1e-5)
    assert [solved_issue_rate(refunds, rate) for rate in (0.02, 0.32)] == [0.0, 1.0]


@pytest.mark.parametrize("rate", [0.01, 0.33])
def test_a_return_rate_out_of_reach_is_refused_with_what_can_be_had(rate: float) -> None:
    with pytest.raises(OutOfReach, match=r"only from 0\.020 .* to 0\.320"):
        solved_issue_rate(Refunds(least=0.02, most=0.32), rate)


def test_what_is_never_refunded_is_never_refunded() -> None:
    with pytest.raises(OutOfReach):
        solved_issue_rate(Refunds(least=0.0, most=0.0), 0.1)
