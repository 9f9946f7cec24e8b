"""Limits on a problem whose answer is known: how dear a cost is, and how often it may occur."""

from __future__ import annotations

import numpy as np
import pytest

from retailsim.sim.learning.learners import LEARNERS, Learner
from retailsim.sim.learning.limits import Limit, Prices

ROUNDS = 4_000
SETTLING = 1_000


def course(limit: Limit, seed: int, *, rounds: int = ROUNDS) -> tuple[Learner, Prices, float]:
    """Learn when to do what costs 1 and pays a number between 0 and 1 that is seen before.

    To do it where it pays more than p costs 1 - p on average: so p is the price of a limit of
    1 - p, and pays best. Returns the learner, the prices, and how often it does it in the end.
    """
    random = np.random.default_rng(seed)
    learner, prices = LEARNERS["linucb"](2, 1, random, targets=2), Prices(1)
    done = []
    for number in range(rounds):
        settling = number >= rounds - SETTLING
        context, noise = float(random.random()), 0.1 * float(random.normal())
        learner.prices = np.concatenate([[1.0], -prices.now(learner.spreads)])
        arm = (learner.best if settling else learner.choose)([context], [1, 1])
        if not settling:
            learner.add([context], arm, [arm * (context + noise), limit.sign * arm])
        prices.step([limit.excess(float(arm))], learner.spreads)
        done.append(arm)
    learner.prices = np.concatenate([[1.0], -prices.tail(since=rounds - SETTLING)])
    states = np.linspace(0.0, 1.0, 1_001)
    chosen = [learner.best([state], [1, 1]) for state in states]
    return learner, prices, float(np.mean(chosen))


@pytest.mark.slow
@pytest.mark.parametrize("bound", [0.2, 0.5, 0.8])
def test_the_price_of_a_limit_is_found_and_the_limit_held(bound: float) -> None:
    _, prices, rate = course(Limit(term="cost", bound=bound), seed=1)
    assert float(prices.tail(since=ROUNDS - SETTLING)[0]) == pytest.approx(1 - bound, abs=0.1)
    assert rate == pytest.approx(bound, abs=0.08)


def test_a_limit_that_nothing_breaks_has_no_price() -> None:
    """The control: without one, what pays anything is always done."""
    _, prices, rate = course(Limit(term="cost", bound=1.0), seed=1, rounds=3_000)
    assert max(float(one[0]) for one in prices.path) == 0.0
    assert rate > 0.95


@pytest.mark.slow
def test_the_tail_swings_less_than_the_path() -> None:
    _, prices, _ = course(Limit(term="cost", bound=0.5), seed=2)
    last = np.array(prices.path[-SETTLING:])
    tails = [prices.tail(since=ROUNDS - SETTLING - back)[0] for back in range(0, 800, 50)]
    assert np.std(tails) < 0.5 * np.std(last)


def test_a_floor_is_a_limit_from_below() -> None:
    """What is only paid for by its floor is done as often as that asks for."""
    random = np.random.default_rng(3)
    limit = Limit(term="good", bound=0.3, least=True)
    learner, prices = LEARNERS["linucb"](2, 1, random, targets=2), Prices(1)
    for _ in range(ROUNDS):
        effort = float(random.random())
        learner.prices = np.concatenate([[1.0], -prices.now(learner.spreads)])
        arm = learner.choose([effort], [1, 1])
        learner.add([effort], arm, [-arm * effort, limit.sign * arm])
        prices.step([limit.excess(float(arm))], learner.spreads)
    price = float(prices.tail()[0])
    assert price == pytest.approx(0.3, abs=0.1)  # done where the effort is below the price
    assert limit.words == "good at least 0.3"


def test_two_limits_have_each_a_price_of_its_own() -> None:
    prices = Prices(2)
    for _ in range(500):
        prices.step([0.5, -0.5], [1.0, 1.0, 1.0])
    now = prices.now([1.0, 1.0, 1.0])
    assert now[0] > 1.0
    assert now[1] == 0.0
    np.testing.assert_allclose(prices.now([2.0, 4.0, 1.0]), now * [0.5, 2.0])  # in their units
    assert len(prices.path) == 500
    assert not Prices(2).tail().any()
