"""A comparison says that the rules differ, though both scenarios ask for the same file."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.look.scenario_changes import scenario_changes
from tests.sim.runs import launched

RULE = """
[[rule]]
id = "no-magic"
source = "house rule 1"
level = "report"
why = "Nobody says it."
says = ["{word}"]
"""
SCENARIO = """
[products]
per_category = 1
[rules]
file = "own.toml"
[[sellers]]
id = "shop"
agent = "plain-dealer"
[[buyers]]
id = "ann"
"""


def of_rule(folder: Path, word: str, more: str = "") -> RunFolder:
    """A run whose shop has a rule of its own against a word."""
    folder.mkdir()
    (folder / "own.toml").write_text(RULE.format(word=word))
    (folder / "scenario.toml").write_text(SCENARIO + more)
    launched(folder / "run", folder / "scenario.toml")
    return RunFolder(folder / "run")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "more", "keys"),
    [
        ("magic", "", []),
        ("miracle", "", ["inputs/rules.toml"]),
        ("magic", '[rules.levels]\nno-magic = "off"\n', ["rules.levels.no-magic"]),
    ],
)
def test_rules_that_say_something_else_are_told(
    word: str, more: str, keys: list[str], tmp_path: Path
) -> None:
    first, second = of_rule(tmp_path / "a", "magic"), of_rule(tmp_path / "b", word, more)
    assert [one.key for one in scenario_changes(first, second)] == keys


def test_a_run_from_before_there_were_rules_has_none(tmp_path: Path) -> None:
    first, second = of_rule(tmp_path / "a", "magic"), of_rule(tmp_path / "b", "magic")
    path = first.path / "run.toml"
    kept = [one for one in path.read_text().splitlines() if not one.startswith('"rules.toml"')]
    path.write_text("\n".join(kept) + "\n")
    [found] = scenario_changes(first, second)
    assert (found.key, found.first) == ("inputs/rules.toml", "not set")
