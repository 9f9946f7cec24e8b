"""Regressions with shared weights, solved block by block: the same as all at once."""

from __future__ import annotations

import numpy as np

from retailsim.analysis.policy.arrow import Arrow


def test_blocks_give_what_the_whole_matrix_gives() -> None:
    random, options, size = np.random.default_rng(1), 4, 5
    of = [random.normal(size=(n, size)) for n in (30, 3, 0, 12)]
    wanted = [random.normal(size=(len(one), 2)) for one in of]
    grams = [one.T @ one for one in of]
    whole = np.zeros((size * (1 + options),) * 2)
    whole[:size, :size] = sum(grams) + 0.1 * np.eye(size)
    for number, gram in enumerate(grams, 1):
        here = slice(number * size, (number + 1) * size)
        whole[here, here] = gram + 2.0 * np.eye(size)
        whole[:size, here] = whole[here, :size] = gram
    rights = [one.T @ two for one, two in zip(of, wanted, strict=True)]
    expected = np.linalg.solve(whole, np.concatenate([sum(rights), *rights]))
    arrow = Arrow(grams, shared=0.1, own=2.0)
    shared, own = arrow.solve(rights)
    np.testing.assert_allclose(np.concatenate([shared, *own]), expected, atol=1e-10)
    inverse = np.linalg.inv(whole)
    for option in range(options):
        picked = np.zeros((len(whole), size))
        picked[:size], picked[(1 + option) * size : (2 + option) * size] = (
            np.eye(size),
            np.eye(size),
        )
        spread = picked.T @ inverse @ picked
        np.testing.assert_allclose(arrow.covariance(option), spread, atol=1e-10)
