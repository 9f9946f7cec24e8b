"""What a seller claims of an offer that its sheet and terms do not carry."""

from __future__ import annotations

from retailsim.market.claims.reader import Claim, read
from retailsim.market.claims.rules import load_rules
from retailsim.market.claims.sheet import Sheet
from retailsim.market.protocols.retail.values import Offer


def sheet_of(offer: Offer) -> Sheet:
    """Return what may be said of an offer: the product's sheet, its prices and its terms."""
    product, price, fee = offer.product, offer.price_cents, offer.shipping_cents
    texts = [
        product.title,
        product.brand or "",
        product.audience or "",
        *product.path,
        *product.features,
        product.description,
        *(f"{name}: {value}" for name, value in product.details.items()),
        offer.policy.condition,
    ]
    return Sheet(
        texts,
        money_cents={price, offer.list_price_cents, fee, price + fee, offer.list_price_cents - price},
        return_days=offer.policy.window_days,
        delivery_days=offer.delivery_days,
        discount=offer.discount,
        synonyms=load_rules().synonyms,
    )
