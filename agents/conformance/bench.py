"""Drives an agent as a market would, and notes what it answers and what is wrong with that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from copy import deepcopy
from pathlib import Path
from time import perf_counter
from traceback import extract_tb
from typing import Any, Literal

import anyio
import msgspec
from anyio.lowlevel import checkpoint

from retailsim.agents.base import Agent, Seat
from retailsim.agents.conformance.repertoire import Script, repertoire_of
from retailsim.agents.errors import AgentBlocked, NotAsync
from retailsim.agents.persona import TRAITS
from retailsim.agents.watchdog import Guarded, Watchdog
from retailsim.agents.wire.errors import WireDown, WireError, WireLate
from retailsim.events.messages import Message, Role
from retailsim.events.streams import Seed
from retailsim.market.core.admission import ReplyRefused, admitted
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.registry import Protocol, rules_of

Kind = Literal["deadlines", "replies", "values", "arguments", "outside"]
"""What a problem is about; the names of the checks it belongs to."""


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with one answer."""

    kind: Kind
    text: str


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """One request with what came of it.

    Parameters
    ----------
    reply : str
        The answer as text; empty where there is none.
    answer : object
        The value that the market would admit; None where it refuses.
    """

    asked: str
    reply: str = ""
    answer: Any = None
    problems: tuple[Problem, ...] = ()

    @property
    def outcome(self) -> str:
        """The answer, or what went wrong instead."""
        return self.reply or "; ".join(p.text for p in self.problems if p.kind != "arguments")

    @property
    def hopeless(self) -> bool:
        """Whether going on would only wait for the next deadline."""
        return any(problem.kind == "deadlines" for problem in self.problems)


class BenchDoor:
    """The door to the outside world: asks once, and then answers from what it noted.

    Attributes
    ----------
    inside : int
        How many calls are under way; an agent that waits while it is 0 waits elsewhere.
    """

    def __init__(self) -> None:
        self.inside = 0
        self._answers: dict[tuple[str | None, str], str] = {}

    async def __call__(
        self,
        request: Message,
        source: str,
        key: str,
        call: Callable[[], Awaitable[str]],
        timeout_s: float,
    ) -> str:
        """Return the answer to `key` in this episode, making the call the first time."""
        name = (request.episode, key)
        self.inside += 1
        try:
            await checkpoint()  # let other episodes go on, as they would
            if name not in self._answers:
                with anyio.fail_after(timeout_s):
                    self._answers[name] = await call()
        finally:
            self.inside -= 1
        return self._answers[name]


