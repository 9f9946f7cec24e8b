"""What looking at a large run takes of memory: it grows with the rows, and by what is shown."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.bench_report import laid_over
from retailsim.analysis.projection import projection_cache
from retailsim.analysis.projection.loader import load
from retailsim.analysis.projection.protocol_tables import table_set
from retailsim.analysis.projection.registered import registered
from retailsim.events.log.seal import fingerprint
from tests.sim.runs import launched

EPISODES = 300_000

_CHILD = """
import re, sys
from pathlib import Path
from retailsim.sim.cli import main
try:
    main(sys.argv[1:])
finally:
    said = Path("/proc/self/status").read_text()
    print(int(re.search(r"VmHWM:\\s+(\\d+) kB", said)[1]) // 1024, file=sys.stderr)
"""
"""Not ``ru_maxrss``: that of a new process begins with what its parent had."""


@pytest.mark.slow
def test_a_replay_and_a_report_of_many_episodes_stay_small(tmp_path: Path) -> None:
    """With every column in memory they took 369, 486 and 639 MB; profit came to them since."""
    run = tmp_path / "run"
    launched(run, "--set", "products.per_category=5")
    protocol = registered(run)
    tables, whole = table_set(protocol.name, protocol.tables), load(run)
    found = replace(laid_over(whole, EPISODES), tables=whole.tables)
    projection_cache.write(
        run / "derived",
        fingerprint(run / "events"),
        tables,
        projection_cache.contents_of(found, tables),
    )
    assert peak_mb("replay", run) < 370
    assert peak_mb("replay", "--json", run) < 430
    assert peak_mb("report", run) < 560


def peak_mb(*arguments: object) -> int:
    """The most memory that a command took, in a process of its own."""
    command = (sys.executable, "-c", _CHILD, *map(str, arguments))
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stderr.splitlines()[-1])
