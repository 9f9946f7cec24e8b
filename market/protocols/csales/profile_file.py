"""Reading buyer profiles: JSON Lines or a JSON array, strictly, every dirty row named."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from retailsim.events.whole_file import read_bounded
from retailsim.market.errors import MarketError
from retailsim.market.protocols.csales.events import Openness, Style
from retailsim.market.protocols.csales.values import Profile

ProfileId = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[^/\x00-\x1f]+$")]
"""What a profile can be called."""

_Text = Annotated[str, Meta(min_length=1, max_length=20_000)]
_Dollars = Annotated[float, Meta(ge=0.0, le=1e7)]

_BOM = b"\xef\xbb\xbf"
_BEGIN = 4096
"""Bytes that tell what a file is."""
_LONGEST = 4 * 1024 * 1024
"""Bytes of a row."""
_NAMED = 5
"""Dirty rows that an error names."""


class BadProfiles(MarketError):
    """A file of profiles that cannot be used."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"cannot use the profiles {path}: {problem}")


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A profile as files hold it; money in dollars."""

    general_preference: _Text
    target_needs: _Text
    purchase_reason: tuple[_Text, ...]
    budget: tuple[_Dollars, _Dollars]
    target_category: Annotated[tuple[_Text, ...], Meta(min_length=1, max_length=5)]
    decision_making_style: Style
    dialogue_openness: Openness
    id: ProfileId | None = None


_decode_row = msgspec.json.Decoder(_Row).decode


def builtin_profiles() -> Path:
    """The file of profiles that comes with the package."""
    return Path(str(files("retailsim.market.data").joinpath("profiles.jsonl")))


def read_profiles(path: Path) -> list[Profile]:
    """Return all profiles of a file, in its order.

    A row without an ``id`` is called by its number, ``p0001`` being the first; empty lines count.

    Raises
    ------
    BadProfiles
        If the file cannot be read, holds none, or holds rows that are no profiles: the first
        few are named with what is wrong.
    """
    found: list[Profile] = []
    dirty: list[str] = []
    spoilt = 0
    for number, raw in _rows(path):
        try:
            found.append(_profile(_decode_row(raw), number))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            spoilt += 1
            if spoilt <= _NAMED:
                dirty.append(f"row {number}: {error}")
    if dirty:
        more = f" and {spoilt - _NAMED} more" if spoilt > _NAMED else ""
        raise BadProfiles(path, f"{'; '.join(dirty)}{more}")
    if not found:
        raise BadProfiles(path, "it holds none")
    _check_ids(path, found)
    return found


def _check_ids(path: Path, profiles: list[Profile]) -> None:
    seen: set[str] = set()
    for profile in profiles:
        if profile.id in seen:
            raise BadProfiles(path, f"the id {profile.id!r} appears more than once")
        seen.add(profile.id)


def _rows(path: Path) -> Iterator[tuple[int, bytes | msgspec.Raw]]:
    """Yield the rows with their numbers: of JSON Lines, those that an editor shows."""
    try:
        with path.open("rb") as file:
            begin = file.read(_BEGIN).removeprefix(_BOM).lstrip()
        if not begin.startswith(b"["):
            yield from ((number, line) for number, line in _lines(path) if line.strip())
            return
        text = read_bounded(path).removeprefix(_BOM)
        yield from enumerate(msgspec.json.decode(text, type=list[msgspec.Raw]), start=1)
    except OSError as error:
        raise BadProfiles(path, f"{error.strerror}") from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadProfiles(path, f"it is not a JSON array: {error}") from None


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Read line by line, whatever ends them; each byte is one character of Latin-1."""
    with path.open(encoding="latin-1", newline=None) as file:
        for number in itertools.count(1):
            line = file.readline(_LONGEST + 1)
            if not line:
                return
            if len(line) > _LONGEST:
                raise BadProfiles(path, f"row {number}: longer than {_LONGEST:,} bytes")
            data = line.encode("latin-1")
            yield number, data.removeprefix(_BOM) if number == 1 else data


def _profile(row: _Row, number: int) -> Profile:
    low, high = (round(dollars * 100) for dollars in row.budget)
    if low > high or high == 0:
        raise msgspec.ValidationError("budget: must be [least, most], with most above 0")
    return Profile(
        id=row.id or f"p{number:04d}",
        general_preference=row.general_preference,
        target_needs=row.target_needs,
        purchase_reason=row.purchase_reason,
        budget_cents=(low, high),
        target_category=row.target_category,
        decision_making_style=row.decision_making_style,
        dialogue_openness=row.dialogue_openness,
    )
