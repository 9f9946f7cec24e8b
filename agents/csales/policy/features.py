"""The state of a conversation as numbers: one table for environments, learners and evaluation.

Under a new version features are only added, at the end. What was learnt on an earlier one plays as
it did: the features that it did not know have no weight.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import msgspec

from retailsim.agents.csales.policy.view import SellerView
from retailsim.agents.policy.table import UNIT, PolicyTable
from retailsim.market.protocols.csales.action_table import DEFAULT_TABLE, ActionTable
from retailsim.market.protocols.csales.events import ACTIONS, OPENNESS, STYLES, TACTICS, ItemRule

VERSION = "csales-2"


def _share(value: float, most: float) -> float:
    return min(1.0, max(0.0, value / most))


def _of_budget(view: SellerView, cents: float | None) -> float:
    if cents is None or not view.budget_cents:
        return 0.0
    return _share(cents, 2.0 * view.budget_cents)


def _gap(view: SellerView) -> float:
    if view.selected_cents is None or view.candidate_cents is None:
        return 0.0
    return _of_budget(view, view.candidate_cents - view.selected_cents)


def _category(view: SellerView) -> tuple[float, float]:
    target, fit = view.next_category()
    return _share(fit, 3.0), float(bool(target))


def _suggested(rule: ItemRule, view: SellerView) -> float:
    return float(view.items == rule)


Feature = Callable[[SellerView], float]
RULES: tuple[ItemRule, ...] = ("three-quarters", "dearest", "cheapest")

SINGLE: Mapping[str, tuple[str, Feature]] = MappingProxyType(
    {
        "turn": ("messages of the buyer, of 20", lambda v: _share(v.turn, 20)),
        "words": (
            "different telling words of the buyer, of 40",
            lambda v: _share(len(v.words), 40),
        ),
        "last_length": (
            "words of its last message, of 40",
            lambda v: _share(len(v.lines[-1].split()) if v.lines else 0, 40),
        ),
        "depth": (
            "levels of the category the seller looks in, of 5",
            lambda v: _share(len(v.category), 5),
        ),
        "shown": ("items shown, of 12", lambda v: _share(len(v.prices_cents), 12)),
        "just_suggested": (
            "1 if the last action was a suggestion",
            lambda v: float(bool(v.actions) and v.actions[-1] == "Suggestion"),
        ),
        "selected": ("1 once an item is selected", lambda v: float(v.selected_cents is not None)),
        "candidate": (
            "1 if there is a dearer item",
            lambda v: float(v.candidate_cents is not None),
        ),
        "candidate_shown": ("1 once it was shown", lambda v: float(v.candidate_shown)),
        "budget": (
            "decimal logarithm of the budget in cents, of 7",
            lambda v: _share(math.log10(max(1, v.budget_cents)), 7),
        ),
        "cheapest": (
            "cheapest item shown, of twice the budget",
            lambda v: _of_budget(v, min(v.prices_cents.values(), default=None)),
        ),
        "dearest": (
            "dearest item shown, of twice the budget",
            lambda v: _of_budget(v, max(v.prices_cents.values(), default=None)),
        ),
        "price": ("item selected, of twice the budget", lambda v: _of_budget(v, v.selected_cents)),
        "gap": ("how much dearer the dearer item is, of twice the budget", _gap),
    }
)
"""Name -> what it is, and how it is read off a view; each from 0 to 1."""

GROUPS: Mapping[str, tuple[str, Sequence[str]]] = MappingProxyType(
    {
        "done": ("how often the action was done, of 5", ACTIONS),
        "tried": ("how often the tactic was tried, of 5", TACTICS),
        "style": (
            "1 for the style that the buyer's messages show, or for none",
            [*STYLES, "None"],
        ),
        "openness": ("1 for how open its messages show it to be", OPENNESS),
    }
)
"""First word of a name -> what such features are, and what each of them is about."""

CATEGORY: Mapping[str, str] = MappingProxyType(
    {
        "category_fit": "how well the category that a search would look in matches what was said",
        "new_category": "1 if there is one other than where the seller looks",
    }
)
"""Name -> what it is; both are read off at once."""

ADDED: Mapping[str, tuple[str, Feature]] = MappingProxyType(
    {
        "discount": (
            "percent off the price of the item selected so far, of 50",
            lambda v: _share(v.lowered, 50),
        ),
        "fee_named": ("1 once the buyer was told of a shipping fee", lambda v: float(v.fee_named)),
        **{
            f"suggested {rule}": (
                f"1 if the last suggestion was by the rule {rule}",
                partial(_suggested, rule),
            )
            for rule in RULES
        },
    }
)
"""What csales-2 adds: 0 throughout where options are act and tactic alone."""

_OLD_NAMES: tuple[str, ...] = (
    *SINGLE,
    *CATEGORY,
    *(f"{first} {one}" for first, (_, about) in GROUPS.items() for one in about),
)
NAMES: tuple[str, ...] = (*_OLD_NAMES, *ADDED)
"""All features in their order."""


def documented() -> str:
    """Return the table of features as the documentation has it."""
    rows = [
        *((name, about) for name, (about, _) in SINGLE.items()),
        *CATEGORY.items(),
        *((f"{first} ...", f"{about}: {', '.join(of)}") for first, (about, of) in GROUPS.items()),
        *((name, about) for name, (about, _) in ADDED.items()),
    ]
    return "\n".join(f"| `{name}` | {about} |" for name, about in rows)


POLICIES = PolicyTable(
    version=VERSION, features=NAMES, options=(), earlier={"csales-1": len(_OLD_NAMES)}
)
"""What policies go by, whatever they choose among."""


def policy_table(actions: ActionTable = DEFAULT_TABLE) -> PolicyTable:
    """Return what a policy chooses among, and by what, where sellers have these options."""
    return msgspec.structs.replace(POLICIES, options=actions.names)


TABLE = policy_table()
"""That of the default options."""


def features(view: SellerView) -> list[float]:
    """Return the features of a view in the order of `NAMES`, each from 0 to 1."""
    return [round(one * UNIT) / UNIT for one in _exact(view)]


def _exact(view: SellerView) -> list[float]:
    style, openness = view.style, view.openness
    return [
        *(of(view) for _, of in SINGLE.values()),
        *_category(view),
        *(_share(view.actions.count(action), 5) for action in ACTIONS),
        *(_share(view.tactics.count(tactic), 5) for tactic in TACTICS),
        *(float(style == one) for one in (*STYLES, None)),
        *(float(openness == one) for one in OPENNESS),
        *(of(view) for _, of in ADDED.values()),
    ]
