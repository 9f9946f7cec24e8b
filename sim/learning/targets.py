"""Policies that are to be judged, as probabilities of each option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retailsim.agents.errors import BadOption
from retailsim.agents.protocol import POLICY
from retailsim.sim.scenario.scenario import AgentTable


@dataclass(frozen=True, slots=True)
class Target:
    """A policy to be judged.

    Parameters
    ----------
    name : str
        What it is called.
    weighing : callable
        What it would do, as the protocol's rows ask it.
    seat : AgentTable or None
        A seat that does so, to play it; None where there is none.
    """

    name: str
    weighing: Any
    seat: AgentTable | None


def named(name: str, options: Mapping[str, Any]) -> str:
    """Return what a policy with options of its seat is called."""
    said = ", ".join(f"{key} {value}" for key, value in options.items())
    return f"{name} ({said})" if said else name


def seat_of_file(policy: str, options: Mapping[str, Any]) -> tuple[Path, AgentTable] | None:
    """Return the file that ``FILE`` or ``policy:FILE`` names and a seat by it; None: it is no file.

    Raises
    ------
    BadOption
        If such a seat does not take one of the options.
    """
    path = Path(policy.removeprefix(f"{POLICY}:"))
    if not (path.is_file() or policy.startswith(f"{POLICY}:")):
        return None
    check_known(policy, options, {"explore"})
    seated = {**options, "file": str(path.absolute())}
    return path, AgentTable(id="target", agent=POLICY, options=seated)


def check_known(policy: str, given: Mapping[str, Any], known: set[str]) -> None:
    """Refuse options that a seat does not take; raises `BadOption`."""
    for name in given:
        if name not in known:
            taken = ", ".join(sorted(known)) or "no options"
            raise BadOption(policy, f"{name} is not one of its options here; it takes {taken}")
