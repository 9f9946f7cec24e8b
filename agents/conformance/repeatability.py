"""Whether an agent answers the same when it is asked the same: in another run, on another day.

An agent is a function of its messages, its streams and what the outside world answered. These
checks change one thing that must not matter at a time, and compare all answers.
"""

from __future__ import annotations

import datetime
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import anyio

from retailsim.agents.base import Agent
from retailsim.agents.conformance.bench import Bench, Observation
from retailsim.agents.conformance.findings import Finding, not_checked, verdict
from retailsim.agents.conformance.repertoire import Script
from retailsim.agents.wire.agent import WireAgent

_MEMORY = "; keep notes in self.memory(request), not on the agent or its class"
_STREAM = '; draw from self.stream(request, "what for") instead'
_NAMES = ("determinism", "global random", "clock", "episodes apart", "side by side")
_ABOUT_PAIR = "one of two episodes at once"


def ask_everything(bench: Bench, *, persona: bool = True, seed: int = 1) -> list[Observation]:
    """Ask a new agent everything, with the global generator seeded.

    Parameters
    ----------
    persona : bool
        Whether the agent has one.
    seed : int
        Of the generator in `random`; the caller puts its state back.
    """
    repertoire = bench.repertoire
    episodes = 1 if bench.agent_class.waits else repertoire.episodes  # what waits may cost money

    async def trial() -> list[Observation]:
        agent = bench.agent(persona=persona)
        observed: list[Observation] = []
        for about, script in repertoire.everything(bench.role, episodes):
            observed += await bench.play(agent, script, about)
            if observed[-1].hopeless:
                break
        return observed

    random.seed(seed)
    return anyio.run(trial)


def repeatability(bench: Bench, first: Sequence[Observation]) -> Iterator[Finding]:
    """Ask again, and again under other circumstances; stop where the answers do not repeat.

    An agent over HTTP is not asked again: the bench would answer from what it noted.

    Parameters
    ----------
    first : sequence of Observation
        What `ask_everything` gave.
    """
    if issubclass(bench.agent_class, WireAgent):
        for name in _NAMES:
            yield not_checked(name, "each question is asked once, as a run records the answer")
        return
    for check in (_same_again, _reseeded):
        finding = check(bench, first)
        yield finding
        if not finding.passed:
            return
    yield _on_another_day(bench, first)
    yield _interleaved(bench)
    if bench.agent_class.waits:
        yield _side_by_side(bench)


def _same_again(bench: Bench, first: Sequence[Observation]) -> Finding:
    difference = _difference(first, ask_everything(bench))
    good = "a second agent gave the same answers"
    return verdict("determinism", good, difference and difference + _STREAM + _MEMORY)


def _reseeded(bench: Bench, first: Sequence[Observation]) -> Finding:
    difference = _difference(first, ask_everything(bench, seed=2))
    good = "answers don't depend on the global random generator"
    return verdict("global random", good, difference and difference + _STREAM)


def _on_another_day(bench: Bench, first: Sequence[Observation]) -> Finding:
    with _shifted_clocks(bench.agent_class):
        difference = _difference(first, ask_everything(bench))
    advice = f"; {bench.repertoire.dates}"
    return verdict("clock", "answers don't depend on the date", difference and difference + advice)


def _difference(first: Sequence[Observation], second: Sequence[Observation]) -> str:
    """Say where two trials differ; empty where they don't."""
    for one, other in zip(first, second, strict=False):  # a missed deadline ends a trial early
        if one.outcome != other.outcome:
            first_text, second_text = _from_where_they_part(one.outcome, other.outcome)
            return f"{one.asked} was answered {first_text}, then {second_text}"
    return ""


