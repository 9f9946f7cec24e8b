"""What a buyer knows in its turn as numbers, for whoever learns in its seat.

It knows itself, so its profile is among them; what the seller takes it to be is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from retailsim.agents.csales.behavioral.buyer_acts import ACT_NAMES
from retailsim.agents.policy.table import UNIT, PolicyTable
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.events import ACTIONS, OPENNESS, STYLES, TACTICS
from retailsim.market.protocols.csales.requests import RespondToSeller
from retailsim.market.protocols.csales.spec import MOST_SHOWN

VERSION = "csales-buyer-1"

NAMES: tuple[str, ...] = (
    "turn",
    "last",
    "shown",
    "presented",
    "selected",
    "dearer",
    "may_buy",
    *(f"gain {place}" for place in range(1, MOST_SHOWN + 1)),
    "gain selected",
    "gain dearer",
    *(f"seller {action}" for action in ACTIONS),
    *(f"seller {tactic}" for tactic in TACTICS),
    *(f"style {style}" for style in STYLES),
    *(f"openness {openness}" for openness in OPENNESS),
)
"""All features in their order, each from 0 to 1.

``turn`` is of 20, ``shown`` of 12 items, ``presented`` of 3; ``gain`` is how much more than its
price an item is worth to the buyer, of its budget: a half is nothing, 0 where there is no such
item, and places are those of the seller's last message. ``seller`` is what the seller just did.
"""

TABLE = PolicyTable(version=VERSION, features=NAMES, options=ACT_NAMES)
"""What a buyer's policy chooses among, and by what."""

Worth = Callable[[RespondToSeller, Product], int]
"""What an item is worth to the buyer, in cents."""


def buyer_features(request: RespondToSeller, worth: Worth) -> list[float]:
    """Return the features of a buyer's turn in the order of `NAMES`."""
    return [round(min(1.0, max(0.0, one)) * UNIT) / UNIT for one in _exact(request, worth)]


def _exact(request: RespondToSeller, worth: Worth) -> list[float]:
    profile, budget_cents = request.profile, request.profile.budget_cents[1]

    def gain(product: Product | None) -> float:
        if product is None:
            return 0.0
        return 0.5 + (worth(request, product) - product.price_cents) / (2.0 * budget_cents)

    places: Sequence[Product | None] = (*request.presented, *[None] * MOST_SHOWN)
    return [
        request.turn / 20,
        float(request.last),
        len(request.shown) / 12,
        len(request.presented) / MOST_SHOWN,
        float(request.selected is not None),
        float(request.candidate is not None),
        float(request.may_buy),
        *(gain(one) for one in places[:MOST_SHOWN]),
        gain(request.selected),
        gain(request.candidate),
        *(float(request.action == one) for one in ACTIONS),
        *(float(request.tactic == one) for one in TACTICS),
        *(float(profile.decision_making_style == one) for one in STYLES),
        *(float(profile.dialogue_openness == one) for one in OPENNESS),
    ]
