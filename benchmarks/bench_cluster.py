"""One run three ways: launched, in shares by a loop, and in shares on a Ray of this machine.

    python benchmarks/bench_cluster.py [--replications 40] [--shares 16]

CPU of all processes. Ray's are counted by looking at them every tenth of a second, since nobody
waits for them: they are adopted by this process. It runs at the same time as the launch that it is
compared with. 100 episodes on Ray are what it costs to start and end.
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
SERVERS = ("gcs_server", "raylet/raylet", "ray/dashboard", "Agent", "monitor.py")
"""Words in the names of Ray's own processes."""
_TICK = os.sysconf("SC_CLK_TCK")


class Watch:
    """Adds up the CPU of all descendants of this process, as last seen of each; a block.

    Attributes
    ----------
    leave : int
        A child that is not counted, nor are its own.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[int, str], float] = {}
        self._names: dict[tuple[int, str], str] = {}
        self.leave = 0
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

    @property
    def of_servers(self) -> float:
        """Seconds of what Ray runs besides shares."""
        return sum(
            spent
            for key, spent in self._seen.items()
            if any(server in self._names.get(key, "") for server in SERVERS)
        )

    def _look(self) -> None:
        while not self._ended.wait(0.1):
            rows = {}
            for path in Path("/proc").glob("[0-9]*/stat"):
                with suppress(OSError):
                    rows[int(path.parent.name)] = path.read_text().rpartition(")")[2].split()
            family = {os.getpid()}
            rows.pop(self.leave, None)
            while more := {pid for pid, row in rows.items() if int(row[1]) in family} - family:
                family |= more
            for pid in family - {os.getpid()}:
                row = rows[pid]
                self._seen[pid, row[19]] = (int(row[11]) + int(row[12])) / _TICK
                with suppress(OSError):
                    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
                    self._names[pid, row[19]] = words or self._names.get((pid, row[19]), "")


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


def beside(local: list[str], ray: list[str]) -> tuple[float, float, float, float]:
    """Return the CPU of two commands that run at the same time, so that both meet the same load.

    Then that of Ray's own servers in the second, and how long this took.

    What a command costs depends on what else runs: by a third where cores are shared by many.
    """
    began = time.monotonic()
    with Watch() as watch:
        watch.leave = subprocess.Popen(local, stdout=subprocess.DEVNULL).pid
        subprocess.run(ray, check=True, capture_output=True)
        took = time.monotonic() - began
        _, status, used = os.wait4(watch.leave, 0)
        if status:
            raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), local)
        time.sleep(ENDS_S / 4)
    return used.ru_utime + used.ru_stime, watch.spent, watch.of_servers, took


def digest(run: Path) -> str:
    """Return a digest of a run's event lines in any order: the sum of each one's."""
    total = 0
    for path in sorted((run / "events").glob("*.jsonl")):
        with path.open("rb") as lines:
            for line in lines:
                if line.startswith(b'{"type"'):
                    total += int.from_bytes(hashlib.sha256(line).digest())
    return f"{total % (1 << 64):016x}"


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
        start, _ = cpu([*sim, "launch", "--set", "products.per_category=1", *ray, out, str(small)])
        local, whole, servers, took = beside(
            [*sim, "launch", *size, out, str(one)],
            [*sim, "launch", *size, *shares, *ray, out, str(on_ray)],
        )
        print(
            f"Ray without its start, over launch: {(whole - start) / local - 1.0:+.1%}", flush=True
        )
        rows = {
            "launch": local,
            "launch --executor ray, beside it": whole,
            f"of which Ray's servers, in {took:.0f} s": servers,
            "the same, 100 episodes": start,
            "launch --shares": cpu([*sim, "launch", *size, *shares, out, str(by_hand)])[0],
            "shard, one after another": cpu(
                *([*sim, "shard", str(by_hand), "--share", str(n)] for n in range(asked.shares))
            )[0],
            "gather": cpu([*sim, "gather", str(by_hand)])[0],
        }
        for name, spent in rows.items():
            print(f"{name:34}{spent:8.1f} s CPU")
        print("digests", digest(one), digest(by_hand), digest(on_ray))


if __name__ == "__main__":
    main()
