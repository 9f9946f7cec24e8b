"""A scenario's tables: what the schema says of them, and what a file comes to."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import msgspec
import pytest

from retailsim.sim.errors import BadScenario
from retailsim.sim.scenario.builtin import builtin_scenarios
from retailsim.sim.scenario.scenario import Scenario, schema
from retailsim.sim.scenario.scenario_file import decode, read_tree
from tests.sim.runs import sim

ONE = {"sellers": [{"id": "s"}], "buyers": [{"id": "b"}]}


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """All tables inside a JSON value."""
    if isinstance(tree, dict):
        yield tree
        for value in tree.values():
            yield from nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from nodes(value)


def test_the_command_prints_the_schema() -> None:
    printed = json.loads(sim("schema").stdout)
    assert printed["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert printed["title"] == "Scenario"
    assert set(printed["properties"]) == set(Scenario.__struct_fields__)
    assert printed == msgspec.json.decode(msgspec.json.encode(schema()))


def test_every_reference_in_the_schema_leads_somewhere() -> None:
    found = schema()
    named = {node["$ref"] for node in nodes(found) if isinstance(node.get("$ref"), str)}
    assert named == {f"#/$defs/{name}" for name in found["$defs"]}


def test_unknown_keys_are_refused_in_every_table() -> None:
    found = schema()
    assert all(
        table["additionalProperties"] is False for table in (found, *found["$defs"].values())
    )


def test_every_key_of_our_tables_is_described_in_a_sentence() -> None:
    found = schema()
    ours = [name for name in found["$defs"] if name.endswith("Table")]
    for table in (found, *(found["$defs"][name] for name in [*ours, "ShippingRules"])):
        assert "Parameters" not in table["description"]
        for name, key in table["properties"].items():
            assert key["description"].endswith((".", '".')), name
            assert "  " not in key["description"]


@pytest.mark.parametrize("name", builtin_scenarios())
def test_a_built_in_scenario_is_valid_and_explains_itself(name: str) -> None:
    tree, _ = read_tree(name)
    assert decode(tree, name).run.name == name
    text = (files("retailsim.sim.data") / f"{name}.toml").read_text(encoding="utf-8")
    assert text.startswith("# ")


def test_the_least_scenario_has_the_defaults_of_the_contract() -> None:
    scenario = decode(ONE, "least")
    assert (scenario.run.seed, scenario.run.workers) == (1, 1)
    assert (scenario.products.catalog, scenario.products.per_category) == ("builtin", 30)
    assert scenario.products.issue_rate is None  # the protocol says: 1.0 in the paper
    design = scenario.design
    assert (design.protocol, design.pairing, design.replications) == ("retail", "all", 1)
    assert (design.price_multipliers, design.discount, design.broadcast) == ((1.0,), 0.0, "shared")
    assert (design.guidance, design.nonbuyer_reviews, design.max_turns) == (1.0, False, 5)
    assert design.transcripts
    assert not scenario.log.compress
    assert scenario.sellers[0].persona is None
    assert scenario.sellers[0].agent == "behavioral"


def test_whole_numbers_serve_as_numbers_and_dates_as_text() -> None:
    text = 'price_multipliers = [1, 2]\ndiscount = 0\nstart = "2026-01-31"'
    scenario = decode({**ONE, "design": tomllib.loads(text)}, "example")
    assert scenario.design.price_multipliers == (1.0, 2.0)
    assert scenario.design.start.isoformat() == "2026-01-31"


def test_the_key_that_is_wrong_is_found_among_those_that_are_right() -> None:
    models = {
        "good": {"provider": "openai", "model": "x"},
        "bad.one": {"provider": "openai", "model": 3},
    }
    with pytest.raises(BadScenario) as caught:
        decode({**ONE, "models": models}, "mine.toml")
    assert str(caught.value) == "mine.toml: models.bad.one.model: must be text, not a whole number"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_in_flight", 0),
        ("requests_per_minute", 0),
        ("tokens_per_minute", -1),
        ("temperature", 3.0),
        ("thinking_tokens", -1),
        ("timeout_s", 0.0),
        ("timeout_s", float("nan")),
        ("deadline_s", float("inf")),
        ("max_attempts", 0),
        ("base_url", "localhost:8000"),
        ("price", {"input": -1.0, "output": 1.0}),
        ("price", {"input": 1.0, "output": float("inf")}),
    ],
)
def test_limits_of_models_that_make_no_sense_are_refused(key: str, value: Any) -> None:
    model = {"provider": "openai", "model": "x", key: value}
    with pytest.raises(BadScenario, match=rf"^mine\.toml: models\.m\.{key}.*: must be "):
        decode({**ONE, "models": {"m": model}}, "mine.toml")


def test_models_need_transcripts() -> None:
    seat = {"id": "s", "agent": "model", "model": "m"}
    tree = {
        **ONE,
        "sellers": [seat],
        "models": {"m": {"provider": "openai", "model": "x"}},
        "design": {"transcripts": False},
    }
    with pytest.raises(
        BadScenario, match=r"design\.transcripts: must be true, since models cannot be resumed"
    ):
        decode(tree, "mine.toml")
    seat["model"] = "other"
    with pytest.raises(BadScenario, match=r"no \[models\.other\] table; known: m"):
        decode(tree, "mine.toml")
