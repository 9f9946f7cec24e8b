"""The agent base: an identity, its own random streams, and ``async receive(message)``.

`SellerAgent` and `BuyerAgent` turn the market's requests into one typed method each, and check
what the methods return, so that a plug-in cannot put a malformed event on the bus. An agent is
a deterministic function of its messages, its streams and the answers of the outside world; it
keeps what it wants to remember in `Agent.memory`, apart for every episode.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec

from retailsim.agents.errors import UnexpectedRequest, WrongReply
from retailsim.agents.persona import Persona
from retailsim.events.messages import (
    DecisionMade,
    Message,
    MessageSent,
    ModelCalled,
    PitchPresented,
    ReviewPosted,
    Role,
    StrategyFormed,
    TopicsChosen,
)
from retailsim.events.streams import Seed, Stream
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    AskSeller,
    ChooseTopics,
    Complain,
    Decide,
    EndDialogue,
    FormStrategy,
    GiveSupport,
    PresentPitch,
    ProposeSettlement,
    Request,
    SettleIssue,
    WriteReview,
)
from retailsim.market.protocols.retail.values import (
    Decision,
    Pitch,
    Review,
    Settlement,
    Strategy,
    Support,
    Topics,
)

T = TypeVar("T")


class Outside(Protocol):
    """The one door to the outside world; see `Agent.outside`."""

    async def __call__(
        self,
        request: Message,
        source: str,
        key: str,
        call: Callable[[], Awaitable[str]],
        timeout_s: float,
    ) -> str:
        """Return the recorded answer, or make the call and record its answer."""
        ...


class ModelAccess(Protocol):
    """A seat's language model; only seats with ``agent = "model"`` have one."""

    in_prompt: bool
    """Whether the shape of answers has to be described in the prompt."""

    async def ask(
        self, request: Message, source: str, *, stage: str, role: str, call: Any
    ) -> ModelCalled:
        """Return the recorded answer, or ask and record it."""
        ...

    def accepted(self, record: ModelCalled) -> None:
        """Note that an answer could be used, so that other runs may have it."""
        ...


async def closed_door(
    request: Message,
    source: str,
    key: str,
    call: Callable[[], Awaitable[str]],
    timeout_s: float,
) -> str:
    """Make the call without recording it: for agents used outside a run."""
    return await call()


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """Who sits where: what an agent is told about itself when it is made.

    Parameters
    ----------
    id : str
        The seat's name; the random streams depend on it, not on the kind of agent.
    persona : mapping of trait to pole, or None
        None: no persona at all.
    gender : str or None
    options : mapping
        The scenario's ``options`` table, handed on as it is.
    """

    id: str
    role: Role
    seed: Seed
    persona: Persona | None = None
    gender: str | None = None
    options: Mapping[str, Any] = {}
    outside: Outside = closed_door
    model: ModelAccess | None = None


class Agent(ABC):
    """An actor: subclass this for full control, or `SellerAgent` / `BuyerAgent` for comfort.

    Attributes
    ----------
    waits : bool
        Whether `receive` waits for something outside. Those that do run side by side; those
        that don't are awaited one after another, which costs no task, and must not wait.
    trusted : bool
        Built-in agents only: what they return is not checked again.
    """

    waits: ClassVar[bool] = False
    trusted: ClassVar[bool] = False

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self.source = f"{seat.role}:{seat.id}"
        self._memory: dict[str | None, dict[str, Any]] = {}

    @abstractmethod
    async def receive(self, message: Message) -> Sequence[Message]:
        """Return what the agent answers to `message`, in the order it should be delivered."""

    def memory(self, request: Message) -> dict[str, Any]:
        """Return the agent's own notes on the episode of `request`; empty at first."""
        return self._memory.setdefault(request.episode, {})

    def stream(self, request: AgentRequest, purpose: str) -> Stream:
        """Return this agent's random stream for one purpose in this episode."""
        return self.seat.seed.stream(f"{self.seat.role}/{purpose}", request.unit)

    async def outside(
        self,
        request: Message,
        key: str,
        call: Callable[[], Awaitable[str]],
        timeout_s: float = 60.0,
    ) -> str:
        """Ask the outside world: the only way that can be replayed, resumed and verified.

        The answer is written to the log before it is returned, and a resumed or verified run
        gets the recorded one without making the call. Needs ``waits = True``.

        Parameters
        ----------
        key : str
            Says what is asked; a re-execution must ask the same in the same order.
        call : callable
            Makes the request and returns its answer as text.
        timeout_s : float
            Deadline in seconds; passing it fails the episode.
        """
        return await self.seat.outside(request, self.source, key, call, timeout_s)

    def _checked(self, reply: Any, kind: type[T], method: str) -> T:
        if self.trusted:
            return reply  # type: ignore[no-any-return]
        if not isinstance(reply, kind):
            problem = f"it returned {type(reply).__name__}"
            raise WrongReply(self.source, method, kind.__name__, problem)
        try:
            msgspec.convert(msgspec.to_builtins(_plain(reply)), kind, strict=True)
        except (msgspec.ValidationError, TypeError) as error:
            raise WrongReply(self.source, method, kind.__name__, str(error)) from None
        return reply


def _plain(reply: Any) -> Any:
    """Copy read-only mappings into dicts, which the check can read."""
    if isinstance(reply, Pitch):
        return msgspec.structs.replace(reply, sections=dict(reply.sections))
    return reply


