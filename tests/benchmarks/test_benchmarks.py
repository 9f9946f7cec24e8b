"""Every benchmark's rows can be shown in the one table."""

from __future__ import annotations

import pytest

from benchmarks.__main__ import WORDS, measure, names


def test_every_benchmark_is_found() -> None:
    assert {"episodes", "gateway", "kernel", "log", "replay"} <= set(names())
    assert set(WORDS) <= set(names())


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_a_quick_run_gives_rows(name: str) -> None:
    rows = measure(name, quick=True)
    assert rows
    assert all(row.figure and row.value > 0 for row in rows)
