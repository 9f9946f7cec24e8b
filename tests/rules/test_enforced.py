"""Mask rules while a sales conversation goes on: nothing that they forbid gets through."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
import pytest

from retailsim.agents.base import Seat
from retailsim.agents.csales.base import SalesBuyer, SalesSeller
from retailsim.agents.csales.behavioral.buyer import CsUser
from retailsim.agents.csales.behavioral.seller import (
    CsiSeller,
    RandomActionSeller,
    ScriptedSalesSeller,
)
from retailsim.agents.host import Checked
from retailsim.events.kernel import Kernel
from retailsim.events.messages import (
    CommandRejected,
    EpisodeFailed,
    Event,
    MessageSent,
    OrderPlaced,
)
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.catalogue.product_files import Problems, builtin_catalogue, read_products
from retailsim.market.core.participants import EpisodeSpec, Participant
from retailsim.market.protocols.csales.admission import ADMISSIONS
from retailsim.market.protocols.csales.conduct import SalesConduct
from retailsim.market.protocols.csales.events import ActionChosen, PriceLowered, ShippingNamed
from retailsim.market.protocols.csales.market_words import price_lowered, shipping_named
from retailsim.market.protocols.csales.profile_file import builtin_profiles, read_profiles
from retailsim.market.protocols.csales.protocol import SalesMarket
from retailsim.market.protocols.csales.requests import (
    OpenConversation,
    PlanTurn,
    RespondToSeller,
    SpeakTurn,
)
from retailsim.market.protocols.csales.shop import Shop
from retailsim.market.protocols.csales.spec import ConversationSpec, SalesRules
from retailsim.market.protocols.csales.values import Inferred, Line, Plan, Profile, Response
from retailsim.market.rules.judging import broken
from retailsim.market.rules.rule import RuleSet
from retailsim.market.rules.rule_file import built_in, parsed
from tests.csales.chatter import item

SINS = (
    "Only two left, so hurry.",
    "Everybody loves it.",
    "I am a real person.",
    "The one you liked is sold out.",
    "It is fine.",
)
WISHES = (
    "No thanks, I am not interested in that.",
    "Are you a bot?",
    "That is out of the question.",
    "Go on.",
)


class Sinner(SalesSeller):
    """Takes any option, also none that it was offered, and says what no rule allows."""

    async def plan(self, request: PlanTurn) -> Plan:
        """Take any of the options offered."""
        option = self.stream(request, f"plan {request.turn}").pick(request.options)
        return Plan(inferred=Inferred(), action=option.action, tactic=option.tactic)

    async def speak(self, request: SpeakTurn) -> Line:
        """Say some of it, and show what there is."""
        stream = self.stream(request, f"speak {request.turn}")
        said = [sin for sin in SINS if stream.chance(0.5)] or [SINS[0]]
        seen = {product.id for product in request.shown}
        new = [product.id for product in request.items if product.id not in seen]
        return Line(text=" ".join(said), items=tuple(new[: 1 if request.selected else 3]))


class Difficult(CsUser):
    """Buys as others do, and says what rules listen for."""

    async def respond(self, request: RespondToSeller) -> Response:
        """Add a wish to what is said."""
        response = await super().respond(request)
        wish = self.stream(request, f"wish {request.turn}").pick(WISHES)
        return msgspec.structs.replace(response, text=f"{response.text} {wish}")


@cache
def catalogue(*, rated: bool) -> tuple[Product, ...]:
    """Return the built-in products, with their ratings or without."""
    found = tuple(read_products(builtin_catalogue(), problems=Problems()))
    if rated:
        return found
    return tuple(
        msgspec.structs.replace(one, average_rating=None, rating_number=None) for one in found
    )


@cache
def sales_rules(*, rated: bool, enforced: bool) -> SalesRules:
    """Return rules of a market, which enforces the built-in masks or none."""
    return SalesRules(
        catalogue=Shop(catalogue(rated=rated)), enforced=built_in() if enforced else RuleSet()
    )


def played(
    profile: Profile,
    seller: type[Any],
    rules: SalesRules,
    seed: int,
    buyer: type[Any] = Difficult,
    options: Mapping[str, Any] | None = None,
) -> list[Event]:
    """Return the events of a conversation; what the seats say is checked by the market."""
    drawn = Seed(seed)
    spec = ConversationSpec(
        id=profile.id,
        sellers=(Participant(id="s"),),
        episodes=(EpisodeSpec(episode=f"{profile.id}/b", buyer=Participant(id="b")),),
        profile=profile,
    )
    market = SalesMarket(spec, rules, drawn)
    kernel = Kernel(spec.id, market.failed)
    kernel.add_rules(market.handle)
    seats = (
        seller(Seat(id="s", role="seller", seed=drawn, options=options or {})),
        buyer(Seat(id="b", role="buyer", seed=drawn, options={})),
    )
    for agent in seats:
        kernel.add_agent(agent.source, Checked(agent, ADMISSIONS).receive, waits=False)
    kernel.post(market.open())
    asyncio.run(kernel.run())
    return kernel.events


def violations(events: Iterable[Event], *, rated: bool) -> list[tuple[str, str]]:
    """Return the mask rules that a log shows to be broken, by the reader of logs."""
    sheets = {product.id: product for product in catalogue(rated=rated)}
    conduct = SalesConduct(built_in(), sheets)
    acts = [act for event in events for act in conduct.tell(event)]
    found = [one for act in acts for one in broken(built_in(), act)]
    return [(one.rule.id, one.by) for one in found if one.rule.level == "mask"]


def conversations(
    count: int, sellers: Sequence[type[Any]]
) -> Iterator[tuple[int, type[Any], Profile]]:
    """Yield so many conversations: profiles in turn, then sellers, then seeds."""
    profiles = read_profiles(builtin_profiles())
    for number in range(count):
        rest, which = divmod(number, len(profiles))
        yield rest, sellers[rest % len(sellers)], profiles[which]


def check(count: int, *, enforced: bool) -> tuple[list[tuple[str, str]], int, int]:
    """Play conversations; returns broken mask rules, what was rejected, and orders."""
    found, rejected, orders = list[tuple[str, str]](), 0, 0
    for seed, seller, profile in conversations(
        count, (Sinner, CsiSeller, RandomActionSeller, ScriptedSalesSeller)
    ):
        rated = seed % 2 == 0
        rules = sales_rules(rated=rated, enforced=enforced)
        events = played(profile, seller, rules, seed)
        assert not [event for event in events if isinstance(event, EpisodeFailed)]
        found += violations(events, rated=rated)
        rejected += sum(isinstance(event, CommandRejected) for event in events)
        orders += sum(isinstance(event, OrderPlaced) for event in events)
    return found, rejected, orders


@pytest.mark.slow
def test_no_mask_rule_is_broken_whoever_sells() -> None:
    found, rejected, orders = check(300, enforced=True)
    assert found == []
    assert rejected > 30  # the sinner's sentences
    assert orders > 30


@pytest.mark.slow
def test_without_masks_the_same_sellers_are_caught() -> None:
    """The control: the reader of logs sees every kind of what the masks keep out."""
    found, _, _ = check(300, enforced=False)
    assert {rule for rule, _ in found} == {
        rule.id for rule in built_in().rules if rule.level == "mask"
    } - {"shown-price-holds"}  # no market of this protocol sells above what it showed


@pytest.mark.slow
def test_no_mask_rule_is_broken_in_ten_thousand_conversations() -> None:
    found, _, orders = check(10_000, enforced=True)
    assert found == []
    assert orders > 1_000


class _Script(SalesBuyer):
    """Says what it is told to, and looks on."""

    lines: Sequence[str] = ()

    async def open(self, request: OpenConversation) -> str:
        """Begin."""
        return "A lamp."

    async def respond(self, request: RespondToSeller) -> Response:
        """Say the next line; select the first item shown."""
        said = self.lines[min(request.turn - 2, len(self.lines) - 1)]
        new = request.presented if request.selected is None else ()
        return Response(text=said, select=new[0].id if new else None)


def scripted(*lines: str) -> type[Any]:
    """Return a buyer that says some lines in turn, then the last one again."""
    return type("Scripted", (_Script,), {"lines": lines})


def test_a_no_leaves_the_seller_to_listen() -> None:
    profile = read_profiles(builtin_profiles())[0]
    buyer = scripted("Hm.", "Hm.", "No thanks.", "Well.", "Well.", "Well.", "Well.", "Well.")
    events = played(profile, CsiSeller, sales_rules(rated=True, enforced=True), 1, buyer)
    chosen = {event.turn: event for event in events if isinstance(event, ActionChosen)}
    assert {chosen[turn].action for turn in (4, 5, 6, 7)} == {"Preference Probing"}
    assert chosen[4].options == ("Preference Probing",)
    assert chosen[8].action == "Persuasion"


def test_social_proof_is_no_option_without_a_rating() -> None:
    profile = read_profiles(builtin_profiles())[0]

    def offered(*, rated: bool) -> set[str]:
        rules = sales_rules(rated=rated, enforced=True)
        events = played(profile, CsiSeller, rules, 1, scripted("Hm."))
        return {name for one in events if isinstance(one, ActionChosen) for name in one.options}

    assert "Persuasion: Social Proof" in offered(rated=True)
    without = offered(rated=False)
    assert "Persuasion: Evidence-Based" in without
    assert "Persuasion: Social Proof" not in without


@pytest.mark.parametrize("seller", [ScriptedSalesSeller, CsiSeller, RandomActionSeller])
def test_sellers_without_a_tactic_take_another(seller: type[Any]) -> None:
    profile = read_profiles(builtin_profiles())[0]
    events = played(profile, seller, sales_rules(rated=False, enforced=True), 2, scripted("Hm."))
    assert not [event for event in events if isinstance(event, EpisodeFailed)]


def test_a_seller_of_one_tactic_that_is_forbidden_takes_the_others() -> None:
    profile = read_profiles(builtin_profiles())[0]
    rules, only = sales_rules(rated=False, enforced=True), {"tactic": "Social Proof"}
    events = played(profile, CsiSeller, rules, 1, scripted("Hm."), only)
    assert not [event for event in events if isinstance(event, EpisodeFailed)]
    tactics = {one.strategy for one in events if isinstance(one, ActionChosen) and one.strategy}
    assert tactics
    assert "Social Proof" not in tactics


def test_a_sentence_is_withheld_and_the_rest_is_said() -> None:
    profile = read_profiles(builtin_profiles())[0]
    events = played(profile, Sinner, sales_rules(rated=True, enforced=True), 3, scripted("Hm."))
    said = [one.text for one in events if isinstance(one, MessageSent) and one.role == "seller"]
    rejected = [one for one in events if isinstance(one, CommandRejected)]
    assert not any("Only two left" in text for text in said)
    assert {one.command for one in rejected} == {"Say"}
    assert any(one.reason == "rule false-urgency: Only two left, so hurry." for one in rejected)
    assert any("It is fine." in text for text in said)


class Hasty(Sinner):
    """Says one thing that no rule allows, and nothing else."""

    async def speak(self, request: SpeakTurn) -> Line:
        """Say it."""
        return Line(text=SINS[0])


def test_a_message_of_which_nothing_is_left_is_heard_as_silence() -> None:
    profile = read_profiles(builtin_profiles())[0]
    events = played(profile, Hasty, sales_rules(rated=True, enforced=True), 3, scripted("Hm."))
    said = {one.text for one in events if isinstance(one, MessageSent) and one.role == "seller"}
    assert said == {"(The seller says nothing.)"}


def test_who_asks_whether_it_is_a_machine_is_told() -> None:
    profile = read_profiles(builtin_profiles())[0]
    buyer = scripted("Are you a bot?", "Hm.")
    events = played(profile, CsiSeller, sales_rules(rated=True, enforced=True), 1, buyer)
    spoken = [one for one in events if isinstance(one, MessageSent)]
    said = {one.turn: one.text for one in spoken if one.role == "seller"}
    assert "I am an automated assistant, not a person." in said[2]
    assert "automated" not in said[1] + said[3]


def test_fees_are_named_for_all_that_is_shown_and_only_where_there_are_any() -> None:
    profile = read_profiles(builtin_profiles())[0]
    rules = sales_rules(rated=True, enforced=True)
    free = msgspec.structs.replace(
        rules, shipping=msgspec.structs.replace(rules.shipping, rate=0.0)
    )

    def named(r: SalesRules) -> list[Event]:
        events = played(profile, CsiSeller, r, 1, CsUser)
        return [one for one in events if isinstance(one, ShippingNamed)]

    assert named(rules)
    assert not named(free)
    assert not named(sales_rules(rated=True, enforced=False))


# -- whose words --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "caught"), [("Here it is.", False), ("They are running low.", True)]
)
def test_what_the_market_adds_is_no_word_of_the_seller(own: str, caught: bool) -> None:
    """A title that the market names with its fee may sound like a rule that is broken."""
    socks = [item(one, 1_000) for one in "ab"]
    socks = [msgspec.structs.replace(one, title=f"Running Low Cut Socks {one.id}") for one in socks]
    fees = {one.id: 50 for one in socks}
    cheaper = msgspec.structs.replace(socks[0], price_cents=900)
    added = f"{price_lowered(cheaper, 10)} {shipping_named(socks, fees)}"
    events = [
        ActionChosen(turn=1, action="Persuasion", strategy="Framing"),
        PriceLowered(turn=1, product="a", percent=10, from_cents=1_000, price_cents=900),
        ShippingNamed(turn=1, products=("a", "b"), fees_cents=(50, 50)),
        MessageSent(stage="sales", role="seller", turn=1, text=f"{own} {added}"),
    ]
    conduct = SalesConduct(built_in(), {one.id: one for one in socks})
    acts = [act for event in events for act in conduct.tell(event)]
    found = [one.rule.id for act in acts for one in broken(built_in(), act)]
    assert ("false-urgency" in found) is caught


FEES = """
[[rule]]
id = "fees-are-told"
source = "the shop's own"
level = "report"
why = "Every message says what shipping costs."
lacks = ["shipping costs"]
"""


@pytest.mark.parametrize("named", [True, False])
def test_what_a_rule_asks_for_may_be_said_by_the_market(named: bool) -> None:
    rules = parsed(FEES, "mine.toml", built_in())
    lamp = item("a", 1_000)
    fees = f" {shipping_named([lamp], {'a': 50})}" if named else ""
    events: list[Event] = [
        ActionChosen(turn=1, action="Suggestion"),
        *([ShippingNamed(turn=1, products=("a",), fees_cents=(50,))] if named else []),
        MessageSent(stage="sales", role="seller", turn=1, text=f"Here it is.{fees}"),
    ]
    conduct = SalesConduct(rules, {"a": lamp})
    acts = [act for event in events for act in conduct.tell(event)]
    found = [one.rule.id for act in acts for one in broken(rules, act)]
    assert ("fees-are-told" in found) is not named
