"""Agents by name: built-in ones, plug-ins of installed packages, and classes of one's own.

A name is looked up in this order: a built-in name; an entry point in the group
`retailsim.agents`; and, where it has a colon, ``module:Class``, first beside the scenario and
then on the normal import path. Nothing is imported before it is asked for.
"""

from __future__ import annotations

import inspect
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import msgspec

from retailsim.agents.base import Agent
from retailsim.agents.errors import AgentsError, BadAgent, UnknownAgent
from retailsim.agents.protocol import PERSON, WIRE, Target, agents_of
from retailsim.events.messages import Role
from retailsim.market.core.plugin_code import (
    find_object,
    is_foreign,
    load_point,
    origin,
    source_digest,
)
from retailsim.market.protocols.registry import BUILT_IN, DEFAULT, Protocol, find_protocol

GROUP = "retailsim.agents"
"""The group of entry points that plug-ins use."""


class AgentInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One line of ``sim agents``.

    Parameters
    ----------
    origin : str
        ``built-in``, or the package that offers the agent with its version.
    description : str
        The first line of the class's docstring, or why it cannot be loaded.
    """

    name: str
    role: Role
    origin: str
    description: str


def resolve(
    name: str, role: Role, *, folder: Path | None = None, protocol: Protocol | None = None
) -> type[Agent]:
    """Return the class that serves as `role` under this name, ready to be instantiated.

    Parameters
    ----------
    name : str
        A built-in name, an entry point's name, or ``module:Class``.
    folder : Path or None
        The scenario's folder, where ``module`` is looked for first.
    protocol : Protocol or None
        What the agent has to be able to do; None: the default protocol.

    Raises
    ------
    UnknownAgent
        If nothing has this name.
    BadAgent
        If it was found but cannot be imported, is not an agent of this role, or lacks methods.
    """
    protocol = protocol or find_protocol(DEFAULT)
    return fit(name, role, protocol, _found(name, role, folder, protocol))


def part_of(name: str, *, folder: Path | None = None) -> tuple[Protocol, Role]:
    """Return the protocol and the role that an agent serves.

    Of a name that several built-in agents share it is the first one's; a bare `Agent` may serve
    in any part, as an agent over a wire may, and is taken for a seller of the default protocol.

    Raises
    ------
    UnknownAgent, BadAgent
        If nothing has this name, or it cannot be imported.
    """
    for protocol in BUILT_IN.values():
        for known_name, role in agents_of(protocol).built_in:
            if known_name == name:
                return protocol, role
    default = find_protocol(DEFAULT)
    found = _found(name, "seller", folder, default)
    parts = _parts(found) if isinstance(found, type) else []
    return parts[0] if parts else (default, "seller")


def protocol_of(cls: type[Agent]) -> Protocol:
    """Return the built-in protocol that a class was made for; the default where it is none's."""
    parts = _parts(cls)
    return parts[0][0] if parts else find_protocol(DEFAULT)


def _parts(cls: type) -> list[tuple[Protocol, Role]]:
    return [
        (protocol, role)
        for protocol in BUILT_IN.values()
        for role, base in agents_of(protocol).bases.items()
        if issubclass(cls, base)
    ]


def known(role: Role, protocol: Protocol | None = None) -> list[AgentInfo]:
    """List the built-in agents of a role and those of installed packages, by name.

    A plug-in that cannot be loaded is listed too, with the reason as its description.
    """
    protocol = protocol or find_protocol(DEFAULT)
    ours = [
        AgentInfo(name=name, role=role, origin="built-in", description=about(name, target))
        for (name, of_role), target in agents_of(protocol).built_in.items()
        if of_role == role
    ]
    plugins = (_info(point, role, protocol) for point in entry_points(group=GROUP))
    return ours + sorted((info for info in plugins if info), key=lambda info: info.name)


