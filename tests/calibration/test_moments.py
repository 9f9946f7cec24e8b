"""What a parameter reaches: options of one scenario, seat or category, and poles."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.sim.calibration.moments import Moments, touches
from retailsim.sim.calibration.targets import Measure, Parameter, Target, Targets
from retailsim.sim.run.launch import read_scenario
from retailsim.sim.run.launch_options import Options

PARAMETER = Parameter(key="buyer.choice.intercept", start=0.0, low=-1.0, high=1.0)
SMALL: dict[str, tuple[str, ...]] = {"stand-ins": ("products.per_category=1",)}


def rates(folder: Path, measure: Measure, **values: float) -> dict[str, float]:
    """By category and for one seller, over three seeds, with options of the stand-ins."""
    wheres = [
        {"category": "Home"}, {"category": "Food"}, {"buyer": "like-GPT-5.4"},
        {"buyer": "like-Qwen3-235B"},
    ]  # fmt: skip
    targets = Targets(
        parameters=(PARAMETER,),
        targets=tuple(
            Target(
                name=next(iter(where.values())),
                scenario="stand-ins",
                measure=measure,
                value=0.5,
                where=where,
            )
            for where in wheres
        ),
        seeds=3,
        settings=SMALL,
    )
    keys = {f"stand-ins:{name}": value for name, value in values.items()}
    found = Moments(targets, folder, chances=False).of(keys)
    return dict(zip((target.name for target in targets.targets), found, strict=True))


@pytest.mark.slow
def test_an_option_of_a_category_moves_that_category_only(tmp_path: Path) -> None:
    usual, more = (
        rates(tmp_path, "conversion_rate", **{"levels.Home.inclination": value})
        for value in (-9.0, 9.0)
    )
    assert usual["Home"] == 0.0
    assert more["Home"] > 0.9
    assert usual["Food"] == more["Food"]


@pytest.mark.slow
def test_an_option_of_a_seat_moves_that_seat_only(tmp_path: Path) -> None:
    never, always = (
        rates(tmp_path, "refund_rate", **{"buyers/like-GPT-5.4/money_back": value})
        for value in (0.0, 1.0)
    )
    assert always["like-GPT-5.4"] > never["like-GPT-5.4"]
    assert always["like-Qwen3-235B"] == never["like-Qwen3-235B"]


@pytest.mark.parametrize(
    ("key", "touched"),
    [
        ("demographic:inclination", {"demographic"}),
        ("buyer.poles.picky.shift", {"persona-buyers"}),
        ("seller.poles.emotional.overclaim", {"persona-sellers"}),
        ("buyer.poles.emotional.shift", {"persona-buyers"}),
        ("buyer.choice.deal", {"demographic", "persona-buyers", "persona-sellers"}),
    ],
)
def test_only_scenarios_that_a_parameter_can_change_are_played_again(
    key: str, touched: set[str]
) -> None:
    names = ("demographic", "persona-buyers", "persona-sellers")
    scenarios = {name: read_scenario(Options(scenario=name))[0] for name in names}
    assert {name for name, one in scenarios.items() if touches(key, name, one)} == touched
