"""Verdicts: whether a published regularity shows in what was found, or was put in.

It is *reproduced* if its 95% interval lies beyond zero on the expected side, its p (two-sided,
adjusted where several are judged together) stays below 5%, and what was found also reaches the
smallest effect that counts; *not reproduced* if the whole interval lies below that effect; else
*undecided* at this size. A figure that the agents' parameters were made to meet is *put in*,
whatever was found. So is one that shows after somebody changed those parameters; if it does not
show then, that is judged.

Products are what varies: a verdict is about these buyers and sellers, not about others like them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

import msgspec

from retailsim.analysis.experiments.outcomes import (
    Expectation,
    ExperimentOutcome,
    JudgedClaim,
    OutcomeRow,
    OutcomeTable,
    Spread,
    Value,
)
from retailsim.analysis.experiments.put_in import (
    put_in_notes,
    set_by_note,
    still_put_in,
    tables_of,
)

REPRODUCED, NOT_REPRODUCED, UNDECIDED = "reproduced", "not reproduced", "undecided at this size"
PUT_IN = "put in"
ALPHA = 0.05

POINTS = 0.03
"""Smallest difference of purchase rates that counts."""
ELASTIC = 0.2
"""Smallest elasticity that counts as an answer to the price."""
STEEPER = 0.4
"""Smallest difference of slopes (log odds on ln price) that counts as answering more."""


def by_points(sign: int) -> Expectation:
    """Expect a difference of purchase rates on this side (1 or -1)."""
    return Expectation(
        sign=sign,
        least=POINTS,
        why="3 points: more than the paper's largest difference that it calls not significant "
        "(2.7), less than its smallest significant one (5.0)",
    )


def by_elasticity(sign: int) -> Expectation:
    """Expect an elasticity on this side."""
    return Expectation(
        sign=sign,
        least=ELASTIC,
        why=f"{ELASTIC}: with less, a price 10% higher costs under 2% of the purchases",
    )


STEEPER_SLOPE = Expectation(
    sign=1,
    least=STEEPER,
    why=f"{STEEPER}: what makes {ELASTIC} of elasticity where half buy, for E = slope x (1 - p)",
)


def verdict(finding: JudgedClaim) -> str:
    """Judge a finding by its test; "" where nothing is expected of it."""
    expected, test = finding.expected, finding.test
    if expected is None:
        return ""
    p = test.p if finding.adjusted_p is None else finding.adjusted_p
    if test.interval is None or test.estimate is None or p is None:
        return UNDECIDED
    ends = (expected.sign * test.interval.low, expected.sign * test.interval.high)
    reaches = expected.sign * test.estimate >= expected.least
    if min(ends) > 0.0 and p < ALPHA and reaches:
        return REPRODUCED
    return NOT_REPRODUCED if max(ends) < expected.least else UNDECIDED


NO_SPREADS: Mapping[str, Spread] = MappingProxyType({})
AS_SHIPPED: Mapping[str, str] = MappingProxyType({})


def judged(
    outcome: ExperimentOutcome,
    changed: Mapping[str, str] = AS_SHIPPED,
    spreads: Mapping[str, Spread] = NO_SPREADS,
) -> ExperimentOutcome:
    """Return an outcome with its verdicts, and with the figures marked that were put in.

    Parameters
    ----------
    changed : mapping of str to str
        Dotted keys of the behavioral agents' parameters and options that are not as shipped in
        any of the runs -> who set them.
    spreads : mapping of str to Spread
        Cell that was put in, such as ``Table 2: men, male`` -> what other seeds show of it.
    """
    kept = _still_put_in_whole(outcome.findings, changed)
    outcome = msgspec.structs.replace(
        outcome,
        tables=tuple(_marked(table, changed, spreads, kept) for table in outcome.tables),
        findings=tuple(_judged(finding, changed) for finding in outcome.findings),
    )
    marks = [value.put_in for row in outcome.rows for value in row.values]
    marks += [finding.put_in for finding in outcome.findings]
    fitted = [mark for mark in marks if still_put_in(mark, changed)]
    theirs = [mark for mark in marks if mark and mark not in fitted]
    said = [*put_in_notes(fitted), *_smallest(outcome.findings)]
    if theirs:
        said.insert(0, set_by_note(theirs, changed))
    return msgspec.structs.replace(outcome, notes=(*outcome.notes, *said))


def _judged(finding: JudgedClaim, changed: Mapping[str, str]) -> JudgedClaim:
    mark = still_put_in(finding.put_in, changed)
    said = PUT_IN if mark else verdict(finding)
    if finding.put_in and said == REPRODUCED:
        mark, said = finding.put_in, PUT_IN  # by who changed the parameters
    return msgspec.structs.replace(finding, put_in=mark, verdict=said)


def _still_put_in_whole(
    findings: Iterable[JudgedClaim], changed: Mapping[str, str]
) -> frozenset[str]:
    """The published tables of which everything that is judged here stays put in."""
    kept, moved = set[str](), set[str]()
    for finding in findings:
        still = still_put_in(finding.put_in, changed)
        (kept if still else moved).update(tables_of(finding.put_in))
    return frozenset(kept - moved)


def _marked(
    table: OutcomeTable,
    changed: Mapping[str, str],
    spreads: Mapping[str, Spread],
    kept: Collection[str],
) -> OutcomeTable:
    """The table, with the marks left off that a run's own parameters make untrue.

    A cell goes by all parameters, what is judged of its table by a few: while that is called put
    in, so are the cells that it is made of. What other seeds show holds as shipped only.
    """

    def value(one: Value) -> Value:
        as_shipped = still_put_in(one.put_in, changed)
        whole = bool(one.put_in) and tables_of(one.put_in) <= frozenset(kept)
        mark = one.put_in if whole else as_shipped
        return msgspec.structs.replace(one, put_in=mark, spread=spreads.get(as_shipped))

    def row(one: OutcomeRow) -> OutcomeRow:
        return msgspec.structs.replace(one, values=tuple(map(value, one.values)))

    return msgspec.structs.replace(table, rows=tuple(map(row, table.rows)))


def _smallest(findings: Iterable[JudgedClaim]) -> Iterable[str]:
    """Say which effects are the smallest that count, with their reasons."""
    whys = [f.expected.why for f in findings if f.expected is not None and f.verdict != PUT_IN]
    if whys:
        yield f"Smallest effects that count: {'; '.join(dict.fromkeys(whys))}."
