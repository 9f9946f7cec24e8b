"""Which protocol a run was played by, and what that adds to analysis.

``run.toml`` holds the run's scenario, and that names the protocol. A folder without one, such as a
bare log, is taken to be of the default protocol.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retailsim.analysis.projection.errors import BadTables
from retailsim.analysis.projection.protocol_tables import NO_MORE, ProtocolTables
from retailsim.events.toml_text import parse_toml
from retailsim.events.whole_file import read_bounded
from retailsim.market.errors import MarketError
from retailsim.market.protocols.registry import DEFAULT, layer, safe_protocol

if TYPE_CHECKING:
    from retailsim.analysis.measures.measure import Measure


@dataclass(frozen=True, slots=True)
class Registered:
    """The protocol of a run.

    Parameters
    ----------
    name : str
        As ``design.protocol`` has it.
    tables : ProtocolTables
        What it adds, usually an `analysis.protocol.ProtocolAnalysis`.
    missing : str
        Why its code could not be had; a run is replayed without it then, by the shared tables.
    """

    name: str
    tables: ProtocolTables = NO_MORE
    missing: str = ""


def registered(run: Path) -> Registered:
    """Return the protocol of a run.

    Raises
    ------
    BadTables
        If what it registers for analysis is something else.
    """
    name = protocol_name(run)
    try:
        value: object = layer(safe_protocol(name), "analysis")
    except MarketError as error:
        return Registered(name, missing=str(error))
    if value is None:
        return Registered(name)
    if not isinstance(value, ProtocolTables):
        raise BadTables(name, f"it is a {type(value).__name__}, not a ProtocolAnalysis")
    return Registered(name, value)


def own_measures(run: Path) -> tuple[Measure, ...]:
    """Return the measures that the protocol of a run adds to the shared ones.

    Raises
    ------
    BadTables
        If what it registers for analysis is something else.
    """
    return registered(run).tables.measures


def protocol_name(run: Path) -> str:
    """Return the name of the protocol that a run's scenario asks for."""
    told = design_of(run, "protocol")
    return told if isinstance(told, str) else DEFAULT


def design_of(run: Path, key: str) -> Any:
    """Return what the design of a run's scenario says of a key, as ``run.toml`` has it.

    None where that says nothing or cannot be read: what the log says can still be told.
    """
    return _told(run, "scenario", "design", key)


def planned_episodes(run: Path) -> int | None:
    """Return how many episodes a run is to have in the end; None where its folder does not say."""
    told = _told(run, "episodes")
    return told if isinstance(told, int) and not isinstance(told, bool) else None


def is_in_order(run: Path) -> bool:
    """Whether a run's markets are played in the order of its list of products or profiles.

    Not where people come when they like, where it is played in shares that begin in many places,
    where it was imported, or where its folder says nothing.
    """
    apart = (_told(run, "scenario", "study"), _told(run, "plan"), _told(run, "imported"))
    return _told(run, "scenario") is not None and not any(apart)


def _told(run: Path, *keys: str) -> Any:
    path = run / "run.toml"
    if not path.is_file():  # a pipe would be waited for without end
        return None
    try:
        told: Any = _parsed(read_bounded(path))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    for name in keys:
        told = told.get(name) if isinstance(told, dict) else None
    return told


@lru_cache(maxsize=4)  # one command asks for several keys of the same file
def _parsed(raw: bytes) -> dict[str, Any]:
    """Return what a ``run.toml`` with these bytes says; nobody changes it."""
    return parse_toml(raw.decode())
