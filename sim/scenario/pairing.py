"""Who meets whom: the scenario's pairing of sellers and buyers, over a product or a profile."""

from __future__ import annotations

from retailsim.events.streams import Seed
from retailsim.market.core.participants import Participant
from retailsim.sim.scenario.scenario import AgentTable, Scenario


class Pairing:
    """The parties of a scenario, and which of them meet.

    Parameters
    ----------
    scenario : Scenario
    seed : Seed
        Stream used: ``design/pairing`` by what they meet over, buyer and replication.
    """

    def __init__(self, scenario: Scenario, seed: Seed) -> None:
        self.sellers = [participant(seat) for seat in scenario.sellers]
        self.buyers = [participant(seat) for seat in scenario.buyers]
        self._pairing = scenario.design.pairing
        self._seed = seed

    @property
    def meetings(self) -> int:
        """How many pairs meet over one thing, in one replication."""
        if self._pairing == "random":
            return len(self.buyers)
        if isinstance(self._pairing, str):
            return sum(len(self.met("", seller, 1)) for seller in self.sellers)
        return len(self._pairing)

    def met(self, over: str, seller: Participant, replication: int) -> list[Participant]:
        """The buyers that this seller meets over a product or profile, by its id."""
        pairing = self._pairing
        match pairing:
            case "all":
                return self.buyers
            case "self":
                return [buyer for buyer in self.buyers if buyer.id == seller.id]
            case "random":
                return [b for b in self.buyers if self._drawn(over, b, replication) == seller]
            case _:
                return [buyer for buyer in self.buyers if (seller.id, buyer.id) in pairing]

    def _drawn(self, over: str, buyer: Participant, replication: int) -> Participant:
        unit = f"{over}/{buyer.key}/{replication}"
        return self._seed.stream("design/pairing", unit).pick(self.sellers)


def participant(seat: AgentTable) -> Participant:
    """Return a seat as the market knows who takes it."""
    return Participant(id=seat.id, stream=seat.stream, persona=seat.persona, gender=seat.gender)
