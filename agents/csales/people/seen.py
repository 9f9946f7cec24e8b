"""What a person in a sales conversation sees: what was said and shown, and its own side's facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from retailsim.agents.person.side import Fact, Said, Seen, Sheet, for_reader
from retailsim.events.messages import Role
from retailsim.market.catalogue.product import Product
from retailsim.market.core.money import dollars
from retailsim.market.protocols.csales.events import Action
from retailsim.market.protocols.csales.requests import (
    BuyerRequest,
    RespondToSeller,
    SellerRequest,
    SpeakTurn,
)
from retailsim.market.protocols.csales.values import Profile

STAGE = "sales"
"""The stage of all that is said, as the log has it."""

ACTS: Mapping[Action, str] = {
    "Preference Probing": "Ask what it should be like",
    "Category Search": "Ask which kind of thing it should be",
    "Suggestion": "Suggest items",
    "Persuasion": "Make your case",
}
"""What a person reads for an act; all else of an option is as in the log."""


def seen(request: BuyerRequest | SellerRequest, role: Role) -> Seen:
    """Return what a request shows to the one who is asked."""
    if isinstance(request, BuyerRequest):
        items, facts = _bought(request), _self(request.profile)
    else:
        items, facts = _sold(request), _known(request)
    return Seen(
        said=tuple(Said(turn.role, turn.text, STAGE) for turn in request.transcript),
        sheets=tuple(
            Sheet(product=for_reader(product, role), price_cents=product.price_cents, note=note)
            for product, note in items
        ),
        facts=tuple(facts),
    )


Noted = Iterator[tuple[Product, str]]


def _bought(request: BuyerRequest) -> Noted:
    """Yield the items that a buyer was shown."""
    if not isinstance(request, RespondToSeller):
        return
    selected = request.selected.id if request.selected else None
    dearer = request.candidate.id if request.candidate else None
    new = {product.id for product in request.presented}
    for product in request.shown:
        notes = {selected: "your choice", dearer: "the dearer one"}
        yield product, notes.get(product.id, "new" if product.id in new else "")


def _sold(request: SellerRequest) -> Noted:
    """Yield the items that a seller may speak of: those to show now, and those shown."""
    selected = request.selected.id if request.selected else None
    offered = request.items if isinstance(request, SpeakTurn) else ()
    seen_before = {product.id for product in request.shown}
    for product in offered:
        if product.id not in seen_before:
            yield product, "to show"
    for product in request.shown:
        yield product, "the buyer's choice" if product.id == selected else "shown"


def _self(profile: Profile) -> Iterator[Fact]:
    yield Fact("What you need", profile.target_needs)
    yield Fact("What you like", profile.general_preference)
    if profile.purchase_reason:
        yield Fact("Why", "; ".join(profile.purchase_reason))
    yield Fact("Your budget", _range(profile.budget_cents))


def _known(request: SellerRequest) -> Iterator[Fact]:
    yield Fact("The buyer's budget", _range(request.price_range_cents))
    if request.inferred.preference:
        yield Fact("What the buyer looks for", request.inferred.preference)
    if request.inferred.category:
        yield Fact("Where you look", named(request.inferred.category))
    if request.told_style is not None:
        yield Fact("How the buyer decides", request.told_style)
    if request.lowered:
        yield Fact("Taken off the price", f"{request.lowered}%")
    if isinstance(request, SpeakTurn):
        act = ACTS[request.action]
        act += "" if request.tactic is None else f": {request.tactic}"
        yield Fact("What you chose to do", act)


def _range(cents: tuple[int, int]) -> str:
    return f"{dollars(cents[0])} to {dollars(cents[1])}"


def named(path: tuple[str, ...]) -> str:
    """Return a category path as a person reads it."""
    return " > ".join(path)
