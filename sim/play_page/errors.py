"""What can be wrong with what `play` is asked for; each message is one line."""

from __future__ import annotations

from collections.abc import Sequence

from retailsim.events.messages import Role
from retailsim.sim.errors import SimError


class OneSeat(SimError):
    """Nobody takes a seat of a run, or more than the one person who plays here."""

    def __init__(self, source: object, people: Sequence[str]) -> None:
        if not people:
            super().__init__(f"{source}: no person takes a seat; make a run with: play --as buyer")
            return
        told = ", ".join(people[:4])
        super().__init__(
            f"{source}: play has a page for one person, and people take {told}; "
            "let an agent take the others, or use `study`"
        )


class SeatNamed(SimError):
    """Agents are named for the seat that the person takes."""

    def __init__(self, role: Role) -> None:
        other = "sellers" if role == "buyer" else "buyers"
        super().__init__(
            f"--{role}s: as {role} you take that seat yourself; name the {other} with --{other}"
        )


class OfTheRun(SimError):
    """An option is given that a run which goes on already has."""

    def __init__(self, run: object, names: Sequence[str]) -> None:
        super().__init__(
            f"{', '.join(names)}: {run} is a run, and goes on as it was made; leave "
            f"{'it' if len(names) == 1 else 'them'} out"
        )


class TrustsNothing(SimError):
    """A run that is only to be made has nothing that somebody else could have put there."""

    def __init__(self) -> None:
        super().__init__("--trust is for a run that was not launched here: play RUN --trust")
