"""The replay benchmark runs, on a small log, and its rows say what they should."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("duckdb")

from benchmarks.__main__ import replay
from benchmarks.bench_replay import PROGRAMS, by_round, named_columns, run


@pytest.mark.slow
def test_the_benchmark_measures_first_and_cached_replay_beside_duckdb() -> None:
    """Each program of each round has its seconds, elapsed and of the processor, and its peak."""
    rows = run(events=3_000, rounds=2)
    assert [row["name"] for row in rows] == 2 * list(PROGRAMS)
    assert all(row["seconds"] > 0 and row["peak_mb"] > 0 for row in rows)
    assert all(row["cpu_seconds"] > 0 for row in rows)
    assert [row.met for row in replay(rows)] == [None] * 4, "too small to judge by"


def measured(first: float, hashing: float, duckdb: float, log_mb: float = 1_000) -> list[Any]:
    """Return one round's rows, all else a second."""
    took = {"replay, first": first, "sha256": hashing, "duckdb": duckdb}
    return [
        {
            "name": name,
            "round": 0,
            "seconds": took.get(name, 1.0),
            "cpu_seconds": took.get(name, 1.0),
            "peak_mb": 100.0,
            "log_mb": log_mb,
        }
        for name in PROGRAMS
    ]


def test_the_hash_of_a_first_replay_counts_for_nobody() -> None:
    """Its time is subtracted once, and from nothing else."""
    (times,) = by_round(measured(first=7.0, hashing=1.0, duckdb=2.0), "seconds")
    assert times["replay, first, less SHA-256"] == 6.0
    assert (times["replay, first"], times["duckdb"]) == (7.0, 2.0)


@pytest.mark.parametrize(("first", "met"), [(7.0, True), (7.1, False)])
def test_the_goal_is_three_times_duckdb_beside_the_hash(first: float, met: bool) -> None:
    """What is just too slow is missed, in processor time as in elapsed time."""
    rows = list(replay(measured(first=first, hashing=1.0, duckdb=2.0)))
    assert [row.met for row in rows if row.target] == [met, met]


def test_duckdb_reads_the_columns_that_a_replay_reads(tmp_path: Any) -> None:
    """Those of the shared tables and of the protocol's, and of no others."""
    columns = named_columns(tmp_path)
    assert columns["episode"] == "VARCHAR"
    assert columns["unit_price_cents"] == "BIGINT"
    assert columns["will_purchase"] == "BOOLEAN"
    assert columns["probabilities"] == "DOUBLE[]"
    assert columns["buyer_persona"].startswith('STRUCT("pickiness" VARCHAR, ')
    assert "text" not in columns
