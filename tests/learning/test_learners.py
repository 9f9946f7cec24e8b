"""Learners on a problem whose truth is known, and on one in which there is nothing to learn."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from retailsim.sim.learning.learners import FIRST, LEARNERS, Learner, Ridge

ARMS, SIZE, ROUNDS = 5, 4, 2_000
Floats = NDArray[np.float64]
TRUTH: Floats = np.random.default_rng(5).normal(size=(ARMS, SIZE))
"""What each arm is worth: its row times the context."""
CONTEXTS: Floats = np.random.default_rng(6).random((4_000, SIZE))
"""Held out."""
WORTH: Floats = CONTEXTS @ TRUTH.T


def greedy(learner: Learner) -> NDArray[np.intp]:
    """The arm that was learnt to be the best one in each held-out context."""
    chosen: NDArray[np.intp] = (CONTEXTS @ learner.weights.T + learner.bias).argmax(axis=1)
    return chosen


def taught(name: str, seed: int, *, shuffled: bool = False) -> Learner:
    """A learner after its rounds; shuffled, it is paid what another round earned."""
    random = np.random.default_rng(seed)
    learner = LEARNERS[name](ARMS, SIZE, random)
    contexts, noise = random.random((ROUNDS, SIZE)), random.normal(size=ROUNDS)
    others = random.permutation(ROUNDS)
    arms = random.integers(ARMS, size=ROUNDS)
    for number, context in enumerate(contexts):
        arm = learner.choose(context.tolist(), [1] * ARMS)
        here, taken = (others[number], arms[number]) if shuffled else (number, arm)
        reward = contexts[here] @ TRUTH[taken] + 0.3 * noise[number]
        learner.add(context.tolist(), arm, [float(reward)])
    return learner


def value(learner: Learner) -> float:
    return float(WORTH[np.arange(len(CONTEXTS)), greedy(learner)].mean())


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNERS)
def test_the_best_arm_of_each_context_is_found(name: str) -> None:
    best, chance = float(WORTH.max(axis=1).mean()), float(WORTH.mean())
    assert best - chance > 0.5  # there is something to find
    for seed in range(3):
        assert value(taught(name, seed)) > chance + 0.97 * (best - chance)


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNERS)
def test_of_rewards_that_are_anothers_nothing_is_learnt(name: str) -> None:
    """By chance one arm or another comes out on top; on the mean over seeds, none gains."""
    best, chance = float(WORTH.max(axis=1).mean()), float(WORTH.mean())
    gains = [value(taught(name, seed, shuffled=True)) - chance for seed in range(20)]
    error = float(np.std(gains, ddof=1)) / len(gains) ** 0.5
    assert abs(float(np.mean(gains))) < 3.0 * error
    assert max(gains) < 0.9 * (best - chance)


@pytest.mark.parametrize("name", LEARNERS)
def test_only_legal_options_are_taken(name: str) -> None:
    learner = LEARNERS[name](ARMS, SIZE, np.random.default_rng(1))
    random = np.random.default_rng(2)
    for _ in range(300):
        mask = random.integers(2, size=ARMS)
        mask[random.integers(ARMS)] = 1
        arm = learner.choose([0.5] * SIZE, mask.tolist())
        assert mask[arm] == 1
        learner.add([0.5] * SIZE, arm, [float(arm == 0)])


@pytest.mark.parametrize("name", LEARNERS)
def test_every_option_is_tried_and_the_better_ones_more_often(name: str) -> None:
    learner = LEARNERS[name](3, 1, np.random.default_rng(3))
    taken = [0, 0, 0]
    for _ in range(600):
        arm = learner.choose([1.0], [1, 1, 1])
        learner.add([1.0], arm, [float(arm == 2)])
        taken[arm] += 1
    assert min(taken) >= FIRST
    assert taken[2] > 450


def test_rows_one_by_one_come_to_the_regression_of_all_of_them() -> None:
    """Each target for itself, on the same rows."""
    random = np.random.default_rng(4)
    rows = np.c_[random.random((200, SIZE)), np.ones(200)]
    targets = rows @ random.normal(size=(SIZE + 1, 2))
    ridge = Ridge(2, SIZE, targets=2, penalty=0.5)
    for row, both in zip(rows, targets, strict=True):
        ridge.add(1, row, both)
    gram = rows.T @ rows + 0.5 * np.eye(SIZE + 1)
    np.testing.assert_allclose(ridge.weights[:, 1], np.linalg.solve(gram, rows.T @ targets).T)
    assert not ridge.weights[:, 0].any()
    expected = np.sqrt(rows[0] @ np.linalg.inv(gram) @ rows[0])
    assert ridge.errors(rows[0])[1] == pytest.approx(expected)


def test_what_several_targets_come_to_is_learnt_at_any_price() -> None:
    """As if each option had been paid that much to begin with."""
    random = np.random.default_rng(7)
    both = LEARNERS["linucb"](ARMS, SIZE, random, targets=2)
    paid = LEARNERS["linucb"](ARMS, SIZE, random)
    for context in random.random((300, SIZE)):
        arm, (reward, cost) = int(random.integers(ARMS)), random.normal(size=2)
        both.add(context.tolist(), arm, [reward, cost])
        paid.add(context.tolist(), arm, [reward - 3.0 * cost])
    both.prices = np.array([1.0, -3.0])
    np.testing.assert_allclose(both.weights, paid.weights)
    np.testing.assert_allclose(both.bias, paid.bias)
    assert both._spread() == pytest.approx(paid._spread())
    assert both.best([0.2] * SIZE, [1] * ARMS) == paid.best([0.2] * SIZE, [1] * ARMS)
