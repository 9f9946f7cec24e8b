"""Plays one conversation between scripted agents over a small catalogue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from retailsim.events.kernel import Kernel
from retailsim.events.messages import Event, Message
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.claims.reading import READER, READINGS, ReadClaims, Reading
from retailsim.market.core.admission import admit
from retailsim.market.core.participants import EpisodeSpec, Participant
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.csales.admission import ADMISSIONS
from retailsim.market.protocols.csales.protocol import SalesMarket
from retailsim.market.protocols.csales.requests import (
    OpenConversation,
    PlanTurn,
    RespondToSeller,
    SpeakTurn,
)
from retailsim.market.protocols.csales.spec import ConversationSpec, SalesRules
from retailsim.market.protocols.csales.values import Inferred, Line, Plan, Profile, Response

Path = tuple[str, ...]
Script = Mapping[type[Message], Callable[[Any], Any]]

PROFILE = Profile(
    id="p1",
    general_preference="I like plain things.",
    target_needs="A lamp for my desk.",
    purchase_reason=("The old one broke.",),
    budget_cents=(1_000, 3_000),
    target_category=("Home", "Lighting"),
    decision_making_style="Rational",
    dialogue_openness="Active",
)


def item(id_: str, cents: int) -> Product:
    return Product(
        id=id_, title=f"Lamp {id_}", price_cents=cents, category="Home", path=("Home", "Lighting")
    )


class Shelf:
    """A catalogue of four lamps; the nearest is the first."""

    ITEMS: tuple[Product, ...] = (
        item("a", 1_500),
        item("b", 2_500),
        item("c", 2_900),
        item("d", 4_000),
    )

    def product(self, id: str) -> Product:  # noqa: A002
        return {product.id: product for product in self.ITEMS}[id]

    def cut(self, path: Path) -> Path:
        tree = ("Home", "Lighting")
        return tree[: sum(a == b for a, b in zip(tree, path, strict=False))]

    def below(self, path: Path) -> tuple[Path, ...]:
        return (("Home",), ("Home", "Lighting"))[len(path) :]

    def suggest(self, text: str, path: Path, most_cents: int, count: int) -> list[Product]:
        return [product for product in self.ITEMS if product.price_cents <= most_cents][:count]

    def dearer(self, product: Product, above_cents: int) -> Product | None:
        return next((p for p in self.ITEMS if p.price_cents > above_cents), None)


def plan(request: PlanTurn) -> Plan:
    """Suggest at once; persuade once something is selected."""
    action = "Persuasion" if request.actions == ("Persuasion",) else "Suggestion"
    tactic = "Framing" if action == "Persuasion" else None
    inferred = Inferred(category=("Home", "Lighting", "Desk"))
    return Plan(inferred=inferred, action=action, tactic=tactic)  # type: ignore[arg-type]


def speak(request: SpeakTurn) -> Line:
    return Line(text="hm", items=tuple(product.id for product in request.items[:3]))


def opening(request: OpenConversation) -> str:
    return "I look for a lamp."


def silent(request: RespondToSeller) -> Response:
    return Response(text="hm")


def nothing_read(request: ReadClaims) -> Reading:
    return Reading(claims=())


SELLER: Script = {PlanTurn: plan, SpeakTurn: speak}
BUYER: Script = {OpenConversation: opening, RespondToSeller: silent}


_ADMITTED = {**ADMISSIONS, **READINGS}


class Played:
    """A conversation that was held, with its requests and events."""

    def __init__(
        self,
        buyer: Script,
        seller: Script = SELLER,
        *,
        reading: Callable[[ReadClaims], Reading] = nothing_read,
        **rules: Any,
    ) -> None:
        spec = ConversationSpec(
            id="m",
            sellers=(Participant(id="s"),),
            episodes=(EpisodeSpec(episode="m/b", buyer=Participant(id="b")),),
            profile=PROFILE,
        )
        self.requests: list[Any] = []
        market = SalesMarket(spec, SalesRules(**{"catalogue": Shelf(), **rules}), Seed(1))
        self.kernel = Kernel("m", market.failed)
        self.kernel.add_rules(market.handle)
        self.kernel.add_agent("seller:s", self._player("seller:s", seller), waits=False)
        self.kernel.add_agent("buyer:b", self._player("buyer:b", buyer), waits=False)
        reader = self._player(f"{READER}m", {ReadClaims: reading})
        self.kernel.add_agent(f"{READER}m", reader, waits=False)
        self.kernel.post(market.open())
        asyncio.run(self.kernel.run())
        assert market.finished

    def _player(self, name: str, script: Script) -> Any:
        async def receive(message: AgentRequest) -> Sequence[Message]:
            self.requests.append(message)
            answer = script[type(message)](message)
            return admit(name, message, answer, _ADMITTED[type(message)])

        return receive

    @property
    def events(self) -> list[Event]:
        return self.kernel.events

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def asked(self, kind: type[Any]) -> list[Any]:
        return [request for request in self.requests if isinstance(request, kind)]
