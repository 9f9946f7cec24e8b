"""What one retail market is made of: everything its rules need to know before it opens."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from market.issues import IssueRules
from market.policy import DEFAULT_POLICIES, ReturnPolicy
from market.product import Category, Product
from market.shipping import ShippingRules


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """A seller or buyer as the market knows it."""

    id: str
    persona: dict[str, str] | None = None
    gender: str | None = None


class RetailRules(msgspec.Struct, frozen=True, kw_only=True):
    """What holds in all markets of a run.

    Parameters
    ----------
    max_turns : int
        Most exchanges in each of the two dialogues.
    max_quantity : int
        Most units an order may have.
    guidance : float
        Share of the four strategy dimensions that sellers plan, in [0, 1].
    nonbuyer_reviews : bool
        Whether those who do not buy review the pitch and the inquiry.
    start : str
        ISO date of the broadcast.
    """

    shipping: ShippingRules = ShippingRules()
    issues: IssueRules = IssueRules()
    policies: Mapping[Category, ReturnPolicy] = DEFAULT_POLICIES
    max_turns: int = 5
    max_quantity: int = 20
    guidance: float = 1.0
    nonbuyer_reviews: bool = False
    start: str = "2026-03-02"


class Buying(msgspec.Struct, frozen=True, kw_only=True):
    """One episode to be held: its name, its buyer, and the failed episode it repeats, if any."""

    episode: str
    buyer: Party
    retries: str | None = None


class MarketSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One seller presenting one product, seen by some buyers, under one condition.

    ``price_cents`` follows from the product's list price, the multiplier and the discount.
    """

    id: str
    product: Product
    seller: Party
    episodes: tuple[Buying, ...]
    replication: int = 1
    price_multiplier: float = 1.0
    discount: float = 0.0
    condition: str = "base"

    @property
    def price_cents(self) -> int:
        """The price asked, rounded half up to a cent and at least one cent."""
        asked = self.product.price_cents * self.price_multiplier * (1.0 - self.discount)
        return max(1, int(asked + 0.5))

    @property
    def unit(self) -> str:
        """Names the random streams of the whole market: no arm, no price, no kind of agent."""
        return f"{self.product.id}/{self.seller.id}/{self.replication}"

    def episode_unit(self, buyer: str) -> str:
        """Names the random streams of one episode."""
        return f"{self.product.id}/{self.seller.id}/{buyer}/{self.replication}"
