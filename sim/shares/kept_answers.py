"""Answers of the outside world in a store: there before they are used, whatever becomes of a node.

What a model answered is paid for, and a node's disk is lost with the node. So an answer is put into
the store before anybody goes on by it, many at once: a batch begins at most every 200 ms, and holds
all that came since the last one. Of an attempt that is lost, only answers that were not put are
asked for again, and nothing was done by those yet.

Batches are put one after another, so that what is there is always the beginning of what was asked.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import msgspec

from retailsim.events.errors import StoreFailed
from retailsim.events.log.writer import LogWriter
from retailsim.events.messages import SCHEMA_VERSION, LoggedRecord
from retailsim.events.object_store import Objects
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.play.leftovers import Leftovers, is_record
from retailsim.sim.play.market_log import Log
from retailsim.sim.shares.attempts import NAME, surveyed
from retailsim.sim.shares.errors import ShareDamaged

BATCH_S = 0.2
"""A store takes tens of milliseconds for an object, and thousands a second of one bucket."""
_AT_ONCE = 16
_FOLDER = "answers"

_decode = msgspec.json.Decoder(LoggedRecord).decode

Waiter = asyncio.Future[None]
_Key = tuple[str | None, str, int]


class Answers:
    """Puts answers into a store, in batches, from a thread of its own.

    Parameters
    ----------
    objects : Objects
    under : str
        The attempt's name there, such as ``shares/0003/a1-7f3c90aa``.
    """

    def __init__(self, objects: Objects, under: str) -> None:
        self.names: list[str] = []
        self._objects = objects
        self._under = f"{under}/{_FOLDER}"
        self._queue: queue.SimpleQueue[tuple[bytes, Waiter | None] | None] = queue.SimpleQueue()
        self._failure: StoreFailed | None = None
        self._stop: Callable[[], None] = _nobody
        self._thread: threading.Thread | None = None

    def beside(self, log: Log, stop: Callable[[], None]) -> KeptTwice:
        """Return a log that also puts answers here.

        Parameters
        ----------
        stop : callable
            Called in the event loop when the store takes no more: what would be asked from then on
            would be paid for and lost.
        """
        self._stop = stop
        return KeptTwice(log, self)

    def put_first(self, lines: bytes) -> None:
        """Put what is known before anything is asked; raises `StoreFailed`."""
        if lines:
            self._put(lines)

    def add(self, lines: bytes, waiter: Waiter | None = None) -> None:
        """Have lines put behind those before; whoever waits is told when they are there.

        Raises
        ------
        StoreFailed
            If the store has taken no more since an earlier one.
        """
        self.check()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="answers", daemon=True)
            self._thread.start()
        self._queue.put((lines, waiter))

    def check(self) -> None:
        """Raise `StoreFailed` if the store took no more."""
        if self._failure is not None:
            raise _again(self._failure)

    def close(self) -> None:
        """Put what is left, as far as the store takes it."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    # What follows runs in the thread.

    def _run(self) -> None:
        going, began = True, float("-inf")
        while going:
            first = self._queue.get()
            if first is None:
                return
            time.sleep(max(0.0, began + BATCH_S - time.monotonic()))
            batch = [first]
            with suppress(queue.Empty):
                while (more := self._queue.get_nowait()) is not None:
                    batch.append(more)
                going = False
            began = time.monotonic()
            if self._failure is None:
                try:
                    self._put(b"".join(lines for lines, _ in batch))
                except StoreFailed as error:
                    self._failure = error
                except Exception as error:  # noqa: BLE001 - who waits is told, whatever it is
                    problem = f"unexpected {type(error).__name__}: {error}"
                    self._failure = StoreFailed(self._objects.address, problem, 1)
            self._serve([waiter for _, waiter in batch if waiter is not None])

    def _put(self, lines: bytes) -> None:
        name = f"{self._under}/{len(self.names):08d}.jsonl"
        self._objects.put(name, lines)
        self.names.append(name)

    def _serve(self, waiters: list[Waiter]) -> None:
        if waiters:
            with suppress(RuntimeError):  # a closed loop means that nobody waits any more
                waiters[0].get_loop().call_soon_threadsafe(self._settle, waiters)

    def _settle(self, waiters: Iterable[Waiter]) -> None:  # in the event loop again
        if self._failure is not None:
            self._stop()
        for waiter in waiters:
            if waiter.done():
                continue
            if self._failure is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(_again(self._failure))


