"""Many events as one row per key: of one type, of all types, and of rows that are such already.

Folding is the same operation everywhere, and gives the same row however events are divided. Most
columns are fed by a single event type, so events of a type are folded over only these, and what
all types say of a key is laid side by side. Rows that had all columns, mostly null, would take four
times the time and a hundred megabytes more for a segment of the log.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import polars as pl

from retailsim.analysis.projection.tables import Column, ColumnTable, Rule


def contribution(table: ColumnTable, event_type: str, events: pl.LazyFrame) -> pl.LazyFrame:
    """One row per key of what events of one type say of a table, in the columns that they feed."""
    fed = table.fed_by(event_type)
    rows = events.filter(table.within).select(*table.key, "seq", **fed)
    return fold(_only(table, fed), rows)


def put_together(
    table: ColumnTable, found: Mapping[str, pl.DataFrame], nothing: pl.DataFrame
) -> pl.LazyFrame:
    """One row per key of what all events say of a table.

    Parameters
    ----------
    found : mapping of str to polars.DataFrame
        By event type, rows of `contribution`; a key may have several, in the order of the log.
    nothing : polars.DataFrame
        No rows, of all columns.
    """
    shared = [name for name, column in table.columns.items() if len(column.on) > 1]
    by_key = ("seq", *shared)
    parts = [rows.lazy().select(*table.key, *_those(rows, by_key)) for rows in found.values()]
    parts.append(nothing.lazy().select(*table.key, *by_key))
    whole = fold(_only(table, shared), pl.concat(parts, how="diagonal"))
    for event_type, rows in found.items():
        own = [name for name in table.fed_by(event_type) if name not in shared]
        if own:
            once = _once(_only(table, own), rows).drop("seq")
            whole = whole.join(once.lazy(), on=table.key, how="left", nulls_equal=True)
    return whole.select(
        *table.key,
        "seq",
        *(
            _said(name, column, known=bool(found.keys() & set(column.on)), nothing=nothing)
            for name, column in table.columns.items()
        ),
    )


def _once(table: ColumnTable, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows that are folded already with each key once; most are so as they come."""
    rows = rows.select(*table.key, "seq", *table.columns)
    several = rows.select(pl.struct(table.key).n_unique()).item() < rows.height
    return fold(table, rows.lazy()).collect() if several else rows


def _only(table: ColumnTable, names: Collection[str]) -> ColumnTable:
    columns = {name: column for name, column in table.columns.items() if name in names}
    return replace(table, columns=columns)


def _those(rows: pl.DataFrame, names: Collection[str]) -> list[str]:
    return [name for name in rows.columns if name in names]


def _said(name: str, column: Column, *, known: bool, nothing: pl.DataFrame) -> pl.Expr:
    """A column of all keys; where no event said anything of one, it is as `fold` has it then."""
    value = pl.col(name) if known or len(column.on) > 1 else pl.lit(None, nothing.schema[name])
    return (value.fill_null(0) if column.rule == "sum" else value).alias(name)


def fold(table: ColumnTable, rows: pl.LazyFrame) -> pl.LazyFrame:
    """One row per key; ``seq`` becomes the last one, which orders the pieces of a key."""
    values = [_apply(column.rule, pl.col(name)) for name, column in table.columns.items()]
    return rows.group_by(table.key).agg(pl.col("seq").max(), *values)


def _apply(rule: Rule, value: pl.Expr) -> pl.Expr:
    match rule:
        case "last":
            return value.last(ignore_nulls=True)
        case "sum":
            return value.sum()
        case "min":
            return value.min()
        case "max":
            return value.max()
