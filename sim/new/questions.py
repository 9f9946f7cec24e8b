"""The questions that shops ask, and what a scenario for each of them is made of."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec


class ShopQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """One of them.

    Parameters
    ----------
    about : str
        The question, as it is asked.
    sellers : str
        Who sells unless told otherwise; of `of_sellers` those that are compared.
    of_sellers : str
        What the entries of `sellers` are: ``profiles``, ``pitches`` or ``models``.
    swept : str
        What is changed, for `sweep`; ``{sellers}`` are those above. Empty where the catalogue
        decides.
    asked : str
        How it is asked who sells.
    """

    about: str
    sellers: str = "plain-dealer"
    of_sellers: str = "profiles"
    swept: str = ""
    asked: str = "Who sells? Profiles, agents or PROVIDER/MODEL, with commas between"


QUESTIONS: Mapping[str, ShopQuestion] = MappingProxyType(
    {
        "discount": ShopQuestion(
            about="Does a discount pay, and which?", swept="design.discount=0,0.05,0.1,0.15,0.2"
        ),
        "price": ShopQuestion(
            about="Which prices earn most?",
            swept="design.price_multipliers=[0.9],[0.95],[1.0],[1.05],[1.1]",
        ),
        "pitch": ShopQuestion(
            about="Which of two pitches sells better?",
            sellers="pitch_a.txt,pitch_b.txt",
            of_sellers="pitches",
            swept="sellers.shop.pitch_file={sellers}",
            asked="Which texts? Files, with commas between; those that are not there are made",
        ),
        "policy": ShopQuestion(
            about="Do free shipping or a longer return window pay?", swept="shipping.rate=0,0.05"
        ),
        "persona": ShopQuestion(
            about="Which kind of seller earns most?",
            sellers="bold-showman,sharp-analyst,warm-neighbor,plain-dealer,quiet-clerk",
            swept="sellers.shop.agent={sellers}",
            asked="Which sellers? Profiles or agents, with commas between",
        ),
        "models": ShopQuestion(
            about="Which language model sells best?",
            sellers="openai/gpt-5.4-mini,anthropic/claude-haiku-4-5",
            of_sellers="models",
            swept="sellers.shop.model={sellers}",
            asked="Which models? PROVIDER/MODEL, with commas between",
        ),
    }
)
"""Name -> question, in the order in which they are offered."""

BUYERS = "easy-shopper,bargain-hunter,steady-planner,curious-collector,careful-saver"
"""Who buys unless told otherwise: all built-in profiles."""

PITCHES = (
    "This is {title}, by {brand}, for {price}. {feature1}. {feature2}. "
    "Everything else is on the sheet; ask me what you like.\n",
    "{title}: {feature1}. {price} today instead of {list_price}, and {shipping} for shipping. "
    "Order now, it goes out this week!\n",
)
"""Texts to begin with: one after the other for files that are not there."""
