"""Comparing two runs: exactly nothing for a run with itself, and the truth for a lower price."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from analysis.comparison import compare
from analysis.loading import load
from tests.analysis.fakelog import closed, market, opened, order, write_run
from tests.sim.runs import launched, sim

SIZE = ("--set", "products.per_category=8")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("compare")
    launched(folder / "a", *SIZE)
    launched(folder / "cheap", *SIZE, "--set", "design.discount=0.2")
    launched(folder / "other", *SIZE, "--seed", "2")
    return {name: folder / name for name in ("a", "cheap", "other")}


def test_a_run_differs_from_itself_by_exactly_nothing(runs: dict[str, Path]) -> None:
    found = compare(load(runs["a"]), load(runs["a"]))
    assert (found.pairs, found.only_first, found.only_second) == (800, 0, 0)
    for change in (*found.planned, *found.exploratory):
        assert change.test.estimate == 0.0
        assert change.test.p == 1.0
        assert change.adjusted_p == 1.0
        if change.test.interval is not None:
            assert (change.test.interval.low, change.test.interval.high) == (0.0, 0.0)


def test_a_lower_price_sells_more_in_pairs_that_share_their_draws(runs: dict[str, Path]) -> None:
    found = compare(load(runs["a"]), load(runs["cheap"]))
    assert found.pairs == 800
    [conversion] = [c for c in found.planned if c.measure == "conversion_rate"]
    assert conversion.test.estimate is not None
    assert conversion.test.estimate > 0.05
    assert conversion.adjusted_p is not None
    assert conversion.adjusted_p < 0.001
    assert conversion.first.value is not None
    assert conversion.second.value is not None
    difference = conversion.second.value - conversion.first.value
    assert conversion.test.estimate == pytest.approx(difference)


def test_pairs_tell_more_than_the_runs_apart(runs: dict[str, Path]) -> None:
    found = compare(load(runs["a"]), load(runs["cheap"]))
    interval = found.planned[0].test.interval
    alone = found.planned[0].first.interval
    assert interval is not None
    assert alone is not None
    assert interval.high - interval.low < alone.high - alone.low


def test_an_adjusted_p_is_never_below_its_own(runs: dict[str, Path]) -> None:
    found = compare(load(runs["a"]), load(runs["other"]))
    for change in (*found.planned, *found.exploratory):
        assert change.adjusted_p is not None
        assert change.test.p is not None
        assert change.adjusted_p >= change.test.p - 1e-12


def test_the_command_prints_both_tables_and_one_json_object(runs: dict[str, Path]) -> None:
    told = sim("compare", runs["a"], runs["cheap"])
    assert told.exit_code == 0, told.stderr
    assert "800 pairs of episodes that share their draws" in told.stdout
    assert "seller bold-showman" in told.stdout
    as_json: dict[str, Any] = json.loads(sim("compare", runs["a"], runs["cheap"], "--json").stdout)
    assert as_json["comparison"]["pairs"] == 800
    assert {row["measure"] for row in as_json["comparison"]["planned"]} == {
        *("conversion_rate", "net_revenue_cents", "refund_rate"),
        *("average_quantity", "average_rating"),
    }


def test_runs_without_common_episodes_are_compared_as_such(tmp_path: Path) -> None:
    one = [closed(f"e{n}", opened(product=f"p{n}"), order()) for n in range(4)]
    two = [closed(f"f{n}", opened(seller="t", product=f"p{n}")) for n in range(4)]
    first = write_run(tmp_path / "one", market("m", *one))
    second = write_run(tmp_path / "two", market("m", *two))
    found = compare(load(first), load(second))
    assert found.pairs == 0
    assert found.planned[0].test.estimate == -1.0
    assert "no episodes pair" in sim("compare", first, second).stdout


def test_an_empty_run_has_nothing_to_compare(tmp_path: Path) -> None:
    empty = write_run(tmp_path / "run", market("m"))
    result = sim("compare", empty, empty)
    assert result.exit_code == 1, result.stderr
    assert "nan" not in result.stdout.lower()
