"""The episodes of an environment, one after another, and the run that they may be written to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from retailsim.events.streams import Seed
from retailsim.market.core.spec import MarketSpec
from retailsim.sim.environments.episodes import SeatEpisodes
from retailsim.sim.environments.errors import BadEnvironment, RunBegun, RunFull
from retailsim.sim.environments.run_log import RunLog
from retailsim.sim.environments.stepping import SteppedMarket
from retailsim.sim.run.launch import PreparedRun


class Session:
    """What an environment goes through.

    Parameters
    ----------
    episodes : SeatEpisodes
    out : str, Path or None
        Folder of a run that all episodes are written to, made when it begins.
    wanted : int
        With `out`, how many episodes the run is made for at least.

    Raises
    ------
    BadEnvironment
        If `wanted` is no number of episodes.
    """

    def __init__(
        self, episodes: SeatEpisodes[Any, Any], out: str | Path | None, wanted: object
    ) -> None:
        if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 1:
            raise BadEnvironment("episodes", f"{wanted!r} is not a whole number from 1 up")
        self._episodes = episodes
        self._out = None if out is None else Path(out).absolute()
        self._wanted = wanted
        self._log: RunLog | None = None
        self._prepared: PreparedRun | None = None
        self._order: Iterator[MarketSpec] = iter(())

    @property
    def run(self) -> Path | None:
        """The folder of the run, once there is one."""
        return None if self._log is None else self._log.run.path

    @property
    def seed(self) -> Seed:
        """The seed that the episodes are played under, once one was begun."""
        assert self._prepared is not None  # whoever asks has opened one
        return self._prepared.design.seed

    def check_seed(self, seed: int | None) -> None:
        """Refuse a seed for a run that has begun; raises `RunBegun`."""
        if seed is not None and self._log is not None:
            raise RunBegun(self._log.run.path)

    def open(self, seed: int | None, random: np.random.Generator) -> SteppedMarket:
        """Begin the next episode; with a seed, or at first, the first one of a seed.

        Parameters
        ----------
        random : Generator
            Draws the order of the episodes, and the seed where none is given.

        Raises
        ------
        RunFull
            If the run holds all episodes that it was made for.
        """
        prepared = self._prepared
        if seed is not None or prepared is None:
            prepared = self._begin(int(random.integers(2**31)) if seed is None else seed, random)
        spec = next(self._order, None)
        if spec is None:
            assert self._log is not None  # without a run there is no end
            raise RunFull(self._log.run.path, prepared.design.episodes)
        return self._episodes.open(spec, prepared)

    def keep(self, market: SteppedMarket) -> None:
        """Write an episode that is over to the run, if there is one."""
        if self._log is not None:
            self._log.write(market)

    def close(self) -> None:
        """End the run, if there is one; it is sealed if every episode was held."""
        if self._log is not None:
            self._log.close()
            self._log, self._prepared, self._out = None, None, None

    def _begin(self, seed: int, random: np.random.Generator) -> PreparedRun:
        made = self._episodes.seeded(seed, self._out, self._wanted if self._out else 0)
        rounds = made.scenario.design.replications if self._out else None
        self._order = self._episodes.order(random, rounds)
        if self._out is not None:
            self._log = RunLog(made)
        self._prepared = made
        return made
