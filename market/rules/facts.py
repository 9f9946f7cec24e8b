"""The facts that conditions of rules may name: what protocols tell of the moment a seller acts."""

from __future__ import annotations

from difflib import get_close_matches

SINCE = "turns_since_"
"""What facts of what was heard begin with; behind it stands a name under ``[heard]``."""

FACTS = frozenset(
    (
        *("average_rating", "rating_number", "shown", "selected", "selected_for_turns"),
        *("seller_is_person", "fee_named", "after_sale"),
        *("unit_price_cents", "shown_price_cents", "shipping_cents", "budget_max_cents"),
        *("offer_ends", "stock_left", "sold_out"),
    )
)
"""Those of built-in protocols, which docs/rules.md explains; one of others may tell more."""


def meant(name: str) -> str | None:
    """Return the fact that a name misspells; None where it is one, or like none of them.

    What is like none may be a fact of somebody's own protocol.
    """
    if name in FACTS or name.startswith(SINCE):
        return None
    return next(iter(get_close_matches(name, sorted(FACTS), n=1, cutoff=0.85)), None)
