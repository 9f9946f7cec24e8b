"""The program's name as the person called it, for lines that say what to type next."""

from __future__ import annotations

import os

import click

VARIABLE = "RETAILSIM_PROGRAM"
"""A worker, which nobody typed, learns the name from this variable of its environment."""


def program_name() -> str:
    """Return ``retailsim`` or ``python -m sim``, whichever was typed; the first from Python."""
    told = os.environ.get(VARIABLE)
    ctx = click.get_current_context(silent=True)
    return told or (ctx and ctx.find_root().info_name) or "retailsim"
