"""What a seller claims of an offer that its sheet and terms do not carry."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from retailsim.market.claims.reader import Claim
from retailsim.market.claims.sheet import Sheet, written_about
from retailsim.market.protocols.retail.values import Offer, Pitch


def sheet_of(offer: Offer) -> Sheet:
    """Return what may be said of an offer: the product's sheet, its prices and its terms.

    Offers that are the same have one sheet, so that what was read before is known.
    """
    product, policy = offer.product, offer.policy
    texts = (*written_about(product), policy.condition)
    prices = (offer.price_cents, offer.list_price_cents, offer.shipping_cents)
    return _sheet(
        " | ".join(texts), prices, policy.window_days, offer.delivery_days, offer.discount
    )


@lru_cache(maxsize=512)
def _sheet(
    text: str,
    prices: tuple[int, int, int],
    return_days: int,
    delivery_days: tuple[int, int],
    discount: float,
) -> Sheet:
    asked, listed, fee = prices
    return Sheet(
        text,
        money_cents=(asked, listed, fee, asked + fee, listed - asked),
        return_days=return_days,
        delivery_days=delivery_days,
        discount=discount,
        free_shipping=fee == 0,
    )


def with_found(pitch: Pitch, claims: Sequence[Claim]) -> Pitch:
    """Return a pitch whose unsupported claims are the seller's own report and what was found.

    A sentence that holds a claim which the seller reports itself is that claim.
    """
    own = pitch.unsupported
    found = tuple(
        claim.sentence for claim in claims if not any(told in claim.sentence for told in own)
    )
    if not found:
        return pitch
    return msgspec.structs.replace(
        pitch, claims=(*pitch.claims, *found), unsupported=(*own, *found)
    )
