"""The links of a study: as addresses, and as a CSV file to send them by."""

from __future__ import annotations

from collections.abc import Iterator

from retailsim.sim.study.cells import csv_text
from retailsim.sim.study.links import ROOM
from retailsim.sim.study.session import StudySession


def address_of(session: StudySession, base: str, name: str) -> str:
    """Return the address that opens a seat, or the room.

    Parameters
    ----------
    base : str
        How participants get to the server, such as ``https://lab.example/study``.
    """
    return f"{base.rstrip('/')}/p/{session.link(name)}"


def links(session: StudySession, base: str) -> Iterator[tuple[str, str]]:
    """Yield each seat with its address, in their order, behind the room's."""
    for name in (ROOM, *session.seats):
        yield name, address_of(session, base, name)


def links_csv(session: StudySession, base: str) -> str:
    """Return the links as CSV, with a line that names the columns."""
    return csv_text(("seat", "link"), links(session, base))
