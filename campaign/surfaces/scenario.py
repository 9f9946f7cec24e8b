"""Scenarios: TOML to a design, with every value that the file gives in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from campaign.planting import planted
from campaign.surface import Surface, same, scratch, within
from retailsim.events.streams import Seed
from retailsim.market.catalogue.problems import Problems
from retailsim.market.catalogue.product import Product
from retailsim.market.catalogue.product_files import builtin_catalogue, read_products
from retailsim.sim.folder.inputs import with_inputs
from retailsim.sim.run.launch import filled_scenario
from retailsim.sim.scenario import scenario_file
from retailsim.sim.scenario.builtin import builtin_scenarios
from retailsim.sim.scenario.protocol import new_design
from retailsim.sim.scenario.scenario import Scenario
from retailsim.sim.seats.cast import Cast

SOURCE = "scenario.toml"

RICH = b"""
[run]
name = "rich"
seed = 7
workers = 2
concurrency = 4
[products]
per_category = 2
issue_rate = { Electronics = 0.25, Fashion = 0.5 }
[design]
protocol = "retail"
pairing = [["s", "b"], ["t", "b"]]
replications = 3
price_multipliers = [0.9, 1.0, 1.1]
max_turns = 4
[issues]
weights = { "damaged on arrival" = 1.0, "shipping delay" = 0.5 }
[behavioral]
parameters = "field"
[[sellers]]
id = "s"
agent = "behavioral"
gender = "female"
options = { inclination = 1.0 }
[[sellers]]
id = "t"
agent = "model"
model = "m"
[[buyers]]
id = "b"
agent = "careful-saver"
[models.m]
provider = "openai-compatible"
model = "x"
base_url = "http://127.0.0.1:1/v1"
max_in_flight = 8
temperature = 0.5
price = { input = 1.0, output = 4.0 }
"""


@cache
def products() -> tuple[Product, ...]:
    """A few products, so that a design has markets."""
    return tuple(islice(read_products(builtin_catalogue(), problems=Problems()), 6))


def seeds() -> list[bytes]:
    """All built-in scenarios, and one with much in it."""
    return [
        RICH,
        *(
            (files("retailsim.sim.data") / f"{name}.toml").read_bytes()
            for name in builtin_scenarios()
        ),
    ]


def feed(data: bytes) -> str:
    """Read a scenario and seat its agents as a launch does, but for its catalogue."""
    path = scratch() / SOURCE
    path.write_bytes(data)
    tree, folder = scenario_file.read_tree(str(path))
    asked = scenario_file.decode(tree, SOURCE, folder)
    kept(tree, asked)
    filled = filled_scenario(asked, folder, SOURCE)
    design = new_design(filled, folder, products(), SOURCE)
    seats = with_inputs(filled, Path())
    Cast(seats, design.protocol, Seed(filled.run.seed), folder, SOURCE, {})
    within("episodes", design.episodes, 0, float("inf"))
    return "played"


def kept(tree: Mapping[str, Any], asked: Scenario) -> None:
    """Every value of the file stands in the scenario as it was written."""
    built = msgspec.to_builtins(asked)
    waiting: list[tuple[str, Any, Any]] = [("", tree, built)]
    while waiting:
        place, said, found = waiting.pop()
        if isinstance(said, dict) and isinstance(found, dict):
            waiting.extend((f"{place}.{key}", said[key], found.get(key)) for key in said)
        elif isinstance(said, list) and isinstance(found, list | tuple) and place:
            same(f"{place} (entries)", len(found), len(said))
            waiting.extend((f"{place}[]", *pair) for pair in zip(said, found, strict=True))
        elif isinstance(said, bool | int | float | str) and said == said:
            same(place, found, said)


def _wrong(decode: Callable[..., Scenario]) -> Callable[..., Scenario]:
    def decoded(tree: Any, source: str, folder: Any = None) -> Scenario:
        found = decode(tree, source, folder)
        if found.design.replications > 1_000:
            table = msgspec.structs.replace(found.design, replications=1_000)
            return msgspec.structs.replace(found, design=table)
        return found

    return decoded


SURFACE = Surface(
    name="scenario",
    seeds=seeds,
    feed=feed,
    code=(
        "sim/scenario",
        "sim/seats",
        "sim/folder/inputs.py",
        "sim/protocols",
        "events/toml_text.py",
    ),
    bug=lambda: planted(scenario_file, "decode", _wrong),
    tree=False,
)
