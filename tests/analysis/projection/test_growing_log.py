"""A log that grows: read a piece at a time, it says what reading it from its beginning says."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from retailsim.analysis.projection import growing
from retailsim.analysis.projection.growing import GrowingLog, Tally
from retailsim.analysis.projection.loader import project
from retailsim.analysis.projection.pieces import Pieces, extract
from retailsim.analysis.projection.protocol_tables import TableSet
from retailsim.analysis.replay.replay import summarize
from retailsim.events import messages as m
from retailsim.events.errors import LogDamaged
from retailsim.events.log.segment import segments
from tests.analysis.fakelog import Line, closed, episode, market, opened, order, stamp, write_run
from tests.analysis.replay.test_cost import called

CUTS = 13


def lines() -> list[Line]:
    """Markets that close, fail in part, fail as a whole, are left open, and play failed ones anew.

    The big one is written in parts, so its episodes stand in several pieces.
    """
    found: list[Line] = []
    for n in range(6):
        one, other = f"m{n}/a", f"m{n}/b"
        failed = m.EpisodeFailed(stage="decision", reason="ValueError: no")
        bought = closed(one, opened(), order())
        found.append(called(market=f"m{n}", episode=one, cost_nanousd=7))
        found += market(f"m{n}", bought, episode(other, opened(buyer="c"), failed))
    found += market("again", closed("again/b", opened(retries="m1/b")))
    fell = m.MarketFailed(stage="support", reason="KeyError: x")
    found += market("fell", closed("fell/a", opened()), episode("fell/b", opened()), end=fell)
    found += market("back", closed("back/b", opened(retries="fell/b")))
    begun = [event for n in range(9) for event in episode(f"big/{n}", opened(buyer=f"c{n}"))]
    ends = [event for n in range(9) for event in episode(f"big/{n}", order(), m.EpisodeClosed())]
    return found + stamp("big", [m.MarketOpened(), *begun, *ends])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("whole") / "run"
    return write_run(run, lines(), lines()[:0], seal=False, batch=4, segment_bytes=4_000)


def grown(whole: Path, run: Path) -> Iterator[None]:
    """Let a log grow as its writer would: at the end open, then closed, then the next."""
    (run / "events").mkdir(parents=True)
    listed = [one for one in segments(whole / "events") if one.size()]
    contents = [one.path.read_bytes() for one in listed]
    sizes = [len(content) for content in contents]
    for cut in range(1, CUTS + 1):
        left = sum(sizes) * cut // CUTS
        for segment, content in zip(listed, contents, strict=True):
            name = segment.path.name.removesuffix(".open")
            path = run / "events" / name
            path.with_name(f"{name}.open").unlink(missing_ok=True)
            if left >= len(content) and not segment.is_open:
                path.write_bytes(content)
            elif left:
                path.with_name(f"{name}.open").write_bytes(content[:left])
            left = max(0, left - len(content))
        yield


def counted(run: Path) -> Tally:
    found = summarize("", project(run / "events"), sealed=False)
    calls = 0 if found.cost is None else found.cost.calls
    return Tally(
        closed=found.episodes.closed,
        failed=found.episodes.failed,
        calls=calls,
        nanousd=0 if found.cost is None else found.cost.cost_nanousd or 0,
    )


@pytest.mark.slow
def test_at_every_size_it_says_what_the_log_says_from_its_beginning(
    whole: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    log, seen = GrowingLog(run), set()
    for _ in grown(whole, run):
        log.advance()
        expected = counted(run)
        assert log.tally == expected
        seen.add((expected.closed, expected.failed))
        assert log.projection().episodes.equals(project(run / "events").episodes)
    assert len(seen) > 8
    assert log.tally == Tally(closed=18, failed=5, calls=6, nanousd=42)


@pytest.mark.slow
def test_only_what_is_new_is_read(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, read = tmp_path / "run", [0]

    def measured(lines: bytes, tables: TableSet) -> Pieces:
        read[0] += len(lines)
        return extract(lines, tables)

    monkeypatch.setattr(growing, "extract", measured)
    log = GrowingLog(run)
    for _ in grown(whole, run):
        log.advance()
        assert not log.advance()
    assert read[0] == log.n_bytes == sum(one.size() for one in segments(run / "events"))
    assert len(log._pieces) <= 6  # of some dozen


@pytest.mark.slow
@pytest.mark.parametrize("at_once", [64, 700])
def test_it_reads_in_steps_whatever_a_batch_takes(
    whole: Path, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "AT_ONCE", at_once)
    log = GrowingLog(whole)
    assert log.advance()
    assert log.tally == counted(whole)


@pytest.mark.slow
def test_compressed_segments_are_read_too(tmp_path: Path) -> None:
    pytest.importorskip("zstandard", reason="zstandard is not installed")
    run = write_run(tmp_path / "run", lines(), segment_bytes=4_000, compress=True)
    log = GrowingLog(run)
    assert log.advance() and not log.advance()
    assert log.tally == counted(run)


def test_a_missing_segment_is_damage(whole: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(whole, tmp_path / "run"))
    segments(run / "events")[0].path.unlink()
    with pytest.raises(LogDamaged):
        GrowingLog(run).advance()
