"""One run three ways: launched, in shares by a loop, and in shares on a Ray of this machine.

    python benchmarks/bench_cluster.py [--replications 40] [--shares 16]

CPU of all processes. Ray's are counted by looking at them every tenth of a second, since nobody
waits for them: they are adopted by this process.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
ENDS_S = 20.0
"""How long processes of Ray may take to end after it."""


_TICK = os.sysconf("SC_CLK_TCK")


class Watch:
    """Adds up the CPU of all descendants of this process, as last seen of each; a block."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, str], float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()

    @property
    def spent(self) -> float:
        """Seconds of CPU."""
        return sum(self._seen.values())

    def _look(self) -> None:
        while not self._ended.wait(0.1):
            rows = {}
            for path in Path("/proc").glob("[0-9]*/stat"):
                with suppress(OSError):
                    rows[int(path.parent.name)] = path.read_text().rpartition(")")[2].split()
            family = {os.getpid()}
            while more := {pid for pid, row in rows.items() if int(row[1]) in family} - family:
                family |= more
            for pid in family - {os.getpid()}:
                row = rows[pid]
                self._seen[pid, row[19]] = (int(row[11]) + int(row[12])) / _TICK


def cpu(*commands: list[str]) -> tuple[float, float]:
    """Return the CPU of commands and all their descendants, and the time they took."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with Watch() as watch:
        for command in commands:
            subprocess.run(command, check=True, capture_output=True)
        took = time.monotonic() - began
        end = time.monotonic() + ENDS_S
        with suppress(ChildProcessError):
            while time.monotonic() < end:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    time.sleep(0.05)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return max(spent, watch.spent), took


def digest(run: Path) -> str:
    """Return the digest of a run's event lines, sorted."""
    lines = [
        line
        for path in sorted((run / "events").glob("*.jsonl"))
        for line in path.read_bytes().splitlines()
        if line.startswith(b'{"type"')
    ]
    total = hashlib.sha256()
    for line in sorted(lines):
        total.update(line)
    return total.hexdigest()[:16]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=40)
    parser.add_argument("--shares", type=int, default=16)
    asked = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    sim = [sys.executable, "-m", "sim"]
    size = ["--set", f"design.replications={asked.replications}"]
    shares = ["--shares", str(asked.shares)]
    ray = ["--executor", "ray", "--workers", "2"]
    with tempfile.TemporaryDirectory() as place:
        one, by_hand, on_ray, small = (Path(place) / name for name in ("a", "b", "c", "d"))
        out = "--out"
        rows = {
            "launch": cpu([*sim, "launch", *size, out, str(one)]),
            "launch --shares": cpu([*sim, "launch", *size, *shares, out, str(by_hand)]),
            "shard, one after another": cpu(
                *([*sim, "shard", str(by_hand), "--share", str(n)] for n in range(asked.shares))
            ),
            "gather": cpu([*sim, "gather", str(by_hand)]),
            "launch --executor ray": cpu([*sim, "launch", *size, *shares, *ray, out, str(on_ray)]),
            "the same, 100 episodes": cpu(
                [*sim, "launch", "--set", "products.per_category=1", *ray, out, str(small)]
            ),
        }
        for name, (spent, took) in rows.items():
            print(f"{name:28}{spent:8.1f} s CPU{took:8.1f} s")
        print("digests", digest(one), digest(by_hand), digest(on_ray))


if __name__ == "__main__":
    main()
