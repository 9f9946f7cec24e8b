"""Kills: programs are ended at random moments, gone on with, and must come to the same events."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from campaign.branches import ROOT
from campaign.processes import Program
from campaign.results import Piece
from campaign.surface import scratch

SIZE = (
    *("--sellers", "plain-dealer,bold-showman"),
    *("--buyers", "easy-shopper,careful-saver,bargain-hunter"),
    *("--set", "products.per_category=2"),
)
"""48 episodes."""
ONE = ("--sellers", "plain-dealer", "--set", "products.per_category=1")
PATIENCE_S = 120.0

ASKING = """
[run]
concurrency = 4
[products]
per_category = 3
[[sellers]]
id = "plain-dealer"
agent = "plain-dealer"
[[buyers]]
id = "asking"
agent = "asking:Asking"
"""

Words = Callable[[Path, Path], Sequence[object]]
"""From a folder with what it needs and the place of the run to a command line."""


@dataclass(frozen=True)
class Target:
    """What is killed.

    Parameters
    ----------
    launch, go_on : callable
        The words that begin it, and those that go on with it.
    share : int
        How many kills of `make campaign` are its own.
    verified : bool
        Whether what it leaves is a run, which `verify` takes.
    """

    launch: Words
    go_on: Words
    share: int
    verified: bool = True


def _resume(place: Path, out: Path) -> Sequence[object]:
    return ("resume", out)


def _launching(*words: object) -> Words:
    return lambda place, out: ("launch", *words, "--out", out)


def _asking(place: Path, out: Path) -> Sequence[object]:
    return ("launch", place / "scenario.toml", "--out", out)


def _experiment(place: Path, out: Path) -> Sequence[object]:
    return ("experiment", "persona-effects", *ONE, "--out", out)


TARGETS = {
    "retail": Target(_launching(*SIZE), _resume, 300),
    "csales": Target(_launching("csales", "--set", "profiles.count=6"), _resume, 250),
    "zstd": Target(_launching(*SIZE, "--set", "log.compress=true"), _resume, 200),
    "waiting agents": Target(_asking, _resume, 200),
    "two workers": Target(
        _launching(*SIZE, "--workers", 2),
        lambda place, out: ("resume", out, "--workers", 2),
        60,
    ),
    "experiment": Target(_experiment, _experiment, 70, verified=False),
}


@dataclass
class Hunt:
    """The kills of one target."""

    name: str
    target: Target
    random: Random
    place: Path
    hits: int = 0
    faults: list[str] = field(default_factory=list)
    whole_s: float = 0.0
    reference: dict[str, list[bytes]] = field(default_factory=dict)

    def begin(self) -> None:
        """Run it once without a kill: the reference, and how long it takes."""
        out = self.place / "reference" / "run"
        out.parent.mkdir()
        began = time.monotonic()
        self.run(self.target.launch(self.place, out))
        self.whole_s = time.monotonic() - began
        self.reference = events(out)

    def run(self, words: Sequence[object]) -> Program:
        """Run a command to its end, which has to be a good one."""
        program = self.start(words)
        if not program.wait(PATIENCE_S):
            program.kill(group=True)
            raise AssertionError(f"{words[0]}: no end within {PATIENCE_S:.0f} s")
        if program.status != 0 or "Traceback" in program.text:
            raise AssertionError(f"{words[0]} ended with {program.status}: {program.text[-1500:]}")
        return program

    def start(self, words: Sequence[object]) -> Program:
        """Start a command whose trust is remembered in this place alone."""
        said = self.place / "said"
        said.unlink(missing_ok=True)
        state = {"XDG_STATE_HOME": str(self.place / "state")}
        return Program(words, said, state)

    def killed(self, words: Sequence[object]) -> None:
        """Start a command and kill it at some moment of its life, alone or with its workers."""
        program = self.start(words)
        if not program.wait(self.random.uniform(0.0, self.whole_s)):
            program.kill(group=self.random.random() < 0.5)
            self.hits += 1
        if "Traceback" in program.text:
            raise AssertionError(f"{words[0]}: {program.text[-1500:]}")

    def one(self, number: int) -> None:
        """Kill one run again and again, go on with it, and compare it with the reference."""
        folder = self.place / f"run-{number}"
        out = folder / "run"
        folder.mkdir()
        self.killed(self.target.launch(self.place, out))
        while self.random.random() < 0.88:
            self.killed(self._next(out))
        self.run(self._next(out))
        if events(out) != self.reference:
            raise AssertionError("the events are not those of a run that nobody killed")
        if self.target.verified and number % 8 == 0:
            self.run(("verify", out))
        self._tidy(folder, out)
        shutil.rmtree(folder)

    def _next(self, out: Path) -> Sequence[object]:
        words = self.target.go_on if (out / "run.toml").is_file() else self.target.launch
        return words(self.place, out)

    def _tidy(self, folder: Path, out: Path) -> None:
        left = [path for path in folder.rglob(".*") if out in path.parents or path.parent == folder]
        if left:
            raise AssertionError(f"left behind: {', '.join(path.name for path in left)}")


def events(out: Path) -> dict[str, list[bytes]]:
    """The event lines of each run below a folder, sorted by market and number, as verified."""
    from retailsim.events.log.reader import read_lines

    found = {}
    for file in sorted(out.rglob("run.toml")):
        keyed = []
        for line in read_lines(file.parent / "events"):
            event = json.loads(line)
            if "seq" in event:
                keyed.append(((event["market"], event["seq"]), line))
        found[file.parent.relative_to(out).as_posix()] = [line for _, line in sorted(keyed)]
    return found


def campaign(seed: int, count: int | None, names: Sequence[str], seconds: float) -> list[Piece]:
    """Kill each target so often, for so long at most; `count` None: its own share."""
    return [_kill(name, seed, count or TARGETS[name].share, seconds) for name in names or TARGETS]


def _kill(name: str, seed: int, count: int, most_s: float) -> Piece:
    began, place = time.monotonic(), scratch() / f"kill-{name}-{seed}"
    place.mkdir()
    (place / "scenario.toml").write_text(ASKING)
    shutil.copy(ROOT / "tests" / "sim" / "plugins" / "asking.py", place)
    hunt = Hunt(name, TARGETS[name], Random(f"{name}/{seed}"), place)
    try:
        hunt.begin()
        number = 0
        while hunt.hits < count and len(hunt.faults) < 5 and time.monotonic() < began + most_s:
            try:
                hunt.one(number)
            except AssertionError as error:
                hunt.faults.append(f"run {number}: {error}")
                print(f"  FAULT {name}: {hunt.faults[-1]}", flush=True)
            number += 1
    finally:
        shutil.rmtree(place, ignore_errors=True)
    seconds = time.monotonic() - began
    print(f"{name}: {hunt.hits} kills of {number} runs in {seconds:.0f} s", flush=True)
    return Piece(
        part="kill",
        name=name,
        seed=seed,
        count=hunt.hits,
        faults=len(hunt.faults),
        seconds=round(seconds, 1),
    )
