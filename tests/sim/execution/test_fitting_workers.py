"""How many workers fit into a model's limits: each begins with a call, however small its part."""

from __future__ import annotations

from typing import Any

import pytest

from retailsim.agents.llm.types import ModelConfig
from retailsim.sim.budget.models import fitting_workers


def config(**limits: Any) -> ModelConfig:
    return ModelConfig(provider="openai-compatible", model="x", **limits)


@pytest.mark.parametrize(
    ("limits", "workers"),
    [
        ({}, 8),
        ({"max_in_flight": 3}, 3),
        ({"requests_per_minute": 5}, 5),
        ({"requests_per_minute": 500}, 8),
        ({"tokens_per_minute": 40_000}, 4),
        ({"tokens_per_minute": 49_999}, 4),
        ({"tokens_per_minute": 9_999}, 1),
        ({"max_in_flight": 6, "requests_per_minute": 5, "tokens_per_minute": 20_000}, 2),
    ],
)
def test_the_tightest_limit_says_how_many_of_eight(limits: dict[str, int], workers: int) -> None:
    assert fitting_workers({"one": config(**limits)}, 8) == workers


def test_all_models_have_to_do_and_one_worker_always_may_begin() -> None:
    models = {"one": config(max_in_flight=5), "two": config(requests_per_minute=2)}
    assert fitting_workers(models, 8) == 2
    assert fitting_workers(models, 1) == 1
    assert fitting_workers({}, 8) == 8
