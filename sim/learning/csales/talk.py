"""One conversation with a seller that learns: state, legal options, and what a turn was worth."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from retailsim.agents.csales.policy.features import features
from retailsim.agents.csales.policy.view import SellerView
from retailsim.agents.policy.outside import Chosen
from retailsim.events.messages import EpisodeFailed, Event
from retailsim.market.protocols.csales.requests import PlanTurn
from retailsim.market.protocols.csales.spec import ConversationSpec
from retailsim.sim.environments.csales.episodes import Episodes
from retailsim.sim.environments.csales.rewards import TERMS, Rewards
from retailsim.sim.run.launch import PreparedRun


class Talk:
    """A conversation under way; the environment ``retailsim/CSales-v0`` gives the same numbers.

    Parameters
    ----------
    episodes : Episodes
    spec : ConversationSpec
        Which one.
    run : PreparedRun
        Under which seed.
    weights : mapping of term to number
        Of the rewards.

    Attributes
    ----------
    failed : bool
        Whether the market ended it because of somebody's fault.
    steps : list of dict of term to number
        What followed each option so far, without the weights.
    """

    def __init__(
        self,
        episodes: Episodes,
        spec: ConversationSpec,
        run: PreparedRun,
        weights: Mapping[str, float],
    ) -> None:
        self._market = episodes.open(spec, run)
        self._view, self._told = SellerView(episodes.design.rules.catalogue.below(())), 0
        self._rewards = Rewards(weights)
        self._actions = episodes.design.rules.actions
        self.failed = False
        self._rewards.of_step(self._news())
        self.steps: list[dict[str, float]] = []

    @property
    def over(self) -> bool:
        """Whether it is at its end."""
        return self._market.question is None

    def state(self) -> tuple[list[float], list[int]]:
        """Return the features, and 1 for each option that is legal now."""
        assert self._market.question is not None
        request = self._market.question.request
        assert isinstance(request, PlanTurn)  # the seat asks nothing else
        return features(self._view), self._actions.mask(request.options)

    @property
    def terms(self) -> dict[str, float]:
        """What it came to so far, without the weights."""
        return {name: math.fsum(step[name] for step in self.steps) for name in TERMS}

    def take(self, option: int) -> float:
        """Take an option, and return the reward that followed."""
        chosen = Chosen(option=self._actions.names[option])
        self._market.answer(msgspec.json.encode(chosen).decode())
        self.steps.append(self._rewards.of_step(self._news()))
        return self._rewards.total(self.steps[-1])

    def _news(self) -> list[Event]:
        news = self._market.events[self._told :]
        self._told += len(news)
        self._view.tell(news)
        self.failed |= any(isinstance(event, EpisodeFailed) for event in news)
        return news
