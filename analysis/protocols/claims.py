"""What sellers claimed beyond the product sheet: its table, its measure and its warning."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import polars as pl

from retailsim.analysis.measures.measure import DECIDED, Measure
from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.projection.tables import RowTable

_TEXT = pl.String()

TABLES: Mapping[str, RowTable] = {
    "claims": RowTable(
        "ClaimFound",
        {
            "seller": _TEXT,
            "product": _TEXT,
            "stage": _TEXT,
            "turn": pl.Int64(),
            "sentence": _TEXT,
            "kind": _TEXT,
            "rule": _TEXT,
            "verdict": _TEXT,
        },
    ),
    "readings": RowTable(
        "ClaimsRead",
        {
            "seller": _TEXT,
            "product": _TEXT,
            "stage": _TEXT,
            "turn": pl.Int64(),
            "reader": _TEXT,
            "by": _TEXT,
            "claims": pl.Int64(),
            "problem": _TEXT,
        },
    ),
}
"""A row for each claim that the market found to be beyond the sheet, and for each text that a
model was asked to read."""

CLAIMS_PER_EPISODE = Measure(
    name="unsupported_claims",
    label="Unsupported claims",
    unit="units",
    numerator=pl.col("unsupported_claims"),
    denominator=pl.lit(1),
    counts=DECIDED,
    about="claims that no product sheet carries, in what the seller said / decided episodes",
)


def claims_warning(consequence: str) -> Callable[[Projection], Iterator[str]]:
    """Return what says who claimed what no sheet carries, if anybody did, and what follows."""

    def warn(projection: Projection) -> Iterator[str]:
        counts = claims_by_seller(projection)
        if counts:
            listed = ", ".join(f"{seller} {n:,}" for seller, n in counts.items())
            yield (
                "Sellers claimed what the product sheets do not carry "
                f"({listed} sentences): {consequence}"
            )

    return warn


def readers_told(projection: Projection) -> str:
    """Say who read: the rules, or a model, and how often the rules had to read in its place."""
    readings = projection.tables["readings"]
    if readings.is_empty():
        return "It reads by rules and can be wrong both ways."
    models = " and ".join(sorted(set(readings["reader"])))
    failed = readings.filter(pl.col("by") == "rules").height
    said = f"It was the language model {models}, which can be wrong both ways"
    if failed:
        said += (
            f"; {failed:,} of {readings.height:,} texts were read by the rules, because the model"
            " failed"
        )
    return f"{said}."


def claims_by_seller(projection: Projection) -> dict[str, int]:
    """Return how many such sentences each seller said, most first; those with none are left out."""
    found = projection.tables["claims"]["seller"].value_counts()
    return dict(found.sort(["count", "seller"], descending=[True, False]).iter_rows())
