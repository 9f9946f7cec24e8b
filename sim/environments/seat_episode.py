"""One episode with a seat that is played from outside: its state, its options, its rewards."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from retailsim.agents.policy.outside import Chosen
from retailsim.events.messages import EpisodeFailed, Event
from retailsim.market.core.request import AgentRequest
from retailsim.sim.environments.stepping import SteppedMarket


class StepRewards(Protocol):
    """One episode's rewards."""

    def of_step(self, events: Iterable[Event], *, illegal: bool = False) -> dict[str, float]:
        """Return the terms of a step, without their weights, from the events that followed it."""
        ...

    def total(self, terms: Mapping[str, float]) -> float:
        """Return the reward: the terms times their weights."""
        ...


class TellingView(Protocol):
    """What a seat can know of an episode."""

    def tell(self, events: Iterable[Event]) -> None:
        """Take further events of it, in order."""
        ...


class SeatEpisode(ABC):
    """An episode under way.

    Parameters
    ----------
    market : SteppedMarket
        It stands at the seat's first question.
    view : TellingView
    rewards : StepRewards

    Attributes
    ----------
    steps : list of dict of term to number
        What followed each option so far, without the weights.
    faults : dict of stage to text
        Whose fault ended the episode, if it failed.
    illegal : str or None
        Why the last option was refused, if it was.
    """

    names: Sequence[str]
    """What the options are called, in the order that numbers them."""

    def __init__(self, market: SteppedMarket, view: TellingView, rewards: StepRewards) -> None:
        self.market = market
        self.steps: list[dict[str, float]] = []
        self.faults: dict[str, str] = {}
        self.illegal: str | None = None
        self._view, self._rewards, self._told = view, rewards, 0
        self._rewards.of_step(self._news())

    @abstractmethod
    def features(self) -> list[float]:
        """Return the state as numbers."""

    @abstractmethod
    def legal(self, request: AgentRequest) -> list[int]:
        """Return 1 for each option that may answer a request, 0 for the others."""

    @property
    def over(self) -> bool:
        """Whether it is at its end."""
        return self.market.question is None

    @property
    def failed(self) -> bool:
        """Whether the market ended it because of somebody's fault."""
        return bool(self.faults)

    @property
    def terms(self) -> dict[str, float]:
        """What it came to so far, without the weights."""
        names = self.steps[0] if self.steps else ()
        return {name: math.fsum(step[name] for step in self.steps) for name in names}

    def mask(self) -> list[int]:
        """Return 1 for each option that is legal now, 0 for the others; nothing once it is over."""
        question = self.market.question
        if question is None:
            return [0] * len(self.names)
        return self.legal(_asked(question.request))

    def state(self) -> tuple[list[float], list[int]]:
        """Return the features and the mask."""
        return self.features(), self.mask()

    def take(self, option: int, probabilities: Sequence[float] | None = None) -> float:
        """Take an option, and return the reward that followed.

        Parameters
        ----------
        option : int
            Its number; one that is not legal ends the episode.
        probabilities : sequence of float, optional
            How likely each option was, legal or not; the log has those of the legal ones.
        """
        assert self.market.question is not None  # whoever asks looked whether it is over
        request = _asked(self.market.question.request)
        stated = None
        if probabilities is not None:
            pairs = zip(self.legal(request), probabilities, strict=True)
            # One that is not legal and yet was possible is left for the market to refuse.
            stated = tuple(one for legal, one in pairs if legal or one)
        chosen = Chosen(option=self.names[option], probabilities=stated)
        self.market.answer(msgspec.json.encode(chosen).decode())
        news = self._news()
        # What the seat did stands first, so a failure there is the seat's own.
        first = news[0] if news else None
        own = isinstance(first, EpisodeFailed) and first.stage == request.stage
        self.illegal = self.faults[request.stage] if own else None
        self.steps.append(self._rewards.of_step(news, illegal=own))
        return self._rewards.total(self.steps[-1])

    def _news(self) -> list[Event]:
        """Return the events since the last look, once the view has them."""
        news = self.market.events[self._told :]
        self._told += len(news)
        self._view.tell(news)
        self.faults |= {e.stage: e.reason for e in news if isinstance(e, EpisodeFailed)}
        return news


def _asked(request: object) -> AgentRequest:
    assert isinstance(request, AgentRequest)  # a seat is asked nothing else
    return request
