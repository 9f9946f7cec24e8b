"""Episodes a second of whole runs: agents, market, kernel and log, in one process and in several.

Each run is a process of its own, as a user starts it; its time is that between the first and the
last line of its telemetry, so imports and the closing tables are left out. Memory is that of whole
launches, tables included. The reference is bare Python function calls of the same minutes: how many
of them an episode costs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from benchmarks.common.memory import peak_bytes

ROOT = Path(__file__).resolve().parent.parent
WORKERS = (1, 2, 4)
LIMIT_MB = 250


def run(quick: bool = False) -> list[dict[str, Any]]:
    """Measure and return one dict a figure, as ``python -m benchmarks`` reads them."""
    replications, rounds = (2, 1) if quick else (14, 3)
    episodes = 3_000 * replications
    call_s = bare_call_s()
    speeds = {
        workers: median(speed(workers, replications)[0] for _ in range(rounds))
        for workers in WORKERS
        if workers <= (os.cpu_count() or 1)
    }
    return [
        *_speeds(speeds, call_s, episodes, quick=quick),
        *_memory(replications // 2, replications, quick=quick),
    ]


def _speeds(
    speeds: dict[int, float], call_s: float, episodes: int, *, quick: bool
) -> Iterator[dict[str, Any]]:
    one = speeds[1]
    yield {
        "figure": f"one core, {episodes:,} episodes",
        "value": one,
        "unit": "episodes/s",
        "reference": f"{1 / (one * call_s):,.0f} bare calls each",
        **({} if quick else {"target": ">= 4,000", "met": one >= 4_000}),
    }
    for workers, value in speeds.items():
        if workers == 1:
            continue
        target = {4: 3.7}.get(workers)
        judged = target is not None and not quick
        yield {
            "figure": f"{workers} workers",
            "value": value,
            "unit": "episodes/s",
            "reference": f"one worker {one:,.0f}",
            "ratio": value / one,
            **({"target": f"ratio >= {target}", "met": value / one >= target} if judged else {}),
        }


def _memory(small: int, large: int, *, quick: bool) -> Iterator[dict[str, Any]]:
    few, many = peak(small), peak(large)
    yield {
        "figure": f"memory of a launch of {3_000 * large:,} episodes",
        "value": many / 1e6,
        "unit": "MB",
        "reference": f"{3_000 * small:,} episodes {few / 1e6:.0f} MB",
        "ratio": many / few,
        **({} if quick else {"target": f"<= {LIMIT_MB}", "met": many / 1e6 <= LIMIT_MB}),
    }


def bare_call_s() -> float:
    """Seconds of one call of an empty function with one argument, in a loop; median of five."""

    def nothing(_: int) -> None:
        return

    def once(calls: int = 1_000_000) -> float:
        begun = time.perf_counter()
        for number in range(calls):
            nothing(number)
        return (time.perf_counter() - begun) / calls

    return median(once() for _ in range(5))


def speed(workers: int, replications: int) -> tuple[float, int]:
    """Run `pairwise` so many times over; returns episodes/s and the peak memory in bytes.

    Both without the closing replay; memory is that of the process that was started.
    """
    with TemporaryDirectory(prefix="bench-episodes-") as folder:
        run = Path(folder) / "run"
        taken = _child("play", run, workers, replications)
        return 3_000 * replications / _seconds(run), taken


def peak(replications: int) -> int:
    """Return the peak memory in bytes of a whole launch, its closing replay included."""
    with TemporaryDirectory(prefix="bench-episodes-") as folder:
        return _child("launch", Path(folder) / "run", 1, replications)


def _child(what: str, out: Path, workers: int, replications: int) -> int:
    words = [sys.executable, "-m", "benchmarks.bench_episodes", what, str(out)]
    done = subprocess.run(
        [*words, str(workers), str(replications)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout.split()[-1])


def _seconds(run: Path) -> float:
    times = [
        datetime.fromisoformat(msgspec.json.decode(line)["timestamp"])
        for path in (run / "telemetry").glob("shard-*.jsonl")
        for line in path.read_bytes().splitlines()
    ]
    return (max(times) - min(times)).total_seconds()


def _play(out: str, workers: str, replications: str) -> None:
    """Launch in this process without the closing tables, and print the peak memory."""
    from retailsim.sim.run import launch, launch_options
    from retailsim.sim.terminal.terminal import Terminal

    launch.conclude = lambda *_: 0  # type: ignore[assignment]
    settings = (f"design.replications={replications}",)
    launch.launch(
        launch_options.Options(out=Path(out), workers=int(workers), settings=settings),
        Terminal(json=True),
    )
    print(peak_bytes())


def _launch(out: str, workers: str, replications: str) -> None:
    """Launch in this process as a person does, and print the peak memory."""
    from retailsim.sim.cli import main

    played = f"design.replications={replications}"
    try:
        main(["launch", "--out", out, "--workers", workers, "--set", played])
    finally:
        print(peak_bytes())


if __name__ == "__main__":
    ways = {"play": _play, "launch": _launch}
    if sys.argv[1:2] and sys.argv[1] in ways:
        ways[sys.argv[1]](*sys.argv[2:])
    else:
        for found in run(quick="--quick" in sys.argv):
            print(found)
