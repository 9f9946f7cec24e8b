"""The suite serves sales conversations too: it finds what the market would refuse or reject."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from retailsim.agents.base import Agent
from retailsim.agents.conformance import check, check_by_name, render
from retailsim.agents.csales.base import SalesBuyer, SalesSeller
from retailsim.agents.csales.behavioral.buyer import CsUser
from retailsim.agents.csales.behavioral.seller import (
    CsiSeller,
    RandomActionSeller,
    ScriptedSalesSeller,
)
from retailsim.agents.csales.partners import conversation
from retailsim.agents.csales.samples import TALKS, everything
from retailsim.agents.errors import BadAgent
from retailsim.agents.registry import part_of
from retailsim.events.messages import MessageSent, Role
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.csales.requests import (
    OpenConversation,
    PlanTurn,
    RespondToSeller,
    SpeakTurn,
)
from retailsim.market.protocols.csales.values import Inferred, Line, Plan, Response
from retailsim.market.protocols.registry import find_protocol
from tests.cases import quick


class Seller(SalesSeller):
    """Behaves; the misbehaving ones below change one method of it."""

    async def plan(self, request: PlanTurn) -> Plan:
        if request.selected is not None:
            return Plan(inferred=Inferred(), action="Persuasion", tactic="Social Proof")
        return Plan(inferred=Inferred(preference="a lamp"), action="Suggestion")

    async def speak(self, request: SpeakTurn) -> Line:
        return Line(text="Look at this.", items=tuple(p.id for p in request.items[:1]))


class Buyer(SalesBuyer):
    """As `Seller`."""

    async def open(self, request: OpenConversation) -> str:
        return "I want a lamp."

    async def respond(self, request: RespondToSeller) -> Response:
        if request.may_buy and request.selected is not None and request.candidate is not None:
            return Response(text="That one.", buy=request.candidate.id)
        if request.presented and request.selected is None:
            return Response(text="This one?", select=request.presented[0].id)
        return Response(text="Well.", leave="defer" if request.last else None)


def failures(agent_class: type[Agent]) -> dict[str, str]:
    role: Role = "buyer" if issubclass(agent_class, SalesBuyer) else "seller"
    findings = check(agent_class, role, timeout_s=10.0, say=lambda line: None)
    return {finding.name: finding.message for finding in findings if not finding.passed}


@pytest.mark.parametrize(
    "agent", quick(3, [CsiSeller, ScriptedSalesSeller, RandomActionSeller, CsUser, Seller, Buyer])
)
def test_built_in_agents_and_those_that_behave_pass(agent: type[Agent]) -> None:
    assert failures(agent) == {}


def test_what_is_good_is_told_in_the_words_of_the_protocol() -> None:
    values = {finding.name: finding.message for finding in check(Seller, "seller")}["values"]
    assert values.endswith("the market accepts all items shown, selected and bought")


class UnknownAction(Seller):
    async def plan(self, request: PlanTurn) -> Plan:
        return Plan(inferred=Inferred(), action="Bribery")  # type: ignore[arg-type]


class UnknownStyle(Seller):
    async def plan(self, request: PlanTurn) -> Plan:
        inferred = Inferred(decision_making_style="Rash")  # type: ignore[arg-type]
        return Plan(inferred=inferred, action="Suggestion")


class AlwaysPersuades(Seller):
    async def plan(self, request: PlanTurn) -> Plan:
        return Plan(inferred=Inferred(), action="Persuasion", tactic="Framing")


class NeverPersuades(Seller):
    async def plan(self, request: PlanTurn) -> Plan:
        return Plan(inferred=Inferred(), action="Suggestion")


class NoTactic(Seller):
    async def plan(self, request: PlanTurn) -> Plan:
        return Plan(inferred=Inferred(), action=request.actions[-1])


class Weighs(Seller):
    """Says what it chose from, and is wrong about it in one way or other."""

    options: tuple[str, ...] = ("Preference Probing", "Suggestion")
    chances: tuple[float, ...] = (0.5, 0.5)

    async def plan(self, request: PlanTurn) -> Plan:
        plan = await super().plan(request)
        if plan.action != "Suggestion":
            return plan
        return msgspec.structs.replace(plan, options=self.options, probabilities=self.chances)


class WeighsInFull(Weighs):
    """States the propensities themselves."""

    chances = (1, 2**32 - 1)


class OutsideItsOptions(Weighs):
    options = ("Preference Probing", "Category Search")


class MoreThanOne(Weighs):
    chances = (0.5, 0.6)


class BelowZero(Weighs):
    chances = (1.5, -0.5)


class Impossible(Weighs):
    chances = (1.0, 0.0)


class OneChance(Weighs):
    chances = (1.0,)


class SaysNothing(Seller):
    async def speak(self, request: SpeakTurn) -> Line:
        return Line(text="  ")


class ShowsTwice(Seller):
    async def speak(self, request: SpeakTurn) -> Line:
        return Line(text="Look.", items=tuple(p.id for p in request.items[:1]) * 2)


class SpeaksPlainly(Seller):
    async def speak(self, request: SpeakTurn) -> Line:
        return "Look."  # type: ignore[return-value]


class LeavesOddly(Buyer):
    async def respond(self, request: RespondToSeller) -> Response:
        return Response(text="Bye.", leave="vanish")  # type: ignore[arg-type]


class OpensWithNumbers(Buyer):
    async def open(self, request: OpenConversation) -> str:
        return 7  # type: ignore[return-value]


class PlansPlainly(Seller):
    def plan(self, request: PlanTurn) -> Any:
        return None


class SpeaksInTheLog(Buyer):
    """Writes the event itself, in a turn of its choice; no value has a turn in it."""

    async def respond(self, request: RespondToSeller) -> Response:
        said = MessageSent(stage="sales", role="buyer", turn=40, text="Hm.")
        return [said]  # type: ignore[return-value]


@pytest.mark.slow
@pytest.mark.parametrize("agent", [Weighs, WeighsInFull])
def test_a_choice_may_be_weighed_by_shares_or_by_integers(agent: type[Agent]) -> None:
    assert not failures(agent)


@pytest.mark.parametrize(
    ("agent", "said"),
    quick(
        5,
        [
            (UnknownAction, "PlanTurn with a malformed Plan: Invalid enum value 'Bribery'"),
            (UnknownStyle, "PlanTurn with a malformed Plan: Invalid enum value 'Rash'"),
            (
                AlwaysPersuades,
                "action Persuasion; allowed now: Preference Probing, Category Search",
            ),
            (NeverPersuades, "action Suggestion; allowed now: Persuasion"),
            (PlansPlainly, "seller:seat: write `async def plan`; it is `def plan`"),
            (NoTactic, "action Persuasion with strategy None"),
            (OutsideItsOptions, "Suggestion: not once among its options Preference Probing"),
            (MoreThanOne, "probabilities that do not sum to 1"),
            (BelowZero, "probabilities that do not sum to 1"),
            (Impossible, "Suggestion: chosen with probability 0"),
            (OneChance, "1 probabilities for 2 options"),
            (SaysNothing, "SpeakTurn with an empty text"),
            (ShowsTwice, "2 items, some of them twice"),
            (SpeaksPlainly, "SpeakTurn with a text instead of Line"),
            (
                LeavesOddly,
                "a malformed Response: Invalid enum value 'vanish' - at `$.leave`; allow",
            ),
            (OpensWithNumbers, "OpenConversation with int instead of a text"),
            (
                SpeaksInTheLog,
                "MessageSent instead of Response: return the value, the market writes",
            ),
        ],
    ),
)
def test_an_answer_that_the_market_refuses_is_named(agent: type[Agent], said: str) -> None:
    assert said in failures(agent)["replies"]


class MakesItemsUp(Seller):
    async def speak(self, request: SpeakTurn) -> Line:
        return Line(text="Look.", items=("B0-MINE",))


class ShowsAll(Seller):
    async def speak(self, request: SpeakTurn) -> Line:
        items = request.items if request.action == "Suggestion" else ()
        return Line(text="Look.", items=tuple(product.id for product in items))


class SelectsUnseen(Buyer):
    async def respond(self, request: RespondToSeller) -> Response:
        return Response(text="The best.", select="BEST")


class SelectsAgain(Buyer):
    async def respond(self, request: RespondToSeller) -> Response:
        return Response(text="This.", select=request.shown[0].id if request.shown else None)


class BuysAtOnce(Buyer):
    async def respond(self, request: RespondToSeller) -> Response:
        return Response(text="Sold.", buy=request.shown[0].id if request.shown else None)


class BuysAnother(Buyer):
    async def respond(self, request: RespondToSeller) -> Response:
        if request.may_buy:
            return Response(text="Sold.", buy="OTHER")
        return await super().respond(request)


class SelectsAndLeaves(Buyer):
    async def respond(self, request: RespondToSeller) -> Response:
        response = await super().respond(request)
        return msgspec.structs.replace(response, leave="leave" if response.select else None)


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (MakesItemsUp, "shows 'B0-MINE': take ids from request.items"),
        (ShowsAll, "shows 5 items: at most 3 at once"),
        (SelectsUnseen, "selects 'BEST', which was never shown: take ids from request.shown"),
        (SelectsAgain, "is selected already: buy, or leave"),
        (BuysAtOnce, "too early: wait for request.may_buy"),
        (BuysAnother, "buys 'OTHER': request.selected and request.candidate are for sale"),
        (SelectsAndLeaves, "does select and leave at once: set one of select, buy and leave"),
    ],
)
def test_what_the_market_would_reject_is_named(agent: type[Agent], said: str) -> None:
    found = failures(agent)
    assert list(found) == ["values"]
    assert said in found["values"]


class Draws(Seller):
    async def speak(self, request: SpeakTurn) -> Line:
        return Line(text=f"One of {random.random()}.")


class Counts(Buyer):
    answers = 0

    async def respond(self, request: RespondToSeller) -> Response:
        self.answers += 1
        return Response(text=f"No, for the {self.answers}th time.")


class Formats(Seller):
    async def speak(self, request: SpeakTurn) -> Line:
        return Line(text=request.transcript[-1].text.format())


class Scribbles(Seller):
    async def speak(self, request: SpeakTurn) -> Line:
        for product in request.items:
            product.details["seen"] = "yes"
        return Line(text="Look.")


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (Draws, "global random"),
        (Counts, "episodes apart"),
        (Formats, "hostile text"),
        (Scribbles, "arguments"),
    ],
)
def test_what_holds_for_every_agent_holds_in_conversations(agent: type[Agent], name: str) -> None:
    assert list(failures(agent)) == [name]


class AsksOutside(Buyer):
    waits = True

    async def respond(self, request: RespondToSeller) -> Response:
        return Response(text=await self.outside(request, f"turn {request.turn}", self._oracle))

    async def _oracle(self) -> str:
        return "Hm."


def test_an_agent_that_waits_holds_two_conversations_side_by_side() -> None:
    findings = check(AsksOutside, "buyer", timeout_s=10.0)
    assert all(finding.passed for finding in findings), render(findings)
    assert findings[-1].name == "side by side"


class Bare(Agent):
    """A seller from scratch: nothing says of which protocol."""

    async def receive(self, message: AgentRequest) -> Any:
        if not isinstance(message, PlanTurn):
            return Line(text="!")
        persuades = message.actions == ("Persuasion",)
        return Plan(
            inferred=Inferred(),
            action=message.actions[0],
            tactic="Framing" if persuades else None,
        )


def test_a_bare_agent_is_taken_for_one_of_retail_unless_the_protocol_is_named() -> None:
    findings = check(Bare, "seller", protocol=find_protocol("csales"))
    assert all(finding.passed for finding in findings), render(findings)
    assert failures(Bare)["replies"].startswith("FormStrategy about")


def asked(role: Role, answer: Any) -> list[Any]:
    """What a role is asked in the first conversation, answering by `answer(request)`."""
    script = conversation(role, TALKS[0])
    requests = [next(script)]
    try:
        while True:
            requests.append(script.send(answer(requests[-1])))
    except StopIteration:
        return requests


def test_a_seller_speaks_to_the_action_that_it_chose() -> None:
    def choose(request: Any) -> Any:
        probing = Plan(inferred=Inferred(), action="Preference Probing")
        return probing if isinstance(request, PlanTurn) else Line(text="?")

    speaking = [request for request in asked("seller", choose) if isinstance(request, SpeakTurn)]
    assert {(request.action, request.items) for request in speaking} == {("Preference Probing", ())}


def test_only_what_a_buyer_selects_is_sold_and_a_purchase_ends_it() -> None:
    def choose(request: Any) -> Any:
        if request.turn == 1:
            return "A lamp."
        if request.may_buy:
            return Response(text="That.", buy=request.selected.id)
        return Response(text="This?", select=request.shown[0].id if request.shown else None)

    requests = asked("buyer", choose)
    assert [request.selected is not None for request in requests[1:]] == [False, False, True]
    assert requests[-1].action == "Persuasion"
    assert not any(r.selected for r in asked("buyer", lambda request: None)[1:])


def test_buyers_are_not_shown_what_only_sellers_see() -> None:
    requests = asked("buyer", lambda request: None)
    assert any(request.shown for request in requests[1:])
    assert {p.unit_cost_cents for request in requests[1:] for p in request.shown} == {None}


def test_all_kinds_of_conversation_come_up_with_names_of_their_own() -> None:
    scripts = everything("buyer", episodes=2)
    assert [about for about, _ in scripts] == [talk.about for talk in TALKS for _ in range(2)]
    episodes = [next(script).episode for _, script in scripts]
    assert len(set(episodes)) == len(episodes)


AGENTS = """
from retailsim.agents.csales.behavioral.seller import CsiSeller, PolicySeller
from retailsim.agents.csales.behavioral.buyer import CsUser
from retailsim.market.protocols.csales.values import Line

