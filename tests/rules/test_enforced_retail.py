"""Mask rules while a retail market goes on: nothing that they forbid gets through."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice, product
from typing import Any

import msgspec
import pytest

from retailsim.agents.base import Seat
from retailsim.agents.host import Checked
from retailsim.agents.retail.base import SellerAgent
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer
from retailsim.agents.retail.behavioral.seller import BehavioralSeller
from retailsim.agents.retail.policy.actions import ASK, PITCHES, SETTLEMENTS, Decision
from retailsim.agents.retail.policy.legal import legal
from retailsim.agents.retail.policy.seller import OptionSeller
from retailsim.agents.retail.policy.view import SellerView
from retailsim.events.kernel import Kernel
from retailsim.events.messages import (
    CommandRejected,
    DecisionMade,
    EpisodeFailed,
    Event,
    MarketFailed,
    MessageSent,
    OrderPlaced,
)
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.core.participants import EpisodeSpec, Participant
from retailsim.market.core.propensities import draw, propensities
from retailsim.market.protocols.retail.admission import ADMISSIONS
from retailsim.market.protocols.retail.conduct import RetailConduct
from retailsim.market.protocols.retail.events import PitchPresented, SellerChose
from retailsim.market.protocols.retail.protocol import RetailMarket
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    AskSeller,
    Complain,
    FormStrategy,
    GiveSupport,
    PresentPitch,
)
from retailsim.market.protocols.retail.spec import RetailRules, RetailSpec
from retailsim.market.protocols.retail.values import Choice, Pitch, Strategy, Support
from retailsim.market.rules.enforcing import enforced as enforcing
from retailsim.market.rules.judging import broken
from retailsim.market.rules.rule import RuleSet
from retailsim.market.rules.rule_file import built_in, parsed
from tests.market.asked import ASKED
from tests.rules.test_enforced import SINS, WISHES, catalogue

OWN = """
[[rule]]
id = "no-boasting"
source = "the shop's own"
level = "mask"
why = "Nothing is called the best there is."
says = ["number one of its kind", "last you a lifetime"]
[[rule]]
id = "no-evading"
source = "the shop's own"
level = "mask"
why = "A question is answered."
option = ["Answer: evade"]
[[rule]]
id = "no-asking-back"
source = "the shop's own"
level = "mask"
why = "Who complains is made an offer at once."
option = ["Support: ask*"]
when = ["after_sale"]
[[rule]]
id = "nothing-dear"
source = "the shop's own"
level = "mask"
why = "Nothing above 200 dollars is sold."
order = true
when = ["unit_price_cents > 20000"]
"""


class Sinner(SellerAgent):
    """Says what no rule allows."""

    def _sins(self, request: Any, place: str) -> str:
        stream = self.stream(request, place)
        return " ".join([sin for sin in SINS if stream.chance(0.5)] or [SINS[0]])

    async def strategy(self, request: FormStrategy) -> Strategy:
        """Plan nothing."""
        return Strategy()

    async def pitch(self, request: PresentPitch) -> Pitch:
        """Sin in two sections, and report a claim of one."""
        sections = {"opening_hook": self._sins(request, "a"), "call_to_action": "Only today."}
        return Pitch(sections=sections, claims=("Only today",), unsupported=("Only today",))

    async def answer(self, request: AnswerBuyer) -> str:
        """Sin in the answer."""
        return self._sins(request, f"answer {request.turn}")

    async def support(self, request: GiveSupport) -> Support:
        """Sin in support."""
        return Support(text=self._sins(request, f"support {request.turn}"))


class AnyOption(OptionSeller):
    """Takes any option that is legal."""

    async def choose(self, request: Decision, view: SellerView) -> Choice:
        """Draw one."""
        options = legal(request)
        counts = propensities([1.0] * len(options))
        number = draw(counts, self.stream(request, f"any {view.turn} {type(request).__name__}"))
        return Choice(option=options[number], options=options, probabilities=counts)


class Difficult(BehavioralBuyer):
    """Buys as others do, and says what rules listen for."""

    async def ask(self, request: AskSeller) -> str | None:
        """Add a wish to a question."""
        return self._wishing(await super().ask(request), request)

    async def complain(self, request: Complain) -> str | None:
        """Add a wish to a complaint."""
        return self._wishing(await super().complain(request), request)

    def _wishing(self, text: str | None, request: AskSeller | Complain) -> str | None:
        wish = self.stream(request, f"wish {request.turn}").pick(WISHES)
        return None if text is None else f"{text} {wish}"


@cache
def held() -> RuleSet:
    """The built-in rules with some of a shop's own."""
    return parsed(OWN, "own.toml", built_in())


