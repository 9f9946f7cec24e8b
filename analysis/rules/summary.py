"""How often each rule was broken, by seller, with intervals by profile or product."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import polars as pl

from retailsim.analysis.rules.checking import Checked
from retailsim.analysis.statistics.clusters import rate
from retailsim.analysis.statistics.values import Estimate
from retailsim.market.rules.rule import Rule


class RuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A rule and a seller.

    Parameters
    ----------
    rule : Rule
    seller : str
    times : int
        How often it was broken.
    episodes : int
        The seller's.
    share : Estimate
        Of its episodes, those in which it was broken.
    example : str
        What broke it first; empty where nothing did.
    example_episode : str
        Where: an episode, or a market where all its episodes were concerned.
    """

    rule: Rule
    seller: str
    times: int
    episodes: int
    share: Estimate
    example: str = ""
    example_episode: str = ""

    @property
    def per_episode(self) -> float:
        """How often it was broken in an episode, on average."""
        return self.times / self.episodes if self.episodes else 0.0

    @property
    def over(self) -> bool:
        """Whether a mask rule was broken at all, or a budget's limit is exceeded.

        Of a budget it takes more than chance: its interval has to be above the limit.
        """
        if self.rule.level == "mask":
            return self.times > 0
        limit, interval = self.rule.limit, self.share.interval
        return limit is not None and interval is not None and interval.low > limit


def summarized(checked: Checked) -> list[RuleRow]:
    """Return a row for each rule and seller, in the order of the rules and the log."""
    sellers = checked.episodes["seller"].drop_nulls().unique(maintain_order=True).to_list()
    return [row for rule in checked.rules.rules for row in _of_rule(rule, sellers, checked)]


def _of_rule(rule: Rule, sellers: list[str], checked: Checked) -> Iterator[RuleRow]:
    found = checked.broken.filter(rule=rule.id)
    for seller in sellers:
        own, episodes = found.filter(seller=seller), checked.episodes.filter(seller=seller)
        hit = episodes.select(
            pl.col("episode").is_in(own["episode"].drop_nulls().implode())
            | pl.col("market").is_in(own.filter(pl.col("episode").is_null())["market"].implode())
        ).to_series()
        first = own.row(0, named=True) if own.height else {}
        yield RuleRow(
            rule=rule,
            seller=seller,
            times=own.height,
            episodes=episodes.height,
            share=rate(hit.cast(pl.Int64), pl.repeat(1, len(hit), eager=True), episodes["cluster"]),
            example=first.get("by", ""),
            example_episode=first.get("episode") or first.get("market", ""),
        )
