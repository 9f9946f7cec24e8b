"""`play`: the server on this machine, from its link to the end of the run or Ctrl-C."""

from __future__ import annotations

import secrets
import shlex
import signal

import anyio
import anyio.to_thread
from aiohttp import web

from retailsim.agents.person.desk import Desk
from retailsim.market.core.money import in_currency
from retailsim.sim.errors import packages_for
from retailsim.sim.execution.runner import RunControl, end_process, forget_dead_terminal
from retailsim.sim.folder.currency import currency_of
from retailsim.sim.play_page.sitting import FAILED, FINISHED, STOPPED, Sitting
from retailsim.sim.play_page.table import Table
from retailsim.sim.terminal.program_name import known_as, program_name
from retailsim.sim.terminal.terminal import Terminal

PORT = 8775
"""Taken unless another is asked for; where somebody has it already, any free one. Drafts are kept
by the browser for an address, so it is the same one every time."""
LOOPBACK = "127.0.0.1"
PATIENCE_S = 1.0
"""How long requests that are being answered have when the server ends."""
SEEN_WITHIN_S = 600.0
"""How long the last page waits for somebody who looks at it."""
LINGER_S = 5.0
"""How long the server stays once it was seen: its styles come after it."""


def serve(table: Table, desk: Desk, terminal: Terminal, *, port: int | None) -> int:
    """Play a table's run with a page for the person; returns the exit status.

    Raises
    ------
    PortTaken, MissingExtra
    """
    with packages_for("play"):
        from retailsim.sim.play_page.app import application
        from retailsim.sim.studio.serve import listen

    sitting = sitting_at(table, desk)
    control = RunControl()

    async def main() -> None:
        token = secrets.token_urlsafe(24)
        app = application(sitting, token)
        runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=PATIENCE_S, handle_signals=False
        )
        await runner.setup()
        try:
            bound = await listen(runner, LOOPBACK, port, PORT)
            terminal.out(f"http://{LOOPBACK}:{bound}/?token={token}")
            terminal.say("Ctrl-C stops; what was answered is kept.")
            async with anyio.create_task_group() as group:
                group.start_soon(_obey_signals, control, desk, group.cancel_scope)
                await sit(table, sitting, control)
                if sitting.over == FAILED:
                    terminal.say(f"error: {sitting.problem}")
                if sitting.over != STOPPED:
                    await _until_seen(sitting.seen)
                group.cancel_scope.cancel()
        finally:
            await runner.cleanup()

    with in_currency(sitting.currency):
        anyio.run(main)
    return _conclude(sitting, terminal)


def sitting_at(table: Table, desk: Desk) -> Sitting:
    """Return a person's sitting at a table, of which nothing is played yet."""
    return Sitting(
        desk=desk,
        role=table.role,
        seat=table.seat,
        run=table.run.path,
        currency=currency_of(table.run.path),
        program=program_name(),
        trust=table.trust,
        reads=desk.gated,
    )


async def sit(table: Table, sitting: Sitting, control: RunControl) -> None:
    """Play the run in a thread, beside the server, until it ends, is stopped or fails."""
    sitting.follow()
    try:
        outcome = await anyio.to_thread.run_sync(
            known_as, sitting.program, table.play, sitting, control
        )
    except Exception as error:  # noqa: BLE001 - the page says it, and the terminal
        sitting.desk.close()
        sitting.fail(error)
    else:
        sitting.end(FINISHED if outcome is None or outcome.finished else STOPPED)


async def _obey_signals(control: RunControl, desk: Desk, over: anyio.CancelScope) -> None:
    """Stop at the first Ctrl-C, leave models' answers to a resume at the second."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        count = 0
        async for number in signals:
            count += 1
            if number == signal.SIGHUP:
                forget_dead_terminal()
            if desk.closed and count == 1:
                over.cancel()  # the run is over: only its last page was still to be seen
            elif count == 1:
                desk.close()
            elif count == 2:
                control.cancel()
            else:
                end_process()


async def _until_seen(seen: anyio.Event) -> None:
    with anyio.move_on_after(SEEN_WITHIN_S):
        await seen.wait()
        await anyio.sleep(LINGER_S)


def _conclude(sitting: Sitting, terminal: Terminal) -> int:
    if sitting.over == FAILED:
        if sitting.again not in sitting.problem:
            terminal.say(f"everything so far is kept; once that is mended: {sitting.again}")
        return sitting.status
    if sitting.over != FINISHED:
        terminal.say(f"stopped; everything so far is kept; continue with: {sitting.again}")
        return 3
    run = shlex.quote(str(sitting.run))
    terminal.say(f"its report: {sitting.program} report {run}")
    return 0
