"""``--set``: where a value goes, and what it is."""

from __future__ import annotations

from typing import Any

import pytest

from retailsim.sim.errors import BadSetting
from retailsim.sim.scenario.settings import Tree, lay_over


def tree() -> Tree:
    return {
        "run": {"seed": 1},
        "sellers": [{"id": "ann", "options": {"overclaim": 0.1}}, {"id": "7"}],
        "models": {"gpt-5.4": {"model": "x"}},
    }


def after(*settings: str) -> Tree:
    laid = tree()
    lay_over(laid, settings)
    return laid


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("0.5", 0.5),
        ("true", True),
        ('"3"', "3"),
        ("[1, 2]", [1, 2]),
        ("{ a = 1 }", {"a": 1}),
        ("self", "self"),
        ("my file.jsonl", "my file.jsonl"),
        ("a=b", "a=b"),
        ("", ""),
        ("1\nseed = 2", "1\nseed = 2"),
    ],
)
def test_a_value_is_toml_where_it_parses_else_text(text: str, value: Any) -> None:
    assert after(f"run.name={text}")["run"]["name"] == value


def test_tables_are_made_where_there_are_none() -> None:
    assert after("policy.Food.window_days=3")["policy"] == {"Food": {"window_days": 3}}


def test_a_list_is_entered_by_position_or_by_id() -> None:
    assert after("sellers.0.options.overclaim=0.5") == after("sellers.ann.options.overclaim=0.5")
    assert after("sellers.0.options.overclaim=0.5")["sellers"][0]["options"] == {"overclaim": 0.5}
    assert after("sellers.7.agent=script")["sellers"][1]["agent"] == "script"
    assert after("sellers.1={}")["sellers"][1] == {}


def test_names_with_dots_are_quoted_or_known() -> None:
    for key in ('models."gpt-5.4".model', "models.gpt-5.4.model"):
        assert after(f"{key}=y")["models"] == {"gpt-5.4": {"model": "y"}}
    assert after('models."a.b".model=y')["models"]["a.b"] == {"model": "y"}
    assert after("models.openai/gpt.model=y")["models"]["openai/gpt"] == {"model": "y"}


def test_the_last_setting_wins() -> None:
    assert after("run.seed=2", "run.seed=3")["run"]["seed"] == 3


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("run.seed", "write it as KEY=VALUE, such as run.seed=7"),
        ("=3", "write it as KEY=VALUE"),
        ("run.seed.deep=1", "'deep' can only be set inside a table"),
        ("sellers.bob.agent=x", "'bob' is not one of 0 to 1, ann, 7"),
        ("sellers.-1.agent=x", "'-1' is not one of 0 to 1"),
        ("sellers.9=x", "'9' is not one of 0 to 1"),
    ],
)
def test_what_leads_nowhere_is_refused(setting: str, problem: str) -> None:
    with pytest.raises(BadSetting, match=problem.replace("(", r"\(")) as caught:
        after(setting)
    assert str(caught.value).startswith(f"--set {setting}: ")
