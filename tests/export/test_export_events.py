"""The event table: every line of the log, lazily, with its own fields untouched."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.bench_replay import write_log
from retailsim.analysis.export import event_table, events
from retailsim.analysis.projection.errors import LogUnreadable, NotARun
from retailsim.events.log.reader import read_lines
from tests.analysis.fakelog import closed, market, opened, order, write_run
from tests.sim.runs import ROOT, sim, small_run

ENVELOPE = ("seq", "t", "type", "market", "episode", "source")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("events") / "run"
    small_run(out)
    return out


def plain(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in read_lines(run / "events")]


def whole(row: dict[str, Any]) -> dict[str, Any]:
    """An exported row as the event it came from."""
    own: dict[str, Any] = json.loads(row["payload"])
    return {name: row[name] for name in ENVELOPE} | own


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_every_event_comes_out_as_it_is(run: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"events.{ending}"
    assert sim("export", run, "events", "--out", out).exit_code == 0
    readers: dict[str, Any] = {
        "parquet": pl.read_parquet,
        "csv": pl.read_csv,
        "jsonl": pl.read_ndjson,
    }
    assert [whole(row) for row in readers[ending](out).iter_rows(named=True)] == plain(run)


def test_the_table_is_lazy_and_reads_what_is_asked(run: Path) -> None:
    table = events(run)
    assert dict(table.collect_schema()) == event_table.SCHEMA
    counted = table.group_by("type").len().collect()
    assert dict(counted.iter_rows()) == Counter(event["type"] for event in plain(run))
    assert table.select("seq").head(3).collect().rows() == [(0,), (1,), (2,)]
    reviews = table.filter(type="ReviewPosted").head(2).collect()
    assert [json.loads(text)["rating"] for text in reviews["payload"]] == [
        event["rating"] for event in plain(run) if event["type"] == "ReviewPosted"
    ][:2]


def test_unknown_types_and_fields_are_kept(tmp_path: Path) -> None:
    """A log of another version loses nothing: what is not known here is a row like any other."""
    own = {"big": 2**70, "nested": {"a": [1, None, "é"]}, "text": '"\\\n='}
    odd = {"type": "Novelty", "market": "m", "episode": None, "seq": 9, "t": 1, "source": "x"}
    record = {"type": "OutsideAnswered", "market": "m", "episode": None, "t": 3, "source": "x"}
    run = write_run(tmp_path / "run", [odd | own, record | {"call": 0}])
    first, second = events(run).collect().iter_rows(named=True)
    assert json.loads(first["payload"]) == own
    assert (first["type"], first["seq"]) == ("Novelty", 9)
    assert (second["seq"], second["payload"]) == (None, '{"call":0}')


_OWN = st.dictionaries(
    st.text(max_size=5).filter(lambda key: key not in {*ENVELOPE, "call"}),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False)
        | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=5,
    ),
    max_size=4,
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(st.lists(_OWN, max_size=5))
def test_any_fields_come_through(owns: list[dict[str, Any]]) -> None:
    lines = [
        {"type": "Odd", "market": "m", "episode": None, "seq": n, "t": n, "source": "x"} | own
        for n, own in enumerate(owns)
    ]
    with TemporaryDirectory() as folder:
        run = write_run(Path(folder) / "run", lines)
        assert [whole(row) for row in events(run).collect().iter_rows(named=True)] == plain(run)


def test_an_empty_log_has_no_rows(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [])
    assert events(run).collect().shape == (0, len(event_table.SCHEMA))
    assert sim("export", run, "events", "--out", tmp_path / "e.parquet").exit_code == 0
    assert pl.read_parquet(tmp_path / "e.parquet").schema == event_table.SCHEMA


def test_all_segments_of_all_shards_are_read(tmp_path: Path) -> None:
    shards = [
        [event for n in range(40) for event in market(f"{s}-{n}", closed(f"{s}-{n}/1", opened()))]
        for s in "ab"
    ]
    run = write_run(tmp_path / "run", *shards, segment_bytes=4_000, compress=True)
    assert len(list((run / "events").glob("*.jsonl*"))) > 4
    assert [whole(row) for row in events(run).collect().iter_rows(named=True)] == plain(run)


def test_a_folder_without_a_log_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(NotARun, match="give the folder of a run"):
        events(tmp_path)


@pytest.mark.parametrize(
    "odd", [{"market": 7}, {"t": 2**63}, {"seq": "1"}, {"type": None, "t": []}]
)
def test_a_line_that_is_no_event_is_named(tmp_path: Path, odd: dict[str, Any]) -> None:
    run = write_run(tmp_path / "run", [{"type": "Odd"} | odd])
    with pytest.raises(LogUnreadable, match=r"0000-00000000\.jsonl: a line is not"):
        events(run).collect()
    result = sim("export", run, "events", "--out", tmp_path / "e.csv")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_what_is_torn_at_the_end_is_left_out(tmp_path: Path) -> None:
    run = write_run(
        tmp_path / "run", market("m", closed("m/1", opened(), order())), seal=False, batch=3
    )
    (segment,) = (run / "events").glob("*.jsonl*")
    before = events(run).collect()
    torn = segment.rename(segment.with_name("0000-00000000.jsonl.open"))
    with torn.open("ab") as file:
        file.write(b'{"type":"MarketOpened","market":"n","epi')
    assert events(run).collect().equals(before)


_PEAK = """
import resource, sys
from retailsim.sim.cli import main
try:
    main(["export", sys.argv[1], "events", "--out", sys.argv[2]], standalone_mode=False)
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
"""


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_memory_does_not_grow_with_the_log(tmp_path: Path, ending: str) -> None:
    """Six times the events need less than a fourth more; in one piece they would need 400 MB."""
    peaks = []
    for number in (200_000, 1_200_000):
        run = tmp_path / str(number)
        write_log(run, number)
        ran = subprocess.run(
            [sys.executable, "-c", _PEAK, run, tmp_path / f"{number}.{ending}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stderr
        peaks.append(int(ran.stderr.split()[-1]))
    assert peaks[1] < 1.25 * peaks[0] + 30, peaks
