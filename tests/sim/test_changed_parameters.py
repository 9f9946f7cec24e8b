"""What a run's behavioral agents were given other than what their parameters were fitted with."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.agents.errors import BadOption
from retailsim.sim.protocols.retail.changed_parameters import changed_parameters
from retailsim.sim.run.launch import Options, read_scenario


def changed(name: str, *settings: str, buyers: str | None = None) -> frozenset[str]:
    shipped, _ = read_scenario(Options(scenario=name))
    asked = Options(scenario=name, settings=settings, buyers=buyers, parts=True, seed=7)
    return changed_parameters(read_scenario(asked)[0], Path(), shipped)


@pytest.mark.parametrize("name", ["demographic", "elasticity", "persona-sellers", "stand-ins"])
def test_a_built_in_scenario_is_as_shipped_whatever_its_seed_and_size(name: str) -> None:
    assert changed(name) == frozenset()
    assert changed(name, "design.replications=1", 'behavioral.parameters="paper"') == frozenset()


def test_a_file_changes_the_keys_whose_values_differ_and_no_others(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text("[buyer.choice]\nprice = 0.0\noutside = 0.0\n", encoding="utf-8")
    assert changed("demographic", f"behavioral.parameters={file}") == {"buyer.choice.price"}
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[buyer.choice]\nprice = 'much'\n", encoding="utf-8")
    with pytest.raises(BadOption, match="price"):
        changed("demographic", f"behavioral.parameters={wrong}")


def test_another_set_changes_what_it_has_otherwise() -> None:
    found = changed("demographic", 'behavioral.parameters="field"')
    assert {"buyer.choice.price", "buyer.poles.sensitive.price"} <= found
    assert not any(key.startswith("buyer.gender_fit") for key in found)


def test_options_and_wallets_of_the_scenario_count() -> None:
    one = "buyers.male-1.options.price=0.0"
    assert changed("demographic", one) == {"buyer.options.price"}
    assert changed("demographic", "behavioral.wallet.Fashion=9.0") == {"buyer.wallet"}
    level = "buyers.male-1.options.inclination=3.0"
    assert changed("demographic", level) == {"buyer.options.inclination"}


def test_who_plays_a_part_is_compared_with_that_part() -> None:
    found = changed("demographic", buyers="careful-saver")
    assert "buyer.options.inclination" in found
    assert "buyer.persona.price_consciousness" in found


def test_seats_of_others_have_no_parameters() -> None:
    models = 'models.m={provider="openai", model="m", key_env="K"}'
    assert changed("demographic", models, buyers="m") == frozenset()
