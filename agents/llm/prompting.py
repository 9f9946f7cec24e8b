"""The prompts: text files, filled in, with foreign text fenced so that it stays data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files

from agents.persona import Persona
from events.messages import Role
from market.retail.values import Offer, Pitch, Transcript

SHEET_CHARACTERS = 1_600
"""Longest product sheet in a prompt; facts come first, prose is cut."""

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
    return (files("agents.llm.prompts") / f"{name}.txt").read_text("utf-8").removesuffix("\n")


@cache
def version() -> str:
    """Return twelve hex digits that change with any word of any prompt."""
    folder = files("agents.llm.prompts")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".txt"))
    digest = sha256()
    for name in names:
        digest.update(f"{name}\x1f{(folder / name).read_text('utf-8')}\x1f".encode())
    digest.update(repr(sorted(_POLES.items())).encode())
    return digest.hexdigest()[:12]


def fenced(what: str, foreign: str) -> str:
    """Put text of others between marks that it cannot contain, without control characters."""
    plain = "".join(c if c.isprintable() or c in "\n\t" else " " for c in foreign)
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


def terms(offer: Offer) -> str:
    """Return price, shipping, delivery, date and return policy."""
    low, high = offer.delivery_days
    cut = (
        ""
        if offer.price_cents == offer.list_price_cents
        else f" (list price {_money(offer.list_price_cents)})"
    )
    policy = offer.policy
    buyer_pays = ", ".join(policy.buyer_pays) or "nothing"
    return (
        f"Price: {_money(offer.price_cents)}{cut}. Shipping: {_money(offer.shipping_cents)} per "
        f"order, {low} to {high} days. Date of the broadcast: {offer.date}. Returns: within "
        f"{policy.window_days} days of delivery, {policy.condition}; the customer pays return "
        f"shipping for {buyer_pays}, the seller for everything else."
    )


def spoken(pitch: Pitch) -> str:
    """Return the pitch, fenced."""
    return fenced("PRESENTATION", pitch.text)


def dialogue(transcript: Transcript, what: str = "CONVERSATION") -> str:
    """Return a dialogue, fenced, a line a message."""
    return fenced(what, "\n".join(f"{turn.role}: {turn.text}" for turn in transcript))


def _money(cents: int) -> str:
    return f"${cents / 100:,.2f}"


def paragraphs(parts: Iterable[str]) -> str:
    """Join what is not empty."""
    return "\n\n".join(filter(None, parts))
