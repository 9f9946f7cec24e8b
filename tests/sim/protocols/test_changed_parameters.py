"""What a run's behavioral agents were given other than what their parameters were fitted with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from retailsim.agents.errors import BadOption
from retailsim.agents.retail.behavioral.parameters import load_parameters
from retailsim.sim.protocols.retail.changed_parameters import changed_parameters
from retailsim.sim.run.launch import read_scenario
from retailsim.sim.run.launch_options import Options


def changed(name: str, *settings: str, buyers: str | None = None) -> Mapping[str, str]:
    shipped, _ = read_scenario(Options(scenario=name))
    asked = Options(scenario=name, settings=settings, buyers=buyers, parts=True, seed=7)
    return changed_parameters(read_scenario(asked)[0], Path(), shipped)


def for_all(name: str, option: str) -> list[str]:
    """Settings that give an option to all buyers of a scenario."""
    seats = read_scenario(Options(scenario=name))[0].buyers
    return [f"buyers.{seat.id}.options.{option}" for seat in seats]


@pytest.mark.parametrize("name", ["demographic", "elasticity", "persona-sellers", "stand-ins"])
def test_a_built_in_scenario_is_as_shipped_whatever_its_seed_and_size(name: str) -> None:
    assert changed(name) == {}
    assert changed(name, "design.replications=1", 'behavioral.parameters="paper"') == {}


def test_a_file_changes_the_keys_whose_values_differ_and_no_others(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text("[buyer.choice]\nprice = 0.0\noutside = 0.0\n", encoding="utf-8")
    assert changed("demographic", f"behavioral.parameters={file}") == {
        "buyer.choice.price": "your file of parameters"
    }
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[buyer.choice]\nprice = 'much'\n", encoding="utf-8")
    with pytest.raises(BadOption, match="price"):
        changed("demographic", f"behavioral.parameters={wrong}")


def test_another_set_changes_what_it_has_otherwise() -> None:
    found = changed("demographic", 'behavioral.parameters="field"')
    assert {"buyer.choice.price", "buyer.poles.sensitive.price", "buyer.wallet"} <= set(found)
    assert set(found.values()) == {"the parameter set field"}
    assert not any(key.startswith("buyer.gender_fit") for key in found)


def test_options_and_wallets_of_the_scenario_count() -> None:
    wallet = changed("demographic", "behavioral.wallet.Fashion=9.0")
    assert wallet == {"buyer.wallet": "[behavioral.wallet]"}
    by = "options of the buyers"
    assert changed("demographic", *for_all("demographic", "price=0.0")) == {
        "buyer.options.price": by
    }
    level = changed("demographic", *for_all("demographic", "inclination=3.0"))
    assert level == {"buyer.options.inclination": by}


def test_a_change_of_some_seats_or_within_the_tolerance_does_not_count(tmp_path: Path) -> None:
    assert changed("demographic", "buyers.male-1.options.price=0.0") == {}
    price = load_parameters(None).buyer.choice.price
    for times, counts in ((1.0, False), (1.04, False), (0.96, False), (1.06, True), (0.94, True)):
        option = changed("demographic", *for_all("demographic", f"price={times * price}"))
        assert (option != {}) == counts, times
        file = tmp_path / f"{times}.toml"
        file.write_text(f"[buyer.choice]\nprice = {times * price}\n", encoding="utf-8")
        assert (changed("demographic", f"behavioral.parameters={file}") != {}) == counts, times
    zero = [
        changed("demographic", *for_all("demographic", f"rating={stars}")) for stars in (0.04, 0.06)
    ]
    assert [bool(one) for one in zero] == [False, True]


def test_an_option_is_compared_with_what_the_persona_gives() -> None:
    """What the shipped sensitive buyers have changes nothing of them, but the others."""
    buyer = load_parameters(None).buyer
    own = buyer.choice.price * buyer.poles["sensitive"].price
    seats = [seat.id for seat in read_scenario(Options(scenario="elasticity"))[0].buyers]
    same = [f"buyers.{seat}.options.price={own}" for seat in seats if seat.startswith("sens")]
    assert changed("elasticity", *same) == {}
    assert changed("elasticity", *for_all("elasticity", f"price={buyer.choice.price}")) != {}


def test_an_anchors_levels_count_by_what_they_change() -> None:
    by = {"buyer.anchor.price": "levels of the buyers ([anchor])"}
    assert changed("demographic", *for_all("demographic", "levels.Fashion.price=2.0")) == by
    assert changed("demographic", *for_all("demographic", "levels.Fashion.price=1.01")) == {}


def test_who_plays_a_part_is_compared_with_that_part() -> None:
    found = changed("demographic", buyers="careful-saver")
    assert "buyer.options.inclination" in found
    assert "buyer.persona.price_consciousness" in found


def test_seats_of_others_have_no_parameters() -> None:
    models = 'models.m={provider="openai", model="m", key_env="K"}'
    assert changed("demographic", models, buyers="m") == {}
