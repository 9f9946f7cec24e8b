"""The steps of a sale: who came to each, out of whom, and of whom that is known.

Of an episode that failed, a step behind the failure is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from retailsim.analysis.measures.measure import BOUGHT, CLOSED, SETTLED

_EVERY = pl.lit(True)
_SUPPORTED, _REVIEWED = pl.col("post_exchanges") > 0, pl.col("rating_product").is_not_null()
_REFUNDED = pl.col("units_refunded") > 0


class Step(NamedTuple):
    """Who came to a step, out of whom, and of whom it is known whether they did.

    Parameters
    ----------
    key : str
        Its name in addresses of pages.
    name : str
        Its name for people.
    came : polars.Expr
        Of an episode whose decision is known: whether it came to this step.
    """

    key: str
    name: str
    came: pl.Expr
    known: pl.Expr = _EVERY
    of: str = ""
    out_of: pl.Expr = _EVERY


_OFFERED, _BUYERS = "saw the offer", "bought"
STEPS = (
    Step("offered", _OFFERED, _EVERY),
    Step(
        "asked",
        "asked the seller",
        (pl.col("pre_exchanges") > 0) | (pl.col("sales_exchanges") > 0),
        of=_OFFERED,
    ),
    Step("bought", _BUYERS, BOUGHT, of=_OFFERED),
    Step(
        "supported", "contacted support", BOUGHT & _SUPPORTED, SETTLED | _SUPPORTED, _BUYERS, BOUGHT
    ),
    Step(
        "reviewed", "reviewed the product", BOUGHT & _REVIEWED, CLOSED | _REVIEWED, _BUYERS, BOUGHT
    ),
    Step("refunded", "got money back", _REFUNDED, SETTLED | _REFUNDED, _BUYERS, BOUGHT),
)


def read() -> Iterator[str]:
    """Yield the columns that steps read."""
    for step in STEPS:
        for part in (step.came, step.known, step.out_of):
            yield from part.meta.root_names()
