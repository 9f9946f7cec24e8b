"""The decisions of finished retail runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from retailsim.events.messages import (
    ClaimFound,
    CommandRejected,
    EpisodeClosed,
    EpisodeFailed,
    EpisodeOpened,
    IssueRaised,
    IssueResolved,
    MarketClosed,
    MarketFailed,
    MessageSent,
    OrderDelivered,
    OrderPlaced,
    RefundIssued,
    ReviewPosted,
)
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.retail.events import PitchPresented, SellerChose, TopicsChosen
from retailsim.sim.environments.retail.rewards import checked_weights
from retailsim.sim.folder.run_folder import RunFile
from retailsim.sim.learning.logged import LogReader
from retailsim.sim.learning.retail.decision_rows import RetailRows
from retailsim.sim.protocols.retail.design import rules


class RetailLogs(LogReader):
    """Reads retail episodes."""

    protocol = "retail"
    kinds = (
        EpisodeOpened, EpisodeClosed, EpisodeFailed, MarketClosed, MarketFailed, MessageSent,
        OrderPlaced, OrderDelivered, IssueRaised, IssueResolved, RefundIssued, ReviewPosted,
        ClaimFound, CommandRejected, PitchPresented, SellerChose, TopicsChosen,
    )  # fmt: skip

    def rows(
        self,
        file: RunFile,
        products: Sequence[Product],
        weights: Mapping[str, float] | None,
        seller: str | None,
        others: Sequence[Any],
    ) -> RetailRows:
        """Return what takes the markets of a run."""
        sheets = {product.id: product for product in products}
        return RetailRows(checked_weights(weights), seller, others, sheets, rules(file.scenario))
