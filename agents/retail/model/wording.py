"""The parts of retail prompts that are put together from an offer, a pitch and an order."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from retailsim.agents.llm.talk.templates import SUMMARY_CHARACTERS, fenced, summary, text
from retailsim.market.catalogue.product import Product
from retailsim.market.core.dialogue import Turn
from retailsim.market.core.money import currency, dollars
from retailsim.market.core.return_policy import ReturnPolicy
from retailsim.market.protocols.retail.claims import sheet_of
from retailsim.market.protocols.retail.values import Offer, Order, Pitch

_WHOM: Mapping[str, str] = {"men": "men", "women": "women", "unisex": "men and women"}
SHEET_CHARACTERS = 1_200
"""Longest product sheet in a prompt; facts come first, prose is cut."""


def sheet(offer: Offer) -> str:
    """Return the product sheet: title and facts first, cut at `SHEET_CHARACTERS`."""
    product = offer.product
    lines = [
        f"Title: {product.title}",
        f"Category: {product.category}" + (f", {product.leaf}" if product.path else ""),
        *([f"Brand: {product.brand}"] if product.brand else []),
        *(f"{name}: {value}" for name, value in product.details.items()),
        *(f"- {feature}" for feature in product.features),
        product.description,
    ]
    return fenced("SHEET", "\n".join(filter(None, lines))[:SHEET_CHARACTERS])


def listing(offer: Offer) -> str:
    """Return what the shop's page shows beside the price: title, brand, category, for whom."""
    product = offer.product
    brand = f"\nBrand: {product.brand}" if product.brand else ""
    whom = f"\nFor: {_WHOM[product.audience]}" if product.audience else ""
    return fenced("LISTING", f"{product.title}{brand}\nCategory: {product.category}{whom}")


def terms(offer: Offer) -> str:
    """Return price, shipping, delivery, date and return policy."""
    amounts = (offer.price_cents, offer.list_price_cents, offer.shipping_cents)
    return _terms(amounts, offer.delivery_days, offer.policy, offer.date, currency())


@lru_cache(maxsize=1_024)  # every conversation of a market begins with them, and markets alternate
def _terms(
    cents: tuple[int, int, int], days: tuple[int, int], policy: ReturnPolicy, date: str, code: str
) -> str:
    asked, listed, shipping = cents
    price = dollars(asked)  # in the currency whose code is there to tell texts apart
    if asked != listed:
        price += f" (list price {dollars(listed)})"
    return text("terms").format(
        price=price,
        shipping=dollars(shipping),
        low=days[0],
        high=days[1],
        date=date,
        window=policy.window_days,
        condition=policy.condition,
        buyer_pays=", ".join(policy.buyer_pays) or "nothing",
    )


def spoken(pitch: Pitch) -> str:
    """Return the pitch, fenced."""
    return fenced("PRESENTATION", pitch.text)


def order_record(order: Order, issue: str) -> str:
    """Say what was ordered, when it came, and what is wrong."""
    late = order.issue_day < order.delivered_day
    arrival = text("order_late" if late else "order_arrived").format(
        expected=order.expected_day, delivered=order.delivered_day, today=order.issue_day
    )
    return text("order").format(
        id=order.id,
        quantity=order.quantity,
        price=dollars(order.unit_price_cents),
        shipping=dollars(order.shipping_cents),
        ordered=order.ordered_day,
        arrival=arrival,
        issue=fenced("PROBLEM", issue),
    )


def specimen() -> str:
    """Return what the parts that are put together by code look like for one fixed product."""
    product = Product(
        id="P",
        title="T" * (SHEET_CHARACTERS + 1),
        price_cents=1_000,
        category="Home",
        path=("a", "b"),
        brand="B",
        audience="unisex",
        details={"n": "v"},
        features=("f",),
        description="d",
    )
    offer = Offer(
        product=product,
        list_price_cents=1_000,
        price_cents=900,
        discount=0.1,
        shipping_cents=50,
        delivery_days=(1, 7),
        policy=ReturnPolicy(window_days=30, condition="c", buyer_pays=("x",)),
        date="2026-01-01",
    )
    short = msgspec.structs.replace(product, title="t")
    words = "w " * SUMMARY_CHARACTERS
    said = (Turn("seller", words), Turn("buyer", f"{words}. A refund of $5. {words}"))
    sheets = (sheet(offer), sheet(msgspec.structs.replace(offer, product=short)))
    read = sheet_of(offer).described()
    return "\n".join([*sheets, listing(offer), terms(offer), summary(said, "S"), read])
