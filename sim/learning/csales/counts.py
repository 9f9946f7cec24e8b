"""What is counted of a conversation beside the terms of the reward: refunds, and rules broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from types import MappingProxyType

from retailsim.events.messages import Event, RefundIssued
from retailsim.market.protocols.csales.conduct import SalesConduct
from retailsim.market.rules.judging import broken
from retailsim.market.rules.rule import RuleSet
from retailsim.market.rules.rule_file import built_in
from retailsim.sim.learning.csales.playing import Count, Products

_rules = cache(built_in)


def refunded(events: Sequence[Event], products: Products) -> float:
    """Return the dollars that went back to the buyer."""
    return sum(one.amount_cents for one in events if isinstance(one, RefundIssued)) / 100


def rules_broken(
    events: Sequence[Event], products: Products, *, mask: bool, rules: RuleSet | None = None
) -> float:
    """Return how often the seller broke rules, as `policy check` counts it.

    Parameters
    ----------
    mask : bool
        Whether those of the level ``mask`` count, or those of the other levels.
    rules : RuleSet, optional
        The built-in ones unless given.
    """
    held = rules or _rules()
    conduct = SalesConduct(held, products)
    acts = (act for event in events for act in conduct.tell(event))
    return float(
        sum((one.rule.level == "mask") == mask for act in acts for one in broken(held, act))
    )


COUNTS: Mapping[str, Count] = MappingProxyType(
    {
        "refunded": refunded,
        "mask_rules": partial(rules_broken, mask=True),
        "other_rules": partial(rules_broken, mask=False),
    }
)
