"""One market's lines out of a log of 1 GB: by the index, and by searching the bytes.

The reference is ``mmap.find`` of the market's name over the whole log, in the same process, of
markets from all over it. All figures are processor time. The index is made in a process of its
own first, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import mmap
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.bench_replay import write_log
from retailsim.analysis.lookup.index import LogIndex

RATIO = 100
"""So many markets may be asked of the index, at least, while one is searched for in 1 GB."""

ROOT = Path(__file__).resolve().parent.parent

_MAKE = """
import json, sys, time
from pathlib import Path
from retailsim.analysis.lookup.index import LogIndex
from benchmarks.common.memory import peak_bytes
before = peak_bytes()
start = time.process_time()
LogIndex.open(Path(sys.argv[1]))
print(json.dumps([time.process_time() - start, before, peak_bytes()]))
"""


def run(events: int = 3_000_000, *, quick: bool = False) -> list[dict[str, Any]]:
    """Return rows for the one table."""
    wanted = 100_000 if quick else events
    with tempfile.TemporaryDirectory(prefix="retailsim-bench-") as place:
        folder = Path(place)
        write_log(folder, wanted)
        size = sum(file.stat().st_size for file in folder.glob("events/*.jsonl"))
        made, before, peak = _made(folder)
        opened = _seconds(lambda: LogIndex.open(folder))
        index = LogIndex.open(folder)
        names = [f"m{number:07d}" for number in range(0, wanted // 140, wanted // 140 // 50)]
        asked = statistics.median(_seconds(partial(index.lines, name)) for name in names)
        few = names[::10]
        searched = statistics.median(_seconds(partial(_searched, folder, name)) for name in few)
        assert all(_searched(folder, name) == len(index.lines(name)) > 100 for name in few)
    beside, whole = f"mmap.find {searched:.3f}", wanted >= events
    memory = f"{before / 1e6:,.0f} to {peak / 1e6:,.0f} MB"
    return [
        {
            "figure": f"index of {size / 1e6:,.0f} MB, made ({memory})",
            "value": made,
            "unit": "CPU s",
            "reference": beside,
            "ratio": made / searched,
        },
        {
            "figure": "index, opened again",
            "value": opened,
            "unit": "CPU s",
            "reference": beside,
            "ratio": opened / searched,
        },
        {
            "figure": "markets read by the index",
            "value": 1 / asked,
            "unit": "/CPU s",
            "reference": f"mmap.find {1 / searched:,.1f}",
            "ratio": searched / asked,
            "target": f"ratio >= {RATIO}" if whole else "",
            "met": searched / asked >= RATIO if whole else None,
        },
    ]


def _made(folder: Path) -> tuple[float, int, int]:
    """Return processor seconds, and peak memory before and after."""
    command = (sys.executable, "-c", _MAKE, str(folder))
    ended = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    seconds, before, peak = json.loads(ended.stdout)
    return seconds, before, peak


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _searched(folder: Path, market: str) -> int:
    """Count a market's lines by looking for its name in all of the log."""
    needle, count = f'"market":"{market}"'.encode(), 0
    for path in sorted(folder.glob("events/*.jsonl")):
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            at = data.find(needle)
            while at >= 0:
                count, at = count + 1, data.find(needle, at + 1)
    return count
