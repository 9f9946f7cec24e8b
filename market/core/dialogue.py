"""What was said in a dialogue, whatever the protocol."""

from __future__ import annotations

import msgspec

from retailsim.events.messages import Role


class Turn(msgspec.Struct, frozen=True):
    """One message of a dialogue."""

    role: Role
    text: str


Transcript = tuple[Turn, ...]
