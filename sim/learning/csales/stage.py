"""Conversations of a run's buyers with one seller, played in memory under another seed."""

from __future__ import annotations

from collections.abc import Sequence

from retailsim.market.protocols.csales.spec import ConversationSpec
from retailsim.market.protocols.csales.values import Profile
from retailsim.sim.learning.stage import Stage
from retailsim.sim.protocols.csales.design import SalesDesign, conversation


class SalesStage(Stage):
    """Where a run's profiles meet a seller."""

    sellers = ("behavioral", "csi", "fixed-script", "random-action", "policy")
    buyers = ("behavioral", "csuser")

    @property
    def design(self) -> SalesDesign:
        """What is played."""
        assert isinstance(self.any_design, SalesDesign)  # the protocol has no other
        return self.any_design

    @property
    def clusters(self) -> Sequence[Profile]:
        """Whom a seller may meet."""
        return self.design.profiles

    def spec(self, cluster: Profile, replication: int) -> ConversationSpec:
        """Return a conversation; several buyers take turns."""
        buyer = self.met[replication % len(self.met)]
        return conversation(cluster, self.seller, buyer, replication)
