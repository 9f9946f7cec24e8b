"""A market of one product as protocols of others may begin with: what they need not say is here.

All its sellers and buyers are there at once, and each episode goes its own way. A protocol adds
its requests, what an episode does with each answer, and the market's table of these steps.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

from retailsim.events.kernel import Post
from retailsim.events.messages import Event, OrderPlaced
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.core.market import EpisodeState, Market, episode_opened
from retailsim.market.core.participants import EpisodeSpec
from retailsim.market.core.request import AgentRequest
from retailsim.market.core.spec import ProductSpec


class ProductRequest(AgentRequest, kw_only=True):
    """A request about the market's product."""

    product: Product


Asking = TypeVar("Asking", bound=ProductRequest)


class ProductEpisode(EpisodeState):
    """One buyer's episode in a market of one product.

    Attributes
    ----------
    market : ProductMarket
    spec : ProductSpec
    unit : str
        Names its draws: the product, the buyer and the replication, whoever sells.
    """

    def __init__(self, episode_spec: EpisodeSpec, market: ProductMarket) -> None:
        super().__init__(episode_spec)
        self.market = market
        self.spec = market.spec
        buyer = episode_spec.buyer.key
        self.unit = f"{self.spec.product.id}/{buyer}/{self.spec.replication}"

    @abstractmethod
    def begin(self) -> Sequence[Post]:
        """Its first requests."""

    def ask(self, kind: type[Asking], to: str, delay_us: int = 0, **fields: Any) -> Post:
        """Return a request to one agent, such as ``buyer:ID``, with its own fields."""
        envelope: dict[str, Any] = {"episode": self.id, "unit": self.unit}
        return Post(kind(**envelope, product=self.spec.product, **fields), to, delay_us)

    def ask_sellers(self, kind: type[Asking], delay_us: int = 0, **fields: Any) -> list[Post]:
        """Return the same request to each seller, in their order."""
        sellers = [f"seller:{seller.id}" for seller in self.spec.sellers]
        return [self.ask(kind, seller, delay_us, **fields) for seller in sellers]

    def order(self, unit_price_cents: int, quantity: int = 1, shipping_cents: int = 0) -> Post:
        """Return the event that the buyer's order is placed."""
        placed = OrderPlaced(
            episode=self.id,
            order=f"O-{self.id}",
            product=self.spec.product.id,
            quantity=quantity,
            unit_price_cents=unit_price_cents,
            shipping_cents=shipping_cents,
        )
        return Post(placed)


class ProductMarket(Market):
    """The rules of a market of one product.

    Parameters
    ----------
    spec : ProductSpec
    rules : object
        What the scenario's table [rules] says, as the protocol's struct.
    seed : Seed

    Attributes
    ----------
    episode : type of ProductEpisode
        What each of its episodes is.
    """

    episode: ClassVar[type[ProductEpisode]]

    def __init__(self, spec: ProductSpec, rules: Any, seed: Seed) -> None:
        super().__init__(spec)
        self.spec, self.rules, self.seed = spec, rules, seed
        self._episodes = {one.episode: self.episode(one, self) for one in spec.episodes}

    def opened(self, episode_spec: EpisodeSpec) -> Sequence[Event]:
        """The event that opens an episode; of several sellers, one is named by a later event."""
        sheet, sellers = self.spec.product, self.spec.sellers
        seller = sellers[0] if len(sellers) == 1 else None
        terms = {"product": sheet.id, "category": sheet.category, "title": sheet.title}
        return [episode_opened(self.spec, episode_spec, seller, **terms)]

    def begin(self) -> Sequence[Post]:
        """What each episode begins with."""
        return [post for episode in self._episodes.values() for post in episode.begin()]
