"""The measure that a command was told by its name."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from retailsim.sim.errors import BadScenario

if TYPE_CHECKING:
    from retailsim.analysis.measures.measure import Measure
    from retailsim.market.protocols.registry import Protocol

_ENDINGS = ("_rate", "_cents")
"""What may be left out of a name: ``conversion``, ``profit``."""
_TOTALS = ("orders", "units", "units_refunded")
"""Counts that say something per episode."""
_BOUNDS = ("_low", "_high")


def asked_measure(name: str, protocol: Protocol) -> Measure:
    """Return the measure of a name, or of a name without ``_rate`` or ``_cents`` at its end.

    Raises
    ------
    BadScenario
        If there is none; the line lists those that there are.
    """
    known = {_short(one.name): one for one in comparable(protocol)}
    found = known.get(_short(name))
    if found is None:
        close = get_close_matches(name.lower(), known, n=1)
        meant = f"; did you mean {close[0]}?" if close else ""
        raise BadScenario("--measure", f"none is called {name!r}{meant}; known: {', '.join(known)}")
    return found


def comparable(protocol: Protocol) -> Sequence[Measure]:
    """Return the measures that runs of a protocol can be compared by."""
    from retailsim.analysis.measures.table import with_own
    from retailsim.market.protocols.registry import layer

    analysis = layer(protocol, "analysis")
    own = () if analysis is None else analysis.measures
    return [one for one in with_own(own) if _says_something(one)]


def _says_something(one: Measure) -> bool:
    if one.name.endswith(_BOUNDS) or one.centred:
        return False
    return one.unit != "count" or one.name in _TOTALS


def _short(name: str) -> str:
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name
