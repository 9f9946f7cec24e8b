"""Audited evaluation of retail episodes: a run's buyers, one after another, with one seller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.retail.spec import RetailSpec
from retailsim.sim.environments.retail.episodes import ALONE
from retailsim.sim.learning.audit import SeatAuditor
from retailsim.sim.learning.retail.decision_rows import RetailRows
from retailsim.sim.learning.stage import Stage
from retailsim.sim.protocols.retail.design import RetailDesign, rules
from retailsim.sim.scenario.scenario import AgentTable


class RetailStage(Stage):
    """Where a run's buyers meet a seller, each alone, whoever heard the pitches of the run."""

    sellers = ("behavioral", "policy")
    buyers = ("behavioral",)
    changes: ClassVar[Mapping[str, Any]] = {"broadcast": ALONE}

    @property
    def design(self) -> RetailDesign:
        """What is played."""
        assert isinstance(self.any_design, RetailDesign)  # the protocol has no other
        return self.any_design

    @property
    def clusters(self) -> Sequence[Product]:
        """What is sold."""
        return self.design.products

    def spec(self, cluster: Product, replication: int) -> RetailSpec:
        """Return a market of one buyer; buyers and price conditions take turns."""
        return self.design.alone(cluster, self.seller, self.met, replication)


class Auditor(SeatAuditor):
    """Plays episodes for the audit of a target by a log."""

    def stage(self, seat: AgentTable, seed: int) -> RetailStage:
        """Return where the run's buyers meet a seller."""
        return RetailStage(self.run, self.file, seat, seed)

    def rows(self, reward: Mapping[str, float], others: Sequence[Any]) -> RetailRows:
        """Return what takes the episodes that are played."""
        sheets = {product.id: product for product in self.logging.clusters}
        return RetailRows(reward, None, others, sheets, rules(self.file.scenario))
