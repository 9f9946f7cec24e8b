"""What the models of a run have cost so far, by its log."""

from __future__ import annotations

from collections.abc import Mapping

from retailsim.agents.llm.types import ModelConfig
from retailsim.sim.folder.run_folder import RunFolder


def spent_nanodollars(run: RunFolder, models: Mapping[str, ModelConfig]) -> int:
    """Return what the recorded calls of a log cost; by today's price where there was none."""
    from retailsim.agents.llm.provider.price import pricing
    from retailsim.agents.llm.types import Usage
    from retailsim.analysis.replay.replay import replay

    cost, spent = replay(run.path).cost, 0
    for used in cost.models if cost is not None else ():
        paid = used.cost_nanousd
        if paid is None:
            read, cached, written = used.input_tokens, used.cached_tokens, used.output_tokens
            usage = Usage(input=read, cached=cached, output=written)
            paid = pricing(models[str(used.model)])(usage)
        spent += paid or 0
    return spent
