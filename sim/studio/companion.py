"""The page beside a run that is played: a process of its own, which ends with who started it.

It reads on standard input which run it shows, answers on standard output with a JSON line where,
or why it does not, and reads the run's folder from then on. The end of its standard input means
that the run is over or its player gone: it then ends, however that one did. It has a session of
its own, so that Ctrl-C reaches the player alone, and gives way to it where processors are few.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import anyio
import anyio.to_thread
import msgspec

from retailsim.sim.error_line import line_and_status
from retailsim.sim.folder.run_keys import key_in
from retailsim.sim.run.page_beside import Shows, Where
from retailsim.sim.studio.serve import leave_threads, listening

_NICENESS = 5


def accompany() -> int:
    """Be the page: the whole life of the process; returns its exit status."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # both reach the player, too, whose end is ours
    with suppress(OSError):
        os.nice(_NICENESS)
    answers = _private_stdout()
    shows = msgspec.json.decode(sys.stdin.buffer.readline(), type=Shows)
    try:
        anyio.run(_show, Path(shows.run), answers)
    except Exception as error:  # noqa: BLE001 - the player tells the person
        line, status = line_and_status(error)
        _answer(answers, Where(error=line))
        return status
    leave_threads()
    return 0


def _private_stdout() -> int:
    """Keep the pipe to the player for the answer: nobody reads what else is printed."""
    answers = os.dup(1)
    os.dup2(2, 1)
    return answers


async def _show(run: Path, answers: int) -> None:
    async with listening(run) as studio:
        page = f"runs/{quote(key_in(run, run) or '')}/"
        _answer(answers, Where(link=studio.link(page, {}, token=True)))
        await anyio.to_thread.run_sync(_wait_for_end)


def _wait_for_end() -> None:
    while os.read(0, 1):
        pass


def _answer(answers: int, where: Where) -> None:
    with suppress(BrokenPipeError):
        os.write(answers, msgspec.json.encode(where) + b"\n")
