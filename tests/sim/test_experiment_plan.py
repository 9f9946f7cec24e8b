"""The plan of an experiment, for people and as JSON."""

from __future__ import annotations

import json

import pytest

from tests.sim.runs import sim


@pytest.mark.parametrize(("name", "runs"), [("pairwise", 1), ("economics", 3)])
def test_a_plan_is_one_json_object(name: str, runs: int) -> None:
    result = sim("experiment", name, "--plan", "--json")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["experiment"] == name
    assert told["design_effect"] == 4.7
    assert told["needed"]["5"] == 6910
    assert len(told["runs"]) == runs
    assert told["episodes"] == sum(one["episodes"] for one in told["runs"].values())
    for one in told["runs"].values():
        assert one["estimate"] is None
        assert 0.05 < one["detectable"] < 0.2


def test_models_that_are_named_are_all_who_play_and_pay() -> None:
    """120 products, two sellers, two buyers: nobody plays the stand-ins."""
    names = ("--sellers", "openai/gpt-5.4,openai/gpt-5.4-mini")
    result = sim(
        "experiment", "pairwise", *names, "--buyers", "openai/gpt-5.4,behavioral", "--plan"
    )
    assert result.exit_code == 0, result.stderr
    assert "pairwise: 1 run, 480 episodes" in result.stdout


def test_a_model_without_a_price_is_said_to_have_none() -> None:
    words = ("--sellers", "openrouter/some/model", "--plan", "--set", "products.per_category=1")
    result = sim("experiment", "pairwise", *words)
    assert result.exit_code == 0, result.stderr
    assert "has no price" in result.stdout
