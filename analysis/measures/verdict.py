"""What a comparison of two runs comes to, in sentences made from its planned differences.

A sentence says that runs differ only where the test does, adjusted for all planned differences: its
interval is the one that holds together with theirs. What a point estimate seems to say is no
verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from retailsim.analysis.measures.comparison import Change, Comparison
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.value_text import written
from retailsim.analysis.statistics.multiplicity import ALPHA

PLANNED = (
    "profit_cents",
    "net_revenue_cents",
    "conversion_rate",
    "refund_rate",
    "average_quantity",
    "average_rating",
)
"""The order of the planned differences: the first that can be tested is what a verdict is about.
Others follow."""
ONE_BUYER = "one buyer in each run, who draws otherwise"
"""What no test of products can tell apart: another buyer is no more than one more chance."""


class Words(NamedTuple):
    """How a change of a measure is told: verb, amount and direction, per what."""

    verb: str
    per: str = ""
    more: str = "more"
    less: str = "less"

    def told(self, amount: str, *, up: bool) -> str:
        """Return it for one amount."""
        return f"{self.verb} {amount} {self.more if up else self.less}{self.per}"

    def between(self, low: str, high: str) -> str:
        """Return it for an amount that may be down by `low` and up by `high`."""
        return f"{self.verb} between {low} {self.less} and {high} {self.more}{self.per}"


WORDS: Mapping[str, Words] = {
    "profit_cents": Words("earns", " an episode"),
    "net_revenue_cents": Words("takes in", " an episode"),
    "conversion_rate": Words("converts"),
    "refund_rate": Words("has", " refunded"),
    "average_quantity": Words("sells", " an order"),
    "average_rating": Words("is rated", "", "higher", "lower"),
}
"""By name of the measure; others are told by their label."""


def verdict(
    found: Comparison, names: tuple[str, str], measures: Mapping[str, Measure]
) -> tuple[str, ...]:
    """Return what changed from the first run to the second: the verdict, then what is beside it.

    Where the prices differ, it ends with what conversion that takes to pay.

    Parameters
    ----------
    names : (str, str)
        What the runs are called.
    measures : mapping of str to Measure
        By name, those of the planned differences.
    """
    order = {name: place for place, name in enumerate(PLANNED)}
    tested = [change for change in found.planned if change.test.p is not None]
    tested.sort(key=lambda change: order.get(change.measure, len(order)))
    if not tested:
        return ("Nothing to compare: no planned difference can be tested.",)
    if found.pairs and all(_same(change) for change in found.planned):
        return (f"No difference: {names[0]} and {names[1]} agree in all {found.pairs:,} pairs.",)
    pays = () if found.break_even is None else found.break_even.told
    return (*_sentences(tested, names, measures), *pays)


def _sentences(
    tested: Sequence[Change], names: tuple[str, str], measures: Mapping[str, Measure]
) -> Iterator[str]:
    first, second = names
    lead, *others = tested
    apart = [change for change in others if told_apart(change)]
    told = [_told(change, measures[change.measure]) for change in apart]
    label = measures[lead.measure].estimate_label
    if told_apart(lead):
        yield f"{second} {_told(lead, measures[lead.measure])} than {first}."
        if told:
            yield f"It also {_listed(told)}."
    elif told:
        yield f"{second} {_listed(told)} than {first}."
        yield f"{label} is not told apart: {_open(lead, measures[lead.measure], names)}."
    else:
        yield f"Not told apart: {_open(lead, measures[lead.measure], names)}."


def told_apart(change: Change) -> bool:
    """Whether a difference is one, by its adjusted p and by the interval that goes with it."""
    p, between = change.adjusted_p, change.simultaneous
    if p is None or p > ALPHA or _one_buyer(change):
        return False
    return between is None or not between.low <= 0.0 <= between.high


def _same(change: Change) -> bool:
    """Whether nothing differs, or nothing was counted; gains that losses make up for do."""
    between = change.test.interval
    return not change.test.estimate and (between is None or between.low == between.high)


def _told(change: Change, of: Measure) -> str:
    """Say a difference that is one: ``earns $1.20 less an episode ($0.40 to $2.05)``."""
    estimate, between = change.test.estimate or 0.0, change.simultaneous
    said = words_of(of).told(amount(of.unit, abs(estimate)), up=estimate > 0)
    if between is None:
        return said
    ends = sorted((abs(between.low), abs(between.high)))
    low, high = (written(of.unit, end, digits=_DIGITS) for end in ends)
    if of.unit == "share":
        low, high = (f"{100 * end:.1f}" for end in ends)
    return f"{said} ({low} to {high})"


def _open(change: Change, of: Measure, names: tuple[str, str]) -> str:
    """Say how far a difference that is not one may go, or why nobody can say."""
    words, between = words_of(of), change.simultaneous
    first, second = names
    why = ONE_BUYER if _one_buyer(change) else change.test.note or "no interval"
    if between is None or _one_buyer(change):
        more = f"{words.verb} {words.more} or {words.less}{words.per}"
        return f"whether {second} {more} than {first} cannot be said ({why})"
    low, high = (amount(of.unit, max(0.0, end)) for end in (-between.low, between.high))
    return f"{second} {words.between(low, high)} than {first}"


def _one_buyer(change: Change) -> bool:
    return change.test.note.startswith("one buyer")


_DIGITS = 2


def words_of(of: Measure) -> Words:
    """Return how changes of a measure are told."""
    return WORDS.get(of.name) or Words(f"has {of.estimate_label.lower()}", "", "higher", "lower")


def amount(unit: str, size: float) -> str:
    """Return the size of a change with its unit."""
    match unit:
        case "share":
            return f"{100 * size:.1f} points"
        case "cents":
            return written(unit, size)
        case "stars":
            return f"{size:.2f} stars"
        case "units":
            return f"{size:.2f} units"
        case _:
            return written(unit, size, digits=_DIGITS)


def _listed(parts: Sequence[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
