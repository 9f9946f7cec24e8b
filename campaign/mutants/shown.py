"""A mutant as a difference of texts, for whoever judges it or writes a test that kills it."""

from __future__ import annotations

import difflib
from pathlib import Path

from campaign.mutants.mutant import Mutant

AROUND = 4
"""Lines before and after the change."""


def shown(mutant: Mutant, root: Path) -> str:
    """Return its key, where it is, and what changes there, in the tree it was tried in."""
    source = (root / mutant.path).read_bytes()
    before, after = source.decode(), mutant.applied(source).decode()
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), n=AROUND, lineterm="", fromfile="", tofile=""
    )
    head = f"== {mutant.key} {mutant.path}:{mutant.line} {mutant.scope} ({mutant.operator})"
    return "\n".join([head, *list(lines)[3:], ""])
