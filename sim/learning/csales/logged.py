"""The decisions of finished runs of sales conversations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from retailsim.events.messages import (
    ClaimFound,
    CommandRejected,
    EpisodeClosed,
    EpisodeFailed,
    EpisodeOpened,
    MarketClosed,
    MarketFailed,
    MessageSent,
    OrderPlaced,
)
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.category_tree import CategoryTree
from retailsim.market.protocols.csales.events import (
    ActionChosen,
    BuyerProfiled,
    CategorySearched,
    ItemSelected,
    ItemsShown,
    ItemValued,
    PriceLowered,
    ProfileInferred,
    ShippingNamed,
)
from retailsim.sim.environments.csales.rewards import checked_weights
from retailsim.sim.folder.run_folder import RunFile
from retailsim.sim.learning.csales.decision_rows import SalesRows, Weighing
from retailsim.sim.learning.logged import Logged, LogReader
from retailsim.sim.protocols.csales.design import action_table


class SalesLogs(LogReader):
    """Reads conversations."""

    protocol = "csales"
    kinds = (
        EpisodeOpened, EpisodeClosed, EpisodeFailed, MarketClosed, MarketFailed, MessageSent,
        OrderPlaced, ClaimFound, CommandRejected, ActionChosen, BuyerProfiled,
        CategorySearched, ItemSelected, ItemsShown, ItemValued, PriceLowered, ProfileInferred,
        ShippingNamed,
    )  # fmt: skip

    def rows(
        self,
        file: RunFile,
        products: Sequence[Product],
        weights: Mapping[str, float] | None,
        seller: str | None,
        others: Sequence[Any],
    ) -> SalesRows:
        """Return what takes the conversations of a run."""
        top, table = CategoryTree(products).below(()), action_table(file.scenario)
        return SalesRows(checked_weights(weights), seller, others, table, top)


def read_logged(
    runs: Sequence[Path],
    *,
    reward: Mapping[str, float] | None = None,
    seller: str | None = None,
    others: Sequence[Weighing] = (),
) -> Logged:
    """Return the decisions of the finished conversations of some runs; see `LogReader.read`."""
    return SalesLogs().read(runs, reward=reward, seller=seller, others=others)
