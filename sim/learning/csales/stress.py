"""Moved buyers: the same people, harder to sell to in one way or another, and in all ways at once.

A policy learns how its buyers are made. So it is played against others that nobody learnt from, as
parameters laid over the behavioral buyer's (``agents/data/csales.toml``); what holds only as long
as buyers stay as they were shows here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from retailsim.agents.csales.behavioral.parameters import defaults
from retailsim.agents.parameter_files import laid_over
from retailsim.sim.run.launch import read_scenario
from retailsim.sim.run.launch_options import Options

BUYER = "csuser"
"""The agent whose parameters are moved; others play as they are."""
REPELLED = -1.2
"""Affinity of a tactic that does not suit; -0.5 as shipped."""
PATIENCE = 2
"""Turns and persuasions that impatient buyers put up with less."""


def _repelled() -> dict[str, Any]:
    """Return affinities of which those below 0 are lower still."""
    return {
        style: {tactic: min(value, REPELLED) for tactic, value in of.items() if value < 0.0}
        for style, of in defaults().persuasion.affinity.items()
    }


def _impatient() -> dict[str, Any]:
    return {
        name: {
            "patience": max(0, traits.patience - PATIENCE),
            "persuasions": max(0, traits.persuasions - PATIENCE),
        }
        for name, traits in defaults().openness.items()
    }


def _moved() -> dict[str, dict[str, Any]]:
    each: dict[str, dict[str, Any]] = {
        "harder start": {"will": {"start": defaults().will.start - 0.7}},
        "wrong tactic repels": {"persuasion": {"affinity": _repelled()}},
        "impatient": {"openness": _impatient(), "leaving": {"beyond": 0.6}},
        "pickier": {"worth": {"appeals": defaults().worth.appeals + 0.15}},
        "early pushing costs": {"fatigue": {"pushed": 1.5, "missed": 0.5}},
    }
    together: dict[str, Any] = {}
    for tables in each.values():
        together = laid_over(together, tables)
    return {"as trained": {}, **each, "all at once": together}


MOVED: Mapping[str, Mapping[str, Any]] = MappingProxyType(_moved())
"""How buyers are moved -> tables of parameters that are laid over theirs."""


def moved(scenario: Options, how: str) -> Options:
    """Return a scenario whose behavioral buyers are moved in one of the ways of `MOVED`."""
    tables = MOVED[how]
    buyers = read_scenario(scenario)[0].buyers
    seats = [
        {
            **msgspec.to_builtins(seat),
            "options": laid_over(seat.options, tables if seat.agent == BUYER else {}),
        }
        for seat in buyers
    ]
    return msgspec.structs.replace(scenario, buyers=_plain(seats))


def _plain(seats: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return seats with nothing that is left open."""
    return [{key: value for key, value in seat.items() if value is not None} for seat in seats]
