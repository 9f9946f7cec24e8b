"""Names that are imported from their modules when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, modules: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return ``__getattr__``, ``__dir__`` and ``__all__`` of a module of such names.

    Parameters
    ----------
    package : str
        The module's own name.
    modules : mapping of str to sequence of str
        Module -> the names that stand in it.
    """
    home = {name: module for module, names in modules.items() for name in names}

    def found(name: str) -> Any:
        """Import what is asked for from its module, and keep it."""
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(home[name]), name)
        setattr(import_module(package), name, value)
        return value

    def names() -> list[str]:
        """Return the names there are, imported or not."""
        own = vars(import_module(package))
        return sorted({*home, *(name for name in own if name.startswith("__"))})

    return found, names, sorted(home)
