"""A replay has some episodes at hand at a time, and says what all of them say together."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import polars as pl
import pytest

from benchmarks.bench_report import lay_over
from retailsim.analysis.measures.estimates import decided
from retailsim.analysis.measures.failures import failed_of, reasons
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.profit_statement import profit_statement
from retailsim.analysis.measures.rows import counted
from retailsim.analysis.measures.scope import illustration, scope
from retailsim.analysis.measures.table import MEASURES
from retailsim.analysis.projection.loader import load, scan, use
from retailsim.analysis.projection.projection import LazyProjection, StoredProjection
from retailsim.analysis.projection.registered import own_measures
from retailsim.analysis.replay.headline_intervals import intervals
from retailsim.analysis.replay.replay import Replay, replay
from retailsim.analysis.statistics.clusters import mean, rate
from retailsim.analysis.statistics.two_way import SHARE, two_way
from retailsim.analysis.statistics.values import Estimate
from tests.analysis.plain_measures import plain
from tests.cases import quick
from tests.sim.runs import SMALL, launched, small_run

SCENARIOS = {"pairwise": SMALL, "csales": ("--set", "profiles.count=4")}


@pytest.fixture(scope="module", params=SCENARIOS)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose projection is laid over it often enough to be read in several parts."""
    path = tmp_path_factory.mktemp("parts") / "run"
    launched(path, request.param, *SCENARIOS[request.param])
    assert lay_over(path, 11_000) >= 11_000
    return path


def test_a_replay_in_parts_says_what_one_of_whole_frames_says(run: Path) -> None:
    own, whole = own_measures(run), load(run)
    assert scan(run, lambda found: replay(run, found)) == replay(run, whole)
    assert scan(run, lambda found: intervals(found, own)) == intervals(whole, own)


@pytest.mark.slow
def test_its_rows_are_those_of_plain_python(run: Path) -> None:
    """A second way to count: loops over all episodes."""
    rows = counted(load(run).episodes).to_dicts()
    found = replay(run)
    assert found.overall.items() >= plain(rows).items()
    for row in found.pairs:
        met = [one for one in rows if (one["seller"], one["buyer"]) == (row.seller, row.buyer)]
        expected = plain(met)
        assert {name: row[name] for name in expected} == expected


def test_its_intervals_are_those_of_every_episode_by_itself(run: Path) -> None:
    """A second way to estimate: no episode is added to another before the clusters are."""
    some = decided(load(run).episodes)
    told = scan(run, intervals)
    assert told is not None
    assert told.generalise_to == scope(some)
    assert {"conversion_rate", "net_revenue_cents", "average_quantity"} <= told.measures.keys()
    for name, one in told.measures.items():
        expected = each(MEASURES[name], some)
        assert (one.value, one.interval, one.two_way) == (
            expected.value,
            expected.interval,
            expected.two_way,
        )
        assert (one.effective_n or 0) == pytest.approx(expected.effective_n or 0, rel=1e-9)


def each(by: Measure, some: pl.DataFrame) -> Estimate:
    """The estimate of a measure from its observations."""
    part = some.filter(by.counted).with_columns(above=by.above(), below=by.below())
    ends = {"share": SHARE, "stars": (1.0, 5.0), "cents": (0.0, None), "units": (1.0, None)}
    within = None if by.signed else ends.get(by.unit)
    above, below, cluster = part["above"], part["below"], part["cluster"]
    if by.unit == "share":
        found = rate(above, below, cluster)
    else:
        weights = None if by.weighs_alike else below
        found = mean(above, cluster, weights=weights, within=within)
    if found.interval is None:
        return found
    cells = part.select("cluster", "buyer")
    both = two_way(above, below, cells, within=within, seed=1)
    return msgspec.structs.replace(found, two_way=both.interval)


def test_a_part_that_is_left_out_is_seen(run: Path) -> None:
    """The control: all but the last part gives other numbers."""

    def without_the_last(found: LazyProjection) -> Replay:
        rows = found.episodes.select(pl.len()).collect().item()
        some = found.episodes.head(rows // 5_000 * 5_000)
        fewer = LazyProjection(
            episodes=some,
            markets=found.markets,
            episode_calls=found.episode_calls,
            calls=found.calls,
            answerers=found.answerers,
        )
        return replay(run, fewer)

    assert scan(run, without_the_last).overall != replay(run).overall


def test_what_is_told_of_frames_is_told_of_parts(run: Path) -> None:
    frame = load(run).episodes
    assert list(illustration(frame.lazy())) == list(illustration(frame)) != []
    assert profit_statement(counted(frame).lazy()) == profit_statement(counted(frame))
    failed = frame.with_columns(
        status=pl.when(pl.col("episode").hash() % 3 == 0)
        .then(pl.lit("failed"))
        .otherwise("status"),
        failed_stage=pl.lit("decide"),
        failed_reason=pl.concat_str(pl.lit("no answer to "), "buyer"),
    )
    found = reasons(failed_of(failed.lazy()))
    assert found.equals(reasons(failed_of(failed)))
    counts = failed.filter(status="failed", superseded=False)["buyer"].value_counts()["count"]
    assert sorted(found["len"]) == sorted(counts)


def no_parquet(content: bytes) -> bytes:
    return b"nothing of the kind"


def other_pages(content: bytes) -> bytes:
    """Its columns are announced at the end, as they were; what they hold is nonsense."""
    return content[:4] + bytes(len(content) // 2) + content[4 + len(content) // 2 :]


def both(run: Path) -> Replay:
    def twice(stored: StoredProjection) -> Replay:
        told = replay(run, stored.lazy())
        assert replay(run, stored.load()) == told
        return told

    return use(run, twice)


@pytest.mark.slow
@pytest.mark.parametrize("read", [replay, both])
@pytest.mark.parametrize("spoil", quick(1, [no_parquet, other_pages]))
def test_kept_tables_that_only_look_right_are_made_anew(
    spoil: Callable[[bytes], bytes], read: Callable[[Path], Replay], tmp_path: Path
) -> None:
    """Their digest fits; so nobody sees it before the rows are read."""
    run = tmp_path / "run"
    small_run(run)
    expected, kept = replay(run), run / "derived" / "episodes.parquet"
    content = kept.read_bytes()
    kept.write_bytes(spoil(content))
    index = run / "derived" / "index.json"
    told = json.loads(index.read_bytes())
    told["sha256"]["episodes"] = sha256(kept.read_bytes()).hexdigest()
    index.write_text(json.dumps(told))
    assert read(run) == expected
    assert kept.read_bytes() == content
