"""What full segments say is kept while a run goes on, and its first replay parses the rest."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from retailsim.analysis.projection.loader import check_kept
from retailsim.analysis.replay.replay import replay
from retailsim.events.log.reader import check
from retailsim.events.log.segment import segments
from retailsim.events.log.writer import LogWriter
from retailsim.sim.execution import job
from retailsim.sim.execution.kept_segments import SegmentKeeper
from tests.analysis.fakelog import closed, encode, market, opened, order
from tests.analysis.pieces_read import parsed_since, unlike_a_fresh_one
from tests.sim.runs import launched


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The segments that a replay parsed since."""
    return parsed_since(monkeypatch)


@pytest.mark.slow
def test_full_segments_are_read_while_the_writer_goes_on(tmp_path: Path, parsed: list[str]) -> None:
    """What is left for the first replay is the last one, and it says the same."""
    run = tmp_path / "run"
    events = [market(f"m{n}", closed(f"m{n}/e", opened(), order(1))) for n in range(9)]
    keeper = SegmentKeeper(run)
    with (
        keeper,
        LogWriter(
            run / "events", run="run", shard=0, schema=2,
            segment_bytes=2_000, batch_bytes=1, on_full=keeper.keep,
        ) as writer,
    ):  # fmt: skip
        for lines in events:
            writer.append(b"".join(map(encode, lines)), len(lines))
        writer.close(seal=True)
    kept = sorted(path.stem for path in (run / "derived" / "segments").iterdir())
    *full, last = [segment.path.name for segment in segments(run / "events")]
    assert len(full) > 1
    assert kept == [Path(name).stem for name in full]
    assert replay(run).overall.units == 9
    assert parsed == [last]
    assert unlike_a_fresh_one(run) == []
    check_kept(run, check(run / "events"))


@pytest.mark.slow
def test_a_launch_keeps_what_its_full_segments_say(
    tmp_path: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So its closing replay parses the last one only."""
    monkeypatch.setattr(job, "LogWriter", partial(LogWriter, segment_bytes=50_000))
    run = tmp_path / "run"
    launched(run, "--set", "products.per_category=1")
    *full, last = [segment.path.name for segment in segments(run / "events")]
    assert len(full) > 2
    assert parsed == [last]
    assert unlike_a_fresh_one(run) == []
