"""Of a large run memory holds the columns that are read, and what they say stays the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import polars as pl
import pytest

from retailsim.analysis.projection.loader import load, use
from retailsim.analysis.projection.projection import Projection, StoredProjection
from retailsim.analysis.projection.registered import own_measures
from retailsim.analysis.protocol import ProtocolAnalysis, analysis_of
from retailsim.analysis.replay.headline_intervals import intervals
from retailsim.analysis.replay.replay import Replay, columns_read, replay
from retailsim.analysis.report import content
from retailsim.analysis.report.content import report
from tests.sim.runs import SMALL, launched


@pytest.fixture(scope="module", params=["pairwise", "csales"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run that was projected once."""
    path = tmp_path_factory.mktemp("read") / "run"
    settings = SMALL if request.param == "pairwise" else ("--set", "profiles.count=4")
    launched(path, request.param, *settings)
    return path


@pytest.mark.slow
def test_a_replay_of_the_columns_that_it_reads_says_what_one_of_all_says(run: Path) -> None:
    own = own_measures(run)
    some, every = load(run, columns_read(own)), load(run)
    assert set(some.episodes.columns) < set(every.episodes.columns)
    assert some.episodes.equals(every.episodes.select(some.episodes.columns))
    assert replay(run, some) == replay(run, every)
    assert intervals(some, own) == intervals(every, own)


def test_a_column_that_is_left_out_is_missed(run: Path) -> None:
    lacking = load(run, columns_read(()) - {"net_revenue_cents"})
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        replay(run, lacking)


def test_a_log_that_was_just_read_lets_go_of_the_same_columns(run: Path) -> None:
    kept = load(run, {"episode", "orders", "no such column"})
    shutil.rmtree(run / "derived")
    fresh = load(run, {"episode", "orders", "no such column"})
    assert fresh.episodes.columns == ["episode", "orders"]
    assert fresh.episodes.equals(kept.episodes)


@pytest.mark.slow
def test_a_report_of_the_columns_that_it_reads_says_what_one_of_all_says(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = report(run, {})
    monkeypatch.setattr(content, "held_columns", lambda _: None)
    monkeypatch.setattr(content, "seen_columns", lambda _: None)
    monkeypatch.setattr(content, "shown_columns", lambda episodes, _: episodes)
    monkeypatch.setattr(content, "_few", lambda episodes: episodes)
    assert msgspec.json.encode(narrow) == msgspec.json.encode(report(run, {}))


def test_a_report_holds_no_column_that_nothing_shows(run: Path) -> None:
    protocol = analysis_of(run)
    read, held, seen = (
        asked(protocol)
        for asked in (content.columns_of, content.held_columns, content.seen_columns)
    )
    assert read is not None
    assert held is not None
    assert seen is not None
    assert "closed_t" in load(run).episodes.columns
    assert "closed_t" not in read
    assert held | seen <= read
    only_its_replay = {"retries", "failed_reason", "rejected_commands"}
    assert only_its_replay <= read - held - seen
    assert "title" in seen - held, "not beside what is read of the whole projection"
    assert "profit_cents" in held, "a protocol's section may show measures"


def test_a_protocol_that_does_not_say_what_it_reads_is_given_all() -> None:
    for asked in (content.columns_of, content.held_columns):
        assert asked(ProtocolAnalysis()) is None
        assert "condition" not in (asked(ProtocolAnalysis(reads=())) or ())
        assert "condition" in (asked(ProtocolAnalysis(reads=("condition",))) or ())


def test_what_is_used_lazily_and_loaded_is_the_same_projection(run: Path) -> None:
    wanted = {"episode", "orders"}

    def used(stored: StoredProjection) -> tuple[Replay, pl.DataFrame, Projection]:
        found = stored.lazy()
        episodes = found.episodes.select("episode", "orders").collect()
        return replay(run, found), episodes, stored.load(wanted)

    told, episodes, held = use(run, used)
    assert told == replay(run)
    assert set(held.episodes.columns) == wanted
    assert held.episodes.equals(episodes)
    assert held.markets.equals(load(run).markets)
    assert held.log is not None
