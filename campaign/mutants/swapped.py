"""A mutant in a process that has imported its module: functions are given the mutant's code.

Other modules hold the functions themselves, so that they see the change too. It is only for mutants
inside functions; what runs on import needs another process.
"""

from __future__ import annotations

import gc
import os
import sys
from functools import cache
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FunctionType


class Functions:
    """The functions of a tree that this process has imported, found once.

    Parameters
    ----------
    place : Path
        The tree.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._of: dict[str, list[FunctionType]] = {}
        for one in gc.get_objects():
            if isinstance(one, FunctionType):
                self._of.setdefault(_real(one.__code__.co_filename), []).append(one)
        files = [getattr(module, "__file__", None) for module in [*sys.modules.values()]]
        self._imported = {_real(file) for file in files if isinstance(file, str)}

    def swap(self, path: str, before: bytes, after: bytes) -> bool:
        """Give the functions of a module the code of another text of it.

        Parameters
        ----------
        path : str
            The module's file in the tree.
        before, after : bytes
            Its text when it was imported, and the text whose code is wanted.

        Returns
        -------
        bool
            False: what differs cannot be reached, so the process is not the mutant's.
        """
        file = _real(str(self._place / path))
        if file not in self._imported:
            return True  # it will be imported as it is then
        codes = _pairs(_compiled(before, file), _compiled(after, file))
        wanted = {old for old, new in codes.items() if not _alike(old, new)}
        given = False
        for function in self._of.get(file, ()):
            if function.__code__ in wanted:
                try:
                    function.__code__ = codes[function.__code__]
                except ValueError:  # the mutant sees other variables of the function around it
                    return False
                given = True
        return given


@cache
def _real(file: str) -> str:
    return os.path.realpath(file)


def _compiled(source: bytes, file: str) -> CodeType:
    return compile(source, file, "exec", dont_inherit=True)


def _pairs(before: CodeType, after: CodeType) -> dict[CodeType, CodeType]:
    """Pair the functions of two texts, as far down as both have the same ones in the same order."""
    found = {}
    olds, news = _below(before), _below(after)
    if [one.co_name for one in olds] == [one.co_name for one in news]:
        for old, new in zip(olds, news, strict=True):
            if old.co_flags & CO_OPTIMIZED:
                found[old] = new
            found.update(_pairs(old, new))
    return found


def _below(code: CodeType) -> list[CodeType]:
    return [one for one in code.co_consts if isinstance(one, CodeType)]


def _alike(one: CodeType, other: CodeType) -> bool:
    """Whether two codes do the same, wherever their lines are."""
    same = (one.co_code, one.co_names, one.co_varnames) == (
        other.co_code,
        other.co_names,
        other.co_varnames,
    )
    return (
        same
        and all(
            _alike(a, b) if isinstance(a, CodeType) and isinstance(b, CodeType) else _equal(a, b)
            for a, b in zip(one.co_consts, other.co_consts, strict=False)
        )
        and len(one.co_consts) == len(other.co_consts)
    )


def _equal(one: object, other: object) -> bool:
    return type(one) is type(other) and repr(one) == repr(other)
