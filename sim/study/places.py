"""Where a study is served: hosts and ports."""

from __future__ import annotations

import msgspec

LOOPBACK = "127.0.0.1"
PORT, ORGANISERS_PORT = 8785, 8786
"""Of the participants and of the organiser, unless others are asked for. A study that goes on has
the same ones, so that links which were sent still lead there."""


EVERYWHERE = ("0.0.0.0", "::")
"""Hosts that stand for all addresses of a machine."""


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where a study is served.

    Parameters
    ----------
    host : str
        Address on which participants are served.
    port, organisers_port : int or None
        None: `PORT` and `ORGANISERS_PORT`.
    address : str or None
        How participants get there, where something stands in between, such as
        ``https://lab.example/study``; None: by host and port.
    """

    host: str = LOOPBACK
    port: int | None = None
    organisers_port: int | None = None
    address: str | None = None

    def base(self, port: int) -> str:
        """Return how participants get to their server, which listens on a port."""
        return self.address or f"http://{self.host}:{port}"

    def nearby(self, port: int) -> str:
        """Return how this machine itself gets there, whatever is in between for others."""
        return f"http://{LOOPBACK if self.host in EVERYWHERE else self.host}:{port}"
