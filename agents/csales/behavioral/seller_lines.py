"""What behavioral sellers say in a sales conversation."""

from __future__ import annotations

from collections.abc import Sequence

from retailsim.events.streams import Stream
from retailsim.market.catalogue.product import Product
from retailsim.market.core.money import dollars
from retailsim.market.protocols.csales.events import Tactic
from retailsim.market.protocols.csales.requests import SpeakTurn

_PROBES = (
    "What matters most to you in it?",
    "What will you use it for?",
    "Is there anything you would rather avoid?",
    "Which kind have you liked before?",
)


def probing(request: SpeakTurn, stream: Stream) -> str:
    """Ask an open question."""
    return f"I would like to find the right thing for you. {stream.pick(_PROBES)}"


def categories(request: SpeakTurn) -> str:
    """Name some of the categories to choose from."""
    names = list(dict.fromkeys(path[-1] for path in request.categories))[:8]
    if not names:
        return "That is exactly the section I am looking at now. What should it be like?"
    return f"In that section we have {', '.join(names)}. Which of these comes closest?"


def suggestion(items: Sequence[Product]) -> str:
    """Present items with their prices, or say that none fits."""
    if not items:
        return "I have found nothing that fits both your wish and your price range so far."
    lines = (f"{product.title} at {dollars(product.price_cents)}" for product in items)
    return f"These fit your price range: {'; '.join(lines)}. Does one of them appeal to you?"


def persuasion(about: Product, tactic: Tactic | None, candidate: Product | None) -> str:
    """Make the case for an item by a tactic, and bring the dearer one in."""
    case = _case(about, tactic)
    if candidate is None:
        return case
    dearer = f"{candidate.title} at {dollars(candidate.price_cents)}"
    return f"{case} And if you can stretch a little, look at {dearer}: {_case(candidate, tactic)}"


def _case(product: Product, tactic: Tactic | None) -> str:
    fact = _fact(product)
    match tactic:
        case "Framing":
            return f"Think of it as what you gain every day you use it: {fact}."
        case "Logical Appeal":
            return (
                f"The reasons are plain. {fact}; for {dollars(product.price_cents)} that adds up."
            )
        case "Emotional Appeal":
            return f"Imagine how good it will feel to have it at last. {fact}."
        case "Evidence-Based":
            return f"The sheet bears it out: {fact}.{_rating(product)}"
        case _:
            return f"Many have chosen it before you.{_rating(product)} {fact}."


def _fact(product: Product) -> str:
    """Return one statement of the sheet; its title where there is no other."""
    text = product.features[0] if product.features else product.description.split("\n")[0]
    first = text.split(". ")[0].strip().rstrip(".")
    return first[:160] or product.title


def _rating(product: Product) -> str:
    """Quote the sheet's rating, where it has one: nothing is made up."""
    if product.average_rating is None or not product.rating_number:
        return ""
    return f" {product.rating_number:,} buyers gave it {product.average_rating:.1f} of 5 stars."
