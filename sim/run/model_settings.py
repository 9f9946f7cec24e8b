"""``resume --set models.NAME.KEY=VALUE``: what may change of a model while a run goes on.

Only what changes no request: where the model is, how fast it may be asked, what it costs. What a
model is asked, and how, belongs to the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from retailsim.agents.llm.types import ModelConfig
from retailsim.sim.errors import BadSetting
from retailsim.sim.folder.run_folder import RunFile
from retailsim.sim.scenario.scenario_file import check_models
from retailsim.sim.scenario.settings import lay_over

CHANGEABLE = (
    *("base_url", "key_env", "max_in_flight", "requests_per_minute", "tokens_per_minute"),
    *("timeout_s", "deadline_s", "max_attempts", "price"),
)
"""Keys of a [models.NAME] table that are in no request."""


def with_model_settings(file: RunFile, settings: Sequence[str]) -> RunFile:
    """Return the run's file with settings laid over its models.

    Raises
    ------
    BadSetting
        If a setting is about something else, or would change what is asked.
    BadScenario
        If a value makes no sense.
    """
    for setting in settings:
        if not setting.startswith("models."):
            raise BadSetting(setting, "resume can change models.NAME.KEY only")
    before = file.scenario.models
    tree: dict[str, Any] = {"models": msgspec.to_builtins(before)}
    lay_over(tree, settings)
    for name in tree["models"]:
        if name not in before:
            known = ", ".join(before) or "none"
            raise BadSetting(settings[-1], f"the run has no model {name!r}; known: {known}")
    try:
        after = msgspec.convert(tree["models"], dict[str, ModelConfig])
    except msgspec.ValidationError as error:
        raise BadSetting(settings[-1], str(error)) from None
    _check_same(before, after)
    scenario = msgspec.structs.replace(file.scenario, models=after)
    check_models(scenario, "--set")
    return msgspec.structs.replace(file, scenario=scenario)


def _check_same(before: Mapping[str, ModelConfig], after: Mapping[str, ModelConfig]) -> None:
    for name, config in after.items():
        for key in ModelConfig.__struct_fields__:
            if key not in CHANGEABLE and getattr(config, key) != getattr(before[name], key):
                may = ", ".join(CHANGEABLE)
                raise BadSetting(
                    f"models.{name}.{key}", f"is part of what was asked; resume can change {may}"
                )
