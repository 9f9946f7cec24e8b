"""How sellers choose: legal options, honest probabilities, and what suits a style."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.csales.behavioral.action_policy import (
    Chance,
    Csi,
    FixedScript,
    Situation,
    choose,
)
from retailsim.events.streams import Seed
from retailsim.market.core.propensities import WHOLE
from retailsim.market.protocols.csales.action_table import DEFAULT_TABLE, ActionTable, Option
from retailsim.market.protocols.csales.events import ACTIONS, STYLES, TACTICS

FULL = ActionTable(
    items=("nearest", "three-quarters", "dearest", "cheapest"),
    discounts=(0, 5, 10),
    disclosure=("none", "fee"),
    category=("nearest", "parent", "root"),
)
"""A table with all that a table can have."""


def options(actions: Any, table: ActionTable = DEFAULT_TABLE) -> tuple[Option, ...]:
    """Return what some actions leave, in their own order."""
    return tuple(one for action in actions for one in table.options if one.action == action)


SITUATIONS = st.builds(
    Situation,
    options=st.sampled_from(
        [
            options(actions, table)
            for actions in (ACTIONS, ACTIONS[:3], ("Persuasion",))
            for table in (DEFAULT_TABLE, FULL)
        ]
    ),
    past=st.lists(st.sampled_from(ACTIONS), max_size=9).map(tuple),
    tactics=st.lists(st.sampled_from(TACTICS), max_size=9).map(tuple),
    words=st.integers(0, 50),
    depth=st.integers(0, 5),
    category_fit=st.floats(0.0, 10.0),
    shown=st.integers(0, 30),
    style=st.sampled_from([None, *STYLES]),
)


@pytest.mark.parametrize("policy", [Csi(), FixedScript(), Chance()])
@given(situation=SITUATIONS, unit=st.text(max_size=5))
def test_every_choice_is_legal_and_its_probabilities_sum_to_one(
    policy: Any, situation: Situation, unit: str
) -> None:
    choice = choose(policy, situation, Seed(1).stream("test", unit))
    assert choice.option in situation.options
    assert choice.probabilities is not None
    assert choice.options == tuple(option.name for option in situation.options)
    assert len(choice.options) == len(choice.probabilities)
    assert sum(choice.probabilities) == WHOLE
    assert choice.probabilities[choice.options.index(choice.option.name)] > 0


def situation(**fields: Any) -> Situation:
    start = Situation(
        options=options(fields.pop("actions", ("Persuasion",))),
        past=(),
        tactics=(),
        words=5,
        depth=2,
        category_fit=0.0,
        shown=3,
        style=None,
    )
    return Situation(
        **{
            name: fields.get(name, getattr(start, name))
            for name in (
                "options",
                "past",
                "tactics",
                "words",
                "depth",
                "category_fit",
                "shown",
                "style",
            )
        }
    )


@pytest.mark.parametrize(
    ("style", "tactic"),
    [
        ("Rational", "Logical Appeal"),
        ("Dependent", "Social Proof"),
        ("Intuitive", "Emotional Appeal"),
    ],
)
def test_csi_persuades_by_the_style_it_inferred(style: Any, tactic: str) -> None:
    weights = Csi().weights(situation(style=style))
    assert TACTICS[weights.index(max(weights))] == tactic


def test_without_a_style_csi_has_no_favourite() -> None:
    weights = Csi().weights(situation())
    assert max(weights) == pytest.approx(min(weights))


def test_a_tactic_wears_off() -> None:
    fresh = Csi().weights(situation(style="Rational"))
    worn = Csi().weights(situation(style="Rational", tactics=("Logical Appeal",) * 3))
    index = TACTICS.index("Logical Appeal")
    assert worn[index] / sum(worn) < fresh[index] / sum(fresh)


def test_csi_searches_where_a_category_was_named() -> None:
    weights = Csi().weights(situation(actions=ACTIONS[:3], category_fit=2.0, depth=0))
    assert ACTIONS[weights.index(max(weights))] == "Category Search"


def test_the_script_goes_through_its_steps_and_then_the_tactics() -> None:
    done: list[Any] = []
    for _ in range(5):
        weights = FixedScript().weights(situation(actions=ACTIONS[:3], past=tuple(done)))
        done.append(ACTIONS[weights.index(1.0)])
    assert done == [*FixedScript.STEPS, "Suggestion"]
    weights = FixedScript().weights(situation(tactics=("Framing",)))
    assert TACTICS[weights.index(1.0)] == "Logical Appeal"


def log_odds(action: Any, against: Any, **fields: Any) -> float:
    """How much better CSI scores one action than another, in units of its temperature."""
    actions = (action, against)
    weights = Csi(temperature=1.0).weights(situation(actions=actions, **fields))
    return math.log(weights[0] / weights[1])


PROBE, SEARCH, SUGGEST = ACTIONS[:3]


@pytest.mark.parametrize(("words", "worth"), [(0, 1.5), (3, 1.5), (4, 0.0), (9, 0.0)])
def test_csi_asks_a_buyer_of_whom_it_knows_fewer_than_four_words(words: int, worth: float) -> None:
    found = log_odds(PROBE, SEARCH, words=words, category_fit=0.0)
    assert found == pytest.approx(worth + 2.0)


@pytest.mark.parametrize(("fit", "worth"), [(0.0, -2.0), (1e-9, 2.2), (9.0, 2.2)])
def test_csi_searches_wherever_anything_speaks_for_a_category(fit: float, worth: float) -> None:
    assert log_odds(SEARCH, PROBE, category_fit=fit, words=9) == pytest.approx(worth)


@pytest.mark.parametrize(
    ("words", "depth", "worth"),
    [(0, 0, 0.0), (6, 0, 0.5), (12, 0, 1.0), (50, 0, 1.0), (0, 3, 1.0), (0, 9, 1.0), (12, 3, 2.0)],
)
def test_csi_suggests_the_sooner_the_more_it_knows(words: int, depth: int, worth: float) -> None:
    """Of words and of the category alike, up to what is enough."""
    found = log_odds(SUGGEST, SEARCH, words=words, depth=depth, category_fit=0.0)
    assert found == pytest.approx(worth + 2.0)


@pytest.mark.parametrize(("action", "cost"), [(PROBE, 0.8), (SEARCH, 0.3), (SUGGEST, 0.3)])
def test_what_csi_did_before_is_worth_less_each_time(action: Any, cost: float) -> None:
    other = SEARCH if action != SEARCH else PROBE
    fresh, twice = (log_odds(action, other, past=(action,) * times) for times in (0, 2))
    assert fresh - twice == pytest.approx(2 * cost)


def test_csi_persuades_early_only_where_nothing_else_is_better() -> None:
    """Before an item is selected persuasion has two points against it, and the style for it."""
    both = Csi(temperature=1.0).weights(situation(actions=(SEARCH, "Persuasion"), style="Rational"))
    worth = {tactic: math.log(w / both[0]) for tactic, w in zip(TACTICS, both[1:], strict=True)}
    assert worth["Logical Appeal"] == pytest.approx(-2.0 + 1.2 + 2.0)
    assert worth["Evidence-Based"] == pytest.approx(-2.0 + 0.8 + 2.0)
    assert worth["Framing"] == pytest.approx(-2.0 + 2.0)


def test_a_higher_temperature_is_closer_to_chance() -> None:
    cold, warm = (Csi(temperature=t).weights(situation(style="Rational")) for t in (0.35, 0.7))
    ratios = [math.log(max(weights) / min(weights)) for weights in (cold, warm)]
    assert ratios == pytest.approx([1.2 / 0.35, 1.2 / 0.7])