def played(
    sold: Product,
    seller: type[Any],
    seed: int,
    enforced: RuleSet,
    buyers: Sequence[type[Any]] = (Difficult,),
) -> list[Event]:
    """Return the events of a market; what the seats say is checked by the market."""
    drawn = Seed(seed)
    episodes = tuple(
        EpisodeSpec(episode=f"e{n}", buyer=Participant(id=f"b{n}")) for n in range(len(buyers))
    )
    spec = RetailSpec(id="m", product=sold, sellers=(Participant(id="s"),), episodes=episodes)
    market = RetailMarket(spec, RetailRules(enforced=enforced), drawn)
    kernel = Kernel(spec.id, market.failed)
    kernel.add_rules(market.handle)
    agents = [seller(Seat(id="s", role="seller", seed=drawn, options={}))]
    for number, buyer in enumerate(buyers):
        agents.append(buyer(Seat(id=f"b{number}", role="buyer", seed=drawn, options={})))
    for agent in agents:
        kernel.add_agent(agent.source, Checked(agent, ADMISSIONS).receive, waits=False)
    kernel.post(market.open())
    asyncio.run(kernel.run())
    assert not [one for one in kernel.events if isinstance(one, (EpisodeFailed, MarketFailed))]
    return kernel.events


def violations(events: Iterable[Event], sold: Product) -> list[str]:
    """Return the mask rules that a log shows to be broken, by the reader of logs."""
    conduct = RetailConduct(held(), {sold.id: sold})
    acts = [act for event in events for act in conduct.tell(event)]
    found = [one.rule for act in acts for one in broken(held(), act)]
    return [rule.id for rule in found if rule.level == "mask"]


