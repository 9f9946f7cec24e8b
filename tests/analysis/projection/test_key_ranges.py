"""Ranges of keys hold every row once, in order, and few more than were asked for at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.analysis.projection import key_ranges
from retailsim.analysis.projection.errors import KeptUnreadable
from retailsim.analysis.projection.joined import in_order
from retailsim.analysis.projection.key_ranges import KeyRanges
from retailsim.analysis.projection.packed import Packed, packed

SCHEMA = {"market": pl.String, "episode": pl.String, "seq": pl.Int64}

rows = st.tuples(
    st.sampled_from(["", "m", "m1", "m10", "é", "zz"]),
    st.none() | st.sampled_from(["", "a", "b\x00", "ü"]),
    st.integers(-3, 3),
)
several = st.lists(st.lists(rows, max_size=12), min_size=1, max_size=5)


def pieces_of(parts: Sequence[Sequence[tuple[Any, ...]]]) -> list[Packed]:
    return [packed(pl.DataFrame(part, schema=SCHEMA, orient="row"), 3) for part in parts]


@pytest.mark.slow
@settings(deadline=None)
@given(parts=several, cells=st.sampled_from([1, 7, 24, 1_000]))
def test_ranges_in_order_are_the_whole_in_order(
    parts: list[list[tuple[str, str | None, int]]], cells: int
) -> None:
    """Whatever is null, empty or there several times, and however little is taken at once."""
    key = ("market", "episode", "seq")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_ranges, "_CELLS_AT_ONCE", cells)
        found = pl.concat(in_order(key, pieces_of(parts)))
    listed = [row for part in parts for row in part]
    assert found.equals(pl.DataFrame(listed, schema=SCHEMA, orient="row").sort(key))


class Counted(Sequence[Packed]):
    """Pieces that say which of them were taken."""

    def __init__(self, pieces: Sequence[Packed]) -> None:
        self.pieces = pieces
        self.taken: list[int] = []

    @overload
    def __getitem__(self, at: int) -> Packed: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Packed]: ...

    def __getitem__(self, at: int | slice) -> Packed | Sequence[Packed]:
        assert isinstance(at, int)
        if at < len(self.pieces):
            self.taken.append(at)
        return self.pieces[at]

    def __len__(self) -> int:
        return len(self.pieces)


def numbered(order: Sequence[int], each: int) -> Counted:
    """Pieces with consecutive keys, some a piece."""
    names = [(f"m{number:06d}", None, 0) for number in order]
    return Counted(pieces_of([names[at : at + each] for at in range(0, len(names), each)]))


@pytest.mark.slow
def test_a_range_has_about_as_many_rows_as_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_ranges, "_CELLS_AT_ONCE", 3 * 500)
    pieces = numbered(range(10_000), 700)
    sizes = [part.height for part in KeyRanges(pieces, ("market",))]
    assert sum(sizes) == 10_000
    assert max(sizes) <= 550
    assert len(sizes) <= 25


@pytest.mark.slow
def test_a_range_opens_only_the_pieces_that_reach_into_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a log in the order of its design is read once, not once a range."""
    monkeypatch.setattr(key_ranges, "_CELLS_AT_ONCE", 3 * 500)
    straight = numbered(range(3_000), 500)
    ranges = KeyRanges(straight, ("market",))
    straight.taken.clear()
    count = sum(1 for _ in ranges)
    assert len(straight.taken) <= 2 * len(straight) + count
    mixed = numbered([number * 7_919 % 3_000 for number in range(3_000)], 500)
    ranges = KeyRanges(mixed, ("market",))
    mixed.taken.clear()
    count = sum(1 for _ in ranges)
    assert len(mixed.taken) >= len(mixed) * (count - 1), "the control: here each range needs all"


def test_a_large_market_is_cut_by_the_next_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_ranges, "_CELLS_AT_ONCE", 3 * 100)
    pieces = pieces_of([[("m", f"e{number:04d}", 0) for number in range(1_000)]])
    assert max(part.height for part in KeyRanges(pieces, ("market", "episode"))) <= 120
    assert max(part.height for part in KeyRanges(pieces, ("market",))) == 1_000, "the control"


def test_what_was_not_packed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeptUnreadable):
        list(KeyRanges([b"nothing"], ("market",)))
    monkeypatch.setattr(key_ranges, "_CELLS_AT_ONCE", 1)
    good = pieces_of([[("m", None, 1), ("n", None, 2)]])
    with pytest.raises(KeptUnreadable):
        list(KeyRanges([*good, good[0][:40] + bytes(40) + good[0][80:]], ("market",)))
