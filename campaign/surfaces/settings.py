"""Settings: ``--set KEY=VALUE``, a line each, laid over a scenario."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

from campaign.planting import planted
from campaign.surface import Surface, same
from campaign.surfaces.scenario import RICH, kept
from retailsim.sim.scenario import settings
from retailsim.sim.scenario.scenario_file import decode

GOOD = (
    b"run.seed=7",
    b"run.name=x y",
    b"products.per_category=3\nproducts.half=2",
    b"design.price_multipliers=[0.9, 1.0]\ndesign.replications=2",
    b"models.m.max_in_flight=8\nmodels.m.price={input=1.0, output=2.0}",
    b'models."a.b".model=x\nmodels."a.b".provider=openai',
    b"sellers.s.options.inclination=0.5\nsellers.0.gender=male",
    b'sellers=[{id="s", agent="behavioral"}]\ndesign.pairing=all',
    b'issues.weights."not as described"=0.5',
    b"log.compress=true\nlog.transcripts=false",
    b"run.seed = 1979-05-27",
    b"anchor.conversion=0.5",
)

_PLAIN = re.compile(
    r"(run|products|design|log)\.([a-z_]+)="
    r"(-?[1-9][0-9]{,17}|true|false|-?[1-9][0-9]{,8}\.[0-9]{1,9})"
)


@cache
def _base() -> dict[str, Any]:
    return tomllib.loads(RICH.decode())


def feed(data: bytes) -> str:
    """Lay settings over a scenario and read it."""
    asked = data.decode("utf-8", "surrogateescape").split("\n")
    tree = deepcopy(_base())
    settings.lay_over(tree, asked)
    for line in {one.partition("=")[0].strip(): one for one in asked}.values():
        if (found := _PLAIN.fullmatch(line)) and _last(line, asked):
            table, key, value = found.groups()
            same(line, tree[table][key], tomllib.loads(f"x = {value}")["x"])
    kept(tree, decode(tree, "settings"))
    return "taken"


def _last(line: str, asked: list[str]) -> bool:
    """Whether no later setting is about the same table."""
    table = line.partition(".")[0]
    later = asked[asked.index(line) + 1 :]
    return not any(table in one for one in later)


def _wrong(value: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: value(text.lstrip("-"))


SURFACE = Surface(
    name="settings",
    seeds=lambda: GOOD,
    feed=feed,
    code=("sim/scenario/settings.py", "sim/scenario/scenario_file.py", "events/toml_text.py"),
    bug=lambda: planted(settings, "parsed_value", _wrong),
    tree=False,
)
