"""Episode counts: what each episode of a design came to, played in memory without a run folder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import polars as pl

from retailsim.events.messages import (
    ASPECTS,
    EpisodeClosed,
    EpisodeOpened,
    Event,
    OrderPlaced,
    RefundIssued,
    ReviewPosted,
)
from retailsim.sim.play.in_memory import play_in_memory
from retailsim.sim.scenario.design import Design
from retailsim.sim.seats.cast import Cast


class EpisodeCount(msgspec.Struct):
    """What one episode came to.

    Parameters
    ----------
    chance : float or None
        How likely its buyer was to buy, where that is told.
    """

    opened: EpisodeOpened | None = None
    closed: bool = False
    orders: int = 0
    units: int = 0
    refunded: int = 0
    stars: dict[str, int] = msgspec.field(default_factory=dict)
    chance: float | None = None

    def row(self) -> dict[str, Any]:
        """Return it as the episodes frame of a replay has it, as far as the measures here read."""
        return {
            "status": "closed" if self.closed else "open",
            "decided": self.closed,
            "settled": self.closed and self.orders > 0,
            "orders": self.orders,
            "units": self.units,
            "units_refunded": self.refunded,
            "reviews": len(self.stars),
            **{f"rating_{aspect}": self.stars.get(aspect) for aspect in ASPECTS},
            "chance": self.chance,
        }

    def fits(self, where: Mapping[str, str]) -> bool:
        """Whether its opening says all of `where`: fields, or traits as ``buyer_pickiness``."""
        opened = self.opened
        return opened is not None and all(
            str(_said(opened, key)) == wanted for key, wanted in where.items()
        )


def _said(opened: EpisodeOpened, key: str) -> Any:
    role, _, trait = key.partition("_")
    found = getattr(opened, key, None)
    if found is None and role in ("seller", "buyer"):
        found = (getattr(opened, f"{role}_persona") or {}).get(trait)
    return found


SCHEMA: Mapping[str, Any] = {
    "status": pl.String,
    **dict.fromkeys(("decided", "settled"), pl.Boolean),
    **dict.fromkeys(("orders", "units", "units_refunded", "reviews"), pl.Int64),
    **{f"rating_{aspect}": pl.Int64 for aspect in ASPECTS},
    "chance": pl.Float64,
}
"""The columns of `EpisodeCount.row`."""


async def played_counts(
    design: Design, cast: Cast, chances: Mapping[str, float] | None = None
) -> list[EpisodeCount]:
    """Play a design in memory and return what each episode came to, in the design's order.

    Parameters
    ----------
    chances : mapping of str to float, or None
        Where agents of the cast put each episode's chance of a purchase while they play.
    """
    found: dict[str, EpisodeCount] = defaultdict(EpisodeCount)

    def sink(events: Sequence[Event]) -> None:
        for event in events:
            if event.episode is not None:
                _count(found[event.episode], event)

    await play_in_memory(design, cast, design.markets(), sink)
    for name, chance in (chances or {}).items():
        found[name].chance = chance
    return list(found.values())


def _count(count: EpisodeCount, event: Event) -> None:
    match event:
        case EpisodeOpened():
            count.opened = event
        case EpisodeClosed():
            count.closed = True
        case OrderPlaced():
            count.orders += 1
            count.units += event.quantity
        case RefundIssued():
            count.refunded += event.quantity
        case ReviewPosted():
            count.stars[event.aspect] = event.rating
