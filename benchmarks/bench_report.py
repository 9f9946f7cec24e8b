"""The report of a run of a million episodes, after its projection exists, in seconds.

The run is a small real one whose projection is laid over the log many times, with products of its
own each time: what is timed is everything that `report` does, in a process of its own. Beside it
stands one plain group-by of the same frame.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from retailsim.analysis.projection import projection_cache
from retailsim.analysis.projection.loader import load
from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.projection.protocol_tables import table_set
from retailsim.analysis.projection.registered import registered
from retailsim.events.log.seal import fingerprint

LIMIT_S = 10.0
ROOT = Path(__file__).resolve().parent.parent

_REPORT = """
import json, sys, time
from pathlib import Path
from retailsim.sim.cli import main
start = time.perf_counter(), time.process_time()
try:
    main(["report", sys.argv[1]])
except SystemExit as end:
    assert not end.code, end
took, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
from benchmarks.common.memory import peak_bytes
peak = peak_bytes()
import polars as pl
start = time.perf_counter()
pl.scan_parquet(Path(sys.argv[1]) / "derived" / "episodes.parquet").group_by("seller", "buyer").agg(
    pl.col("net_revenue_cents").sum(), (pl.col("orders") > 0).mean()).collect()
plain = time.perf_counter() - start
height = pl.scan_parquet(Path(sys.argv[1]) / "derived" / "episodes.parquet").select(pl.len())
print(json.dumps([took, cpu, plain, peak, height.collect().item()]))
"""


def run(episodes: int = 1_000_000, *, quick: bool = False) -> list[dict[str, Any]]:
    """Return rows for the one table."""
    wanted = 30_000 if quick else episodes
    with tempfile.TemporaryDirectory(prefix="retailsim-bench-") as place:
        path = Path(place) / "run"
        command = ("launch", "--out", str(path), "--json")
        subprocess.run((sys.executable, "-m", "sim", *command), check=True, capture_output=True)
        laid = lay_over(path, wanted)
        timed = subprocess.run(
            (sys.executable, "-c", _REPORT, str(path)),
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
    took, cpu, plain, peak, height = json.loads(timed.stdout.splitlines()[-1])
    assert height == laid, "the report was of another projection"
    whole = wanted >= episodes
    return [
        {
            "figure": f"report of {laid:,} episodes: elapsed (peak {peak / 1e6:,.0f} MB)",
            "value": took,
            "unit": "s",
            "reference": f"a group-by {plain:.2f}",
            "ratio": took / plain,
            "target": f"<= {LIMIT_S:g}" if whole else "",
            "met": took <= LIMIT_S if whole else None,
        },
        {
            "figure": f"report of {laid:,} episodes: CPU",
            "value": cpu,
            "unit": "s",
            "reference": f"{others():.1f} processes wanted each core",
        },
    ]


def others() -> float:
    """Return how many processes wanted to run on each core lately: more than 1 is a busy machine.

    Then CPU, which is a little more too, says more than the time that elapsed.
    """
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def lay_over(run: Path, wanted: int) -> int:
    """Keep a run's projection many times over, as if its log said so; returns how many episodes."""
    mark, protocol, small = fingerprint(run / "events"), registered(run), load(run)
    found = replace(laid_over(small, wanted), tables=small.tables)
    tables = table_set(protocol.name, protocol.tables)  # others would not be used
    contents = projection_cache.contents_of(found, tables)
    projection_cache.write(run / "derived", mark, tables, contents)
    return found.episodes.height


def laid_over(found: Projection, wanted: int) -> Projection:
    """The projection many times over, with products, markets and episodes of its own each time."""
    times = -(-wanted // found.episodes.height)
    numbers = pl.DataFrame({"time": [f"#{number}" for number in range(times)]})

    def many(frame: pl.DataFrame) -> pl.DataFrame:
        named = [name for name in ("episode", "market", "product") if name in frame.columns]
        laid = frame.join(numbers, how="cross", maintain_order="left_right")
        first = pl.col("time") == "#0"
        return laid.with_columns(
            pl.when(first).then(pl.col(name)).otherwise(pl.col(name) + pl.col("time")).alias(name)
            for name in named
        ).drop("time")

    return Projection(
        episodes=many(found.episodes),
        markets=many(found.markets),
        episode_calls=many(found.episode_calls),
        calls=found.calls,
    )


if __name__ == "__main__":
    print(msgspec.json.format(msgspec.json.encode(run())).decode())
