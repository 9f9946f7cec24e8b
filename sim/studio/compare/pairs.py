"""The pairs of episodes on the page that compares two runs: which are shown, and as what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args
from urllib.parse import urlencode

import msgspec
import polars as pl
from aiohttp import web

from retailsim.analysis.exhibits.parts import NOTHING
from retailsim.analysis.measures.changed_pairs import Changed, Way, change, most_changed
from retailsim.analysis.measures.value_text import change_written, written

EACH = 50
"""Pairs on a page."""
SEATS = ("seller", "buyer")

_BY: Mapping[str, Changed] = {word: word for word in get_args(Changed)}
_WAYS: Mapping[str, Way] = {word: word for word in get_args(Way)}

_Row = Mapping[str, Any]


class BadQuery(web.HTTPBadRequest):
    """An address asks for something by a word that means nothing."""

    def __init__(self, key: str, value: str, valid: str) -> None:
        super().__init__(text=f"{key}={value[:40]}: {key} is one of {valid}.")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which pairs of which runs an address asks for; an empty text is no filter."""

    a: str = ""
    b: str = ""
    by: Changed = "net"
    way: Way = "either"
    seller: str = ""
    buyer: str = ""
    category: str = ""
    after: int = 0

    def query(self, **other: str | int) -> str:
        """Return the query that asks for the same, but for what is given."""
        told = {**msgspec.structs.asdict(self), **other}
        usual = msgspec.structs.asdict(Asked())
        return urlencode({key: value for key, value in told.items() if value != usual[key]})

    @property
    def filtered(self) -> bool:
        """Whether some pairs may be left out."""
        return bool(self.seller or self.buyer or self.category or self.way != "either")


def asked_in(query: Mapping[str, str]) -> Asked:
    """Read an address's query; keys that mean nothing here are passed over.

    Raises
    ------
    BadQuery
    """
    by, way = _BY.get(query.get("by", "net")), _WAYS.get(query.get("way", "either"))
    after = query.get("after", "0")
    if by is None:
        raise BadQuery("by", query["by"], ", ".join(_BY))
    if way is None:
        raise BadQuery("way", query["way"], ", ".join(_WAYS))
    if not (after.isascii() and after.isdigit()) or len(after) > len(str(1 << 40)):
        raise BadQuery("after", after, "0, 50, 100 and so on")
    filters = {key: query.get(key, "") for key in ("a", "b", *SEATS, "category")}
    return Asked(**filters, by=by, way=way, after=int(after))


class Beside(msgspec.Struct, frozen=True):
    """One number of both runs: the change, which way it goes, and both."""

    moved: str
    way: Way
    both: str


