"""What an episode costs now, beside a frozen commit: `pairwise` offline, in turn with it.

The baseline is unpacked from this repository into a temporary folder. Either tree is launched in
processes of its own, tables included, at two sizes: the difference between them is what the
episodes cost, and start-up cancels. Python calls are counted beside the time, because they do not
depend on who else uses the machine. Neither counts if the two trees do not log the same bytes.

``python -m benchmarks.bench_baseline [COMMIT] [ROUNDS]`` compares with another commit.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parent.parent
COMMIT = "de0de6a6"
"""The last one before an episode was to cost half of what it did."""
EPISODES = 3_000
"""Of one replication of `pairwise`."""
GOAL = 0.5

_CHILD = """
import cProfile, sys, time
from pathlib import Path
import retailsim
out, replications, what = sys.argv[1:]
assert Path(retailsim.__file__).is_relative_to(Path.cwd()), "another tree's package"
from retailsim.sim.cli import main
counter = cProfile.Profile()
if what == "calls":
    counter.enable()
try:
    main(["launch", "--out", out, "--json", "--set", "design.replications=" + replications])
finally:
    counter.disable()
    calls = sum(entry.callcount for entry in counter.getstats())
    print(calls if what == "calls" else time.process_time(), file=sys.stderr)
"""


@dataclass(frozen=True)
class Sizes:
    """Replications of the two runs whose difference is taken, and how often."""

    small: int
    large: int
    rounds: int

    @property
    def episodes(self) -> int:
        """How many more the larger run has."""
        return EPISODES * (self.large - self.small)


def run(quick: bool = False, commit: str = COMMIT, rounds: int = 3) -> list[dict[str, Any]]:
    """Measure and return one dict a figure, as ``python -m benchmarks`` reads them."""
    sizes = Sizes(1, 2, 1) if quick else Sizes(1, 3, rounds)
    with unpacked(commit) as baseline:
        return [
            _events(baseline, commit),
            _calls(baseline, commit),
            _cpu(baseline, commit, sizes, judged=not quick),
        ]


@contextmanager
def unpacked(commit: str) -> Iterator[Path]:
    """Lay a commit of this repository into a temporary folder."""
    words = ["git", "archive", "--format=tar", commit]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(
            f"bench_baseline: no commit {commit} here ({done.stderr.decode().strip()}); a shallow"
            " clone gets it by `git fetch --unshallow`"
        )
    with TemporaryDirectory(prefix="bench-baseline-") as folder:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(folder, filter="data")
        yield Path(folder)


def _events(baseline: Path, commit: str) -> dict[str, Any]:
    lines, digest = logged(ROOT)
    same = (lines, digest) == logged(baseline)
    return {
        "figure": f"event lines of {EPISODES:,} episodes",
        "value": lines,
        "unit": "lines",
        "reference": f"{commit}: {'the same bytes' if same else 'OTHER BYTES'}",
        "target": "same",
        "met": same,
    }


def _calls(baseline: Path, commit: str) -> dict[str, Any]:
    now, before = (each(tree, Sizes(1, 2, 1), "calls") for tree in (ROOT, baseline))
    return {
        "figure": "function calls an episode",
        "value": now,
        "unit": "calls",
        "reference": f"{commit}: {before:,.0f}",
        "ratio": now / before,
    }


def _cpu(baseline: Path, commit: str, sizes: Sizes, *, judged: bool) -> dict[str, Any]:
    pairs = [_pair(baseline, sizes, swapped=bool(n % 2)) for n in range(sizes.rounds)]
    ratios = [now / before for now, before in pairs]
    ratio = median(ratios)
    return {
        "figure": f"CPU an episode, {sizes.rounds} pairs, {min(ratios):.2f} to {max(ratios):.2f}",
        "value": median(now for now, _ in pairs) * 1e6,
        "unit": "us",
        "reference": f"{commit}: {median(before for _, before in pairs) * 1e6:,.0f}",
        "ratio": ratio,
        **({"target": f"ratio <= {GOAL}", "met": ratio <= GOAL} if judged else {}),
    }


def _pair(baseline: Path, sizes: Sizes, *, swapped: bool) -> tuple[float, float]:
    """CPU seconds of an episode now and before, measured right behind each other."""
    if swapped:
        before = each(baseline, sizes, "cpu")
        return each(ROOT, sizes, "cpu"), before
    return each(ROOT, sizes, "cpu"), each(baseline, sizes, "cpu")


def each(tree: Path, sizes: Sizes, what: str) -> float:
    """Return what one more episode takes in `tree`: CPU seconds, or function calls."""
    small, large = (_launched(tree, size, what) for size in (sizes.small, sizes.large))
    return (large - small) / sizes.episodes


def logged(tree: Path) -> tuple[int, str]:
    """Count the event lines that `tree` logs, and digest them in the order of the promise."""
    with TemporaryDirectory(prefix="bench-baseline-run-") as folder:
        _child(tree, Path(folder) / "run", 1, "cpu")
        return digest(Path(folder) / "run")


def digest(run: Path) -> tuple[int, str]:
    """Count a run's event lines, and digest them sorted by market and number."""
    lines: list[tuple[str, int, bytes]] = []
    for segment in sorted((run / "events").glob("*.jsonl")):
        for line in segment.read_bytes().splitlines():
            event = msgspec.json.decode(line)
            if "market" in event:
                lines.append((event["market"], event["seq"], line))
    return len(lines), sha256(b"\n".join(line for *_, line in sorted(lines))).hexdigest()


def _launched(tree: Path, replications: int, what: str) -> float:
    with TemporaryDirectory(prefix="bench-baseline-run-") as folder:
        return _child(tree, Path(folder) / "run", replications, what)


def _child(tree: Path, out: Path, replications: int, what: str) -> float:
    words = [sys.executable, "-c", _CHILD, str(out), str(replications), what]
    done = subprocess.run(words, cwd=tree, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench_baseline: a launch in {tree} failed:\n{done.stderr}")
    return float(done.stderr.split()[-1])


if __name__ == "__main__":
    arguments: dict[str, Any] = dict(zip(("commit", "rounds"), sys.argv[1:], strict=False))
    if "rounds" in arguments:
        arguments["rounds"] = int(arguments["rounds"])
    for found in run(**arguments):
        print(found)
