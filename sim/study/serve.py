"""`study`: two servers, the participants' and the organiser's, from their links to Ctrl-C."""

from __future__ import annotations

import secrets
import shlex
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
import anyio.to_thread
import msgspec
from aiohttp import web

from retailsim.events.errors import RetailSimError
from retailsim.market.core.money import in_currency
from retailsim.sim.errors import packages_for
from retailsim.sim.execution.runner import RunControl, end_process, forget_dead_terminal
from retailsim.sim.studio.site.server_log import server_log
from retailsim.sim.study.bots.manners import BotPlan
from retailsim.sim.study.links import ROOM
from retailsim.sim.study.links_file import address_of
from retailsim.sim.study.made import Study
from retailsim.sim.study.places import LOOPBACK, ORGANISERS_PORT, PORT, Places
from retailsim.sim.study.session import StudySession
from retailsim.sim.terminal.program_name import known_as, program_name
from retailsim.sim.terminal.terminal import Terminal

PATIENCE_S = 1.0
"""How long requests that are being answered have when the servers end."""
SEEN_WITHIN_S = 600.0
"""How long the last page, which has the code, waits for those who have not looked at it."""
LINGER_S = 5.0
"""How long the server stays once it was seen: its styles come after it."""


def serve(study: Study, terminal: Terminal, places: Places, bots: Sequence[BotPlan] = ()) -> int:
    """Serve a study until its run is over or Ctrl-C; returns the exit status.

    Parameters
    ----------
    places : Places
        Where; what they do not say is as it was when the study was served before.
    bots : sequence of BotPlan
        Bots that take part, in a rehearsal, which ends when they have.

    Raises
    ------
    PortTaken, NoSuchHost, MissingExtra
    """
    with packages_for("play"):
        from retailsim.sim.study.organiser.app import application as organisers
        from retailsim.sim.study.participants.app import application as participants
        from retailsim.sim.study.participants.door import BoundedRunner, connections

    session, control, rehearsed = study.session, RunControl(), anyio.Event()
    places = places.after(session.register.places())
    finished = False

    async def main() -> None:
        nonlocal finished
        key = secrets.token_urlsafe(24)
        async with AsyncExitStack() as open_:
            open_to_all = BoundedRunner(participants(session), most=connections(), **_quiet())
            there = _listening(open_to_all, places.listens_on, places.port, PORT)
            port = await open_.enter_async_context(there)
            base = places.base(port)
            runner = web.AppRunner(organisers(session, key, base), **_quiet())
            here = _listening(runner, LOOPBACK, places.organisers_port, ORGANISERS_PORT)
            own = await open_.enter_async_context(here)
            session.register.keep_places(msgspec.structs.replace(places, port=port))
            terminal.out(address_of(session, base, ROOM))
            terminal.say(f"organiser: http://{LOOPBACK}:{own}/?token={key}")
            terminal.say("Ctrl-C stops; what was answered is kept.")
            async with anyio.create_task_group() as group:
                group.start_soon(_obey_signals, control, session)
                if bots:
                    group.start_soon(
                        _rehearse, session, places.nearby(port), bots, terminal, rehearsed
                    )
                await _play(study, control, terminal)
                finished = session.over == "finished"
                if finished and bots:
                    await rehearsed.wait()
                elif finished:
                    await _until_seen(session)
                group.cancel_scope.cancel()

    with in_currency(session.currency):
        anyio.run(main)
    if finished or rehearsed.is_set():
        return 0
    terminal.say(f"stopped; everything so far is kept; continue with: {_again(session)}")
    return 3


def _again(session: StudySession) -> str:
    """Return the command that goes on with a study."""
    return f"{program_name()} study {shlex.quote(str(session.run))}"


async def _play(study: Study, control: RunControl, terminal: Terminal) -> None:
    """Play the run in a thread, beside the servers, until all have answered or it is stopped."""
    session = study.session
    session.follow()
    try:
        outcome = await anyio.to_thread.run_sync(
            known_as, session.program, study.play, session, control
        )
    except RetailSimError:  # what it says stands below
        again = _again(session)
        terminal.say(f"stopped; everything so far is kept; once this is mended: {again}")
        raise
    session.ended("finished" if outcome is None or outcome.finished else "stopped")
    while session.over == "finished" and not session.all_over:
        await session.changed(PATIENCE_S)


async def _until_seen(session: StudySession) -> None:
    """Return once all have seen their code, or nobody looks for it any more."""
    with anyio.move_on_after(SEEN_WITHIN_S):
        while session.over == "finished" and not session.all_seen:
            await session.changed(PATIENCE_S)
    await session.stopped(LINGER_S)


async def _rehearse(
    session: StudySession,
    base: str,
    plans: Sequence[BotPlan],
    terminal: Terminal,
    over: anyio.Event,
) -> None:
    """Have bots take part, say what came of them, and end the session."""
    from retailsim.sim.study.bots.bot import Bot
    from retailsim.sim.study.bots.rehearsal import right_answers, summary, take_part

    right, link = right_answers(session.materials.form), address_of(session, base, ROOM)
    bots = [Bot(plan=plan, link=link, right=right) for plan in plans]
    await take_part(bots)
    for line in summary(bots):
        terminal.out(line)
    over.set()
    session.close()


def _quiet() -> dict[str, Any]:
    """Return how both servers run: without a log of who asks, and ended with their command."""
    return {
        "access_log": None,
        "logger": server_log(),
        "shutdown_timeout": PATIENCE_S,
        "handle_signals": False,
    }


@asynccontextmanager
async def _listening(
    runner: web.AppRunner, host: str, port: int | None, usual: int
) -> AsyncIterator[int]:
    from retailsim.sim.studio.serve import listen

    await runner.setup()
    try:
        yield await listen(runner, host, port, usual)
    finally:
        await runner.cleanup()


async def _obey_signals(control: RunControl, session: StudySession) -> None:
    """Stop at the first Ctrl-C, leave models' answers to a resume at the second."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        count = 0
        async for number in signals:
            count += 1
            if number == signal.SIGHUP:
                forget_dead_terminal()
            if count == 1:
                session.close()
            elif count == 2:
                control.cancel()
            else:
                end_process()
