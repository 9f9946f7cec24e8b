"""The studio's page on a run: how soon its numbers are there, and what a live page costs the run.

The first is a request to `studio` in a process of its own, for a small real run whose projection is
laid over the log many times: seconds to the first cards, beside those to the last chapter. The
second are pairs of equal launches, one with a page that follows it to its end and one without:
processor seconds of the launch, and whether the events are the same.
"""

from __future__ import annotations

import hashlib
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import OpenerDirector

import msgspec

from benchmarks.bench_report import lay_over
from benchmarks.common.memory import peak_bytes
from benchmarks.common.served import ROOT, served
from retailsim.events.log.reader import read_lines

EPISODES = 100_000
FIRST_S, PEAK_MB, MOST_MORE = 1.0, 400, 1.03
"""What a hundred thousand episodes may take, and a launch with a page beside it."""
REPLICATIONS, PAIRS = 4, 3


def run(
    episodes: int = EPISODES, replications: int = REPLICATIONS, *, quick: bool = False
) -> list[dict[str, Any]]:
    """Return rows for the one table."""
    with tempfile.TemporaryDirectory(prefix="retailsim-bench-") as place:
        folder = Path(place)
        size = ("products.per_category=1",) if quick else ()
        _launch(folder / "small", *size)
        laid = lay_over(folder / "small", 200 if quick else episodes)
        rows = list(_views(folder / "small", laid, limits=not quick))
        played = (*size, f"design.replications={2 if quick else replications}")
        return [*rows, _beside(folder, played, 1 if quick else PAIRS)]


def _views(run: Path, episodes: int, *, limits: bool) -> Iterator[dict[str, Any]]:
    with served(run) as (browser, home, process):
        address = f"{home}runs/{run.name}/"
        first, whole = _view(browser, address)
        _, again = _view(browser, address)
        peak = peak_bytes(process.pid) / 1e6
    what = f"overview of {episodes:,} episodes"
    yield {
        "figure": f"{what}: first cards",
        "value": first,
        "unit": "s",
        "reference": f"last chapter {whole:.2f}",
        "ratio": first / whole,
        "target": f"<= {FIRST_S:g}" if limits else "",
        "met": first <= FIRST_S if limits else None,
    }
    yield {
        "figure": f"{what}: all of it, kept (server's peak {peak:,.0f} MB)",
        "value": again,
        "unit": "s",
        "reference": f"made {whole:.2f}",
        "ratio": again / whole,
        "target": f"peak <= {PEAK_MB}" if limits else "",
        "met": peak <= PEAK_MB if limits else None,
    }


def _view(browser: OpenerDirector, address: str) -> tuple[float, float]:
    """Seconds until the first cards have come, and until all has."""
    began, first, page = time.perf_counter(), 0.0, b""
    with browser.open(address) as answer:
        while part := answer.read1():
            page += part
            if not first and b'class="headline"' in page:
                first = time.perf_counter() - began
    assert first and page.rstrip().endswith(b"</html>")
    return first, time.perf_counter() - began


def _beside(folder: Path, settings: tuple[str, ...], pairs: int) -> dict[str, Any]:
    """Equal launches with a page that follows and without, in turn; the least of each counts."""
    took: dict[bool, list[float]] = {True: [], False: []}
    events: set[str] = set()
    for number in range(2 * pairs):
        looked_at, root = number % 2 == 1, folder / f"pair-{number}"
        root.mkdir()
        with _followed(root) if looked_at else nullcontext():
            took[looked_at].append(_launch(root / "run", *settings))
        events.add(_events(root / "run"))
    least, alone, same = min(took[True]), min(took[False]), len(events) == 1
    return {
        "figure": f"launch with a live page beside it{'' if same else ': OTHER EVENTS'}",
        "value": least,
        "unit": "CPU s",
        "reference": f"alone {alone:.2f}",
        "ratio": least / alone,
        "target": f"ratio <= {MOST_MORE:g}",
        "met": same and least <= MOST_MORE * alone,
    }


@contextmanager
def _followed(root: Path) -> Iterator[None]:
    """Follow the run in a folder, which is made while the block runs, to its end."""
    with served(root) as (browser, home, _):
        thread = threading.Thread(target=_follow, args=(browser, f"{home}runs/run/live"))
        thread.start()
        yield
        thread.join()


def _follow(browser: OpenerDirector, address: str) -> None:
    seen = b""
    while b"event: end\n" not in seen:
        try:
            with browser.open(address) as stream:
                while part := stream.read1():
                    seen += part
        except HTTPError:  # there is no such run yet
            time.sleep(0.05)
    assert b"event: counters\n" in seen and b"event: sections\n" in seen


def _launch(out: Path, *settings: str) -> float:
    """Processor seconds of a launch of the built-in scenario."""
    words = ["launch", "--out", str(out), "--json"]
    for one in settings:
        words += ["--set", one]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run((sys.executable, "-m", "sim", *words), check=True, capture_output=True, cwd=ROOT)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime


def _events(run: Path) -> str:
    """A digest of the events, whatever the order of their markets."""
    digest = hashlib.sha256()
    for line in sorted(read_lines(run / "events")):
        digest.update(line)
    return digest.hexdigest()


if __name__ == "__main__":
    print(msgspec.json.format(msgspec.json.encode(run())).decode())
