"""Who sells well to whom, as a table whose cells lead to the episodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retailsim.analysis.exhibits.parts import NOTHING
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.table import measure, shown_in
from retailsim.analysis.measures.value_text import MARK, written
from retailsim.analysis.replay.replay import Replay
from retailsim.market.core.money import change, whole_dollars

MOST = 40
"""Sellers, and buyers, that are shown: nobody compares more by eye."""
STEPS = 4
"""Of colour, on either side of nothing, or from the least to the most."""
FIRST = "normalized_revenue_cents"
"""The measure that is shown unless another is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatCell:
    """One pair: its value in words, the class of its colour, and the episodes it is of."""

    text: str
    colour: str
    about: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap:
    """A table of sellers by buyers.

    Parameters
    ----------
    shown : str
        The measure's label.
    choices : sequence of (str, str, bool)
        What may be shown: a measure's name, what people read, and whether it is the one.
    buyers : sequence of str
    rows : sequence of (str, sequence of HeatCell or None)
        Each seller with its cells; None where the two never met.
    left_out : int
        Sellers and buyers for whom there is no room.
    """

    shown: str
    choices: Sequence[tuple[str, str, bool]]
    buyers: Sequence[str]
    rows: Sequence[tuple[str, Sequence[HeatCell | None]]]
    left_out: int


def heatmap(replay: Replay, own: Sequence[Measure], wanted: str = "") -> Heatmap | None:
    """Return the table of a run; None where there are no two pairs.

    Parameters
    ----------
    own : sequence of Measure
        Those of the run's protocol.
    wanted : str
        A measure's name; what is none of the choices shows the first of them.
    """
    pairs = {(str(pair["seller"]), str(pair["buyer"])): pair for pair in replay.pairs}
    if len(pairs) < 2:
        return None
    choices = _choices(replay, own)
    shown = next((one for one in choices if one.name == wanted), choices[0])
    values = {names: shown.of(pair) for names, pair in pairs.items()}
    colour = _scale([value for value in values.values() if value is not None], shown)
    sellers, buyers = (sorted({names[side] for names in pairs}) for side in (0, 1))

    def cell(seller: str, buyer: str) -> HeatCell | None:
        pair = pairs.get((seller, buyer))
        if pair is None:
            return None
        value = values[seller, buyer]
        return HeatCell(
            text=NOTHING if value is None else _text(shown, value, pair),
            colour="" if value is None else colour(value),
            about={"seller": seller, "buyer": buyer},
        )

    return Heatmap(
        shown=shown.label,
        choices=[(one.name, _short(one), one is shown) for one in choices],
        buyers=buyers[:MOST],
        rows=[(one, [cell(one, buyer) for buyer in buyers[:MOST]]) for one in sellers[:MOST]],
        left_out=max(0, len(sellers) - MOST) + max(0, len(buyers) - MOST),
    )


def _choices(replay: Replay, own: Sequence[Measure]) -> list[Measure]:
    """The measures of a report that some pair has."""
    costs_known = replay.overall.profit_cents is not None
    reported = shown_in("report", own, costs_known=costs_known)
    offered = (measure(FIRST), *(one for one in reported if "pair" in one.groups))
    return [one for one in offered if any(one.of(pair) is not None for pair in replay.pairs)]


def _short(one: Measure) -> str:
    return "Net revenue v. mean" if one.centred else one.label


def _text(shown: Measure, value: float, pair: Mapping[str, Any]) -> str:
    mark = MARK * (shown.least_of(pair) is not None)
    if shown.centred:
        return change(round(value, -2)).removesuffix(".00") + mark
    return (whole_dollars(value) if shown.unit == "cents" else written(shown.unit, value)) + mark


def _scale(values: Sequence[float], shown: Measure) -> Callable[[float], str]:
    """From a value to the class of its colour: to both sides of 0, or from the least to the most.

    ``less4`` to ``more4`` with ``even`` between them, or ``step0`` to ``step4``.
    """
    low, high = min(values, default=0.0), max(values, default=0.0)
    if shown.centred or (shown.signed and low < 0):
        reach = max(abs(low), abs(high)) or 1.0

        def diverging(value: float) -> str:
            step = round(STEPS * value / reach)
            return "even" if not step else f"{'less' if step < 0 else 'more'}{abs(step)}"

        return diverging
    span = (high - low) or 1.0
    return lambda value: f"step{round(STEPS * (value - low) / span)}"
