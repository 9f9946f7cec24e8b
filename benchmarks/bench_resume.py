"""What it costs to resume a run that stopped at 90%, beside the whole run, in CPU seconds.

Both are processes of their own, so imports and the tables at the end count in both. The run that
is resumed is a copy of the whole one, its log cut off at 90% of its bytes as a kill would do.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

SHARE = 0.9
"""Of the log's bytes, what the interrupted run had written."""

TARGET = 0.25

FULL = Path("derived", "segments")


def run(replications: int = 20, *, quick: bool = False) -> list[dict[str, Any]]:
    """Return rows for the one table; 20 replications are 60,000 episodes and 590 MB."""
    with TemporaryDirectory(prefix="bench-resume-") as folder:
        whole, part = Path(folder) / "whole", Path(folder) / "part"
        played = f"design.replications={1 if quick else replications}"
        launched = _cpu_s("launch", "--set", played, "--out", whole)
        cut(whole, part)
        resumed = _cpu_s("resume", part)
    row = {"figure": "resume at 90%", "value": resumed, "unit": "CPU s"}
    row |= {"reference": f"whole run {launched:.1f}", "ratio": resumed / launched}
    if not quick:
        row |= {"target": f"ratio <= {TARGET:g}", "met": resumed / launched <= TARGET}
    return [row]


def cut(whole: Path, part: Path) -> None:
    """Copy a run of one worker as if it had been killed after `SHARE` of its log.

    Of what is derived, such a kill leaves what full segments say.
    """
    shutil.copytree(whole, part, ignore=shutil.ignore_patterns("derived", "SEAL"))
    shutil.copytree(whole / FULL, part / FULL)
    files = sorted((part / "events").glob("*.jsonl"))
    left = int(sum(file.stat().st_size for file in files) * SHARE)
    for file in files:
        size = file.stat().st_size
        if left < size:
            (part / FULL / f"{file.stem}.pieces").unlink(missing_ok=True)
        if left <= 0:
            file.unlink()
        elif left < size:
            os.truncate(file, left)
            file.rename(file.with_suffix(".jsonl.open"))
        left -= size


def _cpu_s(*arguments: object) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "retailsim.sim", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
