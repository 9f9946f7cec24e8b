"""The most memory of a launch whose closing tables are of a million episodes.

A launch of 3,000 episodes, in a process of its own, ends with tables of a million: what its
segments say is laid over many times, with markets and episodes of its own each time, and kept as a
launch keeps it. So everything that the tables take stands on top of a process that has played,
without the minutes that a million episodes take to play. That playing itself does not grow,
`bench_episodes` shows. Beside it stands the same launch with the tables of a quarter.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from benchmarks.common.memory import peak_bytes
from retailsim.analysis.projection import segment_cache
from retailsim.analysis.projection.packed import Packed, packed, unpacked
from retailsim.analysis.projection.pieces import Pieces, together
from retailsim.analysis.projection.protocol_tables import TableSet
from retailsim.events.log.segment import Segment

ROOT = Path(__file__).resolve().parent.parent
LIMIT_MB = 250
PLAYED = 3_000
IN_A_SEGMENT = 3
"""Times that a launch of so many episodes fits into a segment of 64 MB, about."""


def run(episodes: int = 1_000_000, *, quick: bool = False) -> list[dict[str, Any]]:
    """Return rows for the one table."""
    times = -(-(12_000 if quick else episodes) // PLAYED)
    few, many = peak(times // 4), peak(times)
    return [
        {
            "figure": f"memory of a launch with tables of {times * PLAYED:,} episodes",
            "value": many / 1e6,
            "unit": "MB",
            "reference": f"{times // 4 * PLAYED:,} episodes {few / 1e6:.0f} MB",
            "ratio": many / few,
            **({} if quick else {"target": f"<= {LIMIT_MB}", "met": many / 1e6 <= LIMIT_MB}),
        }
    ]


def peak(times: int) -> int:
    """Return the peak memory in bytes of a launch whose tables are of so many times its log."""
    with TemporaryDirectory(prefix="bench-closing-") as place:
        words = [sys.executable, "-m", "benchmarks.bench_closing", place, str(times)]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    height, peak_of_it = map(int, done.stdout.split()[-2:])
    assert height == times * PLAYED, "the tables were of something else"
    return peak_of_it


def laid_over(pieces: Pieces, times: int, place: Path, tables: TableSet) -> Iterator[Pieces]:
    """Keep what a log says many times over, and yield it as it is kept."""
    for start in range(0, times, IN_A_SEGMENT):
        copies = range(start, min(start + IN_A_SEGMENT, times))
        segment = Segment(place / "none", 0, start, "")
        copied = together([_copy(pieces, number) for number in copies])
        segment_cache.write(place, segment, f"{start}", tables, copied)
        kept, _ = segment_cache.where_kept(place, segment, tables)
        assert kept is not None
        yield kept


def _copy(pieces: Pieces, number: int) -> Pieces:
    """The pieces with names of their own."""

    def named(contents: Mapping[str, Packed]) -> dict[str, Packed]:
        return {name: packed(_renamed(unpacked(one), number)) for name, one in contents.items()}

    return Pieces(named(pieces.folded), named(pieces.rows), pieces.events)


def _renamed(frame: pl.DataFrame, number: int) -> pl.DataFrame:
    """The frame as if its markets were others; the products are the same in all."""
    own = [name for name in ("market", "episode") if name in frame.columns]
    # In front, so that names are in the order of the log, as those of a design are.
    return frame.with_columns(pl.format(f"{number:06d}/{{}}", name).alias(name) for name in own)


def _launch(place: str, times: str) -> None:
    """Launch in this process as a person does, and print episodes and the peak memory."""
    from retailsim.analysis.projection import loader
    from retailsim.sim.cli import main
    from retailsim.sim.run import conclusion

    conclusion.MANY = 0  # what played is as large as its tables
    run, reading = Path(place) / "run", loader.log_pieces

    def over(folder: Path, tables: TableSet, *more: Any) -> Any:
        log, found = reading(folder, tables, *more)
        return log, list(laid_over(together(found), int(times), Path(place), tables))

    loader.log_pieces = over  # type: ignore[assignment]
    try:
        main(["launch", "--out", str(run)])
    finally:
        laid = pl.scan_parquet(run / "derived" / "episodes*.parquet").select(pl.len())
        print(laid.collect().item(), peak_bytes())


if __name__ == "__main__":
    _launch(*sys.argv[1:])
