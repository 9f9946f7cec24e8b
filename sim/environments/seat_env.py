"""A Gymnasium environment of a seat that chooses among named options, whatever the protocol."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete
from numpy.typing import NDArray

from retailsim.agents.policy.table import PolicyTable
from retailsim.sim.environments.episodes import SeatEpisodes
from retailsim.sim.environments.errors import BadEnvironment, NoEpisode, RunBegun, RunFull
from retailsim.sim.environments.run_log import RunLog
from retailsim.sim.environments.seat_episode import SeatEpisode
from retailsim.sim.environments.stepping import SteppedMarket

Observation = NDArray[np.float32]
Mask = NDArray[np.int8]


class SeatEnv(gymnasium.Env[Observation, np.int64]):
    """A seat's side of a market; an episode is a market, a step a choice of the seat.

    An action is the number of an option (`actions`). ``info["action_mask"]`` says what is legal
    now (1) and what is not (0). An illegal action fails the episode, and ``info["illegal"]`` says
    why; ``info["failed"]`` says so of another's fault. An episode is over when the market says so:
    it is terminated, never truncated.

    Parameters
    ----------
    episodes : SeatEpisodes
    table : PolicyTable
        What is chosen among, by what.
    out : str, Path or None
        Folder of a run that all episodes are written to, made at the first reset. One that is
        given up before its end is not.
    wanted : int
        With `out`, how many episodes the run is made for at least: rounded up, so that every
        market is played equally often.

    Attributes
    ----------
    actions : tuple of str
        The options in their order; `features` and `features_version` for the observation.
    """

    actions: tuple[str, ...]
    features: tuple[str, ...]
    features_version: str

    def __init__(
        self,
        episodes: SeatEpisodes[Any, Any],
        table: PolicyTable,
        *,
        out: str | Path | None,
        wanted: object,
        render_mode: None,
    ) -> None:
        if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 1:
            raise BadEnvironment("episodes", f"{wanted!r} is not a whole number from 1 up")
        self.render_mode = render_mode
        self.actions, self.features = table.options, table.features
        self.features_version = table.version
        self.action_space = Discrete(len(self.actions))
        self.observation_space = Box(0.0, 1.0, (len(self.features),), np.float32)
        self._episodes = episodes
        self._out = None if out is None else Path(out).absolute()
        self._wanted = wanted
        self._seeded = False
        self._log: RunLog | None = None
        self._episode: SeatEpisode | None = None
        self._propensities: Sequence[float] | None = None

    @abstractmethod
    def _begun(self, market: SteppedMarket) -> SeatEpisode:
        """Return an episode at its beginning."""

    # -- gymnasium's methods ---------------------------------------------------------------

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin the next episode; with a seed, the first one of that seed.

        Raises
        ------
        RunBegun, RunFull
            If there is a run of its own, and it cannot have this episode.
        """
        if seed is not None and self._log is not None:
            raise RunBegun(self._log.run.path)
        super().reset(seed=seed)
        if seed is not None or not self._seeded:
            self._begin(seed)
        spec = next(self._order, None)
        if spec is None:
            assert self._log is not None
            raise RunFull(self._log.run.path, self._run.design.episodes)
        self._propensities = None
        self._episode = self._begun(self._episodes.open(spec, self._run))
        return self._observation(), {"action_mask": self.action_mask(), "market": spec.id}

    def step(self, action: np.int64 | int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Choose an option; returns observation, reward, whether it is over, False, and info.

        ``info`` also has the reward's ``terms``, without their weights.

        Raises
        ------
        NoEpisode
            If none is under way.
        BadEnvironment
            If there is no option of this number.
        """
        episode = self._episode
        if episode is None or episode.over:
            raise NoEpisode
        if not self.action_space.contains(action):
            last = len(self.actions) - 1
            raise BadEnvironment("step", f"{action!r} is not one of the actions 0 to {last}")
        stated, self._propensities = self._propensities, None
        reward = episode.take(int(action), stated)
        over = episode.market.question is None
        if over and self._log is not None:
            self._log.write(episode.market)
        return self._observation(), reward, over, False, self._info(episode)

    def close(self) -> None:
        """End the run, if there is one; it is sealed if every episode was held."""
        if self._log is not None:
            self._log.close()
            self._log = None
            self._episode, self._seeded, self._out = None, False, None

    # -- beside them -----------------------------------------------------------------------

    def action_mask(self) -> Mask:
        """Return what is legal now, 1 or 0 for each action; nothing once it is over."""
        if self._episode is None:
            return np.zeros(len(self.actions), np.int8)
        return np.array(self._episode.mask(), np.int8)

    def action_masks(self) -> NDArray[np.bool_]:
        """Return the same as true and false, as learners with masks ask for it."""
        return self.action_mask().astype(np.bool_)

    def state_propensities(self, probabilities: Sequence[float]) -> None:
        """Say how likely each action was before the next step, so that the log has it.

        Parameters
        ----------
        probabilities : sequence of float
            One for each action, summing to 1; 0 for those that are not legal. The market refuses
            others, and fails the episode.
        """
        if len(probabilities) != len(self.actions):
            problem = f"{len(probabilities)} probabilities for {len(self.actions)} actions"
            raise BadEnvironment("state_propensities", problem)
        self._propensities = [float(one) for one in probabilities]

    @property
    def run(self) -> Path | None:
        """The folder of the run, once there is one."""
        return None if self._log is None else self._log.run.path

    def _begin(self, seed: int | None) -> None:
        if seed is None:
            seed = int(self.np_random.integers(2**31))
        self._run = self._episodes.seeded(seed, self._out, self._wanted if self._out else 0)
        rounds = self._run.scenario.design.replications if self._out else None
        self._order = self._episodes.order(self.np_random, rounds)
        if self._out is not None:
            self._log = RunLog(self._run)
        self._seeded = True

    def _info(self, episode: SeatEpisode) -> dict[str, Any]:
        info: dict[str, Any] = {"action_mask": self.action_mask(), "market": episode.market.spec.id}
        info["terms"] = episode.steps[-1]
        if episode.illegal is not None:
            info["illegal"] = episode.illegal
        elif episode.failed:
            info["failed"] = next(iter(episode.faults.values()))
        return info

    def _observation(self) -> Observation:
        assert self._episode is not None
        return np.array(self._episode.features(), np.float32)
