"""The scenario's table [anchor]: figures of a shop of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from retailsim.market.catalogue.product import CATEGORIES, Category


class AnchorFigures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Figures of a shop of your own that a run without any change is to have.

    Parameters
    ----------
    conversion : float
        Share of the episodes that end in an order. What the behavioral buyers feel about buying is
        raised or lowered by one number to reach it.
    return_rate : float
        Share of the units sold that are refunded. How often orders have an issue is
        changed by one factor to reach it.
    elasticity : float
        Change of the conversion in percent for one percent on the price, around the scenario's
        own price. The buyers' price slopes are multiplied by one number to reach it.
    """

    conversion: Annotated[float, Meta(gt=0.0, lt=1.0)] | None = None
    return_rate: Annotated[float, Meta(ge=0.0, lt=1.0)] | None = None
    elasticity: Annotated[float, Meta(le=0.0)] | None = None


class AnchorTable(AnchorFigures, frozen=True, kw_only=True):
    """Figures of a shop of your own that a run without any change is to have.

    All of them are optional. What a scenario sets itself wins over them, and they win over the set
    of parameters. They hold for the run itself, on its own seed, but for what its decisions draw.

    Parameters
    ----------
    run : str
        The folder of an anchored run. What was solved for that is taken as it is; figures then
        have no effect.
    conversion, return_rate, elasticity : float
        As for one category, and for all together that have no table of their own.
    Food, Fashion, Home, Electronics : table
        The same figures for one category, which is then solved by itself; those that it leaves out
        are the overall ones.
    """

    run: str | None = None
    food: AnchorFigures | None = msgspec.field(name="Food", default=None)
    fashion: AnchorFigures | None = msgspec.field(name="Fashion", default=None)
    home: AnchorFigures | None = msgspec.field(name="Home", default=None)
    electronics: AnchorFigures | None = msgspec.field(name="Electronics", default=None)

    @property
    def by_category(self) -> Mapping[Category, AnchorFigures]:
        """The categories that have figures of their own."""
        each = (self.food, self.fashion, self.home, self.electronics)
        named = zip(CATEGORIES, each, strict=True)
        return {category: figures for category, figures in named if figures is not None}
