"""The scenario's table [actions]: what sellers choose from."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class ActionsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What sellers choose from, beside act and tactic (csales only).

    Parameters
    ----------
    items : tuple of str
        Rules by which a suggestion chooses items that fit the wish and the budget: "nearest" to the
        wish, nearest in price to "three-quarters" of the budget, "dearest", "cheapest".
    among : int
        How many of the items nearest to the wish the other rules choose among.
    """

    items: tuple[Literal["nearest", "three-quarters", "dearest", "cheapest"], ...] = ("nearest",)
    among: Annotated[int, Meta(ge=1)] = 20