class Steady(CsiSeller):
    '''As the one it comes from.'''

class Shuffled(CsiSeller):
    async def speak(self, request):
        return Line(text=" ".join({"look", "at", "this", "fine", "thing"}))

class Choosy(CsUser):
    '''A buyer.'''
"""


@pytest.mark.slow
def test_by_name_the_protocol_is_found_and_the_hash_seed_tried(tmp_path: Path) -> None:
    (tmp_path / "my_talkers.py").write_text(AGENTS)
    role, findings = check_by_name("my_talkers:Steady", tmp_path)
    assert role == "seller"
    assert all(finding.passed for finding in findings), render(findings)
    assert findings[-1].name == "hash seed"
    _, findings = check_by_name("my_talkers:Shuffled", tmp_path)
    assert findings[-1].message == (
        "SpeakTurn about a lamp for a talkative buyer was answered differently in another"
        " process; sort sets before use"
    )


def test_the_part_of_a_name_is_found(tmp_path: Path) -> None:
    (tmp_path / "my_talkers.py").write_text(AGENTS)
    csales = find_protocol("csales")
    assert part_of("my_talkers:Choosy", folder=tmp_path) == (csales, "buyer")
    assert part_of("my_talkers:Steady", folder=tmp_path) == (csales, "seller")
    assert part_of("csuser") == (csales, "buyer")
    assert part_of("behavioral") == (find_protocol("retail"), "seller")
    with pytest.raises(BadAgent, match="is a SalesBuyer and cannot be a seller"):
        check_by_name("my_talkers:Choosy", tmp_path, role="seller")