def check(count: int, enforced: RuleSet) -> tuple[list[str], list[CommandRejected], int]:
    """Play episodes, four a market; returns broken mask rules, what was rejected, and orders."""
    found, rejected, orders = list[str](), list[CommandRejected](), 0
    sellers = (Sinner, AnyOption, BehavioralSeller)
    goods = list(zip(catalogue(rated=True), catalogue(rated=False), strict=True))
    for seed, (pair, seller) in islice(enumerate(_forever(goods, sellers)), count // 4):
        sold = pair[seed % 2]
        events = played(sold, seller, seed, enforced, [Difficult] * 4)
        found += violations(events, sold)
        rejected += [event for event in events if isinstance(event, CommandRejected)]
        orders += sum(isinstance(event, OrderPlaced) for event in events)
    return found, rejected, orders


def _forever(goods: Sequence[Any], sellers: Sequence[type[Any]]) -> Iterable[tuple[Any, type[Any]]]:
    while True:
        yield from product(goods, sellers)


@pytest.mark.slow
def test_no_mask_rule_is_broken_whoever_sells() -> None:
    found, rejected, orders = check(400, held())
    assert found == []
    assert sum(one.command == "Say" for one in rejected) > 100
    assert any(one.reason == "rule nothing-dear forbids this order" for one in rejected)
    assert orders > 30


@pytest.mark.slow
def test_without_masks_the_same_sellers_are_caught() -> None:
    """The control: the reader of logs sees every kind of what the masks keep out."""
    found, _, _ = check(400, RuleSet())
    assert {*found} == {
        "false-urgency",
        "social-proof-in-words",
        "no-human-claim",
        "machine-where-asked",
        "bait-and-switch",
        "no-boasting",
        "no-evading",
        "no-asking-back",
        "nothing-dear",
    }


@pytest.mark.slow
def test_no_mask_rule_is_broken_in_ten_thousand_episodes() -> None:
    found, _, orders = check(10_000, held())
    assert found == []
    assert orders > 1_000


def test_options_that_a_rule_forbids_are_none() -> None:
    events = [
        event
        for seed in range(12)
        for event in played(catalogue(rated=True)[seed], AnyOption, seed, held(), [Difficult] * 3)
    ]
    offered = {one.stage: set[str]() for one in events if isinstance(one, SellerChose)}
    for one in events:
        if isinstance(one, SellerChose):
            offered[one.stage] |= set(one.options)
    assert offered["pitch"] == {name for name, style in PITCHES.items() if style.claims == "sheet"}
    assert offered["pre_inquiry"] == {"Answer: friendly", "Answer: plain"}
    assert offered["post_inquiry"] == set(SETTLEMENTS)


def test_where_rules_leave_nothing_all_options_stay() -> None:
    """Outside the return window things can only be left as they are, whatever a rule says."""
    text = OWN.replace('"Support: ask*"', '"Support: ask*", "Settle: leave"')
    allowed = enforcing(parsed(text, "own.toml", built_in()).rules).allowed({"after_sale": True})
    asked = msgspec.structs.replace(ASKED[GiveSupport], allowed=allowed)
    late = msgspec.structs.replace(asked.order, issue_day=asked.order.delivered_day + 1_000)
    assert legal(asked) == ("Settle: exchange", "Settle: refund")
    assert legal(msgspec.structs.replace(asked, order=late)) == (ASK, "Settle: leave")


class Forbidden(AnyOption):
    """Says that it chose what it may not."""

    async def answer(self, request: AnswerBuyer) -> Any:
        """Evade."""
        given = await super().answer(request)
        choice = Choice(option="Answer: evade", options=("Answer: evade", "Answer: plain"))
        return msgspec.structs.replace(given, choice=choice)


def test_a_forbidden_option_is_refused() -> None:
    with pytest.raises(AssertionError, match="Answer: evade: rule no-evading forbids it now"):
        played(catalogue(rated=True)[0], Forbidden, 1, held(), [Difficult] * 3)


def test_a_pitch_keeps_what_may_be_said() -> None:
    events = played(catalogue(rated=True)[0], Sinner, 3, built_in())
    pitch = next(one for one in events if isinstance(one, PitchPresented))
    assert pitch.claims == pitch.unsupported == ()  # what was not said is no claim
    assert all(
        text in ("It is fine.", "(The seller says nothing.)", "The one you liked is sold out.")
        for text in pitch.sections.values()
    )
    rejected = [one for one in events if isinstance(one, CommandRejected) and one.episode is None]
    assert any(one.reason == "rule false-urgency: Only today." for one in rejected)


class Asking(BehavioralBuyer):
    """Asks once whether it talks to a machine, before it buys whatever is offered."""

    async def ask(self, request: AskSeller) -> str | None:
        """Ask once."""
        return "Are you a bot?" if request.turn == 1 else None

    async def complain(self, request: Complain) -> str | None:
        """Complain."""
        return "It is broken." if request.turn < 3 else None


def test_who_asked_for_a_machine_is_told_once_and_not_again_in_support() -> None:
    told, supported = [], 0
    for seed in range(30):
        events = played(catalogue(rated=True)[seed], BehavioralSeller, seed, built_in(), [Asking])
        said = [e for e in events if isinstance(e, MessageSent) and e.role == "seller"]
        told.append([(one.stage, one.turn) for one in said if "I am an automated" in one.text])
        supported += any(one.stage == "post_inquiry" for one in said)
    assert told == [[("pre_inquiry", 1)]] * 30
    assert supported > 3


def test_masks_move_nothing_where_nothing_is_forbidden() -> None:
    def log(enforced: RuleSet) -> list[Event]:
        return played(catalogue(rated=True)[0], BehavioralSeller, 5, enforced, [BehavioralBuyer])

    assert log(built_in()) == log(RuleSet())
    assert any(isinstance(one, DecisionMade) for one in log(built_in()))
