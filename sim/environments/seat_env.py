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
from retailsim.sim.environments.errors import BadEnvironment, NoEpisode
from retailsim.sim.environments.seat_episode import SeatEpisode
from retailsim.sim.environments.session import Session
from retailsim.sim.environments.side import Side
from retailsim.sim.environments.stated import stated_shares
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
        self.render_mode = render_mode
        self.actions, self.features = table.options, table.features
        self.features_version = table.version
        self.action_space = Discrete(len(self.actions))
        self.observation_space = Box(0.0, 1.0, (len(self.features),), np.float32)
        self._session = Session(episodes, out, wanted)
        self._episode: SeatEpisode | None = None
        self._propensities: Sequence[float] | None = None

    @abstractmethod
    def _side(self, market: SteppedMarket) -> Side:
        """Return the seat's side of a market that was opened."""

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
        self._session.check_seed(seed)
        super().reset(seed=seed)
        market = self._session.open(seed, self.np_random)
        self._propensities = None
        self._episode = SeatEpisode(market, self._side(market))
        observation, mask = self._state(self._episode)
        return observation, {"action_mask": mask, "market": market.spec.id}

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
        observation, mask = self._state(episode)
        over = episode.request is None
        if over:
            self._session.keep(episode.market)
        return observation, reward, over, False, self._info(episode, mask)

    def close(self) -> None:
        """End the run, if there is one; it is sealed if every episode was held."""
        if self._session.run is not None:
            self._session.close()
            self._episode = None

    # -- beside them -----------------------------------------------------------------------

    def action_mask(self) -> Mask:
        """Return what is legal now, 1 or 0 for each action; nothing once it is over."""
        if self._episode is None:
            return np.zeros(len(self.actions), np.int8)
        return self._state(self._episode)[1]

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
        self._propensities = stated_shares(probabilities, len(self.actions))

    @property
    def run(self) -> Path | None:
        """The folder of the run, once there is one."""
        return self._session.run

    def _info(self, episode: SeatEpisode, mask: Mask) -> dict[str, Any]:
        info: dict[str, Any] = {"action_mask": mask, "market": episode.market.spec.id}
        info["terms"] = episode.steps[-1]
        if episode.illegal is not None:
            info["illegal"] = episode.illegal
        elif episode.failed:
            info["failed"] = next(iter(episode.faults.values()))
        return info

    def _state(self, episode: SeatEpisode) -> tuple[Observation, Mask]:
        observation, mask = episode.state()
        return np.array(observation, np.float32), np.array(mask, np.int8)
