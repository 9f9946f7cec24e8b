"""What a run says of the parameters that its behavioral agents go by, and where they came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.look.report import about
from retailsim.sim.protocols.retail.behavioral_origins import behavioral_values
from retailsim.sim.run.launch import asked_scenario, filled_scenario, stocked
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.behavioral_values import BehavioralValues
from retailsim.sim.scenario.scenario import Scenario
from retailsim.sim.terminal.terminal import Quiet
from tests.sim.runs import SMALL, launched, scenario, sim

PAPER = (
    "Behavioral agents: parameter set paper (for the built-in catalogue); orders with an issue: "
    "100% (from the set); wallets around $66.50 (for the built-in catalogue); levels of "
    "buyers from their profiles"
)
FIELD = (
    "Behavioral agents: parameter set field (for a catalogue of your own); orders with an issue: "
    "Food 5%, Fashion 40%, Home 15%, Electronics 15% (from the set); wallets around "
    "Fashion $99.00, Home $500.00 (by the list prices of the catalogue); levels of buyers "
    "from their profiles: they buy more often and mind the price less than the set says"
)
SCRIPTS = """
[[sellers]]
id = "a"
agent = "script"
pitch_file = "a.txt"
[[buyers]]
id = "b"
agent = "mine:Mine"
"""
MINE = """
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer

class Mine(BehavioralBuyer):
    pass
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    rows = ["a,Espresso machine,250.00,Home", "b,Grinder,1000,Home", "c,Coat,99,Fashion"]
    path.write_text("\n".join(["id,title,price,category", *rows]), encoding="utf-8")
    return path


def dry(*arguments: object) -> dict[str, Any]:
    result = sim("launch", "--dry-run", "--json", *arguments)
    assert result.exit_code == 0, result.stderr
    said: dict[str, Any] = json.loads(result.stdout)["behavioral"]
    return said


def test_a_dry_run_names_the_set_and_its_defaults(catalogue: Path) -> None:
    assert PAPER in sim("launch", "--dry-run").stdout.splitlines()
    assert FIELD in sim("launch", "--dry-run", "--catalog", catalogue).stdout.splitlines()


@pytest.mark.slow
def test_a_launch_its_run_and_its_report_say_the_same(tmp_path: Path, catalogue: Path) -> None:
    run = tmp_path / "run"
    result = sim("launch", "--catalog", catalogue, "--out", run, "--json")
    assert FIELD in result.stderr.splitlines()
    file = RunFolder(run).read()
    said = json.loads(result.stdout)["behavioral"]
    assert msgspec.convert(said, BehavioralValues) == file.behavioral
    assert f"Behavioral agents: {about(file)['behavioral agents']}" == FIELD
    assert sim("report", run).exit_code == 0
    page = (run / "derived" / "report.html").read_text("utf-8")
    assert FIELD.removeprefix("Behavioral agents: ") in page


def test_what_the_scenario_says_is_told_from_what_came_from_the_set(catalogue: Path) -> None:
    words = (
        "--catalog", catalogue, "--set", "products.issue_rate=0.25",
        "--set", "behavioral.wallet.Fashion=2", "--set", "behavioral.parameters=field",
    )  # fmt: skip
    said = dry(*words)
    assert (said["set_from"], said["issue_rate_from"]) == ("scenario", "scenario")
    assert said["wallet_from"] == {"Fashion": "scenario", "Home": "list prices"}
    assert said["wallet_cents"] == {"Fashion": 7000, "Home": 50_000}
    line = next(
        line for line in sim("launch", "--dry-run", *words).stdout.splitlines() if "set" in line
    )
    assert line.endswith(
        "parameter set field (as the scenario says); orders with an issue: 25% (as the scenario "
        "says); wallets around Fashion $70.00 (as the scenario says), Home $500.00 (by the list "
        "prices of the catalogue); levels of buyers from their profiles: they buy more often and "
        "mind the price less than the set says"
    )


def test_a_file_is_named_with_the_set_below_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('base = "field"\n[issues]\nrate = { Food = 0.5 }\n', encoding="utf-8")
    words = ("--set", f"behavioral.parameters={file}")
    said = dry(*words)
    assert (said["set"], said["parameters"]) == ("field", str(file))
    assert said["issue_rate"]["Food"] == 0.5
    assert "mine.toml over the parameter set field (as" in sim("launch", "--dry-run", *words).stdout


