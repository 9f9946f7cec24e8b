"""What the built-in sellers say of products without ratings breaks no built-in rule.

The wording tables are gone through from end to end, with every month and kind of product put in;
then markets and conversations are played with every persona, profile, option and policy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache, partial
from itertools import chain, product
from types import ModuleType
from typing import Any

import msgspec
import pytest

from retailsim.agents.base import Seat
from retailsim.agents.csales.behavioral import seller_lines
from retailsim.agents.csales.behavioral.buyer import CsUser
from retailsim.agents.csales.behavioral.seller import (
    CsiSeller,
    RandomActionSeller,
    ScriptedSalesSeller,
)
from retailsim.agents.persona import all_personas
from retailsim.agents.profiles import profiles
from retailsim.agents.retail.behavioral import support, voice
from retailsim.agents.retail.behavioral.answer_writer import AnswerWriter
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer
from retailsim.agents.retail.behavioral.seller import BehavioralSeller
from retailsim.agents.retail.behavioral.sheet import ALL_ASPECTS
from retailsim.agents.retail.behavioral.terms import terms_of
from retailsim.events.messages import CommandRejected, Event
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.events import TACTICS
from retailsim.market.protocols.csales.profile_file import builtin_profiles, read_profiles
from retailsim.market.protocols.csales.shop import Shop
from retailsim.market.protocols.csales.spec import SalesRules
from retailsim.market.rules.enforcing import enforced
from retailsim.market.rules.judging import says
from retailsim.market.rules.phrases import heard
from retailsim.market.rules.rule_file import built_in
from tests.agents.behavioral_drive import make_offer
from tests.rules.test_enforced import catalogue
from tests.rules.test_enforced import played as talked
from tests.rules.test_enforced_retail import AnyOption
from tests.rules.test_enforced_retail import played as sold

UNRATED = {"shown": 1, "fee_named": True}
"""What rules know once a product without a rating was shown."""
ASKING = (
    *(f"Can you tell me about {cue}?" for one in ALL_ASPECTS for cue in one.cues),
    "How much is shipping?",
    "Is the price final?",
    "Can I return it?",
    "How does it compare?",
    "No further questions.",
)
PERSONAS: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "none": ({}, {}),
    **{" ".join(one.values()): (dict(one), {}) for one in all_personas("seller")},
    **{
        name: (dict(one.persona or {}), dict(one.options))
        for name, one in profiles("seller").items()
    },
}
"""Name -> persona and options: each combination of traits, and each named profile."""


def bare(one: Product) -> Product:
    """Return a product of which nothing is known but name, price and category."""
    return msgspec.structs.replace(one, features=(), description="", details={}, brand=None)


@cache
def goods() -> tuple[Product, ...]:
    """Return products without ratings, every other one with nothing else either."""
    return tuple(
        bare(one) if number % 2 else one for number, one in enumerate(catalogue(rated=False))
    )


def one_of_each_category() -> list[Product]:
    """Return a product of each category, as it is and bare."""
    found = {one.category: one for one in catalogue(rated=False)}.values()
    return [*found, *map(bare, found)]


def texts_in(value: object) -> Iterator[str]:
    """Yield the texts of a wording table."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from chain.from_iterable(map(texts_in, value.values()))
    elif isinstance(value, tuple):
        yield from chain.from_iterable(map(texts_in, value))


def tables(module: ModuleType) -> list[str]:
    """Return every text in the tables of a module."""
    named = {name: value for name, value in vars(module).items() if name.isupper()}
    return [text for value in named.values() for text in texts_in(value)]


def filled(texts: Iterable[str]) -> Iterator[str]:
    """Yield texts with their places filled, for each month, and each product there."""
    offers = [
        make_offer(one, multiplier, f"2025-{month:02}-10")
        for month, one, multiplier in product(range(1, 13), one_of_each_category(), (1.0, 0.9))
    ]
    for terms in map(terms_of, offers):
        values = {"name": terms.sheet.name, "kind": terms.sheet.kind, "who": "Women and men"}
        places = defaultdict(lambda: "it", values | terms.body)
        yield from (text.format_map(places) for text in texts)
        yield from (terms.shipping_answer, terms.price_answer, terms.returns_answer)


def overclaims() -> Iterator[str]:
    """Yield what a bold seller adds."""
    for lead, claim in product(voice.OVERCLAIM_LEADS, voice.OVERCLAIMS):
        yield f"{lead}: {claim}."


