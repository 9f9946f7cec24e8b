"""Conditions on facts."""

from __future__ import annotations

import pytest

from retailsim.market.rules.conditions import BadCondition, Facts, condition, names_in

FACTS: Facts = {"fee_named": False, "shown": 3, "price": 900, "budget": 800.5, "rated": True}


@pytest.mark.parametrize(
    ("text", "so"),
    [
        ("rated", True),
        ("not rated", False),
        ("fee_named", False),
        ("not fee_named", True),
        ("unknown", False),
        ("not unknown", True),
        ("shown > 2", True),
        ("shown>3", False),
        ("shown >= 3", True),
        ("shown == 3", True),
        ("shown != 3", False),
        ("price > budget", True),
        ("price <= budget", False),
        ("unknown < 5", False),
        ("unknown >= 5", False),
        ("price > unknown", False),
        ("unknown or shown < 2 or rated", True),
        ("unknown or shown < 2", False),
        ("shown < 3.5", True),
    ],
)
def test_a_condition_holds(text: str, so: bool) -> None:
    assert condition(text)(FACTS) is so


@pytest.mark.parametrize("text", ["", "a b", "a >", "> 3", "a + 1 > 2", "A", "a = 3", "a or"])
def test_what_is_no_condition(text: str) -> None:
    with pytest.raises(BadCondition, match="is no condition"):
        condition(text)


def test_the_facts_that_are_named() -> None:
    assert names_in("a or not b or c > 3 or d <= e") == ("a", "b", "c", "d", "e")
