"""What `resume --set` may change of a run's models, and what belongs to the run."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from retailsim.agents.llm.types import ModelConfig, Price
from retailsim.sim.errors import BadScenario, BadSetting
from retailsim.sim.folder.run_folder import Identity, RunFile, versions
from retailsim.sim.run.model_settings import CHANGEABLE, with_model_settings
from retailsim.sim.scenario.scenario import Scenario

MODELS = {
    "m": ModelConfig(provider="openai", model="gpt-5.4", max_in_flight=8),
    "other": ModelConfig(provider="anthropic", model="x"),
}
FILE = RunFile(
    run=Identity(format=1, id="r", scenario_folder=""),
    versions=versions(),
    scenario=Scenario(models=MODELS),
    inputs={"a": "b"},
    budget=2.0,
)
OTHER: dict[str, Any] = {
    "provider": "openrouter",
    "model": "gpt-5.5",
    "temperature": 0.5,
    "seed": 3,
    "effort": "low",
    "schema": "prompt",
    "accepts": ["seed"],
    "thinking_tokens": 100,
}
NEW: dict[str, Any] = {
    "base_url": "https://elsewhere/v1",
    "key_env": "OTHER_KEY",
    "max_in_flight": 2,
    "requests_per_minute": 10,
    "tokens_per_minute": 1000,
    "timeout_s": 30.0,
    "deadline_s": 60.0,
    "max_attempts": 3,
    "price": {"input": 1.0, "output": 4.0},
}


def test_each_key_of_a_model_is_one_or_the_other() -> None:
    assert set(NEW) == set(CHANGEABLE)
    assert set(NEW) | set(OTHER) == set(ModelConfig.__struct_fields__)


@pytest.mark.parametrize("key", NEW)
def test_what_is_in_no_request_can_change_and_nothing_else_does(key: str) -> None:
    value = msgspec.json.encode(NEW[key]).decode().replace('":', '"=')
    changed = with_model_settings(FILE, [f"models.m.{key}={value}"])
    wanted = Price(**NEW[key]) if key == "price" else NEW[key]
    after = msgspec.structs.replace(MODELS["m"], **{key: wanted})
    models = {**MODELS, "m": after}
    assert after != MODELS["m"]
    assert changed == msgspec.structs.replace(
        FILE, scenario=msgspec.structs.replace(FILE.scenario, models=models)
    )
    assert FILE.scenario.models == MODELS


@pytest.mark.parametrize("key", OTHER)
def test_what_was_asked_cannot_change(key: str) -> None:
    value = msgspec.json.encode(OTHER[key]).decode()
    with pytest.raises(BadSetting) as caught:
        with_model_settings(FILE, ["models.m.max_in_flight=2", f"models.m.{key}={value}"])
    assert f"models.m.{key}: is part of what was asked; resume can change base_url," in str(
        caught.value
    )


def test_what_was_asked_may_be_said_again() -> None:
    same = with_model_settings(FILE, ["models.m.model=gpt-5.4", "models.m.max_in_flight=8"])
    assert same == FILE
    assert with_model_settings(FILE, []) == FILE


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["run.seed=8"], "run.seed=8: resume can change models.NAME.KEY only"),
        (["models.m.max_in_flight=2", "modelsx.m=1"], "modelsx.m=1: resume can change models.NAME"),
        (
            ["models.n.max_in_flight=2"],
            "models.n.max_in_flight=2: the run has no model 'n'; known: m, other",
        ),
        (["models.m.max_in_flight=many"], "models.m.max_in_flight=many: Expected `int`"),
        (["models.m.colour=red"], "models.m.colour=red: Object contains unknown field `colour`"),
        (["models.m.max_in_flight"], "models.m.max_in_flight: write it as KEY=VALUE"),
    ],
)
def test_a_setting_that_makes_no_sense_is_one_line(settings: list[str], said: str) -> None:
    with pytest.raises(BadSetting) as caught:
        with_model_settings(FILE, settings)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_run_without_models_says_that_it_knows_none() -> None:
    bare = msgspec.structs.replace(FILE, scenario=Scenario())
    with pytest.raises(BadSetting, match="the run has no model 'm'; known: none"):
        with_model_settings(bare, ["models.m.max_in_flight=2"])


def test_a_value_beyond_its_limits_is_refused() -> None:
    with pytest.raises(BadScenario, match=r"^--set: models\.m\.base_url: must be an address"):
        with_model_settings(FILE, ["models.m.base_url=nowhere"])