class SellerAgent(Agent):
    """A seller: one method for each thing a seller has to say."""

    @abstractmethod
    async def strategy(self, request: FormStrategy) -> Strategy:
        """Plan the pitch along ``request.dimensions``."""

    @abstractmethod
    async def pitch(self, request: PresentPitch) -> Pitch:
        """Speak the pitch."""

    @abstractmethod
    async def answer(self, request: AnswerBuyer) -> str:
        """Answer the buyer's last message before the purchase."""

    @abstractmethod
    async def support(self, request: GiveSupport) -> Support:
        """Answer the buyer's complaint, and offer a settlement when ready to."""

    async def settle(self, request: SettleIssue) -> Settlement:
        """State how the support dialogue ended; asked only where no offer was made in it."""
        return Settlement(
            outcome="delivered", resolution="none offered", reason="The dialogue made no offer."
        )

    async def receive(self, message: Message) -> Sequence[Message]:
        """Answer a request of the market by the method that belongs to it."""
        match message:
            case FormStrategy():
                strategy = self._checked(await self.strategy(message), Strategy, "strategy")
                return (self._formed(message, strategy),)
            case PresentPitch():
                pitch = self._checked(await self.pitch(message), Pitch, "pitch")
                return (self._presented(message, pitch),)
            case AnswerBuyer():
                text = self._checked(await self.answer(message), str, "answer")
                return (_said("pre_inquiry", "seller", message.turn, text),)
            case GiveSupport():
                return self._supported(message, await self.support(message))
            case SettleIssue():
                settled = self._checked(await self.settle(message), Settlement, "settle")
                return (ProposeSettlement(settlement=settled),)
            case _:
                raise UnexpectedRequest(self.source, type(message).__name__)

    def _formed(self, request: Request, strategy: Strategy) -> StrategyFormed:
        return StrategyFormed(
            seller=self.seat.id,
            product=request.offer.product.id,
            target_expansion=strategy.target_expansion,
            value_proposition=strategy.value_proposition,
            contextual_urgency=strategy.contextual_urgency,
            objection_handling=strategy.objection_handling,
        )

    def _presented(self, request: Request, pitch: Pitch) -> PitchPresented:
        return PitchPresented(
            seller=self.seat.id,
            product=request.offer.product.id,
            sections=dict(pitch.sections),
            claims=tuple(pitch.claims),
            unsupported=tuple(pitch.unsupported),
        )

    def _supported(self, request: GiveSupport, reply: Any) -> Sequence[Message]:
        support = self._checked(reply, Support, "support")
        said = _said("post_inquiry", "seller", request.turn, support.text)
        if support.offer is None:
            return (said,)
        return (ProposeSettlement(settlement=support.offer), said)


class BuyerAgent(Agent):
    """A buyer: one method for each thing a buyer has to say.

    `ask` and `complain` return None to end the dialogue.
    """

    @abstractmethod
    async def topics(self, request: ChooseTopics) -> Topics:
        """Choose one or two topics to ask about."""

    @abstractmethod
    async def ask(self, request: AskSeller) -> str | None:
        """Ask the seller, or return None when there is nothing more to ask."""

    @abstractmethod
    async def decide(self, request: Decide) -> Decision:
        """Purchase or not."""

    @abstractmethod
    async def complain(self, request: Complain) -> str | None:
        """Tell the seller what is wrong, or return None to leave it at the last offer."""

    @abstractmethod
    async def review(self, request: WriteReview) -> Review:
        """Review one aspect."""

    async def receive(self, message: Message) -> Sequence[Message]:
        """Answer a request of the market by the method that belongs to it."""
        match message:
            case ChooseTopics():
                topics = self._checked(await self.topics(message), Topics, "topics")
                return (TopicsChosen(topics=topics.topics, reason=topics.reason),)
            case AskSeller():
                text = await self.ask(message)
                return (self._said(message, "pre_inquiry", text, "ask"),)
            case Decide():
                decision = self._checked(await self.decide(message), Decision, "decide")
                return (_decided(decision),)
            case Complain():
                text = await self.complain(message)
                return (self._said(message, "post_inquiry", text, "complain"),)
            case WriteReview():
                review = self._checked(await self.review(message), Review, "review")
                return (_reviewed(message, review),)
            case _:
                raise UnexpectedRequest(self.source, type(message).__name__)

    def _said(self, request: AskSeller | Complain, stage: Any, text: Any, method: str) -> Message:
        if text is None:
            return EndDialogue()
        return _said(stage, "buyer", request.turn, self._checked(text, str, method))


def _said(stage: Any, role: Role, turn: int, text: str) -> MessageSent:
    return MessageSent(stage=stage, role=role, turn=turn, text=text)


def _decided(decision: Decision) -> DecisionMade:
    return DecisionMade(
        will_purchase=decision.will_purchase,
        quantity=decision.quantity,
        quantity_reason=decision.quantity_reason,
        sentiment=decision.sentiment,
        reason=decision.reason,
    )


def _reviewed(request: WriteReview, review: Review) -> ReviewPosted:
    return ReviewPosted(
        aspect=request.aspect,
        rating=review.rating,
        text=review.text,
        would_recommend=review.would_recommend,
    )
