"""Scripted sellers and buyers, and a market played on a real kernel, for tests."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from retailsim.events.kernel import Kernel, Outgoing, Post, Receive
from retailsim.events.messages import Event, Message, MessageSent, ReviewPosted
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.claims.reading import READINGS
from retailsim.market.core.admission import admit
from retailsim.market.core.issues import Issue, IssueRules
from retailsim.market.core.participants import EpisodeSpec, Participant
from retailsim.market.core.request import AgentRequest
from retailsim.market.core.shipping import ShippingRules
from retailsim.market.protocols.retail.admission import ADMISSIONS
from retailsim.market.protocols.retail.protocol import RetailMarket
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    AskSeller,
    ChooseTopics,
    Complain,
    Decide,
    FormStrategy,
    GiveSupport,
    PresentPitch,
    SettleIssue,
    WriteReview,
)
from retailsim.market.protocols.retail.spec import RetailRules, RetailSpec
from retailsim.market.protocols.retail.values import (
    Decision,
    Pitch,
    Review,
    Settlement,
    Strategy,
    Support,
    Topics,
)

ASKABLE = {**ADMISSIONS, **READINGS}
Answer = Callable[[Any], Any]
Script = Mapping[type[AgentRequest], Answer]
"""Request -> what the player answers to it; may raise."""

LAMP = Product(
    id="LAMP", title="Lamp", price_cents=2_000, category="Home", details={"Colour": "Red"}
)

KEEP = Settlement(outcome="delivered", resolution="explained", reason="works as sold")
EXCHANGE = Settlement(outcome="exchanged", resolution="new one", reason="broken")
REFUND = Settlement(
    outcome="refunded", resolution="refund", reason="sorry", refund_quantity=1, refund_shipping=True
)

OPENING = ["EpisodeOpened"]
INQUIRY = ["TopicsChosen", "buyer 1", "seller 1", "DecisionMade"]
BOUGHT = [*OPENING, *INQUIRY, "OrderPlaced"]
SUPPORT = ["IssueRaised", "buyer 1", "seller 1"]
REVIEWS = ["review pitch", "review pre_inquiry", "review post_inquiry", "review product"]
END = ["EpisodeClosed"]
"""What stands in the log of an episode, part by part, as `Played` names it."""

STEADY = ShippingRules(order_days=(1, 1), delivery_days=(2, 2), delay_days=(3, 3))
"""Ordered on day 1, expected on day 3; a delayed order is complained about on 4, arrives on 6."""


def rules(issue: Issue | None = None, **changes: Any) -> RetailRules:
    """Rules under which every order has `issue`, or none has one."""
    issues = IssueRules(rate=0.0) if issue is None else IssueRules(weights={issue: 1.0})
    return RetailRules(**{"shipping": STEADY, "issues": issues, **changes})


def market_spec(buyers: Iterable[str] = ("ann",), **changes: Any) -> RetailSpec:
    """One seller ``sam`` presenting a lamp; the episodes are ``e1``, ``e2`` and so on."""
    episodes = tuple(
        EpisodeSpec(episode=f"e{n}", buyer=Participant(id=buyer))
        for n, buyer in enumerate(buyers, 1)
    )
    return RetailSpec(
        **{
            "id": "m1",
            "product": LAMP,
            "sellers": (Participant(id="sam"),),
            "episodes": episodes,
            **changes,
        }
    )


def seller(
    *,
    proposals: Mapping[int, Settlement] | None = None,
    settles: Settlement = KEEP,
    unsupported: tuple[str, ...] = (),
) -> Script:
    """A seller that proposes a settlement at the given turns, and states `settles` when asked."""

    def strategy(request: FormStrategy) -> Strategy:
        return Strategy(**{dimension: f"plan {dimension}" for dimension in request.dimensions})

    def pitch(request: PresentPitch) -> Pitch:
        sections = {"opening_hook": "Look at this lamp.", "call_to_action": "Buy it."}
        return Pitch(sections=sections, claims=unsupported, unsupported=unsupported)

    def support(request: GiveSupport) -> Support:
        return Support(
            text=said("seller", request.turn), proposal=(proposals or {}).get(request.turn)
        )

    return {
        FormStrategy: strategy,
        PresentPitch: pitch,
        AnswerBuyer: lambda request: said("seller", request.turn),
        GiveSupport: support,
        SettleIssue: lambda request: settles,
    }


def buyer(
    *, questions: int = 1, quantity: int = 1, buys: bool = True, complaints: int = 1
) -> Script:
    """A buyer that asks and complains so many times; always content with four stars."""

    def talk(most: int) -> Answer:
        return lambda request: said("buyer", request.turn) if request.turn <= most else None

    return {
        ChooseTopics: lambda request: Topics(topics=("shipping",), reason="in a hurry"),
        AskSeller: talk(questions),
        Decide: lambda request: decided(buys, quantity),
        Complain: talk(complaints),
        WriteReview: lambda request: Review(rating=4, text=f"The {request.aspect}: good."),
    }


def but(script: Script, kind: type[AgentRequest], answer: Answer) -> Script:
    """Return the script with another answer to requests of this kind."""
    return {**script, kind: answer}


def posted(outgoing: Outgoing) -> list[Any]:
    """Return what a market posts; the messages in it are of any kind."""
    assert all(isinstance(post, Post) for post in outgoing)
    return list(outgoing)


def said(role: str, turn: int) -> str:
    """Say something that tells who says it when."""
    return f"{role} says {turn}"


def decided(buys: bool, quantity: int) -> Decision:
    """Decide, with the same words for everything."""
    return Decision(
        will_purchase=buys,
        quantity=quantity,
        quantity_reason="need",
        sentiment="Positive",
        reason="why not",
    )


def raises(error: Exception) -> Answer:
    """An answer that is an exception."""

    def answer(request: Any) -> Any:
        raise error

    return answer


class Played:
    """A market that was played to its end."""

    def __init__(
        self,
        spec: RetailSpec,
        of: RetailRules,
        players: Mapping[str, Script],
        *,
        seed: int = 1,
        waits: frozenset[str] = frozenset(),
    ) -> None:
        self.market = RetailMarket(spec, of, Seed(seed))
        self.requests: list[AgentRequest] = []
        self.kernel = Kernel(spec.id, self.market.failed)
        self.kernel.add_rules(self.market.handle)
        for name, script in players.items():
            self.kernel.add_agent(name, self._player(name, script), waits=name in waits)
        self.kernel.post(self.market.open())
        asyncio.run(self.kernel.run())

    def _player(self, name: str, script: Script) -> Receive:
        async def receive(message: Message) -> Sequence[Message]:
            assert isinstance(message, AgentRequest)
            self.requests.append(message)
            answer = script[type(message)](message)
            return admit(name, message, answer, ASKABLE[type(message)])

        return receive

    @property
    def events(self) -> list[Event]:
        """All events, in order."""
        return self.kernel.events

    @property
    def lines(self) -> bytes:
        """The log as it would be written."""
        return msgspec.json.Encoder().encode_lines(self.events)

    def of(self, episode: str | None = "e1") -> list[Event]:
        """The events of an episode, or those of the whole market."""
        return [event for event in self.events if event.episode == episode]

    def names(self, episode: str | None = "e1") -> list[str]:
        """The kinds of an episode's events, dialogue and reviews with what tells them apart."""
        return [_name(event) for event in self.of(episode)]

    def one(self, kind: type[Any], episode: str = "e1") -> Any:
        """The only event of this kind in the episode."""
        [event] = [e for e in self.events if type(e) is kind and e.episode == episode]
        return event

    def asked(self, kind: type[Any]) -> list[Any]:
        """The requests of this kind, in order."""
        return [request for request in self.requests if type(request) is kind]


def _name(event: Event) -> str:
    match event:
        case MessageSent():
            return f"{event.role} {event.turn}"
        case ReviewPosted():
            return f"review {event.aspect}"
        case _:
            return type(event).__name__


def play(
    selling: Script | None = None,
    buying: Script | Mapping[str, Script] | None = None,
    of: RetailRules | None = None,
    *,
    seed: int = 1,
    waits: frozenset[str] = frozenset(),
    **spec: Any,
) -> Played:
    """Play a market of ``sam`` and ``ann``, or of the buyers named in `buying`."""
    buying = buyer() if buying is None else buying
    named = all(isinstance(key, str) for key in buying)
    buyers: Any = buying if named else {"ann": buying}
    players = {"seller:sam": selling or seller()}
    players |= {f"buyer:{name}": script for name, script in buyers.items()}
    return Played(market_spec(buyers, **spec), of or rules(), players, seed=seed, waits=waits)
