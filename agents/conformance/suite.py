"""The conformance suite: whether an agent keeps what the market and reproducibility need.

Each check is one line: what was tried, and where it failed, what to do. An agent that fails
one can still run, but its episodes will fail, or its run will not repeat.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio

from retailsim.agents.base import Agent
from retailsim.agents.conformance.bench import Bench, Kind, Observation, described
from retailsim.agents.conformance.findings import Finding, not_checked, render, verdict
from retailsim.agents.conformance.fingerprint import hash_seed_difference
from retailsim.agents.conformance.repeatability import ask_everything, repeatability
from retailsim.agents.registry import part_of, protocol_of, resolve
from retailsim.agents.watchdog import Watchdog
from retailsim.events.messages import Role
from retailsim.market.protocols.registry import Protocol, find_protocol

__all__ = ["Finding", "check", "check_by_name", "render"]

_ABOUT: Mapping[Kind, tuple[str, str]] = {
    "deadlines": ("every answer came in time, without blocking", ""),
    "replies": ("every answer has its type", ""),
    "values": ("{values}", ""),
    "arguments": (
        "requests and options were left as they were",
        "; keep notes in self.memory(request)",
    ),
    "outside": (
        "waits for nothing but self.outside(...)",
        ", so the answer is not recorded and a resumed run differs; ask through it",
    ),
}
"""Kind of problem -> what is said where there is none, and what to do where there is one."""


BLOCKS_S = 0.1
"""A step that takes so long is a thousand times what the built-in agents take."""

_OF_ANSWERS: frozenset[Kind] = frozenset({"replies", "values", "outside"})
"""What cannot be said of an agent that never answered."""


def check_by_name(
    name: str,
    folder: Path | None = None,
    *,
    role: Role | None = None,
    options: Mapping[str, Any] | None = None,
    timeout_s: float = 5.0,
    protocol: str | None = None,
) -> tuple[Role, list[Finding]]:
    """Check the agent of this name, and that its answers don't depend on Python's hash seed.

    Parameters
    ----------
    folder : Path or None
        Where ``module:Class`` is looked for first; the scenario's folder.
    role : Role or None
        None: the role that the class serves; a bare `Agent` is taken for a seller.
    options : mapping
        As in the scenario; must be what TOML can hold.
    protocol : str or None
        As a scenario names it; None: the one that the class serves, a bare `Agent` the default.

    Returns
    -------
    (Role, list of Finding)

    Raises
    ------
    UnknownAgent, BadAgent
        See `agents.registry.resolve`.
    """
    part = part_of(name, folder=folder)
    of = find_protocol(protocol, folder) if protocol else part[0]
    role = role or part[1]
    agent_class = resolve(name, role, folder=folder, protocol=of)
    findings = check(agent_class, role, options=options, timeout_s=timeout_s, protocol=of)
    if not agent_class.waits and all(finding.passed for finding in findings):
        difference = hash_seed_difference(
            name, role, protocol or of.name, folder, options or {}, timeout_s
        )
        findings.append(verdict("hash seed", "two processes gave the same answers", difference))
    return role, findings


def check(
    agent_class: type[Agent],
    role: Role,
    *,
    options: Mapping[str, Any] | None = None,
    timeout_s: float = 5.0,
    say: Callable[[str], None] | None = None,
    protocol: Protocol | None = None,
) -> list[Finding]:
    """Run an agent through the suite; call it from the main thread, outside of an event loop.

    An agent that waits is asked for real: its requests to the outside world are made once, and
    answered from what was noted after that.

    Parameters
    ----------
    options : mapping
        The scenario's ``options`` table.
    timeout_s : float
        Deadline of each answer, in seconds; also how long one step may block.
    say : callable
        Takes a line about an agent that blocks; by default it goes to standard error.
    protocol : Protocol or None
        None: the one that the class serves, see `agents.registry.protocol_of`.

    Returns
    -------
    list of Finding
        In the order of the checks. After a missed deadline, where an agent blocks, and where
        answers do not repeat, the checks that build on it are not run.
    """
    watchdog = Watchdog(warn_s=timeout_s, deadline_s=timeout_s, say=say or _to_stderr)
    protocol = protocol or protocol_of(agent_class)
    bench = Bench(agent_class, role, options or {}, watchdog, timeout_s, protocol)
    made = _construction(bench)
    if not made.passed:
        return [made]
    state = random.getstate()
    try:
        with watchdog:
            return [made, *_checks(bench)]
    finally:
        random.setstate(state)


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")


def _construction(bench: Bench) -> Finding:
    for persona in (True, False):
        try:
            bench.agent(persona=persona)
        except Exception as error:  # noqa: BLE001 - whatever a foreign agent raises is a finding
            having = "with" if persona else "without"
            problem = f"{having} a persona it raised {described(error)}"
            return Finding("construction", False, problem)
    return Finding("construction", True, "made with and without a persona")


def _checks(bench: Bench) -> Iterator[Finding]:
    first = ask_everything(bench)
    observed = first if first[-1].hopeless else first + ask_everything(bench, persona=False)
    blocking = _blocking(bench.held_s)
    yield from _about_replies(bench, observed, blocking)
    if observed[-1].hopeless or blocking:
        return
    yield _hostile(bench)
    yield from repeatability(bench, first)


def _blocking(held_s: Mapping[str, Sequence[float]]) -> str:
    """Name the request at which an agent stops all others; empty where there is none.

    One slow answer may be the machine's: half of them are not.
    """
    for kind, steps in held_s.items():
        usual = sorted(steps)[(len(steps) - 1) // 2]
        if len(steps) > 1 and usual >= BLOCKS_S:
            return (
                f"{kind}: half of {len(steps)} answers stopped the whole process for {usual:.2g} s "
                "or more, all other episodes with it; `await` what you wait for "
                "(self.outside, waits = True), or compute less"
            )
    return ""


def _about_replies(bench: Bench, observed: list[Observation], blocking: str) -> Iterator[Finding]:
    for kind, (good, advice) in _ABOUT.items():
        if kind == "outside" and not bench.agent_class.waits:
            continue
        problem = _first_problem(observed, kind) or (blocking if kind == "deadlines" else "")
        if kind in _OF_ANSWERS and not problem and not any(one.reply for one in observed):
            yield not_checked(kind, "there was no answer")
            continue
        good = good.format(values=bench.repertoire.values)
        yield verdict(kind, f"{len(observed)} requests: {good}", problem and problem + advice)


def _first_problem(observed: Iterable[Observation], *kinds: Kind) -> str:
    found = [
        f"{observation.asked}: {problem.text}"
        for observation in observed
        for problem in observation.problems
        if problem.kind in kinds
    ]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return f"{found[0]}{more}" if found else ""


def _hostile(bench: Bench) -> Finding:
    async def trial() -> list[Observation]:
        script, about = bench.repertoire.hostile(bench.role), bench.repertoire.hostile_text
        return await bench.play(bench.agent(), script, about)

    observed = anyio.run(trial)
    good = f"{len(observed)} requests with commands, braces, markup and control characters"
    return verdict("hostile text", good, _first_problem(observed, "deadlines", "replies"))
