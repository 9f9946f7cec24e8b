"""What a seller takes its buyer to be and does about it, turn by turn, beside who the buyer is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from retailsim.analysis.exhibits.beside import Beside, Thought, ThoughtRow
from retailsim.analysis.exhibits.parts import NOTHING
from retailsim.market.core.money import dollars

Event = Mapping[str, Any]

_COLUMNS = ("Style", "Openness", "Category", "Price range", "Action")
_LEAD = (
    "What the seller took the buyer to be in each turn, and what it did. First stands the truth, "
    "which no seller is told. A category is right as far as it leads to the buyer's."
)


def thoughts(events: Sequence[Event]) -> Beside | None:
    """Return the table of one conversation; None where no seller inferred or chose anything.

    Parameters
    ----------
    events : sequence of mappings
        Of one episode, as they stand in the log and in their order.
    """
    truth = next((one for one in events if one["type"] == "BuyerProfiled"), None)
    turns: dict[int, dict[str, Event]] = {}
    for event in events:
        if event["type"] in ("ProfileInferred", "ActionChosen"):
            turns.setdefault(event["turn"], {})[event["type"]] = event
    if not turns:
        return None
    rows = [_turn(number, turn, truth) for number, turn in turns.items()]
    first = [] if truth is None else [_truth(truth)]
    return Beside(title="Profile", lead=_LEAD, columns=_COLUMNS, rows=(*first, *rows))


def _truth(event: Event) -> ThoughtRow:
    cells = (
        Thought(event["decision_making_style"]),
        Thought(event["dialogue_openness"]),
        Thought(_path(event["target_category"])),
        Thought(_range(event["budget_min_cents"], event["budget_max_cents"])),
        Thought(NOTHING),
    )
    return ThoughtRow(name="Truth", seq=event["seq"], cells=cells)


def _turn(number: int, turn: Mapping[str, Event], truth: Event | None) -> ThoughtRow:
    inferred, chosen = turn.get("ProfileInferred", {}), turn.get("ActionChosen", {})
    first = inferred or chosen
    known = truth or {}
    cells = (
        _compared(inferred, known, "decision_making_style"),
        _compared(inferred, known, "dialogue_openness"),
        _category(inferred.get("category") or [], known.get("target_category")),
        _prices(inferred, truth),
        Thought(_action(chosen)),
    )
    return ThoughtRow(name=f"Turn {number}", seq=first["seq"], cells=cells)


def _compared(inferred: Event, known: Event, name: str) -> Thought:
    value, is_ = inferred.get(name), known.get(name)
    if value is None:
        return Thought(NOTHING)
    return Thought(value, "" if is_ is None else _verdict(value == is_))


def _category(found: Sequence[str], target: Sequence[str] | None) -> Thought:
    if not found:
        return Thought(NOTHING)
    leads = target is not None and list(target[: len(found)]) == list(found)
    return Thought(_path(found), "" if target is None else _verdict(leads))


def _prices(inferred: Event, truth: Event | None) -> Thought:
    low, high = inferred.get("price_min_cents"), inferred.get("price_max_cents")
    if low is None or high is None:
        return Thought(NOTHING)
    if truth is None:
        return Thought(_range(low, high))
    same = (low, high) == (truth["budget_min_cents"], truth["budget_max_cents"])
    return Thought(_range(low, high), _verdict(same))


def _action(chosen: Event) -> str:
    parts = (chosen.get("action"), chosen.get("strategy"))
    return ": ".join(filter(None, parts)) or NOTHING


def _verdict(same: bool) -> Literal["right", "wrong"]:
    return "right" if same else "wrong"


def _path(parts: Sequence[str]) -> str:
    return " > ".join(parts)


def _range(low: int, high: int) -> str:
    return f"{dollars(low)} to {dollars(high)}"
