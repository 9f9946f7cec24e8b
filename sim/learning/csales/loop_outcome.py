"""What the loop of `experiment policy` came to: its tables, verdicts and page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from retailsim.agents.policy.linear import LinearPolicy
from retailsim.analysis.exhibits.parts import (
    FEW_BEHIND,
    Cell,
    Report,
    ReportTable,
    Section,
    estimated,
    row,
    table,
)
from retailsim.analysis.experiments.figures import figures
from retailsim.analysis.experiments.outcomes import (
    ExperimentOutcome,
    OutcomeRow,
    OutcomeTable,
    Value,
    estimate_of,
    times,
)
from retailsim.analysis.measures.value_text import p_told, written
from retailsim.analysis.policy.decisions import Decisions, Floats
from retailsim.analysis.policy.evaluation import evaluated
from retailsim.analysis.policy.mining import EFFECT, mine
from retailsim.analysis.policy.mining_words import points, sides, when, whom
from retailsim.analysis.projection.loader import load
from retailsim.analysis.protocols.csales.moves import moves
from retailsim.analysis.report.page import page
from retailsim.analysis.statistics.values import Estimate
from retailsim.events.whole_file import written_whole
from retailsim.sim.errors import CannotWrite
from retailsim.sim.learning.csales.contest import BEATEN, OLD, ORACLE
from retailsim.sim.learning.csales.judged import (
    OVER,
    REVENUE,
    SURPLUS,
    Column,
    Judges,
    gain,
    gains,
    headroom,
    limit_told,
    mean,
    verdict,
    worth_table,
)
from retailsim.sim.learning.csales.logged import read_logged
from retailsim.sim.learning.csales.loop_plan import LIMITS, Sizes, frontier_names, learnt_names
from retailsim.sim.learning.csales.playing import Outcomes
from retailsim.sim.learning.csales.targets import target_of
from retailsim.sim.learning.limits import Limit

LEARNT = "learnt"
MOVES = 3
"""Of the log, told on either side."""
TOLERANCE = 0.02
"""How far above its limit the upper end of a rate may be."""
SALES = Column("SR", "sale", "share")
ABOUT = (
    "Everything is per conversation, with profiles and products that nobody learnt from. Intervals "
    "allow for other profiles, and where several policies were learnt, for other training seeds.",
    "These buyers are simulated: what is learnt from them is how they are made.",
)


class Found(NamedTuple):
    """What the loop has to show.

    Parameters
    ----------
    sizes : Sizes
    log : Path
        The run that was collected.
    limit : Limit
        What the policies that were learnt had to keep.
    digests : mapping of seat to SHA-256
    learnt_alone : str
        What the log says of the policy that was learnt from it.
    outcomes : Outcomes
    moved : mapping of how to Outcomes
    policies : mapping of name to Path
    """

    sizes: Sizes
    log: Path
    limit: Limit
    digests: Mapping[str, str]
    learnt_alone: str
    outcomes: Outcomes
    moved: Mapping[str, Outcomes]
    policies: Mapping[str, Path]


def outcome_of(found: Found) -> ExperimentOutcome:
    """Return the tables and verdicts of a loop."""
    outcomes, seats = found.outcomes, learnt_names(found.sizes)
    groups = {name: [name] for name in found.digests} | {LEARNT: seats, "offline": ["offline"]}
    return ExperimentOutcome(
        title="Policies, learnt and judged",
        tables=(
            worth_table(
                outcomes, groups, name="policies", title="What each policy does, and to whom"
            ),
            _frontier(found),
            _stress(found),
            _told_by_log(found),
        ),
        findings=gains(outcomes, LEARNT, seats, BEATEN),
        notes=(*_verdicts(found), *_mined(found)),
        about=ABOUT,
    )


def _frontier(found: Found) -> OutcomeTable:
    if not found.sizes.frontier_seeds:
        return OutcomeTable(name="frontier", rows=())
    steps = [
        (f"≤ {limit:.0%}" if limit < 1.0 else "no limit", f"{limit:g}",
         frontier_names(found.sizes, limit))
        for limit in LIMITS
    ]  # fmt: skip
    learnt = (LEARNT, "", learnt_names(found.sizes))
    beside = [*((name, "", [name]) for name in (*BEATEN, ORACLE)), learnt]
    rows = tuple(
        OutcomeRow(
            label=label,
            key=key,
            values=tuple(
                Value(
                    name=one.name, unit=one.unit, measured=estimate_of(mean(found.outcomes, s, one))
                )
                for one in (REVENUE, SURPLUS, OVER, SALES)
            ),
        )
        for label, key, s in (*steps, *beside)
    )
    return OutcomeTable(name="frontier", title="What a limit on over-budget sales costs", rows=rows)


def _stress(found: Found) -> OutcomeTable:
    """The old and the new one against moved buyers, and what is left of the gain."""
    seats = learnt_names(found.sizes)
    rows = []
    for how, outcomes in found.moved.items():
        cells = [
            (f"{one.name} {name}", one, mean(outcomes, of, one))
            for one in (SALES, REVENUE)
            for name, of in ((OLD, [OLD]), (LEARNT, seats))
        ]
        cells += [(f"{one.name} gained", one, gain(outcomes, seats, OLD, one))
                  for one in (REVENUE, SURPLUS)]  # fmt: skip
        values = [Value(name=n, unit=one.unit, measured=estimate_of(t)) for n, one, t in cells]
        rows.append(OutcomeRow(label=how, values=tuple(values)))
    return OutcomeTable(name="moved", title="Buyers that nobody learnt from", rows=tuple(rows))


def _told_by_log(found: Found) -> OutcomeTable:
    """What the log of `csi` says that others would have earned, or why it cannot."""
    targets = [
        ("less by chance", target_of(OLD, ["temperature=0.25"])),
        ("argmax", target_of(OLD, ["temperature=0.001"])),
        *((name, target_of(str(found.policies[name]), [])) for name in ("learnt-1", "offline")),
    ]
    weighings = [target.weighing for _, target in targets]
    logged = read_logged([found.log], reward={"revenue": 1.0}, others=weighings)
    rows = [
        OutcomeRow(label=name, values=(_estimate(logged.decisions, others),))
        for (name, _), others in zip(targets, logged.others, strict=True)
    ]
    title = "What the log alone says of policies (net revenue, buyers learnt from)"
    return OutcomeTable(name="log", title=title, rows=tuple(rows))


def _estimate(decisions: Decisions, others: Floats) -> Value:
    evaluation = evaluated(decisions, others)
    n = len(decisions.ids)
    if evaluation.refused:
        measured = Estimate(value=None, n=n, note=f"cannot tell: {evaluation.refused[0].reason}")
    else:
        one = evaluation.recommended
        measured = times(Estimate(value=one.value, n=n, interval=one.interval), 100.0)
    return Value(name="net revenue by WDR", unit="cents", measured=measured)


def _verdicts(found: Found) -> Iterator[str]:
    """Say whether to change, how much of the headroom that is, and whether the limit is held."""
    outcomes, seats = found.outcomes, learnt_names(found.sizes)
    yield f"Verdict on {LEARNT}: {verdict_told(outcomes, seats)}."
    yield headroom_told(outcomes, seats)
    yield _spread(outcomes, seats)
    kept = limit_told(outcomes, seats, found.limit, TOLERANCE)
    yield f"Limit, {OLD}'s own rate with those learnt from: {kept}."
    yield from _promised(found)
    yield f"Verdict of the log on offline: {found.learnt_alone}."
    yield f"Verdict of what it then played: {verdict_told(outcomes, ['offline'])}."
    known = ", ".join(f"{name} {digest[:8]}" for name, digest in found.digests.items())
    yield f"Frozen before anything was learnt, SHA-256: {known}."


def headroom_told(outcomes: Judges, seats: Sequence[str]) -> str:
    """Say how much of what there is to gain was learnt."""
    share = headroom(outcomes, seats, OLD, ORACLE)
    if share is None:
        return f"There is no headroom: {ORACLE}, which is told the style, earns no more than {OLD}."
    return f"{LEARNT} gets {share:.0%} of what {ORACLE}, which is told the style, gains over {OLD}."


def _promised(found: Found) -> Iterator[str]:
    """Say of how many policies buyers that did not teach show that they keep their limit."""
    sizes = found.sizes
    groups = [(LEARNT, learnt_names(sizes))]
    groups += [(f"limit {one:.0%}", frontier_names(sizes, one)) for one in LIMITS if one < 1.0]
    parts = []
    for label, names in filter(lambda group: group[1], groups):
        files = [found.policies[name].read_bytes() for name in names]
        policies = [msgspec.json.decode(file, type=LinearPolicy) for file in files]
        limits = [one for policy in policies if policy.learnt for one in policy.learnt.limits]
        parts.append(f"{label} {sum(bool(one.promised) for one in limits)} of {len(limits)}")
    yield f"Limits that buyers who did not teach show to hold for others: {', '.join(parts)}."


def verdict_told(outcomes: Judges, seats: Sequence[str]) -> str:
    """Say whether policies take the old one's place."""
    revenue, surplus = (gain(outcomes, seats, OLD, one) for one in (REVENUE, SURPLUS))
    return verdict(revenue, surplus, OLD).why


