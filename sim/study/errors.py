"""What can be wrong with a study; each message is one line."""

from __future__ import annotations

from pathlib import Path

from retailsim.sim.errors import SimError


class BadRegister(SimError):
    """What is known of the participants cannot be read or kept."""

    def __init__(self, place: Path, problem: str) -> None:
        super().__init__(f"{place}: {problem}")


class BadStudy(SimError):
    """A study cannot be made, or gone on with, as it is asked for."""

    def __init__(self, source: object, problem: str) -> None:
        super().__init__(f"{source}: {problem}")


class NoSuchSeat(SimError):
    """A link leads to no seat of this study, or was not signed here."""

    def __init__(self) -> None:
        super().__init__("This link leads nowhere: ask whoever gave it to you for a new one.")


class TakesNobodyNew(SimError):
    """Seats are left, and the organiser lets nobody into them any more."""

    def __init__(self) -> None:
        super().__init__("This study takes no more participants. Thank you for your interest.")


class NoSeatFree(SimError):
    """All seats are taken."""

    def __init__(self) -> None:
        super().__init__("All places in this study are taken. Thank you for your interest.")
