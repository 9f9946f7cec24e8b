"""Where a study is served: hosts and ports."""

from __future__ import annotations

import socket

import msgspec

LOOPBACK = "127.0.0.1"
PORT, ORGANISERS_PORT = 8785, 8786
"""Of the participants and of the organiser, unless others are asked for."""


EVERYWHERE = ("0.0.0.0", "::")
"""Hosts that stand for all addresses of a machine."""


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where a study is served. A study that goes on is served where it was, so that links hold.

    Parameters
    ----------
    host : str or None
        Address on which participants are served; None: this machine alone.
    port, organisers_port : int or None
        None: `PORT` and `ORGANISERS_PORT`.
    address : str or None
        How participants get there, where something stands in between, such as
        ``https://lab.example/study``; None or empty: by host and port.
    """

    host: str | None = None
    port: int | None = None
    organisers_port: int | None = None
    address: str | None = None

    def after(self, before: Places) -> Places:
        """Return these places, and for what they do not say those that were before."""
        said = {name: getattr(self, name) for name in self.__struct_fields__}
        told = {name: value for name, value in said.items() if value is not None}
        return msgspec.structs.replace(before, **told)

    @property
    def listens_on(self) -> str:
        """The address on which participants are served."""
        return LOOPBACK if self.host is None else self.host

    def base(self, port: int) -> str:
        """Return how participants get to their server, which listens on a port.

        Nobody elsewhere can open the address that stands for all of this machine's: its name is
        there instead.
        """
        host = self.listens_on
        name = socket.gethostname() if host in EVERYWHERE else host
        return self.address or _address(name, port)

    def nearby(self, port: int) -> str:
        """Return how this machine itself gets there, whatever is in between for others."""
        return _address(LOOPBACK if self.listens_on in EVERYWHERE else self.listens_on, port)


def _address(name: str, port: int) -> str:
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
