"""The agent base: an identity, its own random streams, and ``async receive(message)``.

An agent returns the value that the request asks for, such as a `Decision`; the market checks it
and writes what happened. An agent is a deterministic function of its messages, its streams and
the answers of the outside world; it keeps what it wants to remember in `Agent.memory`, apart for
every episode. Each protocol has base classes of its own, with one typed method for each request.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable, iscoroutinefunction
from typing import Any, ClassVar, NoReturn, Protocol

import msgspec

from retailsim.agents.errors import NotAsync, UnexpectedRequest
from retailsim.agents.persona import Persona
from retailsim.events.errors import LeftToResume
from retailsim.events.messages import Message, ModelCalled, Role
from retailsim.events.streams import Seed, Stream
from retailsim.market.catalogue.product import Category
from retailsim.market.core.request import AgentRequest


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
        self, request: AgentRequest, source: str, *, task: str, role: str, call: Any
    ) -> ModelCalled:
        """Return the recorded answer, or ask and record it; `task` is the reply's tag."""
        ...

    def accepted(self, record: ModelCalled) -> None:
        """Note that an answer could be used, so that other runs may have it."""
        ...


class WireAccess(Protocol):
    """A seat's way to its agent over HTTP; only seats with ``agent = "http"`` have one."""

    async def ask(self, source: str, body: bytes) -> str:
        """Send a request and return its answer as JSON."""
        ...

    async def leave(self, error: LeftToResume) -> NoReturn:
        """Stop the run, and leave this request to its resume."""
        ...


class DeskAccess(Protocol):
    """A seat's way to its person; only seats with ``agent = "person"`` have one."""

    async def ask(self, question: Any, read: Callable[[object], bytes]) -> Any:
        """Put a question on the desk and return what was said, or that nobody did."""
        ...

    def kept(self, question: str) -> None:
        """Note that the answer to a question, by its id, is in the log."""
        ...

    def recall(self, question: Any, value: Any) -> None:
        """Note that a question was answered before this session, and by what."""
        ...

    async def leave(self, error: LeftToResume) -> NoReturn:
        """Stop the run, and leave this question to its resume."""
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
        The seat's name.
    stream : str or None
        The key of the seat's random draws, which do not depend on the kind of agent. None: the
        id.
    persona : mapping of trait to pole, or None
        None: no persona at all.
    gender : str or None
    options : mapping
        The scenario's ``options`` table, handed on as it is.
    wallet : mapping of category to factor
        How dear the goods for sale are; what a buyer would spend follows it. 1 where missing.
    """

    id: str
    role: Role
    seed: Seed
    stream: str | None = None
    persona: Persona | None = None
    gender: str | None = None
    options: Mapping[str, Any] = {}
    wallet: Mapping[Category, float] = {}
    outside: Outside = closed_door
    model: ModelAccess | None = None
    wire: WireAccess | None = None
    desk: DeskAccess | None = None

    @property
    def key(self) -> str:
        """Names the seat's random draws."""
        return self.id if self.stream is None else self.stream


class Agent(ABC):
    """An actor: subclass this for full control, or a protocol's `RoleAgent` for comfort.

    Attributes
    ----------
    waits : bool
        Whether `receive` waits for something outside. Those that do run side by side; those
        that don't are awaited one after another, which costs no task, and must not wait.
    eager : bool
        Of an agent that waits: whether it may be asked before its request is due in the market's
        time, because what it answers follows from the requests of the same episode alone. Then
        it has often answered by then, and the market need not wait. Leave it false where
        episodes learn from each other.
    trusted : bool
        Built-in agents only: what they return is not checked again.
    """

    waits: ClassVar[bool] = False
    eager: ClassVar[bool] = False
    trusted: ClassVar[bool] = False

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self.source = f"{seat.role}:{seat.id}"
        self._memory: dict[str | None, dict[str, Any]] = {}

    @abstractmethod
    async def receive(self, message: AgentRequest) -> Any:
        """Return the value that the request asks for; the protocol's page says which."""

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


Methods = Mapping[type[AgentRequest], str]


class RoleAgent(Agent):
    """An agent with one method for each thing that its protocol asks of its role.

    Attributes
    ----------
    methods : mapping of request class to str
        The method that answers it. Where there is none at all, a request is answered by the method
        that is called as its stage.
    """

    methods: ClassVar[Methods] = {}

    async def receive(self, message: AgentRequest) -> Any:
        """Answer a request of the market by the method that belongs to it."""
        method = self.methods.get(type(message)) if self.methods else self._by_stage(message)
        if method is None:
            raise UnexpectedRequest(self.source, type(message).__name__)
        said = getattr(self, method)(message)
        if not isawaitable(said):
            raise NotAsync(self.source, method)
        return await said

    def _by_stage(self, message: AgentRequest) -> str | None:
        stage = getattr(message, "stage", None)
        return stage if iscoroutinefunction(getattr(type(self), stage or "", None)) else None
