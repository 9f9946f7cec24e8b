"""Rows come out the same however events are divided: by type, by piece, or not at all."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import polars as pl
import pytest

from retailsim.analysis.projection.folding import contribution, fold, put_together
from retailsim.analysis.projection.pieces import by_type
from retailsim.analysis.projection.tables import Column as Fed
from retailsim.analysis.projection.tables import ColumnTable, count, last, total

AMOUNT = pl.col("amount")
TABLE = ColumnTable(
    key=("episode",),
    within=pl.col("episode").is_not_null(),
    columns={
        "name": last("Opened", "name"),
        "opened": count("Opened"),
        "paid": total("Paid", AMOUNT),
        "least": Fed(("Paid",), AMOUNT, "min"),
        "both": Fed(("Opened", "Paid"), AMOUNT, "max"),
        "sum_of_both": Fed(("Opened", "Paid"), AMOUNT, "sum"),
        "never": last("Unheard", "name"),
        "never_summed": total("Unheard", AMOUNT),
    },
)
SCHEMA = {"episode": pl.String, "seq": pl.Int64, "name": pl.String, "amount": pl.Int64}


def events(rng: random.Random, size: int) -> dict[str, pl.DataFrame]:
    """Return events of two types in the order of their numbers, some of no episode."""
    rows: dict[str, list[tuple[object, ...]]] = {"Opened": [], "Paid": []}
    for seq in range(size):
        episode = rng.choice(["a", "b", "c", None])
        name = rng.choice([f"name {seq}", None])
        amount = rng.choice([rng.randrange(100), None])
        rows[rng.choice(["Opened", "Paid"])].append((episode, seq, name, amount))
    return {kind: pl.DataFrame(rows, SCHEMA, orient="row") for kind, rows in rows.items()}


def nothing() -> pl.DataFrame:
    none = pl.LazyFrame(schema=SCHEMA)
    return pl.concat(
        [contribution(TABLE, kind, none) for kind in TABLE.types], how="diagonal"
    ).collect()


def at_once(found: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the rows as they are by definition: of all events, each in all columns."""
    every = [
        found.get(kind, pl.DataFrame(schema=SCHEMA))
        .lazy()
        .filter(TABLE.within)
        .select("episode", "seq", **TABLE.fed_by(kind))
        for kind in TABLE.types
    ]
    return fold(TABLE, pl.concat(every, how="diagonal")).collect().sort("episode")


def divided(found: dict[str, pl.DataFrame], cuts: Sequence[int]) -> pl.DataFrame:
    """Return the rows of events that are folded by type, a piece at a time."""
    parts = {}
    for kind, rows in found.items():
        bounds = [0, *(min(cut, rows.height) for cut in cuts), rows.height]
        pieces = [rows[begin:end] for begin, end in pairwise(bounds)]
        parts[kind] = pl.concat(
            [contribution(TABLE, kind, piece.lazy()).collect() for piece in pieces]
        )
    return put_together(TABLE, parts, nothing()).collect().sort("episode")


@pytest.mark.parametrize("seed", range(8))
def test_types_folded_by_themselves_say_what_all_events_say(seed: int) -> None:
    """Every rule, columns of one type and of two, and those that nothing fed."""
    found = events(random.Random(seed), 40)
    assert divided(found, ()).equals(at_once(found))
    assert divided(found, (3, 3, 11)).equals(at_once(found))


def test_a_type_that_is_not_there_feeds_nothing() -> None:
    """Sums of nothing are 0, all else is null, in the columns' own types."""
    found = {"Paid": events(random.Random(0), 40)["Paid"]}
    rows = divided(found, (5,))
    assert rows.equals(at_once(found))
    assert dict(rows.schema) == dict(nothing().schema)
    assert rows["opened"].to_list() == rows["never_summed"].to_list() == [0, 0, 0]
    assert rows["name"].null_count() == rows["never"].null_count() == 3
    assert put_together(TABLE, {}, nothing()).collect().height == 0


def test_the_order_of_pieces_matters_where_the_last_one_counts() -> None:
    """A control: the comparison would see pieces that were put together the wrong way round."""
    found = events(random.Random(1), 40)
    turned = {kind: rows.reverse() for kind, rows in found.items()}
    assert not divided(turned, ()).equals(at_once(found))


def lines_of(text: str) -> dict[str, list[str]]:
    return {name: part.to_list() for name, part in by_type(pl.Series("line", text.split("\n")))}


HEADER = '{"log":"retailsim","format":1}'
COMMIT = '{"commit":2,"bytes":80}'


def test_lines_are_told_apart_by_their_first_key() -> None:
    """Headers and commit lines are no events; of each type the lines keep their order."""
    one = '{"type":"MessageSent","market":"m","seq":1}'
    two = '{"type":"MessageSent","market":"m","seq":2}'
    closed = '{"type":"EpisodeClosed","market":"m","seq":3}'
    found = lines_of("\n".join((HEADER, one, closed, two, COMMIT)))
    assert found == {"MessageSent": [one, two], "EpisodeClosed": [closed]}


@pytest.mark.parametrize(
    "odd",
    [
        '{ "type": "MessageSent", "market": "m"}',  # as another program may write it
        ' {"type" :"MessageSent","market":"m"}',
        '{"type":"MessageSent","text":"another key behind it"}',
        '{"type":"MessageSentAndReadAndAnswered","market":"m"}',
        '{"type":"Été","market":"m"}',
        '{"type":"A","market":"m1"}\n{"type":"A","market":"m2"}',
        '{"text":"\\"type\\":\\"MessageSent\\""}',
        "",
    ],
)
def test_lines_that_begin_otherwise_are_searched(odd: str) -> None:
    """Whatever stands beside them, each line gets the type that it says, in the log's order."""
    plain = '{"type":"MessageSent","market":"m","seq":1}'
    text = "\n".join((plain, odd, plain))
    lines = pl.Series("line", text.split("\n"))
    said = lines.str.extract(r'^\s*\{\s*"type"\s*:\s*"(\w+)"')
    expected: dict[str, list[str]] = {}
    for line, name in zip(lines, said, strict=True):
        if name is not None:
            expected.setdefault(name, []).append(line)
    assert lines_of(text) == expected
