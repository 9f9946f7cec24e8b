"""docs/scenarios.md says of every key what the schema says of it, and its examples run."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from retailsim.sim.scenario.scenario import schema
from retailsim.sim.scenario.scenario_file import decode
from tests.sim.runs import ROOT, events_of, launched, scenario

PAGE = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
SCHEMA = schema()

TABLES = {
    "[run]": "RunTable",
    "[products]": "ProductsTable",
    "[profiles]": "ProfilesTable",
    "[actions]": "ActionsTable",
    "[design]": "DesignTable",
    "[[sellers]] and [[buyers]]": "AgentTable",
    "[models.NAME]": "ModelConfig",
    "[policy]": "PoliciesTable",
    "[policy.CATEGORY]": "PolicyTable",
    "[shipping]": "ShippingRules",
    "[issues]": "IssuesTable",
    "[claims]": "ClaimsTable",
    "[behavioral]": "BehavioralTable",
    "[anchor]": "AnchorTable",
    "[cache]": "CacheTable",
    "[log]": "LogTable",
    "[study]": "StudyTable",
    "[study.codes]": "StudyCodes",
    "[study.bonus]": "StudyBonus",
}
FREE = ("[rules]", "[reward]")
"""Whose keys no schema of ours knows."""
DEPENDS = {("[policy.CATEGORY]", "window_days"), ("[policy.CATEGORY]", "condition"),
           ("[policy.CATEGORY]", "buyer_pays"), ("[policy.CATEGORY]", "salvage"),
           ("[issues]", "weights"), ("[study]", "codes"),
           ("[[sellers]] and [[buyers]]", "stream")}  # fmt: skip
"""Defaults that are not the schema's null, but follow from the market's rules or another key."""


WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "boolean"}


def kind(key: dict[str, Any], many: str = "") -> str:
    """A key's type in words, from its schema; `many` is the plural's ending."""
    match key:
        case {"anyOf": [*kinds]}:
            return " or ".join(kind(one, many) for one in kinds if one.get("type") != "null")
        case {"enum": [*words]}:
            return " or ".join(f'"{word}"' for word in words)
        case {"type": "array", "prefixItems": [first, *_]}:
            return f"pair{many} of {kind(first, 's')}"
        case {"type": "array", "items": items}:
            return f"list{many} of {kind(items, 's')}"
        case {"$ref": _} | {"type": "object"}:
            return f"table{many}"
        case {"format": "date"}:
            return "date"
    return WORDS[key["type"]] + many + limits(key)


def limits(key: dict[str, Any]) -> str:
    """The bounds of a number in words."""
    signs = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {key[name]:,.10g}" for name, sign in signs.items() if name in key]
    return f" {' and '.join(bounds)}" if bounds else ""


def default(heading: str, name: str, key: dict[str, Any]) -> str | None:
    """A key's default as TOML; None where the page has it from elsewhere."""
    if "default" not in key:
        return "required"
    match key["default"]:
        case _ if (heading, name) in DEPENDS:
            return None
        case None:
            return "none"
        case bool(value):
            return str(value).lower()
        case str(value):
            return value if key.get("format") == "date" else f'"{value}"'
        case tuple(value):
            return json.dumps(value)
        case value:
            return repr(value)


def rows(heading: str) -> dict[str, tuple[str, str]]:
    """Key -> type and default, of one section of the page."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    found = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|", section, re.MULTILINE)
    return {name: (kind, default) for name, kind, default in found}


@pytest.mark.parametrize("heading", TABLES)
def test_a_section_says_of_each_key_what_the_schema_says(heading: str) -> None:
    keys = SCHEMA["$defs"][TABLES[heading]]["properties"]
    said = rows(heading)
    assert list(said) == list(keys)
    for name, key in keys.items():
        assert said[name][0] == kind(key), name
        assert said[name][1] == (default(heading, name, key) or said[name][1]), name


def test_every_table_has_a_section() -> None:
    names = {re.sub(r"\W", "", heading.split(".")[0]) for heading in (*TABLES, *FREE)}
    assert names | {"sellers", "buyers"} >= set(SCHEMA["properties"])


def test_the_keys_of_a_protocol_from_outside_are_its_own() -> None:
    for free in FREE:
        assert f"\n## {free}\n" in PAGE
        assert rows(free) == {}
    assert SCHEMA["properties"]["rules"]["type"] == "object"
    assert "properties" not in SCHEMA["properties"]["rules"]


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_is_a_scenario(text: str) -> None:
    tree = tomllib.loads(text)
    for role in ("sellers", "buyers"):
        tree.setdefault(role, [{"id": "one"}])
    decode(tree, "example")


@pytest.mark.slow
def test_the_first_example_runs(tmp_path: Path) -> None:
    said = launched(tmp_path / "run", scenario(tmp_path, EXAMPLES[0]))
    assert said["episodes"]["closed"] == 20 * 3 * 2 * 2
    conditions = {event["condition"] for event in events_of(tmp_path / "run", "EpisodeOpened")}
    assert conditions == {"base", "price x0.9", "price x1.1"}
