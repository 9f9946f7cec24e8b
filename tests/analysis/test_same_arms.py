"""Two runs that differ in nothing but their seed are told apart at the level and no more often."""

from __future__ import annotations

import asyncio
from pathlib import Path

import polars as pl
import pytest
from msgspec.structs import replace

from retailsim.analysis.statistics.differences import two_rates
from retailsim.events.streams import Seed
from retailsim.sim.calibration.episode_counts import played_counts
from retailsim.sim.folder.inputs import with_inputs
from retailsim.sim.run.launch import Options, chosen_products, read_scenario
from retailsim.sim.scenario.protocol import new_design
from retailsim.sim.scenario.scenario import Scenario
from retailsim.sim.seats.cast import Cast
from retailsim.sim.terminal.terminal import Quiet

Arm = tuple[pl.Series, pl.Series, pl.Series]


@pytest.mark.slow
def test_a_thousand_pairs_of_seeds_reject_at_the_level() -> None:
    scenario, where = read_scenario(
        Options(scenario="guidance", sellers="behavioral", settings=("products.per_category=6",))
    )
    products = chosen_products(scenario, where, Quiet())
    changed = with_inputs(scenario, Path())

    def arm(number: int) -> Arm:
        seed = Seed(number)
        design = new_design(_seeded(scenario, number), where, products)
        cast = Cast(changed, design.protocol, seed, Path.cwd())
        counts = asyncio.run(played_counts(design, cast))
        bought = pl.Series([int(one.units > 0) for one in counts])
        names = pl.Series([one.opened.product for one in counts if one.opened is not None])
        assert len(names) == len(counts) == 48
        return bought, pl.Series([1] * len(counts)), names

    tests = [two_rates(arm(2 * pair), arm(2 * pair + 1)) for pair in range(1_000)]
    rejected = sum(test.p is not None and test.p < 0.05 for test in tests)
    assert 30 <= rejected <= 70, rejected


def _seeded(scenario: Scenario, seed: int) -> Scenario:
    return replace(scenario, run=replace(scenario.run, seed=seed))
