"""docs/scenarios.md names every key of a scenario and no other, and its example runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.llm.types import ModelConfig
from market.shipping import ShippingRules
from sim import scenario as tables
from tests.sim.runs import ROOT, events_of, launched, scenario

PAGE = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")

STRUCTS: dict[str, Any] = {
    "[run]": tables.RunTable,
    "[products]": tables.ProductsTable,
    "[design]": tables.DesignTable,
    "[[sellers]] and [[buyers]]": tables.AgentTable,
    "[models.NAME]": ModelConfig,
    "[policy.CATEGORY]": tables.PolicyTable,
    "[shipping]": ShippingRules,
    "[issues]": tables.IssuesTable,
    "[behavioral]": tables.BehavioralTable,
    "[log]": tables.LogTable,
}


def rows(heading: str) -> dict[str, str]:
    """Key -> default of one section of the page."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", section, re.MULTILINE))


@pytest.mark.parametrize("heading", STRUCTS)
def test_a_section_names_exactly_the_keys_of_its_table(heading: str) -> None:
    assert set(rows(heading)) == set(STRUCTS[heading].__struct_fields__)


@pytest.mark.parametrize("heading", ["[run]", "[products]", "[design]", "[shipping]", "[log]"])
def test_the_defaults_on_the_page_are_true(heading: str) -> None:
    said = rows(heading)
    for field in msgspec.structs.fields(STRUCTS[heading]):
        default = field.default
        if default is None:
            assert said[field.name] == "none"
        else:
            shown = msgspec.json.encode(default).decode().replace(",", ", ")
            assert said[field.name] in (shown, shown.strip('"'))


def test_every_table_has_a_section() -> None:
    names = {re.sub(r"\W", "", heading.split(".")[0]) for heading in STRUCTS}
    assert names | {"sellers", "buyers"} >= set(tables.Scenario.__struct_fields__)


def test_the_example_runs(tmp_path: Path) -> None:
    text = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0]
    said = launched(tmp_path / "run", scenario(tmp_path, text))
    assert said["episodes"]["closed"] == 20 * 3 * 2 * 2
    conditions = {event["condition"] for event in events_of(tmp_path / "run", "EpisodeOpened")}
    assert conditions == {"base", "price x0.9", "price x1.1"}
