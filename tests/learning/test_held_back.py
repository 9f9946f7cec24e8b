"""What was learnt without some: the same as if they had never been met."""

from __future__ import annotations

import numpy as np
import pytest

from retailsim.sim.learning.held_back import FOLDS, HeldBack
from retailsim.sim.learning.learners import Ridge

NAMES = [f"profile-{number}" for number in range(25)]


def taught() -> tuple[HeldBack, list[tuple[str, int, list[float], np.ndarray]]]:
    random = np.random.default_rng(1)
    held, rows = HeldBack(NAMES, 2, 3, targets=2), []
    for _ in range(400):
        name, option = str(random.choice(NAMES)), int(random.integers(2))
        row = (name, option, random.random(3).tolist(), random.normal(size=2))
        rows.append(row)
        held.add(*row)
    return held, rows


def fold_of(held: HeldBack, name: str) -> set[str]:
    """Those that share a name's weights."""
    return {one for one in NAMES if np.array_equal(held.weights(one), held.weights(name))}


def test_weights_for_someone_are_those_of_everybody_outside_of_the_fold() -> None:
    """A second way: a regression that is only told of the others, row by row."""
    held, rows = taught()
    for name in NAMES[:4]:
        fold, ridge = fold_of(held, name), Ridge(2, 3, targets=2)
        assert name in fold
        for one, option, features, targets in rows:
            if one not in fold:
                ridge.add(option, np.array([*features, 1.0]), targets)
        np.testing.assert_allclose(held.weights(name), ridge.weights, rtol=1e-8)


def test_everybody_is_in_one_of_ten_folds_of_like_size() -> None:
    held, _ = taught()
    folds = {frozenset(fold_of(held, name)) for name in NAMES}
    assert len(folds) == FOLDS
    assert sorted(map(len, folds)) == [2] * 5 + [3] * 5


def test_what_someone_teaches_never_meets_it_and_does_meet_others() -> None:
    held, _ = taught()
    mine = fold_of(held, NAMES[0])
    other = next(name for name in NAMES if name not in mine)
    before = {name: held.weights(name).copy() for name in (NAMES[0], other)}
    held.add(NAMES[0], 0, [1.0, 0.0, 0.0], np.array([50.0, 50.0]))
    np.testing.assert_array_equal(held.weights(NAMES[0]), before[NAMES[0]])
    assert np.abs(held.weights(other) - before[other]).max() > 0.1


@pytest.mark.parametrize("names", [["one"], ["one", "two"]])
def test_few_are_held_back_as_well(names: list[str]) -> None:
    held = HeldBack(names, 2, 1, targets=1)
    held.add("one", 0, [1.0], np.array([1.0]))
    assert not held.weights("one").any()
