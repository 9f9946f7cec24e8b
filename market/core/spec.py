"""What one market is made of, whatever the protocol: who takes part, and its episodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import msgspec

from retailsim.events.messages import Role, SeatKind
from retailsim.market.catalogue.product import Product
from retailsim.market.core.participants import EpisodeSpec, Participant


class MarketSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A market before it opens; protocols add their goods, prices and profiles.

    Parameters
    ----------
    id : str
        Its name, unique in the run.
    sellers : tuple of Participant
        One or more.
    episodes : tuple of EpisodeSpec
        One or more, of distinct names; each is one buyer's.
    replication : int
        Which repetition it is, from 1.
    condition : str
        The arm of the experiment.
    """

    id: str
    sellers: tuple[Participant, ...]
    episodes: tuple[EpisodeSpec, ...]
    replication: int = 1
    condition: str = "base"

    def __post_init__(self) -> None:
        """Refuse a market that could not end: without episodes, or with two of one name."""
        names = {episode_spec.episode for episode_spec in self.episodes}
        if not names or len(names) < len(self.episodes):
            raise ValueError(f"market {self.id}: needs one or more episodes with distinct names")
        if not self.sellers:
            raise ValueError(f"market {self.id}: needs a seller")

    @property
    def seller(self) -> Participant:
        """The first seller, who is the only one in a market of one."""
        return self.sellers[0]

    def with_kinds(self, kind: Callable[[Role, str], SeatKind | None]) -> Self:
        """Return it with what takes each seat, by role and id."""

        def known(role: Role, who: Participant) -> Participant:
            return msgspec.structs.replace(who, kind=kind(role, who.id))

        episodes = (
            msgspec.structs.replace(episode, buyer=known("buyer", episode.buyer))
            for episode in self.episodes
        )
        sellers = tuple(known("seller", seller) for seller in self.sellers)
        return msgspec.structs.replace(self, sellers=sellers, episodes=tuple(episodes))

    @property
    def seats(self) -> tuple[tuple[Role, str], ...]:
        """Everybody who takes part, once each: sellers first, then buyers in their order."""
        sellers: list[tuple[Role, str]] = [("seller", seller.id) for seller in self.sellers]
        buyers: list[tuple[Role, str]] = [
            ("buyer", episode_spec.buyer.id) for episode_spec in self.episodes
        ]
        return tuple(dict.fromkeys((*sellers, *buyers)))


class ProductSpec(MarketSpec, frozen=True, kw_only=True):
    """A market in which one product is for sale."""

    product: Product
