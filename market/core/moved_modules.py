"""Where modules of 0.1 are now, for plug-ins that still import them by their bare names.

In a clone such an import is refused, and where the distribution is installed there is nothing of
that name, or another's package: either way the person shall read what to write instead.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from traceback import extract_tb

_PACKAGES = frozenset({"agents", "analysis", "events", "market", "sim"})
_FILE = Path(__file__).parents[1] / "data" / "moved_modules.toml"


def moved_modules() -> dict[str, str]:
    """Return the table: module of 0.1, or ``module:Name``, -> module of today."""
    table: dict[str, str] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return table


def advice(error: BaseException, wanted: str) -> str | None:
    """Say which of the simulator's modules an import meant; None if it meant none of them.

    Parameters
    ----------
    error : BaseException
        What was raised while `wanted` was imported.
    wanted : str
        The module that the user named.
    """
    if not isinstance(error, ImportError):
        return None
    for frame in reversed(extract_tb(error.__traceback__)):
        for module, names in _imports(frame.filename, frame.lineno):
            if said := advice_on(module, names):
                return f"{said} ({Path(frame.filename).name}, line {frame.lineno})"
    return advice_on(wanted)


def advice_on(module: str, names: tuple[str, ...] = ()) -> str | None:
    """Say where a module of 0.1 is now, or the parts of it with these names; None if unknown."""
    if module.partition(".")[0] not in _PACKAGES:
        return None
    if "." not in module:  # `from agents import base`; other packages of that name are not ours
        hits = [(f"{module}.{name}", _now(f"{module}.{name}", "")) for name in names]
        module, new = next(((old, now) for old, now in hits if now), (module, None))
        places = [new]
    else:
        places = [_now(module, name) for name in names or ("",)]
    found = list(dict.fromkeys(place for place in places if place))
    if not found:
        return None
    return f"{module} is now {' and '.join(found)}: write `from {found[0]} import ...`"


def _now(module: str, name: str) -> str | None:
    table = moved_modules()
    return table.get(f"{module}:{name}") or table.get(module) or _in_place(f"retailsim.{module}")


def _in_place(module: str) -> str | None:
    try:
        return module if find_spec(module) else None
    except ModuleNotFoundError:  # of the package it would be in
        return None


def _imports(file: str, line: int | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the modules that a line of a file imports, with the names it takes from each."""
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):  # frozen, made at run time, or no text
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.lineno == line and node.module:
            yield node.module, tuple(alias.name for alias in node.names)
        elif isinstance(node, ast.Import) and node.lineno == line:
            yield from ((alias.name, ()) for alias in node.names)
