"""Options and arguments that several commands have."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from retailsim.sim.cli.completion import RunAddress, RunPath, ScenarioName


def finite(ctx: click.Context, option: click.Parameter, value: float | None) -> float | None:
    """Return an amount in dollars; refuse what is none."""
    if value is not None and not math.isfinite(value * 1e9):  # in billionths it is counted
        raise click.BadParameter(f"{value} is not an amount in dollars.", ctx, option)
    return value


def _listed(ctx: click.Context, option: click.Parameter, value: str | None) -> tuple[str, ...]:
    parts = (part.strip() for part in (value or "").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


PATH = click.Path(path_type=Path)
RUN_PATH = RunPath(path_type=Path)
RUN = click.argument("run", type=RUN_PATH)
RUN_ANYWHERE = click.argument("run", type=RunAddress())
STORE = click.option(
    "--store",
    metavar="s3://BUCKET/NAME",
    help="Object store that holds a run in shares, for machines without a shared folder.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object to stdout.")
STUDIO = click.option(
    "--studio", "page", is_flag=True, help="Show a page that follows the run; prints its link."
)
VERBOSE = click.option("-v", "--verbose", is_flag=True, help="Also write diagnostics to stderr.")
WORKERS = click.option(
    "--workers", type=click.IntRange(1, 1024), metavar="N", help="Number of processes."
)
BUDGET = click.option(
    "--budget",
    type=click.FloatRange(0, min_open=True),
    callback=finite,
    metavar="USD",
    help="The most that language models may cost, in US dollars.",
)
MODEL_BUDGET = click.option(
    "--budget",
    type=click.FloatRange(0),
    callback=finite,
    metavar="USD",
    help="The most that the model may cost, in US dollars.",
)
SEED = click.option(
    "--seed", type=int, metavar="N", help="Use this seed instead of the scenario's."
)
SELLERS = click.option("--sellers", metavar="A,B", help="Sellers, named as for launch.")
BUYERS = click.option("--buyers", metavar="A,B", help="Buyers, named as for launch.")
CATALOG = click.option("--catalog", type=PATH, metavar="FILE", help="A catalogue of your own.")
PROFILES = click.option(
    "--profiles", type=PATH, metavar="FILE", help="Buyer profiles, for sales conversations."
)
WITHOUT = click.option(
    "--without",
    callback=_listed,
    metavar="A,B",
    help="Seats of people to leave out, such as those who withdrew.",
)
SCENARIO = ScenarioName()
OUT = click.option(
    "--out",
    type=PATH,
    metavar="DIR",
    help="Run folder, new or empty; by default runs/NAME-TIME.",
)
TRUST = click.option(
    "--trust",
    is_flag=True,
    help="Run code and use addresses of a run that was not launched here.",
)
CHARTS = click.Choice(["png", "svg"])


EXECUTOR = click.option(
    "--executor",
    type=click.Choice(["local", "ray"]),
    default="local",
    help="What plays the run: processes of this machine (the default), or Ray.",
)
ADDRESS = click.option(
    "--address",
    metavar="HOST:PORT",
    help="Ray cluster to use with --executor ray; without it, Ray is started here.",
)


class ScenarioSettings(click.Option):
    """An option ``--set`` whose keys are a scenario's."""


def settings_of(what: str, kind: type[click.Option] = click.Option) -> Callable[[Any], Any]:
    """Return the option ``--set KEY=VALUE``; `what` says whose keys it sets."""
    return click.option(
        "--set", "settings", cls=kind, multiple=True, metavar="KEY=VALUE", help=what
    )


SETTINGS = settings_of("Set any key of the scenario; may be repeated.", ScenarioSettings)
SETTINGS_OF_ALL = settings_of(
    "Set any key of the scenario, in every run; may be repeated.", ScenarioSettings
)
MODEL_SETTINGS = settings_of("Set any key of the model's [models] table; may be repeated.")


def scenario_names() -> list[tuple[str, str]]:
    """The built-in scenarios, each with what it is about: for help pages."""
    from retailsim.sim.scenario.builtin import builtin_about, builtin_scenarios

    return [(name, builtin_about(name)) for name in builtin_scenarios()]