def digest(cls: type[Agent]) -> str:
    """Return the SHA-256 of the source an agent is made of, in hexadecimal.

    It covers the class's module and the modules of those of its bases that do not come with
    the simulator, so a run can tell whether a plug-in changed.
    """
    foreign = {base.__module__ for base in cls.__mro__ if is_foreign(base.__module__)}
    return source_digest(foreign or {cls.__module__})


def _found(name: str, role: Role, folder: Path | None, protocol: Protocol) -> Any:
    target = agents_of(protocol).target(name, role)
    if isinstance(target, str):  # the protocol's own, whatever stands in the folder
        return find_object(name, target, None, BadAgent)
    if target is not None:
        return target
    if name == WIRE:
        from retailsim.agents.wire.agent import wire_agent

        return wire_agent(protocol)
    if name == PERSON:
        from retailsim.agents.person.agent import person_agent

        return person_agent(protocol)
    if ":" not in name:
        return load_point(_entry_point(name, role, protocol), name, BadAgent)
    return find_object(name, name, folder, BadAgent)


def _entry_point(name: str, role: Role, protocol: Protocol) -> EntryPoint:
    points = list(entry_points(group=GROUP, name=name))
    if not points:
        raise UnknownAgent(name, role, ", ".join(_names(role, protocol)))
    if len(points) > 1:
        rivals = " and ".join(sorted(origin(point) for point in points))
        raise BadAgent(name, f"{rivals} both offer it; name the class as module:Class")
    return points[0]


def _names(role: Role, protocol: Protocol) -> list[str]:
    plugins = {point.name for point in entry_points(group=GROUP)}
    return sorted(plugins | set(agents_of(protocol).names(role)))


def _info(point: EntryPoint, role: Role, protocol: Protocol) -> AgentInfo | None:
    try:
        cls = load_point(point, point.name, BadAgent)
        if isinstance(cls, type) and issubclass(cls, Agent) and _unfit(cls, role, protocol):
            return None
        about = _first_line(fit(point.name, role, protocol, cls))
    except AgentsError as error:
        about = f"cannot be used: {error}"
    return AgentInfo(name=point.name, role=role, origin=origin(point), description=about)


def about(name: str, target: Target) -> str:
    """Return the first line of the docstring of a class that comes with a protocol."""
    found = find_object(name, target, None, BadAgent) if isinstance(target, str) else target
    return _first_line(found)


def _first_line(found: Any) -> str:
    return (inspect.getdoc(found) or "").partition("\n")[0]


def _unfit(found: type[Agent], role: Role, protocol: Protocol) -> str | None:
    """Say which other part a class was made for, if it was made for one."""
    own = agents_of(protocol).bases.get(role)
    if own is None or issubclass(found, own):
        return None
    for other, of_role in _parts(found):
        base = agents_of(other).bases[of_role]
        of = f" of the protocol {protocol.name}" if other != protocol else ""
        return f"is a {base.__name__} and cannot be a {role}{of}"
    return None


def fit(name: str, role: Role, protocol: Protocol, found: Any) -> type[Agent]:
    """Return `found` if it is a complete agent class that may serve as `role`."""
    if not isinstance(found, type):
        raise BadAgent(name, f"is a {type(found).__name__}, not a class")
    if not issubclass(found, Agent):
        raise BadAgent(name, f"is not an agent: subclass {_bases(protocol)}")
    problem = _unfit(found, role, protocol)
    if problem is not None:
        raise BadAgent(name, problem)
    missing = sorted(getattr(found, "__abstractmethods__", ()))
    if missing:
        raise BadAgent(name, f"lacks {', '.join(missing)}: define them in {found.__name__}")
    if is_foreign(found.__module__):
        found.trusted = False  # a plug-in made from a built-in agent would inherit its trust
    return found


def _bases(protocol: Protocol) -> str:
    names = [base.__name__ for base in agents_of(protocol).bases.values()]
    return " or ".join([", ".join(names), "Agent"]) if names else "Agent"
