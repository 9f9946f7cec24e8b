"""What one sales conversation is made of, and what holds in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from retailsim.market.catalogue.product import Product
from retailsim.market.claims.rules import ClaimRules
from retailsim.market.core.participants import Participant
from retailsim.market.core.selling_costs import SellingCosts
from retailsim.market.core.shipping import ShippingRules
from retailsim.market.core.spec import MarketSpec
from retailsim.market.protocols.csales.action_table import DEFAULT_TABLE, ActionTable
from retailsim.market.protocols.csales.category_tree import CategoryPath
from retailsim.market.protocols.csales.values import Profile
from retailsim.market.rules.rule import RuleSet


class Catalogue(Protocol):
    """The shop's catalogue as conversations use it; the same answer to the same question."""

    def product(self, id: str) -> Product:  # noqa: A002 - the field is called so
        """Return an item; raises KeyError for an id that does not exist."""
        ...

    def cut(self, path: CategoryPath) -> CategoryPath:
        """Return the longest beginning of `path` that exists."""
        ...

    def below(self, path: CategoryPath) -> tuple[CategoryPath, ...]:
        """Return the paths up to two levels below one that exists."""
        ...

    def suggest(
        self, text: str, path: CategoryPath, most_cents: int, count: int
    ) -> Sequence[Product]:
        """Return up to `count` items below `path` within the price, nearest to `text` first."""
        ...

    def dearer(self, product: Product, above_cents: int) -> Product | None:
        """Return the item most like `product` that costs more than `above_cents`."""
        ...


MOST_SHOWN = 3
"""Items that a suggestion shows."""


class SalesRules(msgspec.Struct, frozen=True, kw_only=True):
    """What holds in all conversations of a run.

    Parameters
    ----------
    max_turns : int
        Most messages of the buyer.
    shown : int
        Items that a suggestion shows.
    nearest : int
        Items that retrieval ranks, of which the first are offered to the seller.
    start : str
        ISO date.
    claims : ClaimRules
        Who reads what sellers claim.
    told_style : frozenset of str
        Sellers, by their ids, that are told the buyer's true style: for ablations alone.
    actions : ActionTable
        What sellers choose from.
    enforced : RuleSet
        Rules of level "mask" that the market keeps sellers to.
    costs : SellingCosts
        What selling costs beside the goods.
    """

    catalogue: Catalogue
    shipping: ShippingRules = ShippingRules()
    max_turns: int = 10
    shown: int = MOST_SHOWN
    nearest: int = 100
    start: str = "2026-03-02"
    claims: ClaimRules = ClaimRules()
    told_style: frozenset[str] = frozenset()
    actions: ActionTable = DEFAULT_TABLE
    enforced: RuleSet = RuleSet()
    costs: SellingCosts = SellingCosts()


class ConversationSpec(MarketSpec, frozen=True, kw_only=True):
    """One buyer with one profile in conversation with one seller: a market of one episode."""

    profile: Profile

    @property
    def buyer(self) -> Participant:
        """The one buyer."""
        return self.episodes[0].buyer

    @property
    def seller_unit(self) -> str:
        """Names the seller's draws: no kind of agent in it."""
        return f"{self.profile.id}/{self.seller.key}/{self.buyer.key}/{self.replication}"

    @property
    def buyer_unit(self) -> str:
        """Names the buyer's draws: no seller in it, so that sellers meet the same buyer."""
        return f"{self.profile.id}/{self.buyer.key}/{self.replication}"
