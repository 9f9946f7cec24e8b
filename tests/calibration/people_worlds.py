"""Worlds whose truth is known: people who are behavioral buyers with parameters of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import tomli_w

from retailsim.agents.base import Agent
from retailsim.agents.footing import Footing
from retailsim.agents.protocol import agents_of
from retailsim.analysis.projection.pieces import extract
from retailsim.analysis.projection.projection import merge
from retailsim.events.messages import Event
from retailsim.market.core.spec import MarketSpec
from retailsim.market.protocols.registry import imported
from retailsim.sim.calibration.people_seen import Seen, seen_of
from retailsim.sim.folder.inputs import with_inputs
from retailsim.sim.play.in_memory import play_in_memory
from retailsim.sim.run.launch import read_scenario, stocked
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.protocol import new_design
from retailsim.sim.scenario.scenario import Scenario
from retailsim.sim.seats.cast import Cast
from retailsim.sim.terminal.audience import Nobody


class World:
    """A study of so many people, each in a few of a design's markets, drawn by the seed.

    Parameters
    ----------
    folder : Path
        Where the scenario and the truth are written.
    each : int
        Markets of one person.
    seed : int
        Of the run: of products' appeal, of people's tastes and wallets, of all draws.
    products : int
        Of each of the four categories.
    prices : tuple of float
        Multipliers of the list price that are tried.
    behavioral : str
        The set of parameters that the twins have.
    """

    def __init__(
        self,
        folder: Path,
        people: int,
        *,
        each: int = 4,
        seed: int = 1,
        products: int = 3,
        prices: tuple[float, ...] = (0.8, 1.0, 1.25),
        behavioral: str = "paper",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self.base = folder, behavioral
        seats = "".join(f'[[buyers]]\nid = "p{n:03}"\n' for n in range(people))
        path = folder / "world.toml"
        path.write_text(
            f"[run]\nseed = {seed}\n[products]\nper_category = {products}\n"
            f'[design]\nbroadcast = "episode"\nprice_multipliers = {list(prices)}\n'
            f'[behavioral]\nparameters = "{behavioral}"\n'
            f'[[sellers]]\nid = "shop"\n{seats}'
        )
        scenario, where = read_scenario(Options(scenario=str(path)))
        scenario, goods = stocked(scenario, where, Nobody())
        self.scenario: Scenario = scenario
        self.design: Design = new_design(scenario, where, goods, str(path))
        self.markets = self._drawn(each, seed)

    def _drawn(self, each: int, seed: int) -> list[MarketSpec]:
        mine: dict[str, list[MarketSpec]] = {}
        for spec in self.design.markets():
            mine.setdefault(spec.episodes[0].buyer.id, []).append(spec)
        draws = np.random.default_rng(seed)
        return [
            specs[place]
            for specs in mine.values()
            for place in sorted(draws.choice(len(specs), size=min(each, len(specs)), replace=False))
        ]

    def played(
        self, parameters: Mapping[str, Any], classes: Mapping[str, type[Agent]] | None = None
    ) -> pl.DataFrame:
        """What buyers with these parameters do; with classes, as agents of these names."""
        file = self._folder / f"truth-{abs(hash(str(parameters)))}.toml"
        file.write_text(tomli_w.dumps({"base": self.base, **parameters}))
        behavioral = msgspec.structs.replace(self.scenario.behavioral, parameters=str(file))
        scenario = msgspec.structs.replace(self.scenario, behavioral=behavioral)
        told = with_inputs(scenario, Path())
        if classes:
            buyers = tuple(
                msgspec.structs.replace(seat, agent=next(iter(classes))) for seat in told.buyers
            )
            told = msgspec.structs.replace(told, buyers=buyers)
        cast = Cast(told, self.design.protocol, self.design.seed, Path(), classes=classes or {})
        events: list[Event] = []
        asyncio.run(play_in_memory(self.design, cast, self.markets, events.extend))
        lines = b"".join(msgspec.json.encode(event) + b"\n" for event in events)
        frame = merge([extract(lines)]).episodes
        return frame.with_columns(person=pl.col("buyer"), pair=pl.col("episode"))

    def footings(self) -> dict[str, Footing]:
        """What the twins stand on, by episode."""
        found: dict[str, Footing] = {}
        make = imported(agents_of(self.design.protocol).footing)
        kinds = make(lambda one: found.__setitem__(one.episode, one))
        self.played({}, {"footed": kinds["behavioral"]})
        return found

    def seen(self, parameters: Mapping[str, Any]) -> Seen:
        """People who are buyers with these parameters, beside the twins' footings."""
        return seen_of(self.played(parameters), self.footings())
