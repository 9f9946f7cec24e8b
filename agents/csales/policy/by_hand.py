"""A baseline made by hand: show items at once, then argue with the tactic that suits best."""

from __future__ import annotations

from collections.abc import Iterator

from retailsim.agents.csales.behavioral.action_policy import AGAIN, LESS, SUITED, SUITS
from retailsim.agents.csales.policy.features import NAMES, policy_table
from retailsim.agents.policy.linear import LinearPolicy
from retailsim.market.protocols.csales.action_table import DEFAULT_TABLE, ActionTable, plain
from retailsim.market.protocols.csales.events import Tactic


def show_first(actions: ActionTable = DEFAULT_TABLE) -> LinearPolicy:
    """Return the policy: it suggests until something is selected, and then persuades.

    Of the tactics it takes the one that ``csi`` scores highest for the style it reads; of a table
    with more dimensions, the plainest options.
    """
    rows = [list(_row(option.tactic)) for option in actions.options]
    bias = [
        (9.0 if option.action == "Suggestion" else 0.0) - (0.0 if takes else 99.0)
        for option, takes in zip(actions.options, plain(actions.options), strict=True)
    ]
    return LinearPolicy.of(policy_table(actions), rows, bias)


def _row(tactic: Tactic | None) -> Iterator[float]:
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
