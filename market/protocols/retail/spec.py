"""What one retail market is made of: everything its rules need to know before it opens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from retailsim.market.catalogue.product import CATEGORIES, Category, Product
from retailsim.market.claims.rules import ClaimRules
from retailsim.market.core.issues import IssueRules
from retailsim.market.core.participants import Participant
from retailsim.market.core.return_policy import DEFAULT_POLICIES, ReturnPolicy
from retailsim.market.core.selling_costs import SellingCosts
from retailsim.market.core.shipping import ShippingRules, whole_cents
from retailsim.market.core.spec import MarketSpec
from retailsim.market.rules.rule import RuleSet


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
    enforced : RuleSet
        Rules of level "mask" that the market keeps sellers to.
    costs : SellingCosts
        What selling costs beside the goods.
    offered : tuple of str
        Names of the options that sellers are told to choose among, where they choose by name;
        empty: they may take any.
    """

    shipping: ShippingRules = ShippingRules()
    issues: IssueRules = IssueRules()
    claims: ClaimRules = ClaimRules()
    policies: Mapping[Category, ReturnPolicy] = msgspec.field(
        default_factory=lambda: dict(DEFAULT_POLICIES)
    )
    max_turns: int = 5
    max_quantity: int = 20
    guidance: float = 1.0
    nonbuyer_reviews: bool = False
    start: str = "2026-03-02"
    enforced: RuleSet = RuleSet()
    costs: SellingCosts = SellingCosts()
    offered: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no market can be run by."""
        for name in ("max_turns", "max_quantity"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} = {getattr(self, name)}: must be at least 1")
        if not 0.0 <= self.guidance <= 1.0:
            raise ValueError(f"guidance = {self.guidance}: must be a share from 0 to 1")
        missing = [category for category in CATEGORIES if category not in self.policies]
        if missing:
            raise ValueError(f"policies: none for {', '.join(missing)}")
        try:
            date.fromisoformat(self.start)
        except ValueError:
            raise ValueError(f"start = {self.start!r}: must be a date such as 2026-03-02") from None


class RetailSpec(MarketSpec, frozen=True, kw_only=True):
    """One seller presenting one product, seen by some buyers, under one condition.

    ``price_cents`` follows from the product's list price, the multiplier and the discount.
    """

    product: Product
    price_multiplier: float = 1.0
    discount: float = 0.0

    @property
    def price_cents(self) -> int:
        """The price asked, rounded half up to a cent and at least one cent."""
        asked = self.product.price_cents * self.price_multiplier * (1.0 - self.discount)
        return max(1, whole_cents(asked))

    @property
    def unit(self) -> str:
        """Names the seller's draws before there are buyers: no arm, no price, no kind of agent."""
        return f"{self.product.id}/{self.seller.key}/{self.replication}"

    def seller_unit(self, buyer: Participant) -> str:
        """Names the seller's draws in the episode of one buyer."""
        return f"{self.product.id}/{self.seller.key}/{buyer.key}/{self.replication}"

    def buyer_unit(self, buyer: Participant) -> str:
        """Names the draws of one buyer, and of what becomes of its order.

        No seller is in it: sellers that are compared meet the same buyers in the same mood.
        """
        return f"{self.product.id}/{buyer.key}/{self.replication}"
