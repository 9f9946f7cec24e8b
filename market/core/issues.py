"""Post-purchase issues: what goes wrong with an order, decided by the market, not the buyer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import msgspec

from retailsim.events.streams import Seed, Stream
from retailsim.market.catalogue.product import Category

Issue = Literal[
    "shipping delay",
    "wrong item received",
    "change of mind",
    "damaged on arrival",
    "not as described",
]
ISSUES: tuple[Issue, ...] = (
    "shipping delay",
    "wrong item received",
    "change of mind",
    "damaged on arrival",
    "not as described",
)


class IssueRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How issues arise.

    Parameters
    ----------
    rate : float
        Share of orders that have an issue at all, in [0, 1]; 1.0 is the paper's setting.
    rates : mapping of category to rate
        Replaces `rate` for goods of these categories.
    weights : mapping of issue to weight
        How often a product is assigned each issue; equal by default.
    overclaim_rate : float
        Chance, per claim in the pitch that the product sheet does not carry, that the buyer
        notices and the issue becomes "not as described", in [0, 1].
    """

    rate: float = 1.0
    rates: Mapping[Category, float] = {}
    weights: Mapping[Issue, float] = msgspec.field(
        default_factory=lambda: dict.fromkeys(ISSUES, 1.0)
    )
    overclaim_rate: float = 0.3

    def __post_init__(self) -> None:
        """Refuse what is no share, no issue, or leaves no issue to assign."""
        for name in ("rate", "overclaim_rate"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} = {getattr(self, name)}: must be a share from 0 to 1")
        for category, rate in self.rates.items():
            if not 0.0 <= rate <= 1.0:
                raise ValueError(f"rates.{category} = {rate}: must be a share from 0 to 1")
        unknown = [issue for issue in self.weights if issue not in ISSUES]
        if unknown:
            raise ValueError(
                f"weights: no issue is called {unknown[0]!r}; known: {', '.join(ISSUES)}"
            )
        values = self.weights.values()
        if not all(0.0 <= weight < math.inf for weight in values) or not any(values):
            raise ValueError("weights: none may be negative or infinite, and one must be above 0")

    def assigned(self, seed: Seed, product: str) -> Issue:
        """The issue that belongs to a product: the same for all its orders."""
        weights = [self.weights.get(issue, 0.0) for issue in ISSUES]
        return ISSUES[seed.stream("market/issue", product).weighted(weights)]

    def rate_of(self, category: Category | None) -> float:
        """Share of orders of goods of this category that have an issue."""
        return self.rate if category is None else self.rates.get(category, self.rate)

    def arising(
        self, assigned: Issue, unsupported: int, draws: Stream, category: Category | None = None
    ) -> Issue | None:
        """The issue of one order, or None; takes exactly two draws of `draws`.

        The draws do not depend on the rate or on the claims, so runs that differ in these
        only stay comparable order by order.
        """
        occurs, notices = draws.uniform() < self.rate_of(category), draws.uniform()
        if notices > (1.0 - self.overclaim_rate) ** unsupported:
            return "not as described"
        return assigned if occurs else None
