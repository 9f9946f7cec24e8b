"""Audited evaluation of conversations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from retailsim.sim.learning.audit import SeatAuditor
from retailsim.sim.learning.csales.decision_rows import SalesRows
from retailsim.sim.learning.csales.stage import SalesStage
from retailsim.sim.scenario.scenario import AgentTable


class Auditor(SeatAuditor):
    """Plays conversations for the audit of a target by a log."""

    def stage(self, seat: AgentTable, seed: int) -> SalesStage:
        """Return where the run's profiles meet a seller."""
        return SalesStage(self.run, self.file, seat, seed)

    def rows(self, reward: Mapping[str, float], others: Sequence[Any]) -> SalesRows:
        """Return what takes the conversations that are played."""
        assert isinstance(self.logging, SalesStage)  # made above
        rules = self.logging.design.rules
        return SalesRows(reward, None, others, rules.actions, rules.catalogue.below(()))
