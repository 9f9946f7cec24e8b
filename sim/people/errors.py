"""What can be wrong with setting people beside simulated agents; each message is one line."""

from __future__ import annotations

from collections.abc import Sequence

from retailsim.sim.errors import SimError


class NoPeople(SimError):
    """People of a run were to be looked at, and it has none."""

    def __init__(self, run: object) -> None:
        super().__init__(f"{run}: no person takes a seat in this run; name one of play or study")


class NothingToFit(SimError):
    """A run was to be calibrated to, and there is nothing to fit to its people."""

    def __init__(self, run: object, why: str) -> None:
        super().__init__(f"{run}: nothing can be fitted to this run: {why}")


class PeopleOnBothSides(SimError):
    """People sell and buy in one run: each is the other's partner, and neither has a twin."""

    def __init__(self, run: object) -> None:
        super().__init__(
            f"{run}: people take seats of sellers and of buyers, and what one says is to the "
            "other: there is nothing to play again without them"
        )


class NoSuchPeople(SimError):
    """People are to be left out who take no seat."""

    def __init__(self, run: object, unknown: Sequence[str], known: Sequence[str]) -> None:
        some = ", ".join(known[:3]) + (", ..." if len(known) > 3 else "")
        there = f"there are {some}" if known else "no person takes any seat in this run"
        super().__init__(
            f"{run}: --without: no person takes a seat called {', '.join(unknown)}; {there}"
        )
