"""What a market asks of each language model that takes part in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retailsim.agents.csales.model import workload as conversing
from retailsim.agents.llm.gateway.capabilities import abilities
from retailsim.agents.llm.gateway.price import pricing
from retailsim.agents.llm.types import ModelConfig, Usage
from retailsim.agents.retail.model import workload as retailing
from retailsim.agents.retail.model.workload import LEAST_BYTES_PER_TOKEN, TalkLoad, Work, total
from retailsim.market.protocols.csales.spec import ConversationSpec
from retailsim.market.protocols.retail.protocol import offer_of
from retailsim.market.protocols.retail.spec import MarketSpec, RetailRules
from retailsim.market.protocols.union import Spec
from retailsim.sim.protocols.retail.design import rules
from retailsim.sim.scenario.scenario import AgentTable, Scenario

_MOST_REASKS = 2
"""How often an answer is asked for again, unless a seat's options say otherwise."""


class Workload:
    """Estimates markets of one scenario.

    Parameters
    ----------
    scenario : Scenario
    configs : mapping of str to ModelConfig
        The models that take part.
    """

    def __init__(self, scenario: Scenario, configs: Mapping[str, ModelConfig]) -> None:
        self._scenario = scenario
        self._configs = configs
        self._rules = rules(scenario)
        self._sellers = {seat.id: seat for seat in scenario.sellers}
        self._buyers = {seat.id: seat for seat in scenario.buyers}

    def of(self, spec: Spec) -> dict[str, Work]:
        """Return a market's work by model."""
        found: dict[str, Work] = {}
        for seat, talks in self._talks(spec):
            if seat.model is None:
                continue
            room = abilities(self._configs[seat.model]).room
            reasks = int(seat.options.get("reasks", _MOST_REASKS))
            work = total(talks, room=room, reasks=reasks)
            found[seat.model] = found.get(seat.model, Work()) + work
        return found

    def worst_nanousd(self, spec: Spec) -> int:
        """Return what a market may cost at worst; models without a price count as 0.

        On top of the worst case in tokens comes, for each episode, what the largest request may
        count more by bytes than by tokens: that much is held while a request is on its way.
        """
        cost = 0
        for name, work in self.of(spec).items():
            price = pricing(self._configs[name])
            most = Usage(input=work.most_input_tokens, output=work.most_output_tokens)
            above = work.largest_input * (1.0 - 1.0 / LEAST_BYTES_PER_TOKEN)
            held = Usage(input=int(above) * len(spec.episodes))
            cost += (price(most) or 0) + (price(held) or 0)
        return cost

    def _talks(self, spec: Spec) -> list[tuple[AgentTable, Sequence[TalkLoad]]]:
        if isinstance(spec, ConversationSpec):
            return self._conversation(spec)
        return self._market(spec, self._rules)

    def _market(
        self, spec: MarketSpec, of: RetailRules
    ) -> list[tuple[AgentTable, Sequence[TalkLoad]]]:
        offer = offer_of(spec, of)
        turns, issues = of.max_turns, of.issues.rate
        seller = self._sellers[spec.seller.id]
        answering = retailing.selling(offer, max_turns=turns, issue_rate=issues)
        buying = retailing.buying(
            offer,
            max_turns=turns,
            issue_rate=issues,
            nonbuyer_reviews=of.nonbuyer_reviews,
        )
        return [
            (seller, (retailing.broadcast(offer),)),
            *((seller, answering) for _ in spec.episodes),
            *((self._buyers[episode.buyer.id], buying) for episode in spec.episodes),
        ]

    def _conversation(self, spec: ConversationSpec) -> list[tuple[AgentTable, Sequence[TalkLoad]]]:
        turns = self._scenario.design.max_turns
        seller = self._sellers[spec.seller.id]
        checks = seller.agent == "pc-crs"
        return [
            (seller, conversing.selling(max_turns=turns, checks=checks)),
            (self._buyers[spec.buyer.id], conversing.buying(spec.profile, max_turns=turns)),
        ]
