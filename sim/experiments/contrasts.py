"""What a design can contrast, how many episodes stand on each side, and what that can tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from retailsim.sim.errors import BadScenario
from retailsim.sim.scenario.design import Design

POINTS = (2, 5, 10)
"""Differences that are asked for, in points."""


class Assumptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan takes for granted before anything is run.

    Parameters
    ----------
    rate : float
        The rate that differences are told from; about what is published.
    intraclass : float
        How alike purchases of one product are: that of the published trajectories.
    interactions : mapping of {"seller", "buyer"} to float
        How much more alike those of one product and one seat are: as in 198 published trajectories
        of 8 products.
    pilot : str or None
        The run that they were measured in.
    """

    rate: float = 0.6
    intraclass: float = 0.16
    interactions: dict[str, float] = msgspec.field(
        default_factory=lambda: {"seller": 0.0, "buyer": 0.26}
    )
    pilot: str | None = None


class Contrast(msgspec.Struct, frozen=True, kw_only=True):
    """Two groups of episodes whose rates are compared.

    Parameters
    ----------
    between : str
        What the groups are.
    paired : bool
        Whether both have episodes of the same products (or profiles).
    episodes : int
        Of each group, as the design is.
    design_effect : float
        What clustering does to the variance of the difference.
    detectable : float or None
        The smallest rise above the assumed rate that they can tell, from 0 to 1; None if none.
    needed : mapping of int to int
        Points of difference -> episodes that each group needs.
    """

    between: str
    paired: bool
    episodes: int
    design_effect: float
    detectable: float | None
    needed: dict[int, int]


def measured_in(run: Path) -> Assumptions:
    """Return the rate and the correlation of a run's purchases.

    Raises
    ------
    BadScenario
        If its episodes cannot say how alike products are.
    NotARun, LogDamaged, LogUnreadable
        As `analysis.projection.loader.load`.
    """
    from retailsim.analysis.measures.estimates import decided
    from retailsim.analysis.measures.pilot import pilot
    from retailsim.analysis.projection.loader import load

    found = pilot(decided(load(run).episodes))
    if found is None:
        raise BadScenario(
            "--pilot",
            f"{run} does not say how alike products are: it needs two products or profiles with "
            "several decided episodes each, and some purchases but not all",
        )
    return Assumptions(
        rate=found.rate,
        intraclass=found.intraclass,
        interactions=Assumptions().interactions | found.interactions,
        pilot=str(run),
    )


def shared_unit(design: Design) -> str:
    """Return what episodes share, so that they are alike: a profile, a product or nothing."""
    sizes = {what for _, what in design.sizes}
    return next((name for name in ("profile", "product") if name in sizes), "episode")


def contrasts(design: Design, assumed: Assumptions) -> Iterator[Contrast]:
    """Yield what a design contrasts: within its products first, then two sets of them."""
    sizes = {what: count for count, what in design.sizes}
    unit = shared_unit(design)
    units, episodes = sizes.get(unit, design.episodes), design.episodes
    prices = len(design.scenario.design.price_multipliers)
    for what, count in (("seller", sizes.get("seller", 1)), ("buyer", sizes.get("buyer", 1))):
        more = assumed.interactions[what] * max(0.0, episodes / max(1, units * count) - 1.0)
        if count > 1:
            yield _within(f"two {what}s", episodes // count, units, assumed, more)
        if count > 3:
            halves = f"one half of the {what}s and the other"
            yield _within(halves, episodes // 2, units, assumed, more)
    if prices > 1:
        yield _within("two prices", episodes // prices, units, assumed)
    yield _within("this run and another of its seed", episodes, units, assumed)
    if units > 3:
        sets = f"one half of the {unit}s and the other"
        yield _contrast(sets, episodes // 2, units // 2, assumed, paired=False)


def _within(
    between: str, episodes: int, units: int, assumed: Assumptions, more: float = 0.0
) -> Contrast:
    return _contrast(between, episodes, units, assumed, paired=True, more=more)


def _contrast(
    between: str,
    episodes: int,
    units: int,
    assumed: Assumptions,
    *,
    paired: bool,
    more: float = 0.0,
) -> Contrast:
    """Plan a contrast; `more` is what a seat's own answer to products adds to its design effect."""
    from retailsim.analysis.statistics.power import (
        design_effect,
        detectable,
        few_clusters,
        planned,
    )

    each = max(1.0, episodes / max(1, units))
    effect = design_effect(assumed.intraclass, each, paired=paired) + more
    few = few_clusters(units if paired else 2 * units - 1) if units > 1 else None
    rise = None
    if few is not None:
        rise = detectable(assumed.rate, episodes, design_effect=few * effect)
    needed = {
        points: planned(
            assumed.rate,
            assumed.rate + points / 100,
            effect=effect,
            per_cluster=each,
            paired=paired,
        )
        for points in POINTS
        if assumed.rate + points / 100 <= 1.0
    }
    return Contrast(
        between=between,
        paired=paired,
        episodes=episodes,
        design_effect=effect,
        detectable=rise,
        needed=needed,
    )
