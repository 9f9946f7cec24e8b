"""A baseline made by hand: show items at once, then argue with the tactic that suits best."""

from __future__ import annotations

from collections.abc import Iterator

from retailsim.agents.csales.behavioral.action_policy import AGAIN, LESS, OPTIONS, SUITED, SUITS
from retailsim.agents.csales.policy.features import NAMES, TABLE
from retailsim.agents.policy.linear import LinearPolicy
from retailsim.market.protocols.csales.events import Action, Tactic


def show_first() -> LinearPolicy:
    """Return the policy: it suggests until something is selected, and then persuades.

    Of the tactics it takes the one that ``csi`` scores highest for the style it reads.
    """
    rows = [list(_row(*option)) for option in OPTIONS]
    bias = [9.0 if action == "Suggestion" else 0.0 for action, _ in OPTIONS]
    return LinearPolicy.of(TABLE, rows, bias)


def _row(action: Action, tactic: Tactic | None) -> Iterator[float]:
    worth = {
        f"style {style}": SUITED if tactic == best else SUITED - LESS
        for style, (best, second) in SUITS.items()
        if tactic in (best, second)
    }
    for name in NAMES:
        if tactic is not None and name == f"tried {tactic}":
            yield -5.0 * AGAIN  # the feature counts fifths
        else:
            yield worth.get(name, 0.0) if tactic is not None else 0.0
