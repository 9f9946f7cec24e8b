"""The benchmark of the gateway runs as its page says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_the_benchmark_prints_a_verdict_for_both_of_its_promises() -> None:
    command = [sys.executable, "-m", "benchmarks.bench_gateway", "--calls", "128", "--repeats", "1"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    lines = done.stdout.splitlines()
    assert [line.split("  ")[0] for line in lines if "target" in line] == [
        "calls, gateway to bare",
        "CPU, gateway to bare",
    ]
    assert lines[-1].startswith("memory, each of 1,000 in flight")
