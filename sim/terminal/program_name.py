"""The program's name as the person called it, for lines that say what to type next."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar, TypeVarTuple

import click

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")

VARIABLE = "RETAILSIM_PROGRAM"
"""A worker, which nobody typed, learns the name from this variable of its environment."""


def program_name() -> str:
    """Return ``retailsim`` or ``python -m sim``, whichever was typed; the first from Python."""
    told = os.environ.get(VARIABLE) or _KNOWN_AS.get()
    ctx = click.get_current_context(silent=True)
    return told or (ctx and ctx.find_root().info_name) or "retailsim"


def known_as(name: str, function: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
    """Call a function to which the program has this name: a thread does not know what was typed."""
    token = _KNOWN_AS.set(name)
    try:
        return function(*arguments)
    finally:
        _KNOWN_AS.reset(token)


_KNOWN_AS = ContextVar("program's name", default="")
