"""The pilot of a plan: two small arms, played by agents that cost nothing."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from retailsim.agents.protocol import PERSON, WIRE
from retailsim.analysis.measures import estimates
from retailsim.analysis.projection.loader import load
from retailsim.market.catalogue.product import Product
from retailsim.sim.plan.errors import BadPlan
from retailsim.sim.run.launch import (
    PreparedRun,
    asked_scenario,
    filled_scenario,
    make,
    play_prepared,
    prepare,
    stocked,
)
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.scenario import AgentTable, Scenario
from retailsim.sim.scenario.settings import as_settings
from retailsim.sim.seats.cast import ROLES
from retailsim.sim.terminal.audience import Nobody

EPISODES = 5_000
"""Of each arm of a pilot, about."""
FEWEST, MOST = 60, 600
"""Products of a pilot, where the catalogue has them."""
REPLICATIONS = 2
"""So that it can be said what more of them would add."""
MOST_PRODUCTS = 10_000
"""Of a group, more are not counted."""

_BEHAVIORAL = "behavioral"


class Pilot(msgspec.Struct, frozen=True, kw_only=True):
    """Two arms that were played.

    Parameters
    ----------
    first, second : polars.DataFrame
        Their decided episodes.
    shared_draws : bool
        Whether the arms share their draws; else only their products and seats.
    stand_ins : tuple of str
        Seats that behavioral agents took instead of whom the scenario names.
    """

    first: pl.DataFrame
    second: pl.DataFrame
    shared_draws: bool
    stand_ins: tuple[str, ...]


class Stock(msgspec.Struct, frozen=True):
    """All that a scenario could sell, and the currency of its prices (None: dollars)."""

    products: list[Product]
    currency: str | None


def whole_stock(options: Options) -> Stock:
    """Return the products that a scenario could sell: all of its catalogue, or those it names."""
    whole = (*options.settings, f"products.per_category={MOST_PRODUCTS}")
    asked, folder = asked_scenario(msgspec.structs.replace(options, settings=whole))
    scenario, products = stocked(filled_scenario(asked, folder, options.scenario), folder, Nobody())
    return Stock(products, scenario.products.currency)


def per_category(products: Sequence[Product], wanted: int) -> int:
    """Return the smallest number of each category that gives so many products, or all of them."""
    sizes: dict[str, int] = {}
    for product in products:
        sizes[product.category] = sizes.get(product.category, 0) + 1
    number = max(1, wanted // len(sizes))
    while number < max(sizes.values()) and sum(min(number, n) for n in sizes.values()) < wanted:
        number += 1
    return number


def play_pilot(
    options: Options, arms: Sequence[tuple[str, ...]], products: Sequence[Product]
) -> Pilot:
    """Play two arms of a scenario, small enough to take seconds.

    Where language models decide, or no change is named, nothing makes two arms alike but their
    products and seats: then the second arm has other draws, and so other persons behind the same
    seats. That is the larger variance of the two.

    Parameters
    ----------
    arms : sequence of tuple of str
        The settings of the first and of the last arm of the question; none: no change is named.
    products : sequence of Product
        As `whole_stock` gives them.

    Raises
    ------
    BadPlan
        If an arm of it cannot be played.
    """
    scenario = asked_scenario(options)[0]
    stand_ins = dict(_stand_ins(scenario))
    shared = bool(arms) and not stand_ins
    first, last = (arms[0], arms[-1]) if arms else ((), ())
    each = prepare(_sized(options, stand_ins, first, 1), Nobody()).design
    episodes = each.episodes / max(1, len(each.products)) * REPLICATIONS
    wanted = max(FEWEST, min(MOST, math.ceil(EPISODES / max(1.0, episodes))))
    number = per_category(products, wanted)
    one = _sized(options, stand_ins, first, number)
    two = _sized(options, stand_ins, last, number)
    if not shared:
        two = _other_draws(two, prepare(one, Nobody()))
    return Pilot(
        first=_played(one),
        second=_played(two),
        shared_draws=shared,
        stand_ins=tuple(seat.partition("=")[2] for seat in stand_ins.values()),
    )


def _stand_ins(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Yield the settings that put a behavioral agent into each seat that costs something."""
    for role in ROLES:
        for place, seat in enumerate(scenario.seats(role)):
            if seat.model is not None or seat.agent in (WIRE, PERSON):
                [setting] = as_settings({f"{role}s.{place}": _stand_in(seat)})
                yield setting, f"{role}={seat.id}"
    if scenario.reader is not None:
        yield "claims.reader=rules", "reader=claims"


def _stand_in(seat: AgentTable) -> dict[str, Any]:
    kept = {"stream": seat.stream, "persona": seat.persona, "gender": seat.gender}
    return {"id": seat.id, "agent": _BEHAVIORAL, **{k: v for k, v in kept.items() if v is not None}}


def _sized(
    options: Options, stand_ins: dict[str, str], arm: tuple[str, ...], number: int
) -> Options:
    settings = (
        *options.settings,
        *arm,
        *stand_ins,
        f"products.per_category={number}",
        f"design.replications={REPLICATIONS}",
    )
    return msgspec.structs.replace(options, settings=settings, budget=None, workers=1)


def _other_draws(options: Options, first: PreparedRun) -> Options:
    """The same products and seats under another seed."""
    settings = options.settings
    if first.scenario.products.half is None and first.scenario.products.ids is None:
        settings += as_settings({"products.ids": [product.id for product in first.products]})
    seed = first.scenario.run.seed + 1
    return msgspec.structs.replace(options, settings=settings, seed=seed)


def _played(options: Options) -> pl.DataFrame:
    with tempfile.TemporaryDirectory(prefix="retailsim-plan-") as place:
        options = msgspec.structs.replace(options, out=Path(place) / "run")
        prepared = prepare(options, Nobody())
        run = make(prepared)
        if not play_prepared(prepared, run, Nobody()).finished:
            raise BadPlan(options.scenario, "its pilot was stopped; nothing is planned")
        return estimates.decided(load(run.path).episodes)