def answers() -> Iterator[str]:
    """Yield answers to whatever can be asked, in every voice and wording."""
    terms = [terms_of(make_offer(one)) for one in one_of_each_category()]
    voices = [voice.voice_of(one) for one in ({}, *all_personas("seller"))]
    for spoken, told, question in product(voices, terms, ASKING):
        writer = AnswerWriter(spoken)
        for number in range(12):
            word = number | number << 8 | number << 16 | number << 20 | number << 24
            yield writer.text(question, told, informed=number % 3 > 0, word=word)


def sales_lines() -> Iterator[str]:
    """Yield what sellers in conversations say of items without ratings."""
    for one, other in product(one_of_each_category(), repeat=2):
        yield seller_lines.suggestion([one, other])
        for tactic in TACTICS:
            if tactic != "Social Proof":  # no option where there is no rating
                yield seller_lines.persuasion(one, tactic, other)
    yield seller_lines.suggestion([])


SAYABLE = {
    "voice": lambda: filled(tables(voice)),
    "support": lambda: filled(tables(support)),
    "overclaims": overclaims,
    "answers": answers,
    "sales": sales_lines,
}


@pytest.mark.parametrize("where", SAYABLE)
def test_no_wording_breaks_a_rule(where: str) -> None:
    said = set(SAYABLE[where]())
    speech = enforced(built_in().rules).allowed(UNRATED).speech
    struck = {one for text in said for one in speech.let_through(text).withheld}
    assert len(said) >= 32
    assert struck == set()


def rejected(events: Iterable[Event]) -> list[str]:
    """Return what was not let through."""
    return [one.reason for one in events if isinstance(one, CommandRejected)]


@pytest.mark.parametrize("name", PERSONAS)
def test_behavioral_sellers_are_rejected_nothing(name: str) -> None:
    persona, options = PERSONAS[name]

    class Seller(BehavioralSeller):
        """The same, with the persona and the options."""

        def __init__(self, seat: Seat) -> None:
            super().__init__(msgspec.structs.replace(seat, persona=persona, options=options))

    some = goods()[len(name) % 3 :: 3]
    play = partial(sold, enforced=built_in(), buyers=[BehavioralBuyer] * 2)
    assert [why for seed, one in enumerate(some) for why in rejected(play(one, Seller, seed))] == []


def test_sellers_that_take_any_option_are_rejected_nothing() -> None:
    """Learnt policies speak so: options carried out in the words of the tables."""
    play = partial(sold, enforced=built_in(), buyers=[BehavioralBuyer] * 2)
    found = [
        why for seed, one in enumerate(goods()) for why in rejected(play(one, AnyOption, seed))
    ]
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize("rated", ["no product", "every other one"])
@pytest.mark.parametrize("seller", [CsiSeller, RandomActionSeller, ScriptedSalesSeller])
def test_sellers_in_conversations_are_rejected_nothing(seller: type[Any], rated: str) -> None:
    shelf = goods()
    if rated == "every other one":
        shelf = (*catalogue(rated=True)[::2], *shelf[1::2])
    rules = SalesRules(catalogue=Shop(shelf), enforced=built_in())
    people = read_profiles(builtin_profiles())
    found = [
        why
        for seed, profile in enumerate(people)
        for why in rejected(talked(profile, seller, rules, seed, CsUser))
    ]
    assert found == []


def test_built_in_phrases_write_their_endings_out() -> None:
    """``love*`` took "Hi everyone, it is lovely to have you here" for social proof."""
    rules = built_in()
    phrases = [one for rule in rules.rules for one in (*rule.says, *rule.unless_says, *rule.lacks)]
    phrases += [one for some in rules.heard.values() for one in some]
    assert [one for one in phrases if "*" in one] == []


@pytest.mark.parametrize(
    ("sentence", "proof"),
    [
        ("Hi everyone, it is lovely to have you here.", False),
        ("People, here is my recommendation.", False),
        ("It is for people with ravenous guests.", False),
        ("Everyone loves it.", True),
        ("People have loved it for years.", True),
        ("Our customers rave about it.", True),
        ("Owners recommended it to us.", True),
    ],
)
def test_a_word_that_begins_alike_is_another(sentence: str, proof: bool) -> None:
    [rule] = [one for one in built_in().rules if one.id == "social-proof-in-words"]
    assert says(rule, sentence) is proof


@pytest.mark.parametrize(
    ("said", "no"),
    [
        ("No thank you.", True),
        ("No, thanks.", True),
        ("No, thankfully it fits.", False),
        ("There is no Thanksgiving dinner without it.", False),
    ],
)
def test_thankful_is_no_refusal(said: str, no: bool) -> None:
    assert heard(said, built_in().heard["refused"]) is no
