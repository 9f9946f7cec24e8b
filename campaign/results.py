"""Results: what was run, piece by piece, in a file; summed up in the tables of docs/campaign.md."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from campaign.branches import ROOT
from retailsim.events.log.lock import RunLock

FILE = ROOT / "campaign" / "results.json"
PAGE = ROOT / "docs" / "campaign.md"
BEGIN, END = "<!-- campaign: begin -->\n", "<!-- campaign: end -->\n"


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of the campaign.

    Parameters
    ----------
    part : str
        "fuzz", "damage" or "kill".
    name : str
        The surface, the kind of damage, or what is killed.
    count : int
        Inputs, damages, or kills that hit a living process.
    faults : int
        Kinds of faults that were found.
    steps : int
        Steps between lines of the surface's code that were reached.
    bug_at : int or None
        At which input the planted bug was found; None: it was not looked for.
    """

    part: str
    name: str
    seed: int
    count: int
    faults: int = 0
    seconds: float = 0.0
    steps: int = 0
    bug_at: int | None = None


def read() -> list[Piece]:
    """All pieces so far."""
    return msgspec.json.decode(FILE.read_bytes(), type=list[Piece]) if FILE.is_file() else []


def write(new: Iterable[Piece]) -> None:
    """Keep pieces, each once, and write the page's tables anew; several may do so at once."""
    with RunLock(lock_place(), patience_s=60.0):
        _write(new)


def lock_place() -> Path:
    """Where the lock of the results lies: beside other files that are for this machine alone."""
    return Path(tempfile.gettempdir()) / f"campaign-{sha256(str(ROOT).encode()).hexdigest()[:16]}"


def _write(new: Iterable[Piece]) -> None:
    kept = {(one.part, one.name, one.seed): one for one in (*read(), *new)}
    pieces = sorted(kept.values(), key=lambda one: (one.part, one.name, one.seed))
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(pieces), indent=1) + b"\n")
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}{tables(pieces)}{END}{rest.partition(END)[2]}", "utf-8")


def tables(pieces: Sequence[Piece]) -> str:
    """The tables of the page, as text."""
    return "\n".join((_fuzzed(pieces), _counted(pieces, "damage"), _counted(pieces, "kill")))


def _named(pieces: Sequence[Piece], part: str) -> dict[str, list[Piece]]:
    found: dict[str, list[Piece]] = {}
    for one in pieces:
        if one.part == part:
            found.setdefault(one.name, []).append(one)
    return found


def _fuzzed(pieces: Sequence[Piece]) -> str:
    rows = [
        "| surface | inputs | branches | planted bug found at input | faults |",
        "|---|--:|--:|--:|--:|",
    ]
    total = 0
    for name, parts in _named(pieces, "fuzz").items():
        count = sum(one.count for one in parts)
        found = [one.bug_at for one in parts if one.bug_at is not None]
        steps, faults = max(one.steps for one in parts), sum(one.faults for one in parts)
        at = f"{found[0]:,}" if found else ""
        rows.append(f"| {name} | {count:,} | {steps:,} | {at} | {faults} |")
        total += count
    return "\n".join([*rows, f"| all | {total:,} | | | |", ""])


def _counted(pieces: Sequence[Piece], part: str) -> str:
    rows = [f"| {part}s | count | faults |", "|---|--:|--:|"]
    total = 0
    for name, parts in _named(pieces, part).items():
        count = sum(one.count for one in parts)
        rows.append(f"| {name} | {count:,} | {sum(one.faults for one in parts)} |")
        total += count
    return "\n".join([*rows, f"| all | {total:,} | |", ""])
