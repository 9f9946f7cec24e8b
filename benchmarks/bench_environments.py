"""How fast a learner steps: the environments of the sellers' seats beside a seller in place.

Both choose any legal option by chance, in turn with one another; the environment also masks, counts
its features and its reward. CPU seconds of one core, so that neighbours matter less.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

TARGET = 1_500
"""Steps of sales conversations in a CPU second; the retail seller's seat has no target."""


def run(steps: int = 2_000, rounds: int = 5, *, quick: bool = False) -> list[dict[str, Any]]:
    """Return rows for the one table."""
    wanted, times = (200, 1) if quick else (steps, rounds)
    sales = _row("CSales-v0", _sales(), wanted, times)
    if not quick:
        sales |= {"target": f">= {TARGET:,}", "met": sales["value"] >= TARGET}
    with tempfile.TemporaryDirectory() as folder:
        return [sales, _row("Retail-v0", _retail(Path(folder)), wanted, times)]


def _row(name: str, inline: Callable[[int], float], steps: int, rounds: int) -> dict[str, Any]:
    outside = _environment(f"retailsim/{name}")
    pairs = [(outside(steps), inline(steps)) for _ in range(rounds)]
    stepped, beside = (median(rates) for rates in zip(*pairs, strict=True))
    row = {"figure": f"environment: {name}", "value": stepped, "unit": "steps/CPU s"}
    return row | {"reference": f"seller in place {beside:,.0f}", "ratio": stepped / beside}


def _environment(name: str) -> Callable[[int], float]:
    """Return what steps through gymnasium's own wrappers, and says how fast."""
    import gymnasium
    import numpy as np

    import retailsim.envs  # noqa: F401 - registers it

    env, random = gymnasium.make(name), np.random.default_rng(1)

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


def _sales() -> Callable[[int], float]:
    """Return what holds the same conversations with ``random-action``, and says how fast."""
    from retailsim.market.protocols.csales.events import ActionChosen

    return _inline("csales", {"id": "policy", "agent": "random-action"}, ActionChosen)


def _retail(folder: Path) -> Callable[[int], float]:
    """Return what plays the same episodes with a policy that always explores, and how fast."""
    from retailsim.agents.policy.linear import LinearPolicy
    from retailsim.agents.retail.policy.features import TABLE
    from retailsim.market.protocols.retail.events import SellerChose

    options, features = len(TABLE.options), len(TABLE.features)
    LinearPolicy.of(TABLE, [[0.0] * features] * options, [0.0] * options).save(folder / "p.json")
    seat = {
        "id": "policy",
        "agent": "policy",
        "options": {"file": str(folder / "p.json"), "explore": 1.0},
    }
    return _inline("pairwise", seat, SellerChose, "design.broadcast=episode")


def _inline(
    scenario: str, seat: dict[str, Any], choice: type, *settings: str
) -> Callable[[int], float]:
    """Return what plays a scenario's markets by chance, and says how many choices a second."""
    import numpy as np

    from retailsim.agents.host import Hosting
    from retailsim.agents.watchdog import Watchdog
    from retailsim.events.kernel import Kernel
    from retailsim.events.outside import Door
    from retailsim.market.protocols.registry import rules_of
    from retailsim.sim.run.launch import prepare
    from retailsim.sim.run.launch_options import Options
    from retailsim.sim.terminal.terminal import Quiet

    made = prepare(Options(scenario=scenario, sellers=[seat], settings=settings), Quiet())
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
        return sum(isinstance(event, choice) for event in kernel.events)

    def rate(steps: int) -> float:
        turns()  # what is made once is made with the first question
        begin, done = time.process_time(), 0
        while done < steps:
            done += turns()
        return done / (time.process_time() - begin)

    return rate