class PairShown(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table; `query` leads to both conversations."""

    about: str
    seats: str
    more: str
    decision: Beside
    net: Beside
    profit: Beside
    query: str


class PairsShown(msgspec.Struct, frozen=True, kw_only=True):
    """The table of pairs.

    Parameters
    ----------
    counted : tuple of str
        What is said of all pairs, before any filter.
    rows : tuple of PairShown
        Those of this page.
    asked : Asked
    total : int
        How many the filter leaves.
    options : mapping of str to tuple of str
        Values of each filter.
    profit_known : bool
        Whether any pair has one.
    """

    counted: tuple[str, ...]
    rows: tuple[PairShown, ...]
    asked: Asked
    total: int
    options: Mapping[str, tuple[str, ...]]
    profit_known: bool

    @property
    def before(self) -> str | None:
        """The query of the page before, if there is one."""
        at = self.asked.after
        return None if at == 0 else self.asked.query(after=max(0, at - EACH))

    @property
    def behind(self) -> str | None:
        """The query of the page behind, if there is one."""
        at = self.asked.after + EACH
        return None if at >= self.total else self.asked.query(after=at)


def pairs_shown(pairs: pl.DataFrame, asked: Asked, names: tuple[str, str]) -> PairsShown:
    """Return a page of the table of pairs.

    Parameters
    ----------
    pairs : polars.DataFrame
        As `analysis.measures.changed_pairs.changed_pairs` returns them.
    names : (str, str)
        What the runs are called.
    """
    some = most_changed(_filtered(pairs, asked), asked.by, asked.way)
    page = some.slice(asked.after, EACH)
    conditions = pairs["condition"].n_unique() > 1
    return PairsShown(
        counted=tuple(_counted(pairs, names)),
        rows=tuple(_shown(row, asked, conditions) for row in page.iter_rows(named=True)),
        asked=asked,
        total=some.height,
        options={key: tuple(_values(pairs, key)) for key in (*SEATS, "category")},
        profit_known=pairs["profit"].is_not_null().any(),
    )


def _filtered(pairs: pl.DataFrame, asked: Asked) -> pl.DataFrame:
    """Keep the pairs with a seat of that name, on either side, and of that category."""
    some = pairs
    for role in SEATS:
        if name := getattr(asked, role):
            some = some.filter((pl.col(role) == name) | (pl.col(f"{role}_two") == name))
    return some.filter(pl.col("category") == asked.category) if asked.category else some


def _values(pairs: pl.DataFrame, key: str) -> list[str]:
    both = [key, f"{key}_two"] if key in SEATS else [key]
    return sorted({value for name in both for value in pairs[name].drop_nulls().unique()})


def _counted(pairs: pl.DataFrame, names: tuple[str, str]) -> Iterator[str]:
    """Say how decisions changed, over all pairs."""
    moved = pairs.select(change("decision")).to_series()
    gained, lost = int((moved > 0).sum()), int((moved < 0).sum())
    first, second = names
    yield (
        f"Of {pairs.height:,} pairs, {gained:,} buy in {second} only, {lost:,} in {first} only, "
        f"and {pairs.height - gained - lost:,} decide alike."
    )
    other = int(pairs.select((change("net") != 0).sum()).item())
    yield f"{other:,} differ in net revenue."


def _shown(row: _Row, asked: Asked, conditions: bool) -> PairShown:
    seats = ", ".join(_changed(row[role], row[f"{role}_two"]) for role in SEATS if row[role])
    more = [] if row["replication"] in (None, 0, 1) else [f"replication {row['replication']}"]
    more += [_changed(row["condition"], row["condition_two"])] if conditions else []
    return PairShown(
        about=row["about"] or "",
        seats=seats,
        more=", ".join(more),
        decision=_decisions(row),
        net=amounts(row["net"], row["net_two"]),
        profit=amounts(row["profit"], row["profit_two"]),
        query=_query(row, asked),
    )


def _query(row: _Row, asked: Asked) -> str:
    """The query of a pair's page, which knows in which order it was found."""
    ids = urlencode({"id_a": row["episode"], "id_b": row["episode_two"]})
    return f"{asked.query(after=0)}&{ids}"


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """Where a pair stands in the table; `before` and `behind` are the queries of those beside."""

    number: int
    total: int
    before: str | None
    behind: str | None


def steps(pairs: pl.DataFrame, asked: Asked, first: str, second: str) -> Steps | None:
    """Return where a pair of episodes stands in the table of an address; None where it does not."""
    some = most_changed(_filtered(pairs, asked), asked.by, asked.way)
    here = (some["episode"] == first) & (some["episode_two"] == second)
    at = here.arg_max()
    if at is None or not here[at]:
        return None

    def query(place: int) -> str | None:
        inside = 0 <= place < some.height
        return _query(some.row(place, named=True), asked) if inside else None

    return Steps(number=at + 1, total=some.height, before=query(at - 1), behind=query(at + 1))


def _changed(first: str | None, second: str | None) -> str:
    one, two = first or "", second or ""
    return one if one == two else f"{one} → {two}"


def _decisions(row: _Row) -> Beside:
    said = {True: "buys", False: "does not buy"}
    before, after = row["bought"], row["bought_two"]
    ends = [said[one] + (f", {how}" if how else "") for one, how in _with_outcome(row)]
    both = ends[0] if ends[0] == ends[1] else f"{ends[0]} → {ends[1]}"
    if before == after:
        return Beside("same", "either", both)
    return Beside("now buys", "up", both) if after else Beside("no longer buys", "down", both)


def _with_outcome(row: _Row) -> Iterator[tuple[bool, str | None]]:
    for side in ("", "_two"):
        yield row[f"bought{side}"], row[f"outcome{side}"]


def amounts(before: int | None, after: int | None) -> Beside:
    """Write an amount of both runs, in cents; None where nobody knows it."""
    if before is None or after is None:
        return Beside(NOTHING, "either", "")
    way: Way = "either" if before == after else "up" if after > before else "down"
    moved = change_written("cents", after - before)
    both = f"{written('cents', before)} → {written('cents', after)}"
    return Beside(moved, way, "" if way == "either" and not before else both)
