"""Hunting: feeds one surface with mutated inputs, keeps those that reach new code, judges all."""

from __future__ import annotations

import resource
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random
from types import FrameType

from campaign.branches import Branches
from campaign.surface import MOST_LINE, BadLine, Surface

MOST_SECONDS = 10.0
MOST_MEMORY_KB = 2_000_000
WATCH_ALL, WATCH_ONE_OF = 100, 100
"""Inputs at the beginning whose branches are all counted, and the share of those after."""
KEPT = 10
"""Faults that are kept of one kind."""


class Hang(BaseException):
    """An input took too long; not an Exception, so that nobody catches it."""


@dataclass
class Fault:
    """An input that brought the program to something it must never do."""

    number: int
    kind: str
    data: bytes


@dataclass
class Catch:
    """What one hunt found."""

    surface: str
    seed: int
    inputs: int = 0
    steps: int = 0
    pool: int = 0
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[Fault]] = field(default_factory=dict)

    def add(self, fault: Fault) -> None:
        """Keep a fault."""
        found = self.faults.setdefault(fault.kind, [])
        if len(found) < KEPT:
            found.append(fault)


def hunt(
    surface: Surface, *, seed: int, inputs: int, seconds: float = float("inf"), stop: bool = False
) -> Catch:
    """Feed a surface.

    Parameters
    ----------
    seed : int
        The same inputs for the same seed, as long as the code is the same.
    inputs : int
        How many, at most.
    seconds : float
        How long, at most.
    stop : bool
        Whether the first fault ends it.
    """
    random, branches = Random(f"{surface.name}/{seed}"), Branches(surface.code)
    catch = Catch(surface.name, seed)
    pool = list(surface.seeds())
    for data in pool:
        branches.watch(partial(surface.feed, data))
    began = time.monotonic()
    with limited():
        for number in range(inputs):
            if time.monotonic() - began > seconds:
                break
            data = pool[number] if number < len(pool) else surface.next(random, pool)
            fault = judged(surface, data, catch.outcomes)
            catch.inputs += 1
            if fault is not None:
                catch.add(Fault(number, fault, data))
                if stop:
                    break
            elif _watched(number) and branches.watch(partial(surface.feed, data)):
                pool.append(data)
    catch.steps, catch.pool = len(branches.steps), len(pool)
    catch.seconds = time.monotonic() - began
    return catch


def _watched(number: int) -> bool:
    return number < WATCH_ALL or number % WATCH_ONE_OF == 0


def judged(surface: Surface, data: bytes, outcomes: Counter[str]) -> str | None:
    """Feed one input; returns the kind of its fault, or None and counts what became of it."""
    signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
    try:
        outcomes[surface.feed(data)] += 1
        return _memory()
    except surface.refusals as error:
        outcomes["refused"] += 1
        return _line(str(error))
    except Hang:
        return f"no end within {MOST_SECONDS:.0f} s"
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - Rust's panics are no Exceptions
        return _kind(error)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def _line(line: str) -> str | None:
    if len(line) > MOST_LINE:
        return f"{BadLine.__name__}: {len(line):,} characters"
    return None if line.strip() else f"{BadLine.__name__}: it says nothing"


def _kind(error: BaseException) -> str:
    """Name a fault by its type and the place of ours that raised it, so that each is told once."""
    place, trace = "", error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "campaign" not in name and "lib/python" not in name:
            place = f"{name.rpartition('/')[2]}:{trace.tb_frame.f_code.co_name}"
        trace = trace.tb_next
    said = str(error).splitlines()[0][:100] if str(error) else ""
    # What an input holds differs from input to input; the kind is what stands before it.
    return f"{type(error).__name__} in {place or 'the check'}: {said.partition(':')[0]}"


def _memory() -> str | None:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"{used:,} kB of memory" if used > MOST_MEMORY_KB else None


@contextmanager
def limited() -> Iterator[None]:
    """End an input that takes too long, by a signal; in the main thread only."""

    def end(number: int, frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, end)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
