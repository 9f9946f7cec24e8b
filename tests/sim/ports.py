"""Ports for servers that have to be told one."""

from __future__ import annotations

import os
import random
import socket

LOWEST, OF_A_WORKER, WORKERS = 20_000, 400, 30
"""All below 32768: from there on, systems give ports to whoever asks for any.

One of those may be a connection's, or another test's server's, before it is listened at.
"""


class _Ports:
    """Those of a worker of pytest-xdist, one after the other; a suite beside begins elsewhere."""

    def __init__(self) -> None:
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
        self._first = LOWEST + OF_A_WORKER * worker
        self._next = random.SystemRandom().randrange(OF_A_WORKER)

    def next(self) -> int:
        for _ in range(OF_A_WORKER):
            port = self._first + self._next
            self._next = (self._next + 1) % OF_A_WORKER
            with socket.socket() as found:
                try:
                    found.bind(("127.0.0.1", port))
                except OSError:
                    continue
            return port
        raise AssertionError("every port of this worker is taken")


_PORTS = _Ports()


def free_port() -> int:
    """A port that nobody has, and that nobody else is given soon."""
    return _PORTS.next()
