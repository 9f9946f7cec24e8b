"""Buyer profiles: JSON Lines or an array."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import Any

from campaign.planting import planted
from campaign.surface import Surface, as_file, same, within
from retailsim.market.protocols.csales import profile_file
from retailsim.market.protocols.csales.values import Profile


@cache
def seeds() -> tuple[bytes, ...]:
    """A few of the built-in profiles, as lines and as an array."""
    with profile_file.builtin_profiles().open("rb") as lines:
        some = [line.strip() for line in islice(lines, 4)]
    unnamed = some[1].replace(b'"id": "ben", ', b"")
    return (unnamed, b"\n".join(some[:2]), b"[" + b",".join(some[:2]) + b"]", b"\n\n" + some[3])


def feed(data: bytes) -> str:
    """Read profiles; budgets are those of a second reading, in cents."""
    found = profile_file.read_profiles(as_file("fuzz.jsonl", data))
    same("ids", len({profile.id for profile in found}), len(found))
    said = _budgets(data)
    for number, profile in enumerate(found):
        low, high = profile.budget_cents
        within("budget", low, 0, high)
        within("budget", high, 1, 10**9)
        if said is not None:
            same("budget", [low, high], [round(float(dollars) * 100) for dollars in said[number]])
    return "read"


def _budgets(data: bytes) -> list[Any] | None:
    """The budgets as Python's own reader has them; None where it reads something else."""
    text = data.decode().removeprefix("\ufeff")
    try:
        if text.lstrip().startswith("["):
            rows = json.loads(text)
        else:
            rows = [json.loads(one) for one in text.replace("\r", "\n").split("\n") if one.strip()]
        return [row["budget"] for row in rows]
    except (ValueError, RecursionError):
        return None


def _wrong(profile: Callable[..., Profile]) -> Callable[..., Profile]:
    def read(row: Any, number: int) -> Profile:
        if len(row.purchase_reason) == 0 and row.id is None:
            raise IndexError("no reason")
        return profile(row, number)

    return read


SURFACE = Surface(
    name="profiles",
    seeds=seeds,
    feed=feed,
    code=("market/protocols/csales/profile_file.py", "events/whole_file.py"),
    bug=lambda: planted(profile_file, "_profile", _wrong),
)
