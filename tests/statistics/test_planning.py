"""How many clusters a difference needs: against a library, and against drawn clusters."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from statsmodels.stats.power import TTestIndPower, TTestPower

from retailsim.analysis.statistics.planning import (
    FEWEST,
    clusters_needed,
    difference_told,
    power_of,
    spread,
)


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize(("difference", "variance", "clusters"), [(0.3, 1.0, 40), (2.0, 50.0, 90)])
def test_power_is_that_of_the_t_test(
    difference: float, variance: float, clusters: int, paired: bool
) -> None:
    """Unpaired, `variance` is that of both arms together."""
    found = power_of(difference, variance, clusters, paired=paired)
    if paired:
        library = TTestPower().power(difference / variance**0.5, clusters, 0.05)
    else:
        effect = difference / (variance / 2.0) ** 0.5
        library = TTestIndPower().power(effect, clusters, 0.05)
    assert found == pytest.approx(float(library), abs=1e-6)


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize(("power", "alpha"), [(0.8, 0.05), (0.95, 0.005)])
def test_one_cluster_less_is_not_enough(power: float, alpha: float, paired: bool) -> None:
    found = clusters_needed(0.4, 1.7, paired=paired, power=power, alpha=alpha)
    assert found is not None
    assert power_of(0.4, 1.7, found, paired=paired, alpha=alpha) >= power
    assert power_of(0.4, 1.7, found - 1, paired=paired, alpha=alpha) < power
    told = difference_told(1.7, found, paired=paired, power=power, alpha=alpha)
    assert power_of(told, 1.7, found, paired=paired, alpha=alpha) == pytest.approx(power, abs=1e-6)


def test_what_cannot_be_planned() -> None:
    assert clusters_needed(0.5, 0.0, paired=True) == FEWEST
    assert clusters_needed(1e-6, 1e3, paired=True) is None
    with pytest.raises(ValueError, match="cannot be told from 0"):
        clusters_needed(0.0, 1.0, paired=True)


def drawn(seed: int, clusters: int, cells: int, replications: int) -> pl.DataFrame:
    """A cluster's own part (variance 4), a cell's in it (9), and a replication's (25)."""
    generator = np.random.default_rng(seed)
    own = generator.normal(0.0, 2.0, (clusters, 1, 1))
    seat = generator.normal(0.0, 3.0, (clusters, cells, 1))
    values = 1.0 + own + seat + generator.normal(0.0, 5.0, (clusters, cells, replications))
    cluster, cell, _ = np.indices(values.shape)
    return pl.DataFrame(
        {"value": values.ravel(), "cluster": cluster.ravel(), "cell": cell.ravel()}
    ).with_columns(pl.col("cluster").cast(pl.String))


def test_the_parts_of_the_variance_are_those_that_were_drawn() -> None:
    frame = drawn(21, 4_000, 5, 2)
    found = spread(frame["value"], frame["cluster"], frame["cell"])
    assert found is not None
    assert found.mean == pytest.approx(1.0, abs=0.15)
    assert found.within == pytest.approx(25.0 / 5, rel=0.05)
    assert found.between == pytest.approx(4.0 + 9.0 / 5, rel=0.1)
    ten = drawn(22, 4_000, 5, 10).group_by("cluster").agg(pl.col("value").mean())["value"]
    assert found.variance(10) == pytest.approx(float(np.var(ten.to_numpy(), ddof=1)), rel=0.1)


def test_without_replications_nothing_is_promised_of_more() -> None:
    frame = drawn(23, 400, 5, 1)
    found = spread(frame["value"], frame["cluster"], frame["cell"])
    means = frame.group_by("cluster").agg(pl.col("value").mean())["value"].to_numpy()
    assert found is not None
    assert found.within == 0.0
    assert found.variance(50) == found.variance(1) == pytest.approx(float(means.var(ddof=1)))
    one = frame.filter(pl.col("cluster") == "0")
    assert spread(one["value"], one["cluster"], one["cell"]) is None
