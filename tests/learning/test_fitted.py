"""Fitted Q iteration on a small world whose best policy is known, also where a cost is limited."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from retailsim.sim.learning.fitted import Steps, fitted_q
from retailsim.sim.learning.limits import Limit

WAIT, SELL, RISK = 0, 1, 2
"""Selling pays 0.3 where nobody was warmed up, 1 where somebody was; to wait pays nothing and
warms up. To risk it pays 1.5 at once, and costs 1; only of the warmed up may it be asked."""


def log(random: np.random.Generator, episodes: int, *, last: bool = True) -> Steps:
    """Decisions by chance: a buyer is cold, then warm; whoever waits when warm loses it."""
    rows = []
    for number in range(episodes):
        for warm in (0.0, 1.0):
            legal = [1, 1, int(warm)] if last else [1, 1, 0]
            taken = int(random.choice(np.flatnonzero(legal)))
            paid = {WAIT: 0.0, SELL: 1.0 if warm else 0.3, RISK: 1.5}[taken]
            rows.append(([warm], legal, taken, number, [paid, float(taken == RISK)]))
            if taken != WAIT:
                break
    features, mask, options, episode, targets = zip(*rows, strict=True)
    return Steps(
        features=np.array(features),
        mask=np.array(mask, bool),
        chosen=np.array(options),
        episode=np.array(episode),
        targets=np.array(targets),
    )


def choice(found_weights: np.ndarray, bias: np.ndarray, warm: float, legal: list[int]) -> int:
    scores = np.where(np.array(legal, bool), found_weights[:, 0] * warm + bias, -np.inf)
    return int(scores.argmax())


def test_the_best_policy_waits_for_what_comes_later() -> None:
    """Who looks at the next reward alone sells at once: the control."""
    steps = log(np.random.default_rng(1), 2_000, last=False)
    found = fitted_q(steps)
    assert choice(found.weights, found.bias, 0.0, [1, 1, 0]) == WAIT
    assert choice(found.weights, found.bias, 1.0, [1, 1, 0]) == SELL
    assert found.worth[0] == pytest.approx(1.0, abs=0.05)
    alone = replace(steps, episode=np.arange(len(steps.chosen)))
    blind = fitted_q(alone)
    assert choice(blind.weights, blind.bias, 0.0, [1, 1, 0]) == SELL


def test_an_option_that_the_log_never_tried_is_no_option() -> None:
    steps = log(np.random.default_rng(1), 300, last=False)
    found = fitted_q(steps)
    assert found.tried.tolist() == [True, True, False]
    scores = found.weights[:, 0] + found.bias
    assert scores[RISK] < scores[SELL] - 0.1  # and it is doubted


@pytest.mark.parametrize(("bound", "taken"), [(0.1, SELL), (1.0, RISK)])
def test_a_limit_is_kept_at_a_price(bound: float, taken: int) -> None:
    """The cost is 1 where it is risked, and pays 0.5 more: so any price above that ends it."""
    found = fitted_q(log(np.random.default_rng(2), 2_000), [Limit(term="cost", bound=bound)])
    assert choice(found.weights, found.bias, 1.0, [1, 1, 1]) == taken
    assert choice(found.weights, found.bias, 0.0, [1, 1, 0]) == WAIT
    if taken == RISK:
        assert found.prices[0] == 0.0
        assert found.worth[1] == pytest.approx(1.0, abs=0.05)
    else:
        assert found.prices[0] == pytest.approx(0.5, abs=0.25)
        assert any(later[0] > earlier[0] for earlier, later in pairwise(found.path))


def test_a_floor_is_a_limit_from_below() -> None:
    steps = log(np.random.default_rng(3), 2_000)
    good = replace(steps, targets=np.c_[-steps.targets[:, 1], -steps.targets[:, 1]])
    found = fitted_q(good, [Limit(term="risks", bound=0.5, least=True)])
    assert found.prices[0] > 0.8  # what only costs is done for its price


def test_the_order_of_episodes_does_not_matter() -> None:
    steps = log(np.random.default_rng(4), 200)
    order = np.argsort(-steps.episode, kind="stable")
    turned = Steps(**{name: getattr(steps, name)[order] for name in Steps.__dataclass_fields__})
    np.testing.assert_allclose(fitted_q(turned).weights, fitted_q(steps).weights, atol=1e-9)