def _nobody() -> None:
    """Nobody is to be told."""


class KeptTwice:
    """A log whose answers are in a store, too, before they are used.

    Parameters
    ----------
    log : Log
    answers : Answers
    """

    def __init__(self, log: Log, answers: Answers) -> None:
        self._log = log
        self._answers = answers

    def append(self, lines: bytes, count: int) -> None:
        """Queue lines; what is recorded without being waited for keeps its place among answers."""
        self._answers.check()
        if is_record(lines):
            self._answers.add(lines)
        self._log.append(lines, count)

    async def append_durable(self, lines: bytes, count: int) -> None:
        """Return once the lines are in the system's hands, and in the store."""
        waiter = asyncio.get_running_loop().create_future()
        self._answers.add(lines, waiter)
        try:
            await self._log.append_durable(lines, count)
            await waiter
        finally:
            waiter.cancel()

    async def room(self) -> None:
        """Wait while too much is queued."""
        self._answers.check()
        await self._log.room()


def _again(failure: StoreFailed) -> StoreFailed:
    return StoreFailed(failure.address, failure.problem, failure.exit_status)


def fetch_answers(objects: Objects, share: int) -> dict[str, list[LoggedRecord]]:
    """Return what all attempts at a share put, by their names.

    Raises
    ------
    ShareDamaged
        If any of it cannot be read: what it was would be paid for again.
    """
    under = f"shares/{share:04d}"
    names = [name for name in objects.sizes(under) if _holds_answers(name)]
    found: dict[str, list[LoggedRecord]] = defaultdict(list)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for name, text in zip(names, pool.map(objects.read, names), strict=True):
            try:
                found[name.split("/")[2]] += map(_decode, (text or b"").splitlines())
            except (ValueError, RecursionError) as error:
                problem = f"answers that were kept cannot be read ({error})"
                place = f"{objects.address}/{name}"
                raise ShareDamaged(share, place, problem, objects.address) from None
    return dict(found)


def _holds_answers(name: str) -> bool:
    parts = name.split("/")
    return len(parts) == 5 and parts[3] == _FOLDER and NAME.fullmatch(parts[2]) is not None


def chosen(
    found: Mapping[str, list[LoggedRecord]], furthest: str | None, logged: Collection[str]
) -> dict[str, list[LoggedRecord]]:
    """Return for each market the answers of the attempt that has most of it.

    Two attempts that are alive at once may be answered differently, so those of one market are
    never mixed; and where there are events that came of them already, they are that attempt's.

    Parameters
    ----------
    found : mapping of attempt to records
    furthest : str or None
        The attempt whose log is gone on with.
    logged : collection of str
        Markets of which that holds something.
    """
    most = {
        attempt: Counter(record.market for record in records) for attempt, records in found.items()
    }
    owner: dict[str, str] = {}
    for attempt in sorted(found):
        for market, count in most[attempt].items():
            if market not in owner or count > most[owner[market]][market]:
                owner[market] = attempt
    if furthest is not None:
        owner.update((market, furthest) for market in logged if market in owner)
    by_market: dict[str, list[LoggedRecord]] = defaultdict(list)
    for attempt, records in found.items():
        for record in records:
            if owner[record.market] == attempt:
                by_market[record.market].append(record)
    return dict(by_market)


def load(
    found: Mapping[str, list[LoggedRecord]],
    furthest: str | None,
    home: RunFolder,
    file: RunFile,
    share: int,
) -> bytes:
    """Write into an attempt's log the answers that it lacks; returns all of markets not done.

    Parameters
    ----------
    found, furthest
        As `chosen` has them.
    """
    log = surveyed(home, share)
    there = Leftovers(home.events, log.begun)
    every: list[LoggedRecord] = []
    missing: list[LoggedRecord] = []
    for market, records in sorted(chosen(found, furthest, log.begun).items()):
        if market in log.closed:
            continue
        held = there[market].records if market in there else ()
        known = {_key(record) for record in held}
        every += [*held, *(one for one in records if _key(one) not in known)]
        missing += [one for one in records if _key(one) not in known]
    lines = msgspec.json.Encoder().encode_lines
    if missing:
        with LogWriter(
            home.events,
            run=file.run.id,
            shard=share,
            schema=SCHEMA_VERSION,
            compress=file.scenario.log.compress,
        ) as writer:
            writer.append(lines(missing), len(missing))
    return lines(every)


def _key(record: LoggedRecord) -> _Key:
    return record.episode, record.source, record.call
