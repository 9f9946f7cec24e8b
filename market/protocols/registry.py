"""The protocols by name: one value for each layer; a new one is a line here, or an entry point.

A protocol is looked up in this order: a built-in name; an entry point in the group
`retailsim.protocols`; and, where the name has a colon, ``module:NAME``, first beside the scenario
and then on the normal import path. Nothing of it is imported before it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from retailsim.market.core.event_tags import tag_problem
from retailsim.market.core.plugin_code import find_object, is_foreign, load_point, origin
from retailsim.market.errors import BadProtocol, UnknownProtocol

if TYPE_CHECKING:
    from retailsim.market.core.protocol import MarketRules

GROUP = "retailsim.protocols"
"""The group of entry points that protocols of installed packages use."""
DEFAULT = "retail"
"""What a scenario, and a run without one, is played by."""

T = TypeVar("T")
Part = Literal["market", "agents", "analysis", "run"]
_PARTS: tuple[Part, ...] = ("market", "agents", "analysis", "run")


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """Who may say what when: what it is in each layer.

    Each part is the layer's own value, or where it stands, as ``module:NAME``.

    Parameters
    ----------
    name : str
        What ``design.protocol`` calls it.
    market : market.core.protocol.MarketRules or str
        Its events, its requests with what answers them, and how a market is opened.
    agents : agents.protocol.ProtocolAgents or str
        Base classes, built-in agents, and what the conformance suite asks.
    run : sim.scenario.protocol.ProtocolRun or str
        From a scenario to its markets.
    analysis : analysis.protocol.ProtocolAnalysis or str, optional
        Tables, measures and a section of the report beside those that all protocols share.
    """

    name: str
    market: Any
    agents: Any
    run: Any
    analysis: Any = None


def _ours(name: str) -> Protocol:
    return Protocol(
        name=name,
        market=f"retailsim.market.protocols.{name}.protocol:MARKET",
        agents=f"retailsim.agents.{name}.protocol:AGENTS",
        run=f"retailsim.sim.protocols.{name}.protocol:RUN",
        analysis=f"retailsim.analysis.protocols.{name}:ANALYSIS",
    )


BUILT_IN: Mapping[str, Protocol] = MappingProxyType(
    {name: _ours(name) for name in (DEFAULT, "csales")}
)
"""The protocols that come with the simulator."""


def protocol_names() -> list[str]:
    """The names that can be used without a module: built-in ones, then those of packages."""
    plugins = {point.name for point in entry_points(group=GROUP)}
    return [*BUILT_IN, *sorted(plugins - set(BUILT_IN))]


def find_protocol(name: str, folder: Path | None = None) -> Protocol:
    """Return the protocol of this name.

    Parameters
    ----------
    folder : Path or None
        The scenario's folder, where ``module:NAME`` is looked for first.

    Raises
    ------
    UnknownProtocol
        If nothing has this name.
    BadProtocol
        If it was found and cannot be imported, or is not a protocol, or has events whose tags are
        taken.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    if ":" in name:
        _TRUSTED[name] = _checked(name, find_object(name, name, folder, BadProtocol))
        return _TRUSTED[name]
    points = list(entry_points(group=GROUP, name=name))
    if not points:
        raise UnknownProtocol(name, protocol_names())
    if len(points) > 1:
        rivals = " and ".join(sorted(origin(point) for point in points))
        raise BadProtocol(name, f"{rivals} both offer it; name it as module:NAME")
    return _checked(name, load_point(points[0], name, BadProtocol))


def safe_protocol(name: str) -> Protocol:
    """Return the protocol of this name without running code that nobody chose to run.

    A run folder names its protocol and may hold its module. Whoever looks at a stranger's run must
    not execute that module, so ``module:NAME`` is found only where this very process has played by
    it already.

    Raises
    ------
    UnknownProtocol, BadProtocol
        See `find_protocol`.
    """
    if ":" not in name:
        return find_protocol(name)
    if name not in _TRUSTED:
        problem = (
            "its code stands in the run folder, and looking at a run does not execute it; "
            f"install it with an entry point in the group {GROUP}"
        )
        raise BadProtocol(name, problem)
    return _TRUSTED[name]


_TRUSTED: dict[str, Protocol] = {}
"""Protocols named ``module:NAME`` that this process was told to play by."""


def _checked(name: str, found: object) -> Protocol:
    if not isinstance(found, Protocol):
        raise BadProtocol(name, f"is a {type(found).__name__}, not a Protocol")
    problem = tag_problem(getattr(_market_of(name, found), "events", ()))
    if problem:
        raise BadProtocol(name, problem)
    return found


def _market_of(name: str, protocol: Protocol) -> Any:
    try:
        return imported(protocol.market)
    except (ImportError, AttributeError) as error:
        raise BadProtocol(name, f"its market {protocol.market!r}: {error}") from None


def rules_of(protocol: Protocol) -> MarketRules:
    """Return what a protocol is in the market."""
    from retailsim.market.core.protocol import MarketRules

    return typed_layer(protocol, "market", MarketRules)


def typed_layer(protocol: Protocol, part: Part, kind: type[T]) -> T:
    """Return what a protocol is in one layer, and make sure that it is that.

    Raises
    ------
    BadProtocol
        If it cannot be imported, or is something else.
    """
    value = layer(protocol, part)
    if not isinstance(value, kind):
        found = "missing" if value is None else f"of type {type(value).__name__}"
        raise BadProtocol(protocol.name, f"its part {part!r} is {found}, not a {kind.__name__}")
    return value


def layer(protocol: Protocol, part: Part) -> Any:
    """Return what a protocol is in one layer; None where it adds nothing to analysis."""
    value = getattr(protocol, part)
    if isinstance(value, str) and is_foreign(value.partition(":")[0]):
        return find_object(protocol.name, value, None, BadProtocol)
    return imported(value)


def imported(value: Any) -> Any:
    """Return what ``module:NAME`` names, or the value itself where it is none."""
    return _import(value) if isinstance(value, str) else value


@cache
def _import(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def protocol_modules(protocol: Protocol) -> frozenset[str]:
    """Name the modules of others that a protocol is made of; none for one that is ours.

    They are those of its classes and functions, in whatever part; a run's digests cover them.
    """
    found: set[str] = set()
    for part in _PARTS:
        value = getattr(protocol, part)
        if not isinstance(value, str) or is_foreign(value.partition(":")[0]):
            _gather(imported(value), found)
    return frozenset(name for name in found if is_foreign(name))


def _gather(value: Any, found: set[str]) -> None:
    if isinstance(value, msgspec.Struct):
        found.add(type(value).__module__)
        for name in value.__struct_fields__:
            _gather(getattr(value, name), found)
    elif isinstance(value, Mapping):
        for item in (*value.keys(), *value.values()):
            _gather(item, found)
    elif isinstance(value, tuple | list | frozenset):
        for item in value:
            _gather(item, found)
    elif isinstance(value, type) or callable(value):
        found.add(value.__module__)
