"""Episodes played in memory by the agents themselves: no folder, so that many seeds cost little."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from retailsim.agents.host import Hosting
from retailsim.agents.watchdog import Watchdog
from retailsim.analysis.projection.projection import Projection
from retailsim.events.messages import DecisionMade, EpisodeOpened, Event, OrderPlaced
from retailsim.events.outside import Door
from retailsim.market.protocols.registry import rules_of
from retailsim.sim.folder.inputs import with_inputs
from retailsim.sim.play.engine import Engine
from retailsim.sim.play.stop import Stop
from retailsim.sim.run.launch import read_scenario
from retailsim.sim.run.launch_options import Options
from retailsim.sim.run.stock import chosen_products
from retailsim.sim.scenario.protocol import new_design
from retailsim.sim.seats.cast import Cast
from retailsim.sim.terminal.terminal import Quiet


class Nowhere:
    """A log that keeps nothing."""

    def append(self, lines: bytes, count: int) -> None: ...

    async def append_durable(self, lines: bytes, count: int) -> None: ...

    async def room(self) -> None: ...


def played(scenario: str, seed: int, *settings: str) -> Projection:
    """Play a scenario; its episodes with who took part, the condition and the orders."""
    options = Options(scenario=scenario, seed=seed, settings=settings)
    read, folder = read_scenario(options)
    products = chosen_products(read, folder, Quiet())
    design = new_design(read, folder, products, scenario)
    cast = Cast(with_inputs(read, Path()), design.protocol, design.seed, folder)
    engine = Engine(
        cast=cast,
        open_market=design.open,
        log=Nowhere(),
        hosting=Hosting(
            admissions=rules_of(cast.protocol).admissions,
            watch=Watchdog(warn_s=60.0, deadline_s=600.0, say=lambda line: None),
        ),
        stop=Stop(),
    )
    rows: dict[str, dict[str, Any]] = defaultdict(lambda: {"orders": 0, "decided": False})

    def sink(events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case EpisodeOpened(episode=str(name)):
                    rows[name] |= opened(event)
                case OrderPlaced(episode=str(name)):
                    rows[name]["orders"] += 1
                case DecisionMade(episode=str(name)):
                    rows[name]["decided"] = True

    async def play() -> None:
        for spec in design.markets():
            await engine.play(spec, Door((), Nowhere()), sink)

    asyncio.run(play())
    frame = pl.DataFrame([{"episode": name, **row} for name, row in rows.items()])
    none = pl.DataFrame()
    return Projection(
        episodes=frame.with_columns(superseded=pl.lit(value=False)),
        markets=none,
        calls=none,
        episode_calls=none,
    )


def opened(event: EpisodeOpened) -> dict[str, Any]:
    persona = event.buyer_persona or {}
    names = ("seller", "buyer", "product", "audience", "buyer_gender", "price_multiplier")
    kinds = ("seller_kind", "buyer_kind")
    return {
        **{name: getattr(event, name) for name in (*names, *kinds)},
        "buyer_price_consciousness": persona.get("price_consciousness"),
    }
