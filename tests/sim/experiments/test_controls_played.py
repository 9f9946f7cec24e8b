"""The behavioral agents over many seeds, judged as if nothing were put into them.

What `tests/analysis/experiments/test_controls.py` does with simulated buyers, done with the agents,
catalogue and engine themselves. For time, the controls have one replication, over 40 seeds; the
paper's effects have the presets' sizes (but for two replications of seven), over 20.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from retailsim.analysis.experiments.economics import economics
from retailsim.analysis.experiments.verdicts import REPRODUCED, verdict
from tests.sim.experiments.played import played

SEEDS = range(1001, 1041)

BLIND = """
[buyer.choice]
price = 0.0
deal = 0.0
"""
ALIKE = """
[buyer.poles.sensitive]
price = 1.5
deal = 1.0
[buyer.poles.indifferent]
price = 1.5
deal = 1.0
"""
PAPER = """
[buyer.gender_fit]
men = { male = 0.1, female = -0.49 }
women = { male = -2.0, female = -1.02 }
"""
"""Table 2's 14.8 points for what is made for one's gender; the prices' effects are shipped ones."""


ONCE = "design.replications=1"
NAMES = ("fit", "falls", "minds")
PRICES = {"demographic": 0, "price-demand": 1, "elasticity": 1}
GROUPS = {"demographic": 0, "price-demand": 0, "elasticity": 1}
ALL = {"demographic": 8, "price-demand": 4, "elasticity": 5}
"""Replications of the runs; 0: the same small run for every seed, for nothing is asked of it."""


def over_seeds(
    parameters: str, replications: Mapping[str, int], folder: Path, seeds: Sequence[int] = SEEDS
) -> tuple[dict[str, int], dict[str, float]]:
    """In how many seeds each regularity is reproduced, and its mean estimate."""
    file = folder / "parameters.toml"
    file.write_text(parameters, encoding="utf-8")
    own = f"behavioral.parameters={file}"
    found, same = (
        [],
        {name: played(name, 1, own, ONCE) for name, n in replications.items() if not n},
    )
    for seed in seeds:
        runs = {
            name: same[name] if not n else played(name, seed, own, f"design.replications={n}")
            for name, n in replications.items()
        }
        found.append(economics(runs).findings)
    counts = {
        name: sum(verdict(findings[place]) == REPRODUCED for findings in found)
        for place, name in enumerate(NAMES)
    }
    means = {
        name: float(np.mean([findings[place].test.estimate for findings in found]))
        for place, name in enumerate(NAMES)
    }
    return counts, means


@pytest.mark.slow
@pytest.mark.parametrize(
    ("parameters", "replications", "absent"),
    [(BLIND, PRICES, ("falls", "minds")), (ALIKE, GROUPS, ("minds",))],
    ids=["nobody minds the price", "both groups mind it alike"],
)
def test_what_is_not_there_is_reproduced_in_at_most_one_seed_of_twenty(
    parameters: str,
    replications: Mapping[str, int],
    absent: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    counts, _ = over_seeds(parameters, replications, tmp_path)
    for name in absent:
        high = binomtest(counts[name], len(SEEDS)).proportion_ci(0.95).high
        with capsys.disabled():
            print(f"\n{name}: reproduced in {counts[name]} of {len(SEEDS)}, at most {high:.1%}")
        assert counts[name] <= 0.05 * len(SEEDS)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_papers_effects_are_found_in_four_seeds_of_five(tmp_path: Path) -> None:
    counts, means = over_seeds(PAPER, ALL, tmp_path)
    assert means["fit"] == pytest.approx(0.148, abs=0.03)
    assert means["minds"] > 2.0
    assert all(count >= 0.8 * len(SEEDS) for count in counts.values()), counts
