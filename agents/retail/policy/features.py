"""The state of an episode as numbers: one table for environments, learners and evaluation.

A feature is only ever added under a new version, so what was learnt on one is never used on
another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import get_args

from retailsim.agents.policy.table import UNIT, PolicyTable
from retailsim.agents.retail.behavioral.answer_writer import COMPARISON, PRICE, RETURNS, SHIPPING
from retailsim.agents.retail.behavioral.terms import terms_of
from retailsim.agents.retail.behavioral.text_features import Cues, holds
from retailsim.agents.retail.policy.actions import OPTION_NAMES, PITCHES, PitchStyle
from retailsim.agents.retail.policy.view import SellerView
from retailsim.events.messages import Audience, Outcome
from retailsim.market.catalogue.product import CATEGORIES
from retailsim.market.core.issues import ISSUES
from retailsim.market.protocols.retail.events import ChoiceStage
from retailsim.market.protocols.retail.values import TOPICS

VERSION = "retail-1"

STAGES: tuple[ChoiceStage, ...] = get_args(ChoiceStage)
AUDIENCES: tuple[Audience, ...] = get_args(Audience)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


def _share(value: float, most: float) -> float:
    return min(1.0, max(0.0, value / most))


def _log(value: float, most: float) -> float:
    return _share(math.log10(max(1.0, value)), most)


def _style(view: SellerView) -> PitchStyle | None:
    return None if view.pitch is None else PITCHES[view.pitch]


def _styled(name: str, value: str) -> Callable[[SellerView], float]:
    return lambda view: float(getattr(_style(view), name, None) == value)


def _asks(cues: Cues) -> Callable[[SellerView], float]:
    return lambda view: float(holds(cues, view.question))


def _on_sheet(view: SellerView) -> float:
    aspects = terms_of(view.offer).sheet.aspects
    asked = (fact for aspect, fact in aspects if holds(aspect.cues, view.question))
    return float(next(asked, None) is not None)


Feature = Callable[[SellerView], float]

SINGLE: Mapping[str, tuple[str, Feature]] = MappingProxyType(
    {
        "price": (
            "decimal logarithm of the price in cents, of 7",
            lambda v: _log(v.offer.price_cents, 7),
        ),
        "reduction": (
            "how far the price is below list",
            lambda v: _share(1.0 - v.offer.price_cents / v.offer.list_price_cents, 1),
        ),
        "shipping": (
            "shipping fee, of the price",
            lambda v: _share(v.offer.shipping_cents, v.offer.price_cents),
        ),
        "delivery": (
            "longest delivery time in days, of 30",
            lambda v: _share(v.offer.delivery_days[1], 30),
        ),
        "window": (
            "return window in days, of 60",
            lambda v: _share(v.offer.policy.window_days, 60),
        ),
        "stars": (
            "average rating on the sheet, of 5; 0 without one",
            lambda v: _share(v.offer.product.average_rating or 0.0, 5),
        ),
        "rated": (
            "decimal logarithm of the number of ratings, of 6",
            lambda v: _log(v.offer.product.rating_number or 0, 6),
        ),
        "facts": (
            "facts on the sheet, of 12",
            lambda v: _share(len(terms_of(v.offer).sheet.facts), 12),
        ),
        "reasons": (
            "1 if the pitch that was chosen dwells on reasons",
            _styled("stress", "reasons"),
        ),
        "feelings": ("1 if it dwells on feelings", _styled("stress", "feelings")),
        "urgent": ("1 if it is urgent", _styled("tone", "urgent")),
        "short": ("1 if it is short", _styled("length", "short")),
        "bold": ("1 if it claims what the sheet does not carry", _styled("claims", "bold")),
        "turn": ("exchanges of the dialogue, of 5", lambda v: _share(v.turn, 5)),
        "last_length": (
            "words of the buyer's last message, of 60",
            lambda v: _share(len(v.question.split()), 60),
        ),
        "asks_shipping": ("1 if it asks about shipping", _asks(SHIPPING)),
        "asks_price": ("1 if it asks about the price", _asks(PRICE)),
        "asks_comparison": ("1 if it asks about other products", _asks(COMPARISON)),
        "asks_returns": ("1 if it asks about returns", _asks(RETURNS)),
        "on_sheet": ("1 if the sheet knows what it asks about the item", _on_sheet),
        "evaded": (
            "answers that evaded, of 5",
            lambda v: _share(v.answers.count("Answer: evade"), 5),
        ),
        "quantity": ("units bought, of 5", lambda v: _share(v.quantity, 5)),
        "days": ("days from the order to its issue, of 60", lambda v: _share(v.days, 60)),
        "arrived": ("1 if the order had arrived by then", lambda v: float(v.arrived)),
        "in_window": ("1 if goods may go back", lambda v: float(v.in_window)),
        "fault": (
            "1 if the issue is the seller's: it pays the way back",
            lambda v: float(v.issue is not None and v.issue not in v.offer.policy.buyer_pays),
        ),
        "insisted": ("1 if the buyer insisted", lambda v: float(v.insisted)),
    }
)
"""Name -> what it is, and how it is read off a view; each from 0 to 1."""

NAMES: tuple[str, ...] = (
    *(f"at {stage}" for stage in STAGES),
    *SINGLE,
    *(f"category {category}" for category in CATEGORIES),
    *(f"audience {audience}" for audience in AUDIENCES),
    *(f"topic {topic}" for topic in TOPICS),
    *(f"issue {issue}" for issue in ISSUES),
    *(f"proposed {outcome}" for outcome in OUTCOMES),
)
"""All features in their order; those beside `SINGLE` are 0 or 1.

``at`` says what is decided now, ``topic`` what the buyer chose to ask about, ``issue`` what is
wrong with its order, ``proposed`` how the seller last proposed to settle that.
"""

TABLE = PolicyTable(version=VERSION, features=NAMES, options=OPTION_NAMES)
"""What a policy of this protocol chooses among, and by what."""


def features(view: SellerView, stage: ChoiceStage | None) -> list[float]:
    """Return the features of a view in the order of `NAMES`, each from 0 to 1.

    Parameters
    ----------
    view : SellerView
    stage : str or None
        What is decided now; None: nothing any more.
    """
    return [round(one * UNIT) / UNIT for one in _exact(view, stage)]


def _exact(view: SellerView, stage: ChoiceStage | None) -> list[float]:
    product = view.offer.product
    return [
        *(float(stage == one) for one in STAGES),
        *(of(view) for _, of in SINGLE.values()),
        *(float(product.category == one) for one in CATEGORIES),
        *(float(product.audience == one) for one in AUDIENCES),
        *(float(one in view.topics) for one in TOPICS),
        *(float(view.issue == one) for one in ISSUES),
        *(float(view.last_outcome == one) for one in OUTCOMES),
    ]
