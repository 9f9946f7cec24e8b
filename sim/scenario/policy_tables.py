"""The scenario's table [policy]: what the shop takes back, and what profit reckons with."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from retailsim.market.catalogue.product import CATEGORIES, Category
from retailsim.market.core.issues import Issue
from retailsim.market.core.return_policy import DEFAULT_POLICIES, ReturnPolicy
from retailsim.market.core.selling_costs import SellingCosts

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Cents = Annotated[int, Meta(ge=0)]

_RETURNS = tuple(field.name for field in msgspec.structs.fields(ReturnPolicy))


class PolicyTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys that replace those of a category's built-in return policy.

    Parameters
    ----------
    window_days : int
        Days after delivery within which a return is possible; 7 for Food and 30 for the other
        categories unless set here.
    condition : str
        The state in which goods must be returned.
    buyer_pays : tuple of str
        Issues for which the buyer pays return shipping; the seller pays for all others.
    salvage : float
        As policy.salvage, for this category.
    """

    window_days: Annotated[int, Meta(ge=0)] | None = None
    condition: str | None = None
    buyer_pays: tuple[Literal[Issue, "size or fit"], ...] | None = None
    salvage: Share | None = None


class PoliciesTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The shop's policies: what it takes back, and what profit reckons with.

    Parameters
    ----------
    Food, Fashion, Home, Electronics : PolicyTable
        Changes to the return policy of a category.
    salvage : float
        Share of its cost that a unit still brings when it comes back; with 0 it is lost.
    carrier_rate : float
        What a carrier charges the shop for one parcel, as a share of the list price, whatever part
        of it the buyer pays.
    carrier_cap_cents : int
        Upper limit of that.
    payment_fee : float
        What a payment costs the shop, as a share of what the buyer pays; not got back on refunds.
    payment_fee_cents : int
        Added to that for each order.
    tax : float
        Rate of the sales tax or VAT that all prices include: with 0.19, 0.19 / 1.19 of a price is
        tax. Unit costs are without it.
    """

    Food: PolicyTable | None = None
    Fashion: PolicyTable | None = None
    Home: PolicyTable | None = None
    Electronics: PolicyTable | None = None
    salvage: Share = 0.0
    carrier_rate: Share = 0.05
    carrier_cap_cents: Cents = 800
    payment_fee: Share = 0.0
    payment_fee_cents: Cents = 0
    tax: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.0

    def of(self, category: Category) -> PolicyTable:
        """Return the changes to the return policy of a category."""
        found: PolicyTable | None = getattr(self, category)
        return found or PolicyTable()

    def returns(self, category: Category) -> ReturnPolicy:
        """Return the return policy of a category, with its changes."""
        table = msgspec.structs.asdict(self.of(category))
        changes = {key: table[key] for key in _RETURNS if table[key] is not None}
        return msgspec.structs.replace(DEFAULT_POLICIES[category], **changes)

    @property
    def costs(self) -> SellingCosts:
        """What selling costs beside the goods."""
        salvage = {one: self.of(one).salvage for one in CATEGORIES}
        return SellingCosts(
            carrier_rate=self.carrier_rate,
            carrier_cap_cents=self.carrier_cap_cents,
            payment_fee=self.payment_fee,
            payment_fee_cents=self.payment_fee_cents,
            tax=self.tax,
            salvage={one: self.salvage if own is None else own for one, own in salvage.items()},
        )
