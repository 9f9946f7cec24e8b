"""Who takes the seats of a scenario where the command line names agents or models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from retailsim.agents.protocol import POLICY
from retailsim.events.messages import Role
from retailsim.sim.scenario.settings import Tree
from retailsim.sim.seats.cast import model_table, named

PART = ("persona", "gender")
"""What makes a seat a part that anybody can play."""
STAND_IN = "like-"
"""How the names of seats begin that only stand in for somebody: whoever is named comes instead."""


_POLICY = f"{POLICY}:"
_SECRET = re.compile(r"\s*(?:http:)?https?://(?:(?!https?://)[^@])*@", re.IGNORECASE)

SeatEntry = str | Mapping[str, Any]
"""An entry of ``--sellers`` or ``--buyers``, or a seat's own table."""


SeatEntries = str | Sequence[SeatEntry]
"""Several of them; a text holds names as ``A,B``."""


def entries_of(asked: SeatEntries) -> list[SeatEntry]:
    """Return the seats that are asked for, one after another."""
    entries = _split(asked) if isinstance(asked, str) else asked
    plain = (one.strip() if isinstance(one, str) else one for one in entries)
    return [one for one in plain if one]


def _split(asked: str) -> Iterator[str]:
    """Cut ``A,B`` at its commas, but for those in a secret of an address or a policy's file."""
    pieces = asked.split(",")
    while pieces:
        longer = (",".join(pieces[:count]) for count in range(1, len(pieces) + 1))
        whole = next(filter(_is_whole, longer), pieces[0])
        yield whole
        pieces = pieces[whole.count(",") + 1 :]


def _is_whole(name: str) -> bool:
    """Whether this is an address to the end of its secret, or a policy's file that is there."""
    file = name.strip().removeprefix(_POLICY)
    return bool(_SECRET.match(name)) or (file != name.strip() and Path(file).is_file())


def describe_models(asked: SeatEntries, models: Tree) -> None:
    """Give each name that is PROVIDER/MODEL its table in `models`; what stands there wins."""
    for name in entries_of(asked):
        if not isinstance(name, str):
            continue
        table = model_table(name)
        if table is not None:
            models[name] = {**table, **models.get(name, {})}


def describe_reader(tree: Tree) -> None:
    """Give the reader of claims its table in `models`, if it is named as PROVIDER/MODEL."""
    claims, models = tree.get("claims"), tree.setdefault("models", {})
    name = claims.get("reader") if isinstance(claims, dict) else None
    if isinstance(name, str) and isinstance(models, dict):
        describe_models([name], models)


def give_seats(
    tree: Tree, role: Role, asked: SeatEntries, models: Tree, *, parts: bool = False
) -> None:
    """Replace the seats of a role by those that are named, and describe their models.

    Parameters
    ----------
    asked : str, or sequence of str and table
        Names, as in ``--sellers`` or ``--buyers``, and whole seats.
    models : dict
        The scenario's table ``models``, added to where a name is PROVIDER/MODEL.
    parts : bool
        If the scenario's seats have a persona or a gender, each of these parts is played by each
        of the names, as the seat ``PART@NAME``. Options stay behind: they are the old agent's.
        Stand-ins (``like-NAME``) are no parts, and their personas no part of the experiment.
    """
    describe_models(asked, models)
    seats = [
        named(one, role, models) if isinstance(one, str) else dict(one) for one in entries_of(asked)
    ]
    old = tree.get(f"{role}s")
    if parts and isinstance(old, list) and any(_part(seat) for seat in old):
        seats = [_played(part, seat) for part in old for seat in seats]
    tree[f"{role}s"] = seats


def _part(seat: Any) -> dict[str, Any]:
    if not isinstance(seat, Mapping) or str(seat.get("id", "")).startswith(STAND_IN):
        return {}
    return {key: seat[key] for key in PART if key in seat}


def _played(part: Mapping[str, Any], seat: Mapping[str, Any]) -> dict[str, Any]:
    return {**seat, **_part(part), "id": f"{part['id']}@{seat['id']}"}
