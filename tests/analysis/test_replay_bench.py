"""The replay benchmark runs, on a log small enough for a test."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

pytest.importorskip("duckdb")
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "bench_replay.py"


@pytest.mark.slow
def test_the_benchmark_measures_first_and_cached_replay_beside_duckdb() -> None:
    """Each row has its seconds, its ratio and its peak memory."""
    rows = runpy.run_path(str(BENCHMARK))["run"](events=3_000)
    names = [row["name"] for row in rows]
    assert names == ["duckdb", "replay, first", "replay, cached", "duckdb"]
    assert all(row["seconds"] > 0 and row["peak_mb"] > 0 for row in rows)
    assert all(row["ratio_to_duckdb"] > 0 for row in rows)
