"""[anchor] describes the shop: what is tried out on top of it is not solved away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from retailsim.sim.run.launch import PreparedRun, prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.terminal.terminal import Quiet
from tests.sim.anchor.test_anchor import BOB, frozen, shop
from tests.sim.runs import launched, sim

ANCHOR = "[anchor]\nconversion = 0.3\n"
WHAT_IFS = (
    ("design.discount=0.2",),
    ("sellers.shop.options={overclaim=0.8}",),
    ("sellers.shop.agent=behavioral", 'sellers.shop.persona={rationality="emotional"}'),
)


OWN = '[[buyers]]\nid = "bob"\noptions = {{ {key} = -1.0 }}\n'


class Heard(Quiet):
    """Keeps what is said."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        """Keep it."""
        self.lines.append(text)


def prepared(scenario: Path, *changes: str, **flags: Any) -> tuple[PreparedRun, list[str]]:
    heard = Heard()
    run = prepare(Options(scenario=str(scenario), settings=changes, **flags), heard)
    return run, [line for line in heard.lines if line.startswith("anchor: ")]


def levels(run: PreparedRun, buyer: int = 0) -> Any:
    return run.scenario.buyers[buyer].options.get("levels")


def test_a_what_if_is_played_at_the_levels_of_the_shop(tmp_path: Path) -> None:
    place = shop(tmp_path, ANCHOR)
    base, _ = prepared(place)
    for changes in WHAT_IFS:
        run, said = prepared(place, *changes)
        assert levels(run) == levels(base), changes
        assert said[0].endswith(f"for what is changed on top: {', '.join(changes)}")
    # The control: written into the file, a discount is the shop's own, and another level solved.
    own, said = prepared(shop(tmp_path, f"{ANCHOR}[design]\ndiscount = 0.2\n"))
    assert levels(own)["Food"]["inclination"] < levels(base)["Food"]["inclination"] - 0.05
    assert said[0].endswith("as it stands, for seed 1")


def test_what_describes_the_shop_is_solved(tmp_path: Path) -> None:
    place = shop(tmp_path, ANCHOR)
    base, _ = prepared(place)
    for change in (
        "anchor.conversion=0.5",
        "products.per_category=2",
        "behavioral.parameters=field",
    ):
        run, said = prepared(place, change)
        assert levels(run) != levels(base), change
        assert said[0].endswith("as it stands, for seed 1"), change


def test_buyers_and_sellers_of_the_command_line_have_the_levels_of_the_shop(tmp_path: Path) -> None:
    place = shop(tmp_path, ANCHOR)
    base, _ = prepared(place)
    run, said = prepared(place, buyers="easy-shopper,careful-saver", sellers="bold-showman")
    assert [levels(run, one) for one in (0, 1)] == [levels(base)] * 2
    assert said[0].endswith("on top: sellers, buyers")


@pytest.mark.slow
def test_a_discount_sells_more(tmp_path: Path) -> None:
    """Of the same episodes; solved again it would sell as much."""
    place = shop(tmp_path, BOB + ANCHOR)
    many = ("--set", "products.per_category=4")
    base = launched(tmp_path / "base", place, *many)
    cheap = launched(tmp_path / "cheap", place, *many, "--set", "design.discount=0.6")
    assert conversion(cheap) > conversion(base) + 0.05


def conversion(said: dict[str, Any]) -> float:
    found: float = said["overall"]["conversion_rate"]
    return found


def test_a_run_without_an_anchor_cannot_be_taken_over(tmp_path: Path) -> None:
    launched(tmp_path / "none", shop(tmp_path))
    place = shop(tmp_path, '[anchor]\nrun = "none"\n')
    result = sim("launch", place, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert f"anchor.run: {tmp_path / 'none'} was made without [anchor]" in result.stderr
    result = sim("launch", place, "--set", "anchor.run=nothing", "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert "anchor.run: " in result.stderr


@pytest.mark.parametrize(("key", "other"), [("price", "inclination"), ("inclination", "price")])
def test_a_key_of_a_buyer_wins_for_itself_alone(key: str, other: str, tmp_path: Path) -> None:
    place = shop(tmp_path, OWN.format(key=key) + ANCHOR + "elasticity = -2.0\n")
    run, said = prepared(place, "products.per_category=4")
    ann, bob = levels(run, 0)["Food"], levels(run, 1)["Food"]
    assert bob[key] == (1.0 if key == "price" else 0.0) != ann[key]
    assert bob[other] == ann[other]
    assert any(line.endswith(f"the others make up for it: bob ({key})") for line in said)


def test_a_key_on_top_says_what_the_run_will_have(tmp_path: Path) -> None:
    place = shop(tmp_path, BOB + ANCHOR)
    base, plain = prepared(place)
    run, said = prepared(place, "buyers.bob.options.inclination=2.0")
    assert not any("will have" in line for line in plain)
    [line] = [line for line in said if "will have" in line]
    assert "set on top of what was solved: bob (inclination)" in line
    conversion = float(line.partition("a conversion of ")[2].split()[0])
    assert abs(conversion - 0.3) > 0.02
    assert levels(run) == levels(base)


def test_a_conversion_that_the_others_cannot_make_up_for_is_refused(tmp_path: Path) -> None:
    never = (
        '[[buyers]]\nid = "bob"\noptions = { inclination = -50.0 }\n[anchor]\nconversion = 0.7\n'
    )
    result = sim("launch", shop(tmp_path, never), "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert "anchor.conversion: 0.7 cannot be reached, since some buyers" in result.stderr
    assert "to 0.5" in result.stderr


def test_an_elasticity_that_leaves_too_many_buying_is_refused(tmp_path: Path) -> None:
    """With the slopes it takes, the buyer that keeps its inclination buys too often by itself."""
    place = shop(tmp_path, OWN.format(key="inclination") + ANCHOR + "elasticity = -2.0\n")
    result = sim("launch", place, "--out", tmp_path / "run")
    assert result.exit_code == 2
    told = " ".join(result.stderr.split())
    assert "anchor.conversion: 0.3 cannot be reached, since some buyers" in told
    assert "as the elasticity needs" in told


def test_unlikely_figures_are_told_and_not_rounded_away(tmp_path: Path) -> None:
    place = shop(tmp_path, ANCHOR)
    for value, words in (("0.00001", "1e-05 (0.001%)"), ("0.9999", "0.9999 (99.99%)")):
        _, said = prepared(place, f"anchor.conversion={value}")
        assert any(f"caution: anchor.conversion = {words} is not between" in one for one in said)
        assert not any("-> 1 " in one for one in said)
    _, said = prepared(place)
    assert not any("caution" in line for line in said)


@pytest.mark.slow
def test_the_levels_of_another_run_are_taken_as_they_are(tmp_path: Path) -> None:
    launched(tmp_path / "base", shop(tmp_path, ANCHOR + "return_rate = 0.12\n"))
    place = shop(tmp_path, '[anchor]\nrun = "base"\n[design]\ndiscount = 0.2\n')
    launched(tmp_path / "taken", place)
    base, taken = frozen(tmp_path / "base"), frozen(tmp_path / "taken")
    assert taken["buyers"] == base["buyers"]
    assert taken["products"]["issue_rate"] == base["products"]["issue_rate"]
    assert sim("verify", tmp_path / "taken").exit_code == 0
    own, _ = prepared(place, "products.issue_rate=0.5")
    assert own.scenario.products.issue_rate == 0.5
