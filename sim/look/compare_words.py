"""Words of a comparison, as they stand on the terminal and on its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retailsim.analysis.measures.pairing import SeatChange
    from retailsim.sim.look.side_by_side import SideBySide


def what_was_compared(found: SideBySide) -> str:
    """Say what was compared with what."""
    of, (first, second) = found.comparison, found.names
    if of.pairs:
        how = f"{second} minus {first}: {of.pairs:,} pairs of episodes that share their draws"
        if any(seat.first and seat.second and not seat.alike for seat in of.seats):
            how = f"{second} minus {first}: {of.pairs:,} pairs of episodes by product and place"
        if of.only_first or of.only_second:
            how += (
                f"; {of.only_first:,} of {first} and {of.only_second:,} of {second} have no "
                "partner and are left out"
            )
    else:
        why = "" if found.shared else "other seeds: "
        how = (
            f"{second} minus {first}: {why}no episodes can be paired: they are compared as "
            "different ones"
        )
    return how


def seat_told(seat: SeatChange, names: tuple[str, str]) -> str:
    """Say how a seat differs."""
    if seat.first is None or seat.second is None:
        there = names[0] if seat.second is None else names[1]
        return f"{seat.role} {seat.first or seat.second}: in {there} only, left out"
    if seat.first == seat.second:
        return f"{seat.role} {seat.first}: same name, other draws"
    how = "with the same draws" if seat.alike else "at the same place, with other draws"
    return f"{seat.role}: {seat.first} → {seat.second}, {how}"
