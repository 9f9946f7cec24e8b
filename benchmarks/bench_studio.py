"""What a page costs the run it follows: `launch --studio` with a browser on its page, or without.

The page is asked for and its stream read as a browser does, until the run ends. In turns a launch
is followed and not; the ratio is that of neighbouring turns, so that whatever else a machine does
slows both. CPU is that of the process that plays, speed what a person waits for; both leave out
imports and the closing tables. The events are compared: they are the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from http.cookiejar import CookieJar
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Thread
from typing import IO, Any, NamedTuple
from urllib.parse import urljoin
from urllib.request import HTTPCookieProcessor, build_opener

import msgspec

ROOT = Path(__file__).resolve().parent.parent
MOST = 1.03
"""Of the CPU that an episode takes where nobody follows the run."""
LEAST = 0.97
"""Of its speed."""
PATIENCE_S = 600.0


def run(replications: int = 14, turns: int = 5, *, quick: bool = False) -> list[dict[str, Any]]:
    """Return rows for the one table.

    Parameters
    ----------
    replications : int
        Of the 3,000 episodes of a launch.
    turns : int
        Each figure is the median of these.
    """
    if quick:
        replications, turns = 2, 1
    pairs = [(turn("alone", replications), turn("page", replications)) for _ in range(turns)]
    if len({one.events for pair in pairs for one in pair}) > 1:
        raise AssertionError("a page changed the events of the run that it follows")
    cpu = median(followed.cpu_s / alone.cpu_s for alone, followed in pairs)
    speed = median(alone.wall_s / followed.wall_s for alone, followed in pairs)
    judged = not quick and (os.cpu_count() or 1) > 1
    return [
        {
            "figure": f"CPU of {3_000 * replications:,} episodes, page followed",
            "value": median(followed.cpu_s for _, followed in pairs),
            "unit": "s",
            "reference": f"alone {median(alone.cpu_s for alone, _ in pairs):.2f}",
            "ratio": cpu,
            **({} if quick else {"target": f"ratio <= {MOST}", "met": cpu <= MOST}),
        },
        {
            "figure": f"speed, page followed ({median(one.sent for _, one in pairs):,.0f} pushes)",
            "value": 3_000 * replications / median(followed.wall_s for _, followed in pairs),
            "unit": "episodes/s",
            "reference": f"alone {3_000 * replications / median(a.wall_s for a, _ in pairs):,.0f}",
            "ratio": speed,
            **({"target": f"ratio >= {LEAST}", "met": speed >= LEAST} if judged else {}),
        },
    ]


class Spent(msgspec.Struct, frozen=True):
    """What playing took: seconds of processor time, and of the clock."""

    cpu_s: float
    wall_s: float


class Turn(NamedTuple):
    """What playing took, how often the page was sent something, and a digest of the events."""

    cpu_s: float
    wall_s: float
    sent: int
    events: str


def turn(what: str, replications: int) -> Turn:
    """Play a run, followed or ``alone``."""
    with TemporaryDirectory(prefix="bench-studio-") as folder:
        out = Path(folder) / "run"
        words = [sys.executable, "-m", "benchmarks.bench_studio", what, str(out), str(replications)]
        sent: list[str] = []
        with subprocess.Popen(
            words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            assert child.stderr is not None
            following = Thread(target=_follow, args=(child.stderr, sent))
            following.start()
            said = child.stdout.read()
            following.join()
        spent = msgspec.json.decode(said, type=Spent)
        return Turn(spent.cpu_s, spent.wall_s, len(sent), _digest(out))


def _follow(said: IO[str], sent: list[str]) -> None:
    """Look at the page whose link is said, and read its stream until the run ends."""
    for line in said:
        if line.startswith("page: "):
            browser = build_opener(HTTPCookieProcessor(CookieJar()))
            with browser.open(line.removeprefix("page: ").strip(), timeout=PATIENCE_S) as page:
                page.read()
                stream = urljoin(page.url, "live")
            with browser.open(stream, timeout=PATIENCE_S) as events:
                sent += [one.decode() for one in events if one.startswith(b"event:")]


def _digest(run: Path) -> str:
    from retailsim.events.log.reader import read_lines

    digest = hashlib.sha256()
    for line in _event_lines(read_lines(run / "events")):
        digest.update(line)
    return digest.hexdigest()


def _event_lines(lines: Iterator[bytes]) -> Iterator[bytes]:
    return (line for line in lines if b'"episode":' in line)


def _play(what: str, out: str, replications: str) -> None:
    """Play a run in this process without the closing tables, and print what that took."""
    from retailsim.sim.run.launch import make, play_prepared, prepare
    from retailsim.sim.run.launch_options import Options
    from retailsim.sim.run.page_beside import page_beside
    from retailsim.sim.terminal.terminal import Terminal

    terminal = Terminal()
    settings = (f"design.replications={replications}",)
    prepared = prepare(Options(out=Path(out), settings=settings), terminal)
    made = make(prepared)
    with page_beside(made.path, terminal) if what == "page" else nullcontext() as page:
        if page is not None:
            page.wait()
        cpu, wall = time.process_time(), time.perf_counter()
        play_prepared(prepared, made, terminal)
        spent = Spent(time.process_time() - cpu, time.perf_counter() - wall)
    print(msgspec.json.encode(spent).decode())


if __name__ == "__main__":
    _play(*sys.argv[1:])
