"""`plan SCENARIO --difference D`: how many products and episodes tell that difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retailsim.market.core.money import in_currency
from retailsim.sim.errors import packages_for
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    from retailsim.sim.plan.question import PlanOptions


def plan(asked: PlanOptions, terminal: Terminal) -> int:
    """Say what a difference takes; returns 0."""
    with packages_for("plan"):
        from retailsim.sim.plan.planning import planned
    found, by = planned(asked, terminal)
    if terminal.json:
        terminal.out_json(found)
        return 0
    from retailsim.sim.plan.plan_text import lines

    with in_currency(found.currency):
        for line in lines(found, by, asked):
            terminal.out(line)
    return 0
