"""The prompts: text files, filled in, with foreign text fenced so that it stays data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files

import msgspec

from retailsim.agents.csales.model.replies import SalesBuyerEnvelope, SalesSellerEnvelope
from retailsim.agents.llm.talk.shape import portable
from retailsim.agents.persona import Persona
from retailsim.agents.retail.model.replies import ENVELOPES
from retailsim.events.messages import Role
from retailsim.market.catalogue.product import Product
from retailsim.market.core.return_policy import ReturnPolicy
from retailsim.market.protocols.retail.values import Offer, Order, Pitch, Transcript, Turn

SHEET_CHARACTERS = 1_200
"""Longest product sheet in a prompt; facts come first, prose is cut."""

SUMMARY_CHARACTERS = 160
"""How much of each message a summary of a dialogue keeps."""

_POLES: Mapping[tuple[Role, str], str] = {
    ("seller", "assertive"): "You are assertive: you lead, press for a decision, and say so.",
    ("seller", "passive"): "You are passive: you leave the decision to others and never press.",
    ("seller", "friendly"): "You are friendly: warm, personal, glad to help.",
    ("seller", "reserved"): "You are reserved: correct, brief, without small talk.",
    ("seller", "rational"): "You argue by facts, figures and comparisons.",
    ("seller", "emotional"): "You speak to feelings: stories, pictures, moods.",
    ("buyer", "picky"): "You are picky: details matter, and little is good enough.",
    ("buyer", "easygoing"): "You are easygoing: good enough is good enough.",
    ("buyer", "sensitive"): "You watch prices closely: every dollar counts.",
    ("buyer", "indifferent"): "Prices matter little to you.",
    ("buyer", "rational"): "You decide by reasons and evidence.",
    ("buyer", "emotional"): "You decide by feeling and impulse.",
}


@cache
def text(name: str) -> str:
    """Return one prompt as its file has it, without the last line end."""
    return (
        (files("retailsim.agents.llm.prompts") / f"{name}.txt")
        .read_text("utf-8")
        .removesuffix("\n")
    )


@cache
def version() -> str:
    """Return twelve hex digits that change with any word of any prompt and with any schema."""
    folder = files("retailsim.agents.llm.prompts")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".txt"))
    digest = sha256()
    for name in names:
        digest.update(f"{name}\x1f{(folder / name).read_text('utf-8')}\x1f".encode())
    digest.update(repr(sorted(_POLES.items())).encode())
    for envelope in (*ENVELOPES, SalesSellerEnvelope, SalesBuyerEnvelope):
        digest.update(msgspec.json.encode(portable(envelope)))
    digest.update(_specimen().encode())
    return digest.hexdigest()[:12]


def _specimen() -> str:
    """Return what the parts that are put together by code look like for one fixed product."""
    product = Product(
        id="P",
        title="T" * (SHEET_CHARACTERS + 1),
        price_cents=1_000,
        category="Home",
        path=("a", "b"),
        brand="B",
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
    said = (Turn("buyer", "w " * SUMMARY_CHARACTERS),)
    sheets = (sheet(offer), sheet(msgspec.structs.replace(offer, product=short)))
    return "\n".join([*sheets, listing(offer), terms(offer), summary(said, "S")])


def fenced(what: str, foreign: str) -> str:
    """Put text of others between marks that it cannot contain, without control characters."""
    plain = foreign
    if not plain.replace("\n", "").replace("\t", "").isprintable():
        plain = "".join(c if c.isprintable() or c in "\n\t" else " " for c in plain)
    while "<<<" in plain or ">>>" in plain:
        plain = plain.replace("<<<", "< < <").replace(">>>", "> > >")
    return f"<<<{what}\n{plain}\n{what}>>>"


def persona(role: Role, traits: Persona | None, gender: str | None) -> str:
    """Return the persona block; without traits one line that asks for none."""
    lines = [_POLES[role, pole] for pole in (traits or {}).values()]
    if not lines:
        lines = [text("persona_none")]
    if gender is not None:
        lines.append(f"You are {gender}.")
    return "\n".join(lines)


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
    """Return what the shop's page shows beside the price: title, brand and category."""
    product = offer.product
    brand = f"\nBrand: {product.brand}" if product.brand else ""
    return fenced("LISTING", f"{product.title}{brand}\nCategory: {product.category}")


def terms(offer: Offer) -> str:
    """Return price, shipping, delivery, date and return policy."""
    low, high = offer.delivery_days
    price = _money(offer.price_cents)
    if offer.price_cents != offer.list_price_cents:
        price += f" (list price {_money(offer.list_price_cents)})"
    return text("terms").format(
        price=price,
        shipping=_money(offer.shipping_cents),
        low=low,
        high=high,
        date=offer.date,
        window=offer.policy.window_days,
        condition=offer.policy.condition,
        buyer_pays=", ".join(offer.policy.buyer_pays) or "nothing",
    )


def spoken(pitch: Pitch) -> str:
    """Return the pitch, fenced."""
    return fenced("PRESENTATION", pitch.text)


def dialogue(transcript: Transcript, what: str = "CONVERSATION") -> str:
    """Return a dialogue, fenced, a line a message."""
    return fenced(what, "\n".join(f"{turn.role}: {turn.text}" for turn in transcript))


def summary(transcript: Transcript, what: str) -> str:
    """Return the beginning of each message of a dialogue, fenced; empty where nobody spoke."""
    turns = tuple(Turn(turn.role, _cut(turn.text)) for turn in transcript)
    return dialogue(turns, what) if turns else ""


def _cut(said: str) -> str:
    if len(said) <= SUMMARY_CHARACTERS:
        return said
    return f"{said[:SUMMARY_CHARACTERS].rpartition(' ')[0] or said[:SUMMARY_CHARACTERS]} ..."


def order_record(order: Order, issue: str) -> str:
    """Say what was ordered, when it came, and what is wrong."""
    late = order.issue_day < order.delivered_day
    arrival = text("order_late" if late else "order_arrived").format(
        expected=order.expected_day, delivered=order.delivered_day, today=order.issue_day
    )
    return text("order").format(
        id=order.id,
        quantity=order.quantity,
        price=_money(order.unit_price_cents),
        shipping=_money(order.shipping_cents),
        ordered=order.ordered_day,
        arrival=arrival,
        issue=fenced("PROBLEM", issue),
    )


def _money(cents: int) -> str:
    return f"${cents / 100:,.2f}"


def paragraphs(parts: Iterable[str]) -> str:
    """Join what is not empty."""
    return "\n\n".join(filter(None, parts))
