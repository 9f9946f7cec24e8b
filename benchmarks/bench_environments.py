"""How fast a learner steps: the environment of the seller's seat beside a seller in place.

Both choose any legal option by chance, in turn with one another; the environment also masks, counts
its features and its reward. CPU seconds of one core, so that neighbours matter less.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

TARGET = 1_500


def run(steps: int = 2_000, rounds: int = 5, *, quick: bool = False) -> list[dict[str, Any]]:
    """Return rows for the one table."""
    wanted, times = (200, 1) if quick else (steps, rounds)
    outside, inline = _environment(), _inline()
    pairs = [(outside(wanted), inline(wanted)) for _ in range(times)]
    stepped, beside = (median(rates) for rates in zip(*pairs, strict=True))
    row = {"figure": "environment: CSales-v0", "value": stepped, "unit": "steps/CPU s"}
    row |= {"reference": f"seller in place {beside:,.0f}", "ratio": stepped / beside}
    if not quick:
        row |= {"target": f">= {TARGET:,}", "met": stepped >= TARGET}
    return [row]


def _environment() -> Callable[[int], float]:
    """Return what steps through gymnasium's own wrappers, and says how fast."""
    import gymnasium
    import numpy as np

    import retailsim.envs  # noqa: F401 - registers it

    env, random = gymnasium.make("retailsim/CSales-v0"), np.random.default_rng(1)

    def rate(steps: int) -> float:
        _, info = env.reset(seed=1)
        begin = time.process_time()
        for _ in range(steps):
            legal = np.flatnonzero(info["action_mask"])
            _, _, over, _, info = env.step(random.choice(legal))
            if over:
                _, info = env.reset()
        return steps / (time.process_time() - begin)

    return rate


def _inline() -> Callable[[int], float]:
    """Return what plays the same conversations with ``random-action``, and says how fast."""
    import numpy as np

    from retailsim.agents.host import Hosting
    from retailsim.agents.watchdog import Watchdog
    from retailsim.events.kernel import Kernel
    from retailsim.events.outside import Door
    from retailsim.market.protocols.csales.events import ActionChosen
    from retailsim.market.protocols.registry import rules_of
    from retailsim.sim.run.launch import prepare
    from retailsim.sim.run.launch_options import Options
    from retailsim.sim.terminal.terminal import Quiet

    seat = {"id": "policy", "agent": "random-action"}
    made = prepare(Options(scenario="csales", sellers=[seat]), Quiet())
    hosting = Hosting(
        admissions=rules_of(made.cast.protocol).admissions, watch=Watchdog(say=lambda line: None)
    )
    specs, random = list(made.design.markets()), np.random.default_rng(1)

    def turns() -> int:
        spec = specs[random.integers(len(specs))]
        market = made.design.open(made.cast.seated(spec))
        kernel = Kernel(spec.id, market.failed)
        kernel.add_rules(market.handle)
        for role, name in spec.seats:
            made.cast.seat(role, name).join(kernel, Door((), None), hosting)
        kernel.post(market.open())
        kernel.run_dry()
        return sum(isinstance(event, ActionChosen) for event in kernel.events)

    def rate(steps: int) -> float:
        turns()  # the index is made with the first question
        begin, done = time.process_time(), 0
        while done < steps:
            done += turns()
        return done / (time.process_time() - begin)

    return rate
