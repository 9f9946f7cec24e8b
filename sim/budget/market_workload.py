"""What a market asks of each language model that takes part in it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from retailsim.agents.llm.provider.capabilities import abilities
from retailsim.agents.llm.provider.price import pricing
from retailsim.agents.llm.talk.workload import LEAST_BYTES_PER_TOKEN, Work, total
from retailsim.agents.llm.types import ModelConfig, Usage
from retailsim.market.core.spec import MarketSpec
from retailsim.sim.scenario.protocol import Talks

_MOST_REASKS = 2
"""How often an answer is asked for again, unless a seat's options say otherwise."""


HUGE_EPISODES = 50
"""A market of more than these is begun with room for some of its episodes, if for no more."""


def to_begin(spec: MarketSpec) -> MarketSpec:
    """Return what a budget has to cover for a market to begin: of a huge one, an episode."""
    huge = len(spec.episodes) > HUGE_EPISODES
    return replace(spec, episodes=spec.episodes[:1]) if huge else spec


class Workload:
    """Estimates markets of one scenario.

    Parameters
    ----------
    talks : callable
        A market -> what each seat talks about in it; see `sim.scenario.protocol`.
    configs : mapping of str to ModelConfig
        The models that take part.
    """

    def __init__(self, talks: Talks, configs: Mapping[str, ModelConfig]) -> None:
        self._talks = talks
        self._configs = configs

    def of(self, spec: MarketSpec) -> dict[str, Work]:
        """Return a market's work by model."""
        found: dict[str, Work] = {}
        for seat, talks in self._talks(spec):
            if seat.model is None:
                continue
            able = abilities(self._configs[seat.model])
            reasks = int(seat.options.get("reasks", _MOST_REASKS))
            work = total(talks, room=able.room, reasks=reasks, schema_read=able.schema_read)
            found[seat.model] = found.get(seat.model, Work()) + work
        return found

    def worst_nanousd(self, spec: MarketSpec) -> int:
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
