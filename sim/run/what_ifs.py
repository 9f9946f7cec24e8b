"""What the flags of a launch lay over a scenario, and which of it is only tried out on top.

An anchor is solved on the baseline: the scenario as its file has it. A discount, another seller or
another buyer on top of that is a question about the shop that the anchor describes, so nothing is
solved again for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from retailsim.sim.errors import BadScenario
from retailsim.sim.scenario.settings import Tree
from retailsim.sim.seats.cast import ROLES
from retailsim.sim.seats.seat_names import give_seats

if TYPE_CHECKING:
    from retailsim.sim.run.launch_options import Options

BASELINE = ("anchor", "products", "profiles", "run", "behavioral", "models", "design.protocol")
"""Keys of settings, with all below them, that describe the shop rather than ask about it. Models
are no part of what is solved, but a scenario may need them to make sense."""


_LONGEST = 100
"""Characters that a run's name may have."""


def without_what_ifs(options: Options, tree: Tree) -> tuple[Options, tuple[str, ...]]:
    """Return the options of the baseline, and words for what they leave out.

    Parameters
    ----------
    tree : dict
        The scenario's own tables. Seats that it lacks are those that the options name.
    """
    found: dict[str, Any] = {}
    told = []
    for role in ROLES:
        key = f"{role}s"
        if getattr(options, key) is not None and tree.get(key):
            found[key] = None
            told.append(key)
    kept = tuple(one for one in options.settings if _of_baseline(one))
    told += [one for one in options.settings if one not in kept]
    return msgspec.structs.replace(options, settings=kept, **found), tuple(told)


def _of_baseline(setting: str) -> bool:
    key = setting.partition("=")[0].strip()
    return any(key == one or key.startswith(f"{one}.") for one in BASELINE)


def lay_flags(tree: Tree, options: Options) -> None:
    """Lay the flags of a launch over a scenario's tables."""
    run = table_of(tree, "run", options)
    for key, value in (("seed", options.seed), ("workers", options.workers)):
        if value is not None:
            run[key] = value
    if options.catalog is not None:
        named = str(options.catalog)
        path = named if named == "builtin" else str(options.catalog.absolute())
        table_of(tree, "products", options)["catalog"] = path
    if options.profiles is not None:
        named_file = str(options.profiles)
        path = named_file if named_file == "builtin" else str(options.profiles.absolute())
        table_of(tree, "profiles", options)["file"] = path
    for role, asked in zip(ROLES, (options.sellers, options.buyers), strict=True):
        if asked is not None:
            models = table_of(tree, "models", options)
            give_seats(tree, role, asked, models, parts=options.parts)


def name_after(tree: Tree, file: Path) -> None:
    """Call a scenario by its file's name where it does not say its own."""
    run, name = tree.setdefault("run", {}), file.stem
    if isinstance(run, dict) and file.is_file() and name.isprintable() and len(name) <= _LONGEST:
        run.setdefault("name", name)


def table_of(tree: Tree, key: str, options: Options) -> Tree:
    """Return a table of the scenario, which may not have it yet.

    Raises
    ------
    BadScenario
        If something else stands there.
    """
    table = tree.setdefault(key, {})
    if not isinstance(table, dict):
        raise BadScenario(options.scenario, f"{key}: must be a table")
    return table
