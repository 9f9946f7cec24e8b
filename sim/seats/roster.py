"""Which agents there are, and whether one of them behaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from retailsim.agents.errors import BadAgent
from retailsim.agents.profiles import profiles
from retailsim.agents.protocol import PERSON, WIRE, agents_of
from retailsim.agents.registry import AgentInfo, about, known
from retailsim.agents.wire.address import shown_url, wire_options, wire_url
from retailsim.events.messages import Role
from retailsim.market.protocols.registry import (
    DEFAULT,
    Protocol,
    find_protocol,
    protocol_names,
)
from retailsim.sim.scenario.settings import Tree, lay_over
from retailsim.sim.seats.cast import ROLES
from retailsim.sim.terminal.terminal import Terminal, printable


def show_agents(terminal: Terminal) -> None:
    """Print a table of all agents and profiles."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    for role in ROLES:
        table = Table(f"{role}s", "from", "what it is", box=SIMPLE_HEAD, pad_edge=False)
        for row in _agents(role):
            table.add_row(*(Text(printable(cell)) for cell in row))
        terminal.show(table)
    for name in protocol_names():
        if name != DEFAULT:
            _show_agents_of(find_protocol(name), terminal)
    terminal.out(
        "A seat also takes module:Class, model with a [models] table, or http with options.url."
    )


def _show_agents_of(protocol: Protocol, terminal: Terminal) -> None:
    """Print the agents of another protocol than the default, with those that ask models."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    for role in ROLES:
        title = f"{protocol.name} {role}s"
        table = Table(title, "from", "what it is", box=SIMPLE_HEAD, pad_edge=False)
        for info in known(role, protocol):
            table.add_row(*(Text(printable(cell)) for cell in _told(info)))
        for (name, of_role), target in agents_of(protocol).models.items():
            if of_role == role:
                table.add_row(name, "a model", Text(about(name, target).replace("``", "")))
        terminal.show(table)


def _agents(role: Role) -> Iterator[tuple[str, str, str]]:
    """Name, origin and description of each agent and profile."""
    for info in known(role):
        yield _told(info)
    for profile in profiles(role).values():
        yield profile.id, "profile", profile.description


def _told(info: AgentInfo) -> tuple[str, str, str]:
    return info.name, info.origin, info.description.replace("``", "")


def check_agent(
    name: str,
    terminal: Terminal,
    role: Role | None = None,
    settings: Sequence[str] = (),
    protocol: str | None = None,
) -> int:
    """Run one agent through the conformance suite; returns 0 if it passed.

    Parameters
    ----------
    name : str
        As a scenario has it, or the address of an agent over HTTP.
    role : Role or None
        None: the one that its class serves.
    settings : sequence of str
        KEY=VALUE of the options that a seat would give it.
    protocol : str or None
        None: the one that its class serves.

    Raises
    ------
    BadAgent
        If it cannot be checked.
    """
    from retailsim.agents.conformance import check_by_name, render

    if name == PERSON:
        raise BadAgent(name, "a person has no code to check; bots try its seat, see docs/people.md")
    options: Tree = {}
    url = wire_url(name)
    agent, shown = (name, name) if url is None else (WIRE, shown_url(url))
    if url is not None:
        options["url"] = url
    if agent == WIRE:
        options["attempts"] = 1  # who checks waits beside it
    lay_over(options, settings)
    role, findings = check_by_name(
        agent,
        Path.cwd(),
        role=role,
        options=options,
        timeout_s=5.0 if agent != WIRE else 1.0 + wire_options(shown, options).deadline_s,
        protocol=protocol,
    )
    terminal.out(f"{name} as a {role}:")
    terminal.out(render(findings))
    return 0 if all(finding.passed for finding in findings) else 1
