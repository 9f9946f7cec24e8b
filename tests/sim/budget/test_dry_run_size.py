"""A dry run says how large a run is without going through it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from retailsim.sim.protocols.csales.design import SalesDesign
from retailsim.sim.protocols.retail.design import RetailDesign
from retailsim.sim.run.launch import prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.design import Design
from retailsim.sim.terminal.audience import Nobody
from tests.sim.budget.test_estimate import MODELS, estimated
from tests.sim.modelserver import serving
from tests.sim.runs import scenario, sim

FEW = ("products.per_category=1",)


def design(*settings: str, of: str = "pairwise") -> Design:
    return prepare(Options(scenario=of, settings=settings), Nobody()).design


@pytest.mark.parametrize("broadcast", ["shared", "episode"])
@pytest.mark.parametrize("pairing", ["all", "random"])
@pytest.mark.parametrize("replications", [1, 3])
def test_what_is_told_is_what_there_is(broadcast: str, pairing: str, replications: int) -> None:
    found = design(
        *FEW,
        f"design.broadcast={broadcast}",
        f"design.pairing={pairing}",
        f"design.replications={replications}",
    )
    markets = list(found.markets())
    assert found.market_count == (len(markets), True)
    assert found.episodes == sum(len(one.episodes) for one in markets)
    some, rounds = found.rounds()
    if pairing == "all":
        assert len(list(some)) * rounds == len(markets)


def test_conversations_are_counted_by_formula_too() -> None:
    found = design("profiles.count=3", "design.replications=4", of="csales")
    assert found.market_count == (len(list(found.markets())), True)


@pytest.mark.slow
def test_of_many_markets_by_chance_there_is_an_expectation_near_what_there_is() -> None:
    settings = (*FEW, "design.pairing=random", "design.broadcast=shared")
    found = design(*settings, "design.replications=5100")
    markets, exact = found.market_count
    assert not exact
    counted = sum(1 for _ in found.markets())
    assert markets == pytest.approx(counted, rel=0.01)


@pytest.fixture
def never_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    def walk(self: Design) -> Iterator[Any]:
        raise AssertionError("walked through all markets")

    for kind in (RetailDesign, SalesDesign):
        monkeypatch.setattr(kind, "markets", walk)


@pytest.mark.usefixtures("never_walked")
@pytest.mark.parametrize("name", ["pairwise", "csales", "elasticity"])
def test_a_million_replications_are_told_without_walking(name: str) -> None:
    said = sim("launch", name, "--dry-run", "--json", "--set", "design.replications=1000000")
    assert said.exit_code == 0, said.stderr
    assert json.loads(said.stdout)["episodes"] >= 1_000_000


@pytest.mark.usefixtures("never_walked")
def test_models_of_a_large_run_are_estimated_by_its_first_round(tmp_path: Path) -> None:
    with serving() as server:
        path = scenario(tmp_path, MODELS.format(url=server.url, products=1))
        one = estimated(path)
        many = estimated(path, "--set", "design.replications=100000")
    for name in ("dollars", "most_dollars"):
        assert many[name] == pytest.approx(one[name] * 100_000, rel=1e-4)
    assert many["largest_market_dollars"] == one["largest_market_dollars"]


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)])
def test_an_absurd_size_is_refused_in_one_line(arguments: tuple[str, ...], tmp_path: Path) -> None:
    setting = "design.replications=100000000000"
    result = sim("launch", *arguments, "--set", setting, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "at most 1,000,000,000,000" in result.stderr
    assert not (tmp_path / "run").exists()