@pytest.mark.slow
def test_nothing_is_said_where_no_behavioral_agent_takes_part(tmp_path: Path) -> None:
    """A plug-in's parameters are its own business, even where it is derived from ours."""
    (tmp_path / "a.txt").write_text("Buy it.", encoding="utf-8")
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    path, run = scenario(tmp_path, SCRIPTS), tmp_path / "run"
    assert dry(path) is None
    assert "Behavioral agents" not in sim("launch", path, "--dry-run").stdout
    assert launched(run, path, *SMALL)["behavioral"] is None
    file = RunFolder(run).read()
    assert file.behavioral is None
    assert "behavioral agents" not in about(file)
    assert dry("csales") is None


def test_without_behavioral_buyers_there_are_no_wallets(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    text = SCRIPTS.replace('"script"', '"behavioral"').replace('pitch_file = "a.txt"\n', "")
    path = scenario(tmp_path, text)
    said = dry(path)
    assert said["set"] == "paper"
    assert said["wallet_cents"] == said["wallet_from"] == {}


def filled(*settings: str) -> tuple[Scenario, Scenario]:
    asked, folder = asked_scenario(Options(settings=settings))
    return asked, stocked(filled_scenario(asked, folder, "it"), folder, Quiet())[0]


def values(asked: Scenario, played: Scenario) -> BehavioralValues:
    found = behavioral_values(asked, played)
    assert found is not None
    return found


def test_what_was_solved_since_the_defaults_is_anchored() -> None:
    """An anchor puts rates of issues in their place, and levels among the buyers' options."""
    asked, played = filled()
    assert values(asked, played).levels_from == "profile"
    products = msgspec.structs.replace(played.products, issue_rate=0.2)
    first = msgspec.structs.replace(played.buyers[0], options={"levels": {}})
    moved = msgspec.structs.replace(played, products=products, buyers=(first, *played.buyers[1:]))
    found = values(asked, moved)
    assert (found.issue_rate_from, found.levels_from) == ("anchor", "anchor")
    assert "orders with an issue: 20% (by [anchor])" in str(found)
    assert str(found).endswith("levels of buyers by [anchor]")


def test_levels_of_the_scenario_and_of_the_set_are_told_apart() -> None:
    """In the built-in scenarios of the paper's tables they are fitted, and stand there."""
    asked, folder = asked_scenario(Options(scenario="demographic"))
    played = stocked(filled_scenario(asked, folder, "it"), folder, Quiet())[0]
    assert values(asked, played).levels_from == "scenario"
    plain = tuple(msgspec.structs.replace(seat, options={}) for seat in played.buyers)
    bare = msgspec.structs.replace(played, buyers=plain)
    assert values(bare, bare).levels_from is None


def test_profiles_above_the_level_of_people_are_named_where_the_set_is_people(
    tmp_path: Path,
) -> None:
    """Not in `paper`, which they were chosen for, nor over a file whose own level is higher."""
    higher = tmp_path / "higher.toml"
    higher.write_text('base = "field"\n[buyer.choice]\nintercept = 3.0\n', encoding="utf-8")
    found = {
        name: values(*filled(f"behavioral.parameters={name}"))
        for name in ("field", "paper", str(higher))
    }
    assert {one.levels_from for one in found.values()} == {"profile"}
    assert [one.levels_above_set for one in found.values()] == [True, False, False]
    assert str(found["field"]).endswith("mind the price less than the set says")
    assert str(found["paper"]).endswith("levels of buyers from their profiles")


def test_plain_buyers_of_field_have_its_level() -> None:
    asked, played = filled("behavioral.parameters=field")
    plain = tuple(msgspec.structs.replace(seat, options={}) for seat in played.buyers)
    bare = msgspec.structs.replace(played, buyers=plain)
    found = values(asked, bare)
    assert (found.levels_from, found.levels_above_set) == (None, False)
    assert "the set says" not in str(found)


def test_seats_with_parameters_of_their_own_are_named() -> None:
    asked, played = filled()
    first = msgspec.structs.replace(played.buyers[0], options={"parameters": "field"})
    moved = msgspec.structs.replace(played, buyers=(first, *played.buyers[1:]))
    assert str(values(asked, moved)).endswith(f"parameters of their own: {first.id}")
    assert "of their own" not in str(values(asked, played))
