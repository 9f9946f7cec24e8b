"""Two runs that differ in nothing but their seed are told apart at the level and no more often."""

from __future__ import annotations

import asyncio
from pathlib import Path

import polars as pl
import pytest
from msgspec.structs import replace

from retailsim.analysis.statistics.crossed import Side, crossed_rates
from retailsim.analysis.statistics.differences import two_rates
from retailsim.analysis.statistics.values import Test
from retailsim.events.streams import Seed
from retailsim.sim.calibration.episode_counts import played_counts
from retailsim.sim.folder.inputs import with_inputs
from retailsim.sim.run.launch import read_scenario
from retailsim.sim.run.launch_options import Options
from retailsim.sim.run.stock import chosen_products
from retailsim.sim.scenario.protocol import new_design
from retailsim.sim.scenario.scenario import Scenario
from retailsim.sim.seats.cast import Cast
from retailsim.sim.terminal.terminal import Quiet

PAIRS = 300
BUYERS = "careful-saver,bargain-hunter,steady-planner,curious-collector,easy-shopper"


@pytest.mark.slow
def test_pairs_of_seeds_reject_at_the_level() -> None:
    """Another seed has other buyers behind the same names: the control forgets that."""
    settings = ("products.per_category=3",)
    scenario, where = read_scenario(
        Options(scenario="pairwise", sellers="behavioral", buyers=BUYERS, settings=settings)
    )
    products = chosen_products(scenario, where, Quiet())
    changed = with_inputs(scenario, Path())

    def arm(number: int) -> Side:
        seed = Seed(number)
        design = new_design(_seeded(scenario, number), where, products)
        cast = Cast(changed, design.protocol, seed, Path.cwd())
        counts = asyncio.run(played_counts(design, cast))
        opened = [one.opened for one in counts if one.opened is not None]
        assert len(opened) == len(counts) == 60
        bought = pl.Series([int(one.units > 0) for one in counts])
        product, buyer = (
            pl.Series([getattr(one, of) for one in opened]) for of in ("product", "buyer")
        )
        return bought, pl.Series([1] * len(counts)), product, buyer

    crossed = products_alone = 0
    for pair in range(PAIRS):
        one, two = arm(2 * pair), arm(2 * pair + 1)
        crossed += told_apart(crossed_rates(one, two))
        products_alone += told_apart(two_rates(one[:3], two[:3]))
    assert crossed <= 0.08 * PAIRS, crossed
    assert products_alone > crossed, (products_alone, crossed)


def told_apart(test: Test) -> bool:
    return test.p is not None and test.p < 0.05


def _seeded(scenario: Scenario, seed: int) -> Scenario:
    return replace(scenario, run=replace(scenario.run, seed=seed))
