"""A walk through an environment by chance, for tests that read its log afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retailsim.analysis.policy.decisions import Decisions

Step = tuple[NDArray[Any], NDArray[Any], int, float]
"""Observation, mask, action and what was paid for it."""


def walked(env: Any, *, episodes: int) -> dict[str, list[Step]]:
    """Return the steps of each episode by its market, of one that takes any legal action."""
    random, given = np.random.default_rng(3), {}
    for number in range(episodes):
        observation, info = env.reset(**({} if number else {"seed": 4}))
        market, over, steps = info["market"], False, []
        while not over:
            action = int(random.choice(np.flatnonzero(info["action_mask"])))
            before = observation, info["action_mask"]
            observation, paid, over, _, info = env.step(action)
            steps.append((*before, action, paid))
        given[market] = steps
    env.close()
    return given


def assert_told(found: Decisions, given: Mapping[str, Sequence[Step]]) -> None:
    """Check that a log says what the learner was given, step by step."""
    assert sorted(given) == sorted(found.ids)
    for number, name in enumerate(found.ids):
        rows = found.episode == number
        seen, masks, actions, paid = map(np.array, zip(*given[name], strict=True))
        np.testing.assert_array_equal(found.features[rows], seen)
        np.testing.assert_array_equal(found.mask[rows], masks)
        np.testing.assert_array_equal(found.chosen[rows], actions)
        np.testing.assert_allclose(found.rewards[rows], paid)
        assert list(found.turn[rows]) == list(range(1, rows.sum() + 1))
    assert not found.known.any(), "the environment was told of no propensities"