def _from_where_they_part(one: str, other: str, width: int = 60) -> tuple[str, str]:
    """Cut two texts to what surrounds their first difference."""
    shorter = min(len(one), len(other))
    same = next((n for n in range(shorter) if one[n] != other[n]), shorter)
    begin = max(0, same - width // 2)
    return _cut(one, begin, width), _cut(other, begin, width)


def _cut(text: str, begin: int, width: int) -> str:
    end = begin + width
    return f"{'...' if begin else ''}{text[begin:end]}{'...' if end < len(text) else ''}"


_DATETIME, _TIME, _TIME_NS = datetime.datetime, time.time, time.time_ns
_SHIFT = datetime.timedelta(days=400, hours=7, minutes=31)


class _Later(datetime.datetime):
    """The library's datetime, a good year on."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
        return _DATETIME.now(tz) + _SHIFT

    @classmethod
    def utcnow(cls) -> datetime.datetime:  # type: ignore[override]
        return cls.now(datetime.UTC).replace(tzinfo=None)


_CLOCKS: tuple[tuple[Any, Any], ...] = (
    (_DATETIME, _Later),
    (_TIME, lambda: _TIME() + _SHIFT.total_seconds()),
    (_TIME_NS, lambda: _TIME_NS() + int(_SHIFT.total_seconds()) * 10**9),
)


@contextmanager
def _shifted_clocks(agent_class: type[Agent]) -> Iterator[None]:
    """Shift the clocks that the agent's modules know; the event loop has one of its own."""
    modules = {sys.modules.get(base.__module__) for base in agent_class.__mro__} - {None}
    places = [
        (module, name, clock, shifted)
        for module in (*modules, time, datetime)
        for name, value in list(vars(module).items())
        for clock, shifted in _CLOCKS
        if value is clock
    ]
    for module, name, _, shifted in places:
        setattr(module, name, shifted)
    try:
        yield
    finally:
        for module, name, clock, _ in places:
            setattr(module, name, clock)


def _interleaved(bench: Bench) -> Finding:
    """Two episodes in turn must go as each goes alone."""

    async def trial() -> str:
        alone = await _alone(bench)
        agent, scripts = await _begun(bench)
        mixed: list[list[Observation]] = [[], []]
        going = list(zip(scripts, mixed, strict=True))
        while going:
            going = [
                (script, observed)
                for script, observed in going
                if await bench.go_on(agent, script, _ABOUT_PAIR, observed)
            ]
        return _apart(alone, mixed)

    good = "two episodes in a row go as each does alone"
    problem = anyio.run(trial)
    return verdict("episodes apart", good, problem and problem + _MEMORY)


def _side_by_side(bench: Bench) -> Finding:
    """As `_interleaved`, at the same time."""

    async def trial() -> str:
        alone = await _alone(bench)
        agent, scripts = await _begun(bench)
        both: dict[int, list[Observation]] = {}

        async def go(index: int) -> None:
            both[index] = await bench.play(agent, scripts[index], _ABOUT_PAIR)

        async with anyio.create_task_group() as group:
            for index in range(len(scripts)):
                group.start_soon(go, index)
        return _apart(alone, [both[index] for index in range(len(scripts))])

    problem = anyio.run(trial)
    good = "two episodes at once go as each does alone"
    return verdict("side by side", good, problem and problem + _MEMORY)


async def _begun(bench: Bench) -> tuple[Agent, tuple[Script, Script]]:
    """Return a new agent before the two episodes."""
    agent = bench.agent()
    await bench.play(agent, bench.repertoire.opening(bench.role), "the market")
    return agent, bench.repertoire.pair(bench.role)


async def _alone(bench: Bench) -> list[list[Observation]]:
    """Play each of the two episodes with an agent of its own."""
    played = []
    for index in range(2):
        agent, scripts = await _begun(bench)
        played.append(await bench.play(agent, scripts[index], _ABOUT_PAIR))
    return played


def _apart(alone: Sequence[list[Observation]], mixed: Sequence[list[Observation]]) -> str:
    for one, other in zip(alone, mixed, strict=True):
        difference = _difference(one, other)
        if difference:
            return difference
    return ""
