"""Which agents there are, and whether one of them behaves."""

from __future__ import annotations

from pathlib import Path

from agents.profiles import profiles
from agents.registry import known
from sim.seats import ROLES
from sim.terminal import Terminal


def show_agents(terminal: Terminal) -> None:
    """Print a table of all agents and profiles."""
    from rich.table import Table
    from rich.text import Text

    table = Table("name", "role", "from", "what it is", title="Agents and profiles")
    for role in ROLES:
        for info in known(role):
            table.add_row(
                *(Text(cell) for cell in (info.name, role, info.origin, info.description))
            )
        for profile in profiles(role).values():
            row = (profile.id, role, "profile", profile.description)
            table.add_row(*(Text(cell) for cell in row))
    terminal.show(table)


def check_agent(name: str, terminal: Terminal) -> int:
    """Run one agent through the conformance suite; returns 0 if it passed."""
    from agents.conformance import check_by_name, render

    role, findings = check_by_name(name, Path.cwd())
    terminal.out(f"{name} as a {role}:")
    terminal.out(render(findings))
    return 0 if all(finding.passed for finding in findings) else 1
