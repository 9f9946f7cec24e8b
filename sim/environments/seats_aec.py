"""A PettingZoo environment of several seats of a market, each asked in its turn (AEC)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, Space
from gymnasium.utils.seeding import np_random
from numpy.typing import NDArray
from pettingzoo import AECEnv

from retailsim.agents.policy.table import PolicyTable
from retailsim.events.messages import EpisodeFailed, Event
from retailsim.market.core.request import AgentRequest
from retailsim.sim.environments.errors import BadEnvironment, NoEpisode
from retailsim.sim.environments.seat_episode import answer, asked, refusal
from retailsim.sim.environments.session import Session
from retailsim.sim.environments.side import Side
from retailsim.sim.environments.stated import stated_shares
from retailsim.sim.environments.stepping import SteppedMarket

Observation = NDArray[np.float32] | dict[str, NDArray[Any]]
MASK = "action_mask"


class SeatsAEC(AECEnv[str, Observation, Any]):
    """Several seats of a market; an episode is a market, a step a choice of the seat asked.

    An action is the number of an option of the seat (`actions`). ``infos[agent]["action_mask"]``
    says what is legal now; nothing is for whoever is not asked. An illegal action fails the
    episode: all seats are terminated, and ``infos[agent]["illegal"]`` of who chose it says why.

    Parameters
    ----------
    session : Session
    tables : mapping of agent to PolicyTable
        What each seat chooses among, by what.
    masks_observed : bool
        Whether observations hold the mask as well, as those of PettingZoo's own games do: then
        they are ``{"observation": features, "action_mask": mask}``.

    Attributes
    ----------
    actions : dict of agent to tuple of str
        The options in their order; `features` and `features_version` for the observations.
    """

    metadata: ClassVar[dict[str, Any]]

    def __init__(
        self, session: Session, tables: Mapping[str, PolicyTable], *, masks_observed: bool = False
    ) -> None:
        super().__init__()
        self.render_mode = None
        self.possible_agents = list(tables)
        self.agents: list[str] = []
        self.actions = {agent: table.options for agent, table in tables.items()}
        self.features = {agent: table.features for agent, table in tables.items()}
        self.features_version = {agent: table.version for agent, table in tables.items()}
        self.action_spaces = {agent: Discrete(len(self.actions[agent])) for agent in tables}
        self._masks_observed = masks_observed
        self.observation_spaces = {agent: self._space(agent) for agent in tables}
        self._session = session
        self._random, _ = np_random()
        self._market: SteppedMarket | None = None
        self._sides: Mapping[str, Side] = {}
        self._propensities: Sequence[float] | None = None

    def _space(self, agent: str) -> Space[Any]:
        seen = Box(0.0, 1.0, (len(self.features[agent]),), np.float32)
        if not self._masks_observed:
            return seen
        return Dict({"observation": seen, MASK: Box(0, 1, (len(self.actions[agent]),), np.int8)})

    @abstractmethod
    def _whose(self, request: AgentRequest) -> str:
        """Return the agent that is asked this."""

    @abstractmethod
    def _seated(self, market: SteppedMarket) -> Mapping[str, Side]:
        """Return the seats' sides of a market that was opened."""

    # -- PettingZoo's methods --------------------------------------------------------------

    def observation_space(self, agent: str) -> Space[Any]:
        """Return the space of an agent's observations."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Discrete:
        """Return the space of an agent's actions."""
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Begin the next episode; with a seed, the first one of that seed.

        Raises
        ------
        RunBegun, RunFull
            If there is a run of its own, and it cannot have this episode.
        """
        self._session.check_seed(seed)
        if seed is not None:
            self._random, _ = np_random(seed)
        self._market = self._session.open(seed, self._random)
        self._sides, self._told, self._propensities = self._seated(self._market), 0, None
        self.agents = list(self.possible_agents)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        news = self._news()
        for side in self._sides.values():
            side.rewards.of_step(news)
        request = asked(self._market)
        assert request is not None  # a market begins with a question
        self.agent_selection = self._whose(request)
        self.infos = {agent: self._info(agent) for agent in self.agents}

    def observe(self, agent: str) -> Observation:
        """Return what an agent sees; where it is not asked, what is left of its last turn."""
        request = self._asked(agent)
        seen = np.array(self._sides[agent].features(request), np.float32)
        if not self._masks_observed:
            return seen
        return {"observation": seen, MASK: self._mask(agent, request)}

    def step(self, action: Any) -> None:
        """Choose an option for the agent that is asked; None for one that is terminated.

        Raises
        ------
        NoEpisode
            If none is under way.
        BadEnvironment
            If there is no option of this number.
        """
        market = self._market
        if market is None or not self.agents:
            raise NoEpisode
        agent = self.agent_selection
        if self.terminations[agent]:
            self._was_dead_step(action)
            return
        request = asked(market)
        assert request is not None  # else everybody is terminated
        if not self.action_space(agent).contains(action):
            last = len(self.actions[agent]) - 1
            raise BadEnvironment("step", f"{action!r} is not one of the actions 0 to {last}")
        stated, self._propensities = self._propensities, None
        market.answer(answer(self._sides[agent], request, int(action), stated))
        self._after(agent, request, market)

    def state_propensities(self, probabilities: Sequence[float]) -> None:
        """Say how likely each action of the agent asked was before the next step.

        Parameters
        ----------
        probabilities : sequence of float
            One for each action, summing to 1; 0 for those that are not legal. Of a seat whose
            choices the log has with propensities, they stand there.
        """
        expected = len(self.actions[self.agent_selection])
        self._propensities = stated_shares(probabilities, expected)

    def render(self) -> None:
        """Show nothing: ``report`` of a run shows conversations."""

    def close(self) -> None:
        """End the run, if there is one; it is sealed if every episode was held."""
        self._session.close()

    @property
    def run(self) -> Path | None:
        """The folder of the run, once there is one."""
        return self._session.run

    # -- in a step -------------------------------------------------------------------------

    def _after(self, actor: str, request: AgentRequest, market: SteppedMarket) -> None:
        """Take in what followed an option, and turn to whoever is asked next."""
        news = self._news()
        refused, failures = refusal(request, news), _failures(news)
        next_request = asked(market)
        self._cumulative_rewards[actor] = 0.0
        for agent, side in self._sides.items():
            acted = agent == actor
            terms = side.rewards.of_step(news, illegal=acted and refused is not None)
            terms["turn"] = float(acted)
            self.rewards[agent] = side.rewards.total(terms)
            self.terminations[agent] = next_request is None
            self.infos[agent] = self._info(agent, terms)
            if acted and refused is not None:
                self.infos[agent]["illegal"] = refused
            elif failures:
                self.infos[agent]["failed"] = failures[0]
        self._accumulate_rewards()
        if next_request is None:
            self._session.keep(market)
            self._deads_step_first()
        else:
            self.agent_selection = self._whose(next_request)

    def _info(self, agent: str, terms: dict[str, float] | None = None) -> dict[str, Any]:
        assert self._market is not None
        mask = self._mask(agent, self._asked(agent))
        info: dict[str, Any] = {MASK: mask, "market": self._market.spec.id}
        return info if terms is None else info | {"terms": terms}

    def _mask(self, agent: str, request: AgentRequest | None) -> NDArray[np.int8]:
        side = self._sides[agent]
        legal = [0] * len(side.names) if request is None else side.legal(request)
        return np.array(legal, np.int8)

    def _asked(self, agent: str) -> AgentRequest | None:
        """Return what an agent is asked now, if it is the one."""
        request = None if self._market is None else asked(self._market)
        return request if request is not None and self._whose(request) == agent else None

    def _news(self) -> list[Event]:
        """Return the events since the last look, once all sides have them."""
        assert self._market is not None
        news = self._market.events[self._told :]
        self._told += len(news)
        for side in self._sides.values():
            side.tell(news)
        return news


def _failures(news: Sequence[Event]) -> list[str]:
    return [event.reason for event in news if isinstance(event, EpisodeFailed)]