class Bench:
    """Makes agents of one class and asks them.

    Parameters
    ----------
    timeout_s : float
        Deadline of each answer, in seconds.
    protocol : Protocol
        What its agents are asked by.

    Attributes
    ----------
    held_s : dict of str to list of float
        By the kind of request, the longest step of each answer, in seconds: for so long nothing
        else in the process went on.
    """

    def __init__(
        self,
        agent_class: type[Agent],
        role: Role,
        options: Mapping[str, Any],
        watchdog: Watchdog,
        timeout_s: float,
        protocol: Protocol,
    ) -> None:
        self.held_s: dict[str, list[float]] = {}
        self.agent_class = agent_class
        self.role: Role = role
        self.protocol = protocol
        self.repertoire = repertoire_of(protocol)
        self._admissions = rules_of(protocol).admissions
        self.door = BenchDoor()
        self._options = options
        self._watchdog = watchdog
        self._timeout_s = timeout_s

    def agent(self, *, persona: bool = True) -> Agent:
        """Return a new agent, with every trait at its first pole or with no persona."""
        traits = {trait: poles[0] for trait, poles in TRAITS[self.role].items()}
        return self.agent_class(
            Seat(
                id="seat",
                role=self.role,
                seed=Seed(7),
                persona=traits if persona else None,
                gender="female" if persona else None,
                options=self._options,
                outside=self.door,
            )
        )

    async def play(self, agent: Agent, script: Script, about: str) -> list[Observation]:
        """Ask in order, until there are no more requests or no more hope."""
        observed: list[Observation] = []
        while not (observed and observed[-1].hopeless):
            if not await self.go_on(agent, script, about, observed):
                break
        return observed

    async def go_on(
        self, agent: Agent, script: Script, about: str, observed: list[Observation]
    ) -> bool:
        """Ask what comes after what was observed, and note it; False at the end."""
        try:
            request = script.send(observed[-1].answer) if observed else next(script)
        except StopIteration:
            return False
        observed.append(await self.ask(agent, request, about))
        return True

    async def ask(self, agent: Agent, request: AgentRequest, about: str) -> Observation:
        """Ask once, and check the answer as the market would; the agent gets its own copy."""
        request = deepcopy(request)
        asked = f"{type(request).__name__} about {about}"
        before = msgspec.json.encode([request, self._options])
        problems: list[Problem] = []
        answer, reply = None, ""
        try:
            given = await self._answer(agent, request, problems)
            answer = admitted(agent.source, request, given, self._admissions[type(request)])
            reply = _shown(answer)
            found = self.repertoire.bad_values(request, answer)
            problems += [Problem("values", text) for text in found]
        except Exception as error:  # noqa: BLE001 - whatever a foreign agent raises is a finding
            problems.append(_problem(error, self._timeout_s))
        if msgspec.json.encode([request, self._options]) != before:
            problems.append(Problem("arguments", "changed what it was given"))
        return Observation(asked=asked, reply=reply, answer=answer, problems=tuple(problems))

    async def _answer(self, agent: Agent, request: AgentRequest, problems: list[Problem]) -> Any:
        coroutine = agent.receive(request)
        if not isinstance(coroutine, Coroutine):
            raise TypeError("receive is not a coroutine: write `async def receive`")
        held_s = self.held_s.setdefault(type(request).__name__, [])
        held_s.append(0.0)
        if not agent.waits:
            return self._stepped(agent, coroutine, type(request).__name__)
        watched = _Watched(self, coroutine, agent.source, type(request).__name__)
        with anyio.fail_after(self._timeout_s):
            answer = await watched
        if watched.strayed:
            problems.append(Problem("outside", "waited for something other than self.outside(...)"))
        return answer

    def _stepped(self, agent: Agent, coroutine: Coroutine[Any, Any, Any], stage: str) -> Any:
        """Step once, as the kernel does with agents that do not wait."""
        try:
            self._watchdog.enter(agent.source, stage)
            begun = perf_counter()
            try:
                coroutine.send(None)
            finally:
                self._watchdog.leave()
                self.held_s[stage][-1] = perf_counter() - begun
        except StopIteration as done:
            return done.value
        coroutine.close()
        raise _Awaited


class _Awaited(Exception):
    """An agent that declared waits = False waited."""


class _Watched(Guarded):
    """Notes whether the agent ever waited while no call through the door was under way."""

    def __init__(
        self, bench: Bench, coroutine: Coroutine[Any, Any, Any], source: str, stage: str
    ) -> None:
        super().__init__(bench._watchdog, coroutine, source, stage)
        self._door = bench.door
        self._held_s = bench.held_s[stage]
        self.strayed = False

    def _step(self, resume: Callable[[], Any]) -> Any:
        begun = perf_counter()
        try:
            awaited = super()._step(resume)
        finally:
            self._held_s[-1] = max(self._held_s[-1], perf_counter() - begun)
        self.strayed = self.strayed or self._door.inside == 0
        return awaited


def _shown(value: Any) -> str:
    return f"{type(value).__name__} {msgspec.json.encode(value).decode()}"


def _problem(error: Exception, timeout_s: float) -> Problem:
    match error:
        case _Awaited():
            return Problem(
                "deadlines", "declares waits = False but awaited something: set waits = True"
            )
        case TimeoutError():
            return Problem("deadlines", f"gave no answer within {timeout_s:g} s")
        case WireDown() | WireLate():
            return Problem("deadlines", str(error))
        case WireError() | NotAsync():
            return Problem("replies", str(error))
        case AgentBlocked() | ReplyRefused():
            kind: Kind = "deadlines" if isinstance(error, AgentBlocked) else "replies"
            return Problem(kind, " ".join(str(error).split()))
        case _:
            return Problem("replies", f"raised {described(error)}{_place(error)}")


def described(error: Exception) -> str:
    """Return the kind of error and what it says, in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def _place(error: Exception) -> str:
    frame = extract_tb(error.__traceback__)[-1]
    return f" ({Path(frame.filename).name}, line {frame.lineno})"
