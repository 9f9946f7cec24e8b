"""What sellers that go by a policy chose, and out of what."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from retailsim.analysis.projection.columns import BUYER_TRAITS
from retailsim.analysis.projection.tables import RowTable
from retailsim.analysis.protocol import Remark, Told
from retailsim.analysis.protocols.choice_words import options

CHOICES: Mapping[str, RowTable] = {
    "choices": RowTable(
        "SellerChose",
        {
            "stage": pl.String(),
            "turn": pl.Int64(),
            "option": pl.String(),
            "options": pl.List(pl.String()),
            "probabilities": pl.List(pl.Float64()),
        },
    ),
}
"""A row for each choice; those of a pitch have no episode."""

EXAMPLES: Mapping[str, Told] = {
    "SellerChose": lambda event: f"The seller chooses {event['option']}.",
}
"""Event type -> what a reader of the report is told."""

_PLAN = ("target_expansion", "value_proposition", "contextual_urgency", "objection_handling")

REMARKS: Mapping[str, Remark] = {
    "StrategyFormed": Remark(
        says=lambda _: "The seller plans its pitch", why=_PLAN, fold="Plan", stage="Pitch"
    ),
    "TopicsChosen": Remark(
        says=lambda event: f"The buyer wants to know about {', '.join(event['topics'])}",
        why=("reason",),
        stage="Questions",
    ),
    "SellerChose": Remark(
        says=lambda event: f"The seller chooses {event['option']}",
        more=options,
        fold="Options",
    ),
}
"""Event type -> what a page that shows a whole conversation says."""

MOVES_READ = frozenset(
    (
        *("market", "episode", "seller", "product", "category", "audience", "price_cents"),
        *("orders", "status", "superseded", "decided"),
        *(f"buyer_{trait}" for trait in BUYER_TRAITS),
    )
)
"""The columns of the episodes that the moves of sellers are made of."""
