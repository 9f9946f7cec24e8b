"""One episode with a seat that is played from outside: its state, its options, its rewards."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from retailsim.agents.policy.outside import Chosen
from retailsim.events.messages import EpisodeFailed, Event
from retailsim.market.core.request import AgentRequest
from retailsim.sim.environments.side import Side
from retailsim.sim.environments.stepping import SteppedMarket


class SeatEpisode:
    """An episode under way, one seat of it played from outside.

    Parameters
    ----------
    market : SteppedMarket
        It stands at the seat's first question.
    side : Side
        Of that seat.

    Attributes
    ----------
    steps : list of dict of term to number
        What followed each option so far, without the weights.
    faults : dict of stage to text
        Whose fault ended the episode, if it failed.
    illegal : str or None
        Why the last option was refused, if it was.
    """

    def __init__(self, market: SteppedMarket, side: Side) -> None:
        self.market, self.side = market, side
        self.steps: list[dict[str, float]] = []
        self.faults: dict[str, str] = {}
        self.illegal: str | None = None
        self._told = 0
        side.rewards.of_step(self._news())

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

    @property
    def request(self) -> AgentRequest | None:
        """What the seat is asked now; None once it is over."""
        return asked(self.market)

    def state(self) -> tuple[list[float], list[int]]:
        """Return features, and 1 for each option that is legal; nothing is once it is over."""
        request, side = self.request, self.side
        legal = [0] * len(side.names) if request is None else side.legal(request)
        return side.features(request), legal

    def take(self, option: int, probabilities: Sequence[float] | None = None) -> float:
        """Take an option, and return the reward that followed.

        Parameters
        ----------
        option : int
            Its number; one that is not legal ends the episode.
        probabilities : sequence of float, optional
            How likely each option was, legal or not; the log has those of the legal ones.
        """
        request = self.request
        assert request is not None  # whoever asks looked whether it is over
        self.market.answer(answer(self.side, request, option, probabilities))
        news = self._news()
        refused = refusal(request, news)
        self.illegal = refused
        self.steps.append(self.side.rewards.of_step(news, illegal=refused is not None))
        return self.side.rewards.total(self.steps[-1])

    def _news(self) -> list[Event]:
        """Return the events since the last look, once the side has them."""
        news = self.market.events[self._told :]
        self._told += len(news)
        self.side.tell(news)
        self.faults |= {e.stage: e.reason for e in news if isinstance(e, EpisodeFailed)}
        return news


def asked(market: SteppedMarket) -> AgentRequest | None:
    """Return what a seat is asked now; None once the market is over."""
    if market.question is None:
        return None
    request = market.question.request
    assert isinstance(request, AgentRequest)  # a seat is asked nothing else
    return request


def answer(
    side: Side, request: AgentRequest, option: int, probabilities: Sequence[float] | None
) -> str:
    """Return what a seat answers from outside: an option, and how likely each legal one was."""
    stated = None
    if probabilities is not None:
        pairs = zip(side.legal(request), probabilities, strict=True)
        # One that is not legal and yet was possible is left for the market to refuse.
        stated = tuple(one for legal, one in pairs if legal or one)
    chosen = Chosen(option=side.names[option], probabilities=stated)
    return msgspec.json.encode(chosen).decode()


def refusal(request: AgentRequest, news: Sequence[Event]) -> str | None:
    """Return why an answer was refused, by the events that followed it; None if it was not.

    What a seat did stands first, so a failure there is the seat's own, and not another's whose
    stage has the same name.
    """
    first = news[0] if news else None
    if isinstance(first, EpisodeFailed) and first.stage == request.stage:
        return first.reason
    return None
