"""How an estimate is said: how far a budget goes, how long it takes, and what a program reads."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from retailsim.agents.llm.talk.workload import LEAST_BYTES_PER_TOKEN
from retailsim.agents.llm.types import ModelConfig, Price
from retailsim.sim.budget import estimate
from retailsim.sim.budget.estimate import CostEstimate, ModelEstimate, duration
from retailsim.sim.budget.market_workload import Workload
from tests.sim.budget.test_estimate import MODELS
from tests.sim.runs import scenario, sim


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (60.0, "1 min 00 s"),
        (125.0, "2 min 05 s"),
        (3599.6, "1 h 00 min"),
        (7504.0, "2 h 05 min"),
    ],
)
def test_a_time_is_said_in_its_two_largest_units(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("budget", "beginning", "said"),
    [
        ("1", 2.0, "--budget 1: too small to start, one market may cost $2.00 at worst"),
        ("1", 1.5, "--budget 1: too small to start, one episode may cost $1.50 at worst"),
        ("1", 0.5, "--budget 1: may stop within a market, which may cost $2.00 at worst"),
        ("7", 0.5, "--budget 7: expected to last for about 50% of {markets}; 3 at once"),
        ("12", 0.5, "--budget 12: enough for what is expected; 6 markets at once"),
    ],
)
def test_how_far_a_budget_goes_of_ten_dollars_expected_and_two_for_a_market(
    budget: str, beginning: float, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = CostEstimate(
        models=(),
        dollars=10.0,
        most_dollars=20.0,
        largest_market_dollars=2.0,
        beginning_dollars=beginning,
        seconds=65.0,
    )
    monkeypatch.setattr(estimate, "estimate", lambda design: found)
    path = scenario(tmp_path, MODELS.format(url="http://localhost/v1", products=2))
    result = sim("launch", path, "--dry-run", "--budget", budget)
    assert result.exit_code == 0, result.stderr
    markets = result.stdout.partition("; ")[2].partition(";")[0]
    assert f"{said.format(markets=markets)}\n" in result.stdout
    assert "expected in all: $10.00, 1 min 05 s\n" in result.stdout


def test_each_model_has_a_row_with_what_it_is_asked_and_costs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ModelEstimate(
        model="local",
        calls=1200,
        input_tokens=34_000,
        output_tokens=5600,
        dollars=10.0,
        most_dollars=20.0,
        seconds=65.0,
        bound_by="its rate",
        missing_key="A_KEY",
    )
    found = CostEstimate(
        models=(model,),
        dollars=10.0,
        most_dollars=20.0,
        largest_market_dollars=None,
        beginning_dollars=None,
        seconds=65.0,
    )
    monkeypatch.setattr(estimate, "estimate", lambda design: found)
    path = scenario(tmp_path, MODELS.format(url="http://localhost/v1", products=2))
    said = sim("launch", path, "--dry-run").stdout.splitlines()
    [row] = [line.split() for line in said if line.split()[:1] == ["local"]]
    assert row == ["local", "1,200", "34,000", "5,600", "$10.00", "$20.00", "1", "min", "05", "s"]
    assert "local: 1 min 05 s at its rate" in said
    assert said[0].endswith("; asks local")
    assert "local: a launch needs A_KEY in the environment" in said


def test_at_worst_each_episode_holds_what_a_request_counts_more_by_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = ModelConfig(provider="openai-compatible", model="m", base_url="http://localhost/v1")
    paid = msgspec.structs.replace(plain, price=Price(input=1.0, output=2.0))
    tokens = 50
    work = SimpleNamespace(
        most_input_tokens=100,
        most_output_tokens=10,
        largest_input=tokens * LEAST_BYTES_PER_TOKEN,
    )
    monkeypatch.setattr(Workload, "of", lambda self, spec: {"paid": work, "free": work})
    spec: Any = SimpleNamespace(episodes=range(3))
    worst = Workload(lambda spec: [], {"paid": paid, "free": plain}).worst_nanousd(spec)
    above = int(tokens * LEAST_BYTES_PER_TOKEN - tokens)
    assert above > 0
    assert worst == 1000 * (100 + 2 * 10 + 3 * above)


def test_a_program_reads_the_sizes_of_what_would_be_run(tmp_path: Path) -> None:
    path = scenario(tmp_path, MODELS.format(url="http://localhost/v1", products=2))
    result = sim("launch", path, "--dry-run", "--json", "--set", "run.seed=9")
    plan = json.loads(result.stdout)
    assert {*plan} == {
        *("run", "overall", "name", "seed", "episodes", "markets", "products", "models"),
        *("estimate", "behavioral"),
    }
    assert (plan["seed"], plan["models"]) == (9, ["local"])
    assert plan["episodes"] == 2 * plan["markets"] == 2 * plan["products"]
