"""`annotate serve`: the server that takes ratings, from its links to Ctrl-C."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from aiohttp import web

from retailsim.sim.errors import packages_for
from retailsim.sim.studio.serve import (
    EVERYWHERE,
    LOOPBACK,
    OWN,
    PATIENCE_S,
    hosts_of,
    leave_threads,
    listen,
    written,
)
from retailsim.sim.studio.site.errors import NoSuchHost
from retailsim.sim.studio.site.server_log import server_log
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    from retailsim.sim.rate_page.links import Links

PORT = 8785
"""Taken unless another is asked for; where somebody has it already, any free one. Links hold it,
so it is the same one every time."""


def serve(
    place: Path,
    terminal: Terminal,
    *,
    raters: Sequence[str] = (),
    repeats: int | None = None,
    port: int | None = None,
    host: str = LOOPBACK,
) -> int:
    """Serve the pages on which an export is rated until Ctrl-C; returns the exit status.

    Parameters
    ----------
    place : Path
        The folder of an export.
    raters : sequence of str
        Names; who has a link already keeps it.
    repeats : int or None
        How many of a hundred items are shown twice.
    port : int or None
        None: `PORT`, or any free one.
    host : str
        Address to listen on.

    Raises
    ------
    NoExport, ExportChanged, ExportInUse, NoRaters, BadRaterName, BadJournal, ...
        As `ratings.opened`.
    PortTaken, NoSuchHost, MissingExtra
    """
    with packages_for("annotate serve"):
        from retailsim.analysis.annotation.presentation import REPEATS
        from retailsim.sim.rate_page.app import application
        from retailsim.sim.rate_page.ratings import opened
    if not host:
        raise NoSuchHost(host, ValueError("it is empty"))

    # Raters at other machines cannot open the address that stands for all of this one's.
    name = socket.gethostname() if host in EVERYWHERE else written(host)
    with opened(place, raters, repeats=REPEATS if repeats is None else repeats) as ratings:
        app = application(ratings, name=name, hosts=hosts_of(host))

        def welcome(port: int) -> None:
            _welcome(terminal, ratings.links, host, name, port)

        anyio.run(_until_signal, app, host, port, welcome)
    leave_threads()
    return 0


async def _until_signal(
    app: web.Application, host: str, port: int | None, welcome: Callable[[int], None]
) -> None:
    """Serve until Ctrl-C; `welcome` is told the port."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        runner = web.AppRunner(
            app,
            access_log=None,
            logger=server_log(),
            shutdown_timeout=PATIENCE_S,
            handle_signals=False,
        )
        await runner.setup()
        try:
            welcome(await listen(runner, host, port, PORT))
            async for _ in signals:
                break
        finally:
            await runner.cleanup()


def _welcome(terminal: Terminal, links: Links, host: str, name: str, port: int) -> None:
    terminal.out(f"you: http://{written(host)}:{port}/?token={links.organiser}")
    for number, rater in enumerate(links.raters, 1):
        terminal.out(f"{rater.name}: http://{name}:{port}/rate/{number}/?token={rater.token}")
    if host not in OWN:
        terminal.say(
            f"warning: {host} can be reached from other machines; whoever has a link can use it, "
            "and the connection is not encrypted."
        )
    terminal.say("Each rating is saved at once. Ctrl-C ends it; the links stay the same.")
