"""What a market keeps of its rules from message to message is what it would find again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from retailsim.events.messages import EpisodeOpened, Event, MessageSent, OrderPlaced, Role
from retailsim.market.protocols.retail.conduct import RetailConduct
from retailsim.market.protocols.retail.rule_guard import RuleGuard
from retailsim.market.rules.conduct import rating
from retailsim.market.rules.enforcing import enforced
from retailsim.market.rules.rule_file import built_in
from tests.agents.behavioral_drive import make_product

PRODUCT = make_product(1, average_rating=4.5, rating_number=10)


def opened(episode: str, **kind: Any) -> EpisodeOpened:
    terms: dict[str, Any] = {"product": PRODUCT.id, "category": "Home", "title": PRODUCT.title}
    terms |= {"audience": None, "list_price_cents": 900, "price_cents": 900}
    terms |= {"price_multiplier": 1.0, "discount": 0.0, "retries": 0, "condition": ""}
    parts = ("seller_persona", "buyer_persona", "seller_gender", "buyer_gender")
    terms |= dict.fromkeys(parts) | kind
    return EpisodeOpened(episode=episode, seller="s", buyer="b", replication=0, **terms)


def said(episode: str, text: str, role: Role = "buyer") -> MessageSent:
    return MessageSent(episode=episode, stage="pre_inquiry", role=role, turn=1, text=text)


def ordered(episode: str) -> OrderPlaced:
    terms: dict[str, Any] = {"quantity": 1, "unit_price_cents": 900, "shipping_cents": 50}
    return OrderPlaced(episode=episode, order="o", product=PRODUCT.id, **terms)


COURSE: Sequence[Event] = (
    opened("a"),
    opened("b", seller_kind="person"),
    said("a", "What is it made of?"),
    said("b", "Are you a bot?"),
    said("a", "Are you a machine?"),
    said("a", "It is made of wool.", "seller"),
    ordered("b"),
    said("a", "Thank you."),
    said("b", "I said no."),
    said("b", "It is broken."),
    ordered("a"),
    said("a", "It is broken, too."),
)


def test_what_is_allowed_is_what_the_facts_of_this_moment_allow() -> None:
    rules = built_in()
    guard, conduct = RuleGuard(rules, PRODUCT), RetailConduct(rules, {PRODUCT.id: PRODUCT})
    seen = set()
    for event in COURSE:
        guard.tell(event)
        conduct.note(event)
        for episode in ("a", "b", None):
            afresh = enforced(rules.rules).allowed(dict(conduct.facts(episode)))
            assert guard.allowed(episode) == afresh
            seen.add((episode, tuple(rule.id for rule in afresh.speech.rules)))
    assert len(seen) > 3, "negative control: it is not the same all the time"


def test_an_act_keeps_what_was_so_when_it_was_done() -> None:
    conduct = RetailConduct(built_in(), {PRODUCT.id: PRODUCT})
    acts = [
        act for event in (*COURSE, said("a", "Sorry.", "seller")) for act in conduct.tell(event)
    ]
    told = [(act.episode, act.facts["after_sale"], len(act.facts)) for act in acts]
    kept = [facts.get("turns_since_asked_if_machine") for facts in (act.facts for act in acts)]
    assert [sale for _, sale, _ in told] == [False, False, False, True]
    assert kept == [0, 0, 1, 2]


def test_facts_are_the_same_object_only_while_they_are_the_same() -> None:
    conduct = RetailConduct(built_in(), {PRODUCT.id: PRODUCT})
    found = list[object]()
    for event in (opened("a"), said("a", "Hello."), ordered("a"), said("a", "Are you a bot?")):
        conduct.note(event)
        found.append(conduct.facts("a"))
    assert found[0] is found[1]
    assert found[1] is not found[2]
    assert found[2] != found[3]


@pytest.mark.parametrize("episode", ["z", None])
def test_where_nothing_was_opened_nothing_is_so(episode: str | None) -> None:
    conduct = RetailConduct(built_in(), {PRODUCT.id: PRODUCT})
    conduct.note(said("z", "Are you a bot?"))
    conduct.note(ordered("z"))
    assert conduct.facts(episode) == {}


def test_of_several_products_the_worst_rating_and_the_least_count_are_what_can_be_claimed() -> None:
    good, liked = (
        make_product(number, average_rating=stars, rating_number=count)
        for number, (stars, count) in enumerate([(4.8, 12), (3.1, 900)])
    )
    for some in ([good, liked], [liked, good]):
        assert rating(some) == {"average_rating": 3.1, "rating_number": 12}
    unrated = make_product(3, average_rating=None, rating_number=None)
    assert rating([good, unrated]) == rating([]) == {}
