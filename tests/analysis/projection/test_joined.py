"""Whole rows are the same however many columns and rows are joined at a time."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from retailsim.analysis.projection import joined, key_ranges
from retailsim.analysis.projection.joined import packed_rows
from retailsim.analysis.projection.loader import project
from retailsim.analysis.projection.packed import unpacked
from retailsim.events import messages as m
from tests.analysis.fakelog import closed, episode, market, opened, order, review, write_run
from tests.analysis.pieces_read import FRAMES


def some_run(folder: Path) -> Path:
    """Markets that close and fail, with retries, episodes over several segments, and a cost."""
    events: list[m.Event] = []
    for number in range(7):
        name = f"m{number}"
        retried = f"m{number - 1}/e" if number % 3 == 2 else None
        first = closed(f"{name}/e", opened(retries=retried), order(number + 1), review("pitch", 3))
        left = episode(f"{name}/f", opened(buyer="c"), order(1))
        end = m.MarketFailed(stage="decide", reason="gone") if number % 2 else None
        events += market(name, first, left, end=end)
    bought = closed("m7/e", opened(unit_cost_cents=300), order(1))
    events += market("m7", bought, closed("m7/f", opened(product=None)))
    events += market("m8", closed("m8/e", opened(product=None)), closed("m8/f", opened()))
    return write_run(folder, events, batch=3, segment_bytes=2_500)


@pytest.mark.slow
@pytest.mark.parametrize(("cells", "rows"), [(1, 4), (300, 5)])
def test_what_is_joined_at_once_leaves_no_trace(
    cells: int, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = some_run(tmp_path / "run")
    whole = project(run / "events")
    assert {"closed", "failed"} <= set(whole.episodes["status"])
    assert whole.episodes["superseded"].any()
    assert whole.episodes.filter(market="m8")["profit_cents"].to_list() == [0, None]
    monkeypatch.setattr(key_ranges, "_CELLS_AT_ONCE", cells)
    monkeypatch.setattr(joined, "ROWS_AT_ONCE", rows)
    parted = project(run / "events")
    for name in FRAMES:
        assert getattr(whole, name).equals(getattr(parted, name))


def test_a_log_without_events_has_all_columns(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [m.MarketOpened()])
    found = project(run / "events").episodes
    assert found.height == 0
    assert found.schema == project(some_run(tmp_path / "other") / "events").episodes.schema


@pytest.mark.parametrize("sizes", [(0,), (3,), (2, 2, 1), (0, 2)])
def test_parts_are_packed_one_behind_the_other(sizes: tuple[int, ...]) -> None:
    parts = [pl.DataFrame({"a": [f"{n}-{k}" for k in range(n)]}, {"a": pl.String}) for n in sizes]
    assert unpacked(packed_rows(iter(parts))).equals(pl.concat(parts))
