"""What sellers that go by a policy chose, and out of what."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from retailsim.analysis.projection.tables import RowTable
from retailsim.analysis.protocol import Told

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
