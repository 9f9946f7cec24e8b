"""What a run's [anchor] was solved to, as its ``run.toml`` records it."""

from __future__ import annotations

import msgspec

from retailsim.market.catalogue.product import Category


class AnchorRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What an anchor was solved to. A record: what is played stands in the scenario.

    Parameters
    ----------
    levels : dict of category to dict
        Fields of the level that behavioral buyers have for a category; empty where neither
        conversion nor elasticity was anchored.
    issue_rate : dict of category to float, or None
        Share of orders with an issue; None where no return rate was anchored.
    said : tuple of str
        What the launch said about it: on what it was solved, from what to what.
    """

    levels: dict[Category, dict[str, float]] = {}
    issue_rate: dict[Category, float] | None = None
    said: tuple[str, ...] = ()

    def same(self, other: AnchorRecord) -> bool:
        """Whether both come to the same shop, however that was said."""
        return (self.levels, self.issue_rate) == (other.levels, other.issue_rate)