def _spread(outcomes: Outcomes, seats: Sequence[str]) -> str:
    each = [mean(outcomes, [seat], REVENUE).estimate or 0.0 for seat in seats]
    low, high = (written("cents", end) for end in (min(each), max(each)))
    deviation = written("cents", float(np.std(each, ddof=1)))
    return (
        f"Net revenue of the {len(each)} training seeds: {low} to {high}, "
        f"standard deviation {deviation}."
    )


def _mined(found: Found) -> Iterator[str]:
    """Say which moves of the log went with buying most, and least."""
    mined = mine(moves({found.log.name: load(found.log)}))
    for title, patterns in sides(mined):
        for one in patterns[:MOVES]:
            difference, ends = points(one.association.difference, one.association.interval)
            yield f"{title}: {one.move} ({when(one)}, {whom(one)}) {difference} ({ends})."
    if not mined.told():
        yield f"No move of the log goes with buying by {EFFECT:.0%} or more for sure."


def write_page(outcome: ExperimentOutcome, path: Path) -> None:
    """Write the outcome as a page, with its chart.

    Raises
    ------
    CannotWrite
    """
    sections = [
        Section(
            name=one.name,
            title=one.title,
            figures=tuple(figures("policy", outcome)) if one.name == "frontier" else (),
            tables=(_page_table(one),),
        )
        for one in outcome.tables
        if one.rows
    ]
    notes = Section(
        name="verdicts",
        title="Verdicts",
        lead=" ".join(outcome.notes),
        tables=(_gains_table(outcome),),
    )
    told = Report(
        title=outcome.title, lead=" ".join(outcome.about), warnings=(), sections=(notes, *sections)
    )
    try:
        with written_whole(path) as new:
            new.write_text(page(told), encoding="utf-8")
    except OSError as error:
        raise CannotWrite(path, error, "choose another --out") from None


def _gains_table(outcome: ExperimentOutcome) -> ReportTable:
    rows = [
        row(
            one.claim,
            estimated(one.unit, estimate_of(one.test)),
            Cell(p_told(one.adjusted_p)),
        )
        for one in outcome.findings
    ]
    return table("What is gained, per conversation", ["", "difference", "p, adjusted"], rows)


def _page_table(one: OutcomeTable) -> ReportTable:
    columns = [value.heading for value in one.rows[0].values]
    rows = [
        row(each.label, *(estimated(value.unit, value.measured) for value in each.values))
        for each in one.rows
    ]
    return table("", ["", *columns], rows, FEW_BEHIND)
