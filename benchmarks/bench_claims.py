"""What reading claims costs a run: `pairwise` with the reader and without, in turn.

Each run is a process of its own, so nothing is remembered; CPU time is that of launching and
playing, without imports and the closing tables. Texts repeat in longer runs, so those cost less.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EPISODES = 3_000
"""Of one replication of `pairwise`."""
READERS = ("none", "rules")


def run(quick: bool = False) -> list[dict[str, Any]]:
    """Measure and return one dict a figure, as ``python -m benchmarks`` reads them."""
    sizes = ((1, 1),) if quick else ((1, 8), (5, 4))
    return [_figure(replications, rounds) for replications, rounds in sizes]


def _figure(replications: int, rounds: int) -> dict[str, Any]:
    pairs = [_pair(replications, swapped=bool(number % 2)) for number in range(rounds)]
    none, rules = (median(pair[reader] for pair in pairs) for reader in READERS)
    return {
        "figure": f"claims: CPU an episode, {EPISODES * replications:,} episodes",
        "value": rules,
        "unit": "us",
        "reference": f"no reader {none:.0f}",
        "ratio": median(pair["rules"] / pair["none"] for pair in pairs),
    }


def _pair(replications: int, *, swapped: bool) -> dict[str, float]:
    """Measure both readers right behind each other, in either order."""
    order = READERS[::-1] if swapped else READERS
    return {reader: cpu_us(reader, replications) for reader in order}


def cpu_us(reader: str, replications: int) -> float:
    """Return the CPU time of an episode in microseconds, in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.bench_claims", "play", reader, str(replications)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1]) / (EPISODES * replications) * 1e6


def _play(reader: str, replications: str) -> None:
    """Launch in this process without the closing tables, and print its CPU seconds."""
    import retailsim.agents.retail.protocol
    import retailsim.sim.play.engine  # noqa: F401 - what a launch would import comes before
    from retailsim.sim.run import launch, launch_options
    from retailsim.sim.terminal.terminal import Terminal

    vars(launch)["conclude"] = lambda *_: 0
    settings = (f'claims.reader="{reader}"', f"design.replications={replications}")
    with tempfile.TemporaryDirectory(prefix="bench-claims-") as folder:
        options = launch_options.Options(out=Path(folder) / "run", workers=1, settings=settings)
        begun = time.process_time()
        launch.launch(options, Terminal(json=True))
        print(time.process_time() - begun)


if __name__ == "__main__":
    if sys.argv[1:2] == ["play"]:
        _play(*sys.argv[2:])
    else:
        for found in run(quick="--quick" in sys.argv):
            print(found)
