"""Which published figures were put into the behavioral agents, so that none is found in them again.

The list is data (``analysis/data/put_in.toml``): the cells of the paper's tables that the agents'
parameters were fitted to, or chosen after by hand. A figure is put in where agents of that kind
played, with the shipped parameters that it hangs on. With parameters that somebody else set, the
agents show what these say: then an effect that shows was put in by them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
import polars as pl

from retailsim.events.messages import Role

BEHAVIORAL = "behavioral"
"""The kind of seat that has those parameters."""

_AND = " and "


class FittedTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the paper, or a part of it.

    Parameters
    ----------
    name : str
        Such as ``Table 2``.
    how : {"fitted", "chosen"}
        Whether the cells were targets of the fit, or what numbers were chosen after by hand.
    roles : tuple of {"seller", "buyer"}
        Who has to be behavioral for the figures to come from the parameters.
    cells : tuple of str
        The single figures. They hang on all parameters of `roles`.
    effects : mapping of str to tuple of str
        What the table says beyond its levels -> the parameters that this hangs on.
    """

    name: str
    how: Literal["fitted", "chosen"]
    roles: tuple[Role, ...]
    cells: tuple[str, ...]
    effects: Mapping[str, tuple[str, ...]] = {}


class _Figure(msgspec.Struct, frozen=True):
    """One figure: its table, and the parameters that it hangs on."""

    table: FittedTable
    hangs_on: tuple[str, ...]


@cache
def fitted_tables() -> tuple[FittedTable, ...]:
    """Return the whole list."""
    text = files("retailsim.analysis.data").joinpath("put_in.toml").read_text("utf-8")
    return tuple(msgspec.convert(tomllib.loads(text)["tables"], list[FittedTable]))


@cache
def _figures() -> Mapping[str, _Figure]:
    """Every cell and every effect by its full name, such as ``Table 2: men, male``."""
    found = {}
    for table in fitted_tables():
        for cell in table.cells:
            found[f"{table.name}: {cell}"] = _Figure(table, table.roles)
        for effect, hangs_on in table.effects.items():
            found[f"{table.name}: {effect}"] = _Figure(table, hangs_on)
    return found


def put_in(part: pl.DataFrame, *names: str) -> str:
    """Return which figures were put into those who played some episodes; "" where none was.

    One episode that such agents played is enough: what is partly put in is no finding either.

    Parameters
    ----------
    part : polars.DataFrame
        Episodes of a projection: ``seller_kind`` and ``buyer_kind`` are read.
    names : str
        Full names of the cells or effects that the figure is made of; unknown ones do not count.
    """
    known = [name for name in names if name in _figures()]
    roles = {role for name in known for role in _figures()[name].table.roles}
    if not roles:
        return ""
    played = pl.all_horizontal(pl.col(f"{role}_kind").eq_missing(BEHAVIORAL) for role in roles)
    return _AND.join(known) if part.select(played.any()).item() else ""


def still_put_in(names: str, changed: Collection[str]) -> str:
    """Return what `put_in` returned, or "" if a run changed a parameter that it hangs on.

    Parameters
    ----------
    changed : collection of str
        Dotted keys of parameters that are not as shipped, such as ``buyer.choice.price``.
    """
    if not names:
        return ""
    hangs_on = {key for name in names.split(_AND) for key in _figures()[name].hangs_on}
    return "" if any(_below(key, hangs_on) for key in changed) else names


def set_by_note(names: Collection[str], changed: Mapping[str, str]) -> str:
    """Say who put in the effects of these names, which hang on changed parameters.

    Parameters
    ----------
    changed : mapping of str to str
        Dotted keys of parameters that are not as shipped -> who set them.
    """
    shown = list(dict.fromkeys(one for joined in names for one in joined.split(_AND)))
    hangs_on = {key for one in shown for key in _figures()[one].hangs_on}
    who = dict.fromkeys(who for key, who in changed.items() if _below(key, hangs_on))
    return (
        f"put in: set by these parameters, not found ({', '.join(shown)}). Behavioral agents "
        f"played here, and what this hangs on was set by {_AND.join(who)}."
    )


def _below(key: str, hangs_on: Collection[str]) -> bool:
    return any(key == one or key.startswith(f"{one}.") for one in hangs_on)


def tables_of(names: str) -> frozenset[str]:
    """Return the tables of what `put_in` returned, such as ``Table 2``."""
    return frozenset(_figures()[name].table.name for name in names.split(_AND) if name)


def put_in_notes(names: Collection[str]) -> tuple[str, ...]:
    """Say once what `put in` means, for the figures of these names (as `put_in` returns them)."""
    tables = [_figures()[name].table for joined in names for name in joined.split(_AND)]
    said = []
    for how, words in _WORDS.items():
        shown = list(dict.fromkeys(table.name for table in tables if table.how == how))
        if shown:
            said.append(words.format(", ".join(shown)))
    return tuple(said)


_WORDS = {
    "fitted": (
        "put in: behavioral agents played here, and these cells of {} were targets when their "
        "parameters were fitted (docs/calibration.md). That they agree is no finding."
    ),
    "chosen": (
        "put in by hand: parameters of the behavioral agents that played here were chosen after "
        "these published figures ({}). That they agree is no finding."
    ),
}
