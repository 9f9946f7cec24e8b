"""Links to the seats of a study: signed, so that nobody finds another one by guessing."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256

from retailsim.sim.study.errors import NoSuchSeat

ROOM = "room"
"""What a link is signed for that gives whoever comes the next free seat."""


def token(key: bytes, name: str) -> str:
    """Return what opens a seat, or the room: its name and 128 bits that only the key can make."""
    signed = hmac.digest(key, name.encode(), sha256)[:16]
    return f"{name}.{urlsafe_b64encode(signed).decode().rstrip('=')}"


def named_by(key: bytes, given: str) -> str:
    """Return which seat, or the room, a token opens.

    Raises
    ------
    NoSuchSeat
        If it was not made with this key.
    """
    name = given.rpartition(".")[0]
    if not given.isascii() or not hmac.compare_digest(token(key, name), given):
        raise NoSuchSeat
    return name
