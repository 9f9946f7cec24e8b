"""An offer in words: the sheet, price, shipping, delivery, returns and the season."""

from __future__ import annotations

import msgspec

from retailsim.agents.retail.behavioral.memo import Memo
from retailsim.agents.retail.behavioral.sheet import Sheet, sheet_of
from retailsim.market.core.money import dollars
from retailsim.market.protocols.retail.values import Offer

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]

_SEASONS: tuple[tuple[str, str], ...] = (
    ("winter", "the new year is the time when many of us put things in order"),
    ("winter", "the last cold weeks are when people get ready for what comes next"),
    ("spring", "the first light evenings are when routines change"),
    ("spring", "spring is when people clear out the old and start afresh"),
    ("spring", "the weekends out of doors are about to begin"),
    ("summer", "the summer break is close and plans are being made"),
    ("summer", "it is the height of summer and the days are long"),
    ("summer", "the weeks before everyone is back at work and school go quickly"),
    ("fall", "everyone is back from summer and sorting out the new season"),
    ("fall", "the evenings are drawing in and people settle at home again"),
    ("fall", "the gift season is coming up faster than it seems"),
    ("winter", "the holidays are here and parcels take their time"),
)


class Terms(msgspec.Struct, frozen=True):
    """An offer, ready to be talked about; amounts are dollar texts such as ``$12.50``.

    ``body`` maps the names that the pitch grammar uses to these texts.
    """

    sheet: Sheet
    price: str
    list_price: str
    reduced: bool
    fee: str
    total: str
    days: str
    returns: str
    condition: str
    season: str
    shipping_answer: str
    price_answer: str
    returns_answer: str
    body: dict[str, str]


def _month(date: str) -> int:
    return int(date[5:7]) - 1 if date[5:7].isdigit() and 1 <= int(date[5:7]) <= 12 else 0


def _built(offer: Offer) -> Terms:
    price, full = dollars(offer.price_cents), dollars(offer.list_price_cents)
    fee = dollars(offer.shipping_cents)
    total = dollars(offer.price_cents + offer.shipping_cents)
    low, high = offer.delivery_days
    days = f"{low} to {high} days" if low != high else f"{low} days"
    reduced = offer.price_cents < offer.list_price_cents
    month = _month(offer.date)
    season, reason = _SEASONS[month]
    returns = f"{offer.policy.window_days} days from delivery"
    condition = offer.policy.condition
    body = {
        "price": price,
        "fee": fee,
        "days": days,
        "returns": returns,
        "condition": condition,
        "season": season,
        "month": _MONTHS[month],
        "reason": reason,
        "offer": f"{price}, down from a list price of {full}" if reduced else price,
    }
    return Terms(
        sheet=sheet_of(offer.product),
        price=price,
        list_price=full,
        reduced=reduced,
        fee=fee,
        total=total,
        days=days,
        returns=returns,
        condition=condition,
        season=season,
        shipping_answer=(
            f"Shipping costs {fee} for the whole order, and delivery is estimated at {days} after"
            f" you order. Together with the price of {price}, one unit comes to {total} at the"
            " door."
        ),
        price_answer=(
            f"The price is {price}, which is the reduced one; the list price is {full}. With"
            f" shipping of {fee} you pay {total} for one, and nothing is added later."
            if reduced
            else f"The price is {price}, and there is no further discount on it at the moment."
            f" With shipping of {fee} you pay {total} for one, and nothing is added later."
        ),
        returns_answer=(
            f"You can send it back within {returns}, as long as it is {condition}."
            " Where a fault is ours, we pay the way back."
        ),
        body=body,
    )


terms_of: Memo[Offer, Terms] = Memo(_built)
"""The terms of an offer in words, remembered for the offers met last."""
