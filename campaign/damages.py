"""Damages: written logs and folders are spoilt, and whatever reads them must say so."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

import msgspec

from campaign.hunt import limited
from campaign.mutation import OF_TEXT
from campaign.results import Piece
from campaign.surface import WrongInSilence, same, scratch
from retailsim.events.errors import LogDamaged, RetailSimError
from retailsim.events.log.reader import check, read_lines
from retailsim.events.log.recovery import recover
from retailsim.sim.folder.run_folder import RunFolder

SIZE = {
    "retail": ("--sellers", "plain-dealer", "--buyers", "easy-shopper,bargain-hunter"),
    "csales": ("csales", "--sellers", "csi", "--set", "profiles.count=3"),
}
"""What is launched: some ten episodes, a log of a few hundred lines."""


@cache
def whole(protocol: str, compress: bool) -> Path:
    """A finished run of a protocol; it is copied before it is spoilt."""
    from tests.sim.runs import launched, sim

    os.environ["XDG_STATE_HOME"] = str(scratch() / "state")  # trusted here alone
    out = scratch() / f"{protocol}-{compress}"
    size = ("--set", "products.per_category=1") if protocol == "retail" else ()
    words = (*SIZE[protocol], *size, "--set", f"log.compress={str(compress).lower()}")
    launched(out, *words)
    assert sim("replay", out).exit_code == 0
    return out


def measures(run: Path) -> bytes:
    """What a replay says of a run, but for its place."""
    from retailsim.analysis.replay.replay import replay

    told = msgspec.to_builtins(replay(run))
    told.pop("run")
    return msgspec.json.encode(told, order="sorted")


def lines_of(events: Path) -> list[bytes]:
    """All lines of a log that is whole, checked against its seal."""
    check(events)
    return list(read_lines(events))


def segment(run: Path, random: Random) -> Path:
    """The first segment."""
    return sorted(path for path in (run / "events").iterdir() if path.name[0].isdigit())[0]


@dataclass(frozen=True)
class Kind:
    """One kind of damage.

    Parameters
    ----------
    protocol : str
    compress : bool
    file : callable
        Takes a run and a source of chance, and returns which of its files is spoilt.
    judge : callable
        Takes the spoilt run and the sound one, and returns what became of it. A damage that is
        said raises `RetailSimError`; one that changes what is read in silence `WrongInSilence`.
    torn : bool
        Whether the log is left as a killed writer leaves it: open, without a seal.
    """

    protocol: str
    compress: bool
    file: Callable[[Path, Random], Path]
    judge: Callable[[Path, Path], str]
    torn: bool = False


def _read_whole(run: Path, sound: Path) -> str:
    same("lines", lines_of(run / "events"), lines_of(sound / "events"))
    return "harmless"


def _recovered(run: Path, sound: Path) -> str:
    """What is recovered of a torn log is a beginning of what was written."""
    recover(run / "events")
    found, wanted = list(read_lines(run / "events")), lines_of(sound / "events")
    same("lines", found, wanted[: len(found)])
    return "recovered in part" if len(found) < len(wanted) else "recovered"


def _inputs(run: Path, sound: Path) -> str:
    folder = RunFolder(run)
    folder.check_inputs(folder.read())
    raise WrongInSilence("inputs: a change was not seen")


def _replayed(run: Path, sound: Path) -> str:
    same("measures", measures(run), _measured(sound))
    return "measured again"


@cache
def _measured(sound: Path) -> bytes:
    return measures(sound)


def _seal(run: Path, random: Random) -> Path:
    return run / "events" / "SEAL"


def _products(run: Path, random: Random) -> Path:
    return run / "inputs" / "products.jsonl"


def _tables(run: Path, random: Random) -> Path:
    """One of the files below ``derived``."""
    return random.choice(sorted(path for path in (run / "derived").rglob("*") if path.is_file()))


KINDS = {
    "plain log, retail": Kind("retail", False, segment, _read_whole),
    "plain log, csales": Kind("csales", False, segment, _read_whole),
    "zstd log, retail": Kind("retail", True, segment, _read_whole),
    "zstd log, csales": Kind("csales", True, segment, _read_whole),
    "torn log": Kind("retail", False, segment, _recovered, torn=True),
    "seal": Kind("retail", False, _seal, _read_whole),
    "inputs": Kind("retail", False, _products, _inputs),
    "derived tables": Kind("retail", False, _tables, _replayed),
}


def spoilt(random: Random, data: bytes) -> bytes:
    """Return the bytes with a part flipped, cut, zeroed, repeated, moved or borrowed."""
    new = data
    while new == data:
        match random.randrange(4):
            case 0:
                at = random.randrange(len(data))
                size = random.choice((1, 16, 512, 4096))
                new = data[:at] + bytes(min(size, len(data) - at)) + data[at + size :]
            case 1:
                new = data[: random.randrange(len(data))]
            case _:
                new = random.choice(OF_TEXT)(random, data, (data,))
    return new


def campaign(
    seed: int, count: int | None, names: Sequence[str], seconds: float = float("inf")
) -> list[Piece]:
    """Do so many damages of each kind, for so long at most."""
    return [_damage(name, seed, count or 0, seconds) for name in names or KINDS]


def _damage(name: str, seed: int, count: int, most_s: float) -> Piece:
    kind, random, began = KINDS[name], Random(f"{name}/{seed}"), time.monotonic()
    sound, run = whole(kind.protocol, kind.compress), scratch() / f"damaged-{os.getpid()}"
    found: dict[str, int] = {}
    faults: dict[str, int] = {}
    done = 0
    with limited():
        while done < count and time.monotonic() < began + most_s:
            place = _copied(kind, sound, run, random)
            data = place.read_bytes()
            place.write_bytes(spoilt(random, data))
            outcome, fault = _judged(kind, run, sound)
            tally = faults if fault else found
            if fault and outcome not in faults:
                print(f"  FAULT {name}: damage {done} of seed {seed}: {outcome}", flush=True)
            tally[outcome] = tally.get(outcome, 0) + 1
            done += 1
    shutil.rmtree(run, ignore_errors=True)
    seconds = time.monotonic() - began
    print(f"{name}: {done} damages in {seconds:.0f} s, {found}", flush=True)
    return Piece(
        part="damage",
        name=name,
        seed=seed,
        count=done,
        faults=len(faults),
        seconds=round(seconds, 1),
    )


def _copied(kind: Kind, sound: Path, run: Path, random: Random) -> Path:
    """Copy the sound run, and return the file that is to be spoilt."""
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(sound, run, ignore=None if kind.file is _tables else _without_tables)
    place = kind.file(run, random)
    if kind.torn:
        (run / "events" / "SEAL").unlink()
        place = place.rename(place.with_name(f"{place.name}.open"))
    return place


def _without_tables(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "derived"]


def _judged(kind: Kind, run: Path, sound: Path) -> tuple[str, bool]:
    """Return what became of a damage, and whether that is a fault."""
    try:
        return kind.judge(run, sound), False
    except LogDamaged:
        return "damage found", False
    except RetailSimError as error:
        return f"refused by {type(error).__name__}", False
    except BaseException as error:  # Rust's panics are no Exceptions
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"{type(error).__name__}: {str(error)[:200]}", True
