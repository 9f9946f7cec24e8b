"""The scenario's table [actions] in the retail protocol: which options it offers to policies."""

from __future__ import annotations

from itertools import product

from retailsim.agents.retail.policy.actions import ASK, OPTION_NAMES
from retailsim.sim.errors import SimError
from retailsim.sim.scenario.actions_table import ActionsTable

PITCHED = ("stress", "tone", "length", "claims")
"""Dimensions of a pitch, in the order of its name."""
DIMENSIONS = (*PITCHED, "answers", "settlements")
KEYS = tuple(f"actions.{name}" for name in (*DIMENSIONS, "ask_first"))


class BadOffer(SimError):
    """A scenario's table [actions] leaves nothing to choose, or names something twice."""

    def __init__(self, name: str, given: tuple[str, ...]) -> None:
        said = ", ".join(given) or "nothing"
        super().__init__(f"actions.{name}: {said}: name one or more, each once")


def offered_options(table: ActionsTable) -> tuple[str, ...]:
    """Return the names of the options that a scenario offers, in the order that numbers them.

    Empty where it offers all there are, as one does that says nothing of them.

    Raises
    ------
    BadOffer
        If a dimension is empty, or names something twice.
    """
    of: dict[str, tuple[str, ...]] = {name: getattr(table, name) for name in DIMENSIONS}
    for name, values in of.items():
        if not values or len(set(values)) < len(values):
            raise BadOffer(name, values)
    offered = {
        *(f"Pitch: {', '.join(parts)}" for parts in product(*(of[name] for name in PITCHED))),
        *(f"Answer: {manner}" for manner in of["answers"]),
        *([ASK] if table.ask_first else []),
        *(f"Settle: {way}" for way in of["settlements"]),
    }
    return (
        tuple(n for n in OPTION_NAMES if n in offered) if len(offered) < len(OPTION_NAMES) else ()
    )
