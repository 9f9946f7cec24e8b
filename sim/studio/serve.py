"""`studio`: the server on this machine, from its link to Ctrl-C."""

from __future__ import annotations

import errno
import os
import secrets
import signal
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import anyio
from aiohttp import web

from retailsim.sim.errors import packages_for
from retailsim.sim.folder.open_studios import OpenStudio, announced
from retailsim.sim.studio.site.errors import NoRunsHere, NoSuchHost, PortTaken
from retailsim.sim.studio.site.server_log import server_log
from retailsim.sim.terminal.terminal import Terminal

LOOPBACK = "127.0.0.1"
OWN = frozenset({LOOPBACK, "localhost", "::1"})
"""Addresses that only this machine reaches."""
PORT = 8765
"""Taken unless another is asked for; where somebody has it already, any free one."""
EVERYWHERE = {"0.0.0.0": LOOPBACK, "::": "::1"}
"""Addresses that stand for all of a machine -> its own way to them."""
PATIENCE_S = 1.0
"""How long requests that are being answered have when the server ends."""


def serve(
    root: Path, terminal: Terminal, *, port: int | None, host: str = LOOPBACK, browse: bool = False
) -> int:
    """Serve the pages on runs until Ctrl-C; returns the exit status.

    Parameters
    ----------
    root : Path
        A run, or a folder with runs in it.
    port : int or None
        None: `PORT`, or any free one.
    host : str
        Address to listen on.
    browse : bool
        Whether to open a browser.

    Raises
    ------
    NoRunsHere, PortTaken, NoSuchHost, MissingExtra
    """

    async def main() -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
            async with listening(root, port=port, host=host) as studio:
                bound = urlsplit(studio.address).port or 0
                _welcome(terminal, host, bound, studio.link("", {}, token=True), browse)
                async for _ in signals:
                    break

    anyio.run(main)
    leave_threads()
    return 0


@asynccontextmanager
async def listening(
    root: Path, *, port: int | None = None, host: str = LOOPBACK
) -> AsyncIterator[OpenStudio]:
    """Serve the pages on runs while the block runs; parameters and errors are those of `serve`."""
    token = secrets.token_urlsafe(24)
    app, place = _application(root, token, host)
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=server_log(),
        shutdown_timeout=PATIENCE_S,
        handle_signals=False,
    )
    await runner.setup()
    try:
        bound = await listen(runner, host, port)
        here = f"http://{written(host)}:{bound}"
        shown = OpenStudio(address=here, root=str(place), token=token)
        with announced(shown):
            yield shown
    finally:
        await runner.cleanup()


def _application(root: Path, token: str, host: str) -> tuple[web.Application, Path]:
    if not root.is_dir():
        raise NoRunsHere(root)
    if not host:
        raise NoSuchHost(host, ValueError("it is empty"))
    with packages_for("studio"):
        from retailsim.sim.studio.app import application
        from retailsim.sim.studio.site.studio import Studio

    return application(Studio(root=root, token=token, hosts=hosts_of(host))), root.resolve()


def leave_threads() -> None:
    """End the process though a thread still reads a log, as it may for half a minute.

    Nobody waits for what it reads, and what is kept is written whole or not at all.
    """
    until = time.monotonic() + PATIENCE_S
    here = threading.current_thread()
    others = [one for one in threading.enumerate() if one is not here and not one.daemon]
    for one in others:
        one.join(max(0.0, until - time.monotonic()))
    if any(one.is_alive() for one in others):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


async def listen(runner: web.AppRunner, host: str, port: int | None, usual: int = PORT) -> int:
    """Listen on a port, by default the usual one, or any free one if it is taken; return it.

    Raises
    ------
    PortTaken, NoSuchHost
    """
    for wanted in (usual, 0) if port is None else (port,):
        try:
            await web.TCPSite(runner, host, wanted).start()
        except (socket.gaierror, UnicodeError) as error:
            raise NoSuchHost(host, error) from None
        except OSError as error:
            # From Python 3.13 on, asyncio passes over such an address and then has no number.
            if error.errno in (errno.EADDRNOTAVAIL, None):
                raise NoSuchHost(host, error) from None
            if port is not None or wanted == 0:
                raise PortTaken(host, wanted, error) from None
        else:
            break
    return int(runner.addresses[0][1])


def _welcome(terminal: Terminal, host: str, port: int, link: str, browse: bool) -> None:
    terminal.out(link)
    if host not in OWN:
        terminal.say(
            f"warning: {host} can be reached from other machines{_elsewhere(host, port)}; "
            "whoever has the link sees every run here, and the connection is not encrypted."
        )
    terminal.say("Ctrl-C ends it.")
    if browse:
        webbrowser.open(link)


def hosts_of(host: str) -> frozenset[str]:
    """The names in links to here; the address that a connection came to is one, too."""
    name = socket.gethostname().lower()
    return OWN | ({name, f"{name}.local"} if host in EVERYWHERE else {host.lower()})


def _elsewhere(host: str, port: int) -> str:
    return f", as http://{socket.gethostname()}:{port}" if host in EVERYWHERE else ""


def written(host: str) -> str:
    """Return the address as it stands in a link of this machine's own."""
    host = EVERYWHERE.get(host, host)
    return f"[{host}]" if ":" in host else host
