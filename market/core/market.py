"""The live rules of a market, as far as protocols share them: opening, dispatch, failing, ending.

A market opens its episodes, then asks its agents, one message of each episode at a time, and
closes behind the last episode's end. A late or failing agent ends its own episode only; where
what everybody waits for cannot come, such as a pitch, the market fails as a whole. Rules take a
message and return messages: no I/O, no clock, no draw but from the seed they are handed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from retailsim.events.kernel import Outgoing, Post
from retailsim.events.messages import (
    EpisodeClosed,
    EpisodeFailed,
    EpisodeOpened,
    Event,
    MarketClosed,
    MarketFailed,
    MarketOpened,
    Message,
)
from retailsim.market.core.failure_reason import reason_of, rejections
from retailsim.market.core.participants import EpisodeSpec, Participant
from retailsim.market.core.request import stage_of
from retailsim.market.core.spec import MarketSpec
from retailsim.market.errors import UnexpectedMessage

Step = Callable[[Any, Any], Sequence[Post]]
"""(episode, message) -> what follows from it."""
Steps = Mapping[type[Message], Step]


class EpisodeState:
    """One episode of a live market; protocols keep in it what happened so far.

    Attributes
    ----------
    ended : bool
        Set by the step that ends it; the market then closes it.
    """

    def __init__(self, episode_spec: EpisodeSpec) -> None:
        self.episode_spec = episode_spec
        self.id = episode_spec.episode
        self.buyer = f"buyer:{episode_spec.buyer.id}"
        self.ended = False


class Market(ABC):
    """The rules of one market; `handle` is registered with the kernel as its rules.

    A protocol says how an episode begins (`episode`, `opened`), what is asked first (`begin`), and
    what follows from each message (`steps`; `shared` for what belongs to no episode).
    """

    steps: ClassVar[Steps] = {}

    def __init__(self, spec: MarketSpec) -> None:
        self.finished = False
        self._market = spec
        self._open = len(spec.episodes)
        self._episodes: dict[str, Any] = {}

    @abstractmethod
    def opened(self, episode_spec: EpisodeSpec) -> Sequence[Event]:
        """The events that open an episode; `episode_opened` builds the one all protocols share."""

    @abstractmethod
    def begin(self) -> Sequence[Post]:
        """The first requests."""

    def shared(self, message: Message) -> Outgoing:
        """Answer a message that belongs to the whole market."""
        raise UnexpectedMessage(type(message).__name__, message.source)

    def open(self) -> Outgoing:
        """The market's first messages."""
        opened = [
            Post(event)
            for episode_spec in self._market.episodes
            for event in self.opened(episode_spec)
        ]
        return [Post(MarketOpened()), *opened, *self.begin()]

    def handle(self, message: Message) -> Outgoing:
        """Answer one message of an agent."""
        if message.episode is None:
            return [] if self.finished else self.shared(message)
        episode = self._episodes[message.episode]
        if episode.ended:  # somebody was asked beside the one who ended it
            return []
        step = self.steps.get(type(message))
        if step is None:
            raise UnexpectedMessage(type(message).__name__, message.source)
        posts = step(episode, message)
        if not episode.ended:
            return posts
        return self._end([*posts, Post(EpisodeClosed(episode=episode.id))])

    def failed(self, source: str, message: Message, error: Exception) -> Outgoing:
        """Answer an agent that raised: its episode ends, or the market where all wait for it."""
        stage = stage_of(message)
        reason = reason_of(error)
        posts = [Post(rejected) for rejected in rejections(stage, message, error)]
        if message.episode is None:
            return posts + self._all_failed(stage, reason)
        episode = self._episodes[message.episode]
        if episode.ended:
            return posts
        episode.ended = True
        failure = EpisodeFailed(episode=episode.id, stage=stage, reason=reason)
        return self._end([*posts, Post(failure)])

    def _all_failed(self, stage: str, reason: str) -> list[Post]:
        if self.finished:  # several were asked, and another one failed before
            return []
        self.finished = True
        failures: list[Event] = []
        for episode in self._episodes.values():
            if not episode.ended:
                episode.ended = True
                failures.append(EpisodeFailed(episode=episode.id, stage=stage, reason=reason))
        return [Post(event) for event in [*failures, MarketFailed(stage=stage, reason=reason)]]

    def _end(self, posts: list[Post]) -> list[Post]:
        """Count an episode's end, and close the market behind the last one."""
        self._open -= 1
        if self._open == 0:
            self.finished = True
            posts.append(Post(MarketClosed()))
        return posts


def episode_opened(
    spec: MarketSpec, episode_spec: EpisodeSpec, seller: Participant | None, **terms: Any
) -> EpisodeOpened:
    """Return the event that opens an episode.

    Parameters
    ----------
    seller : Participant or None
        None where it is named later.
    terms
        What is sold and at which price: fields of `EpisodeOpened`; those left out are unknown.
    """
    buyer = episode_spec.buyer
    fields: dict[str, Any] = {
        "product": None,
        "category": None,
        "title": None,
        "audience": None,
        "list_price_cents": None,
        "price_cents": None,
        "price_multiplier": 1.0,
        "discount": 0.0,
        **terms,
    }
    return EpisodeOpened(
        episode=episode_spec.episode,
        seller=seller.id if seller else None,
        buyer=buyer.id,
        replication=spec.replication,
        condition=spec.condition,
        seller_persona=seller.persona if seller else None,
        buyer_persona=buyer.persona,
        seller_gender=seller.gender if seller else None,
        buyer_gender=buyer.gender,
        retries=episode_spec.retries,
        seller_kind=seller.kind if seller else None,
        buyer_kind=buyer.kind,
        **fields,
    )
