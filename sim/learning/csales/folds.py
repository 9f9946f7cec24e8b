"""`experiment policy --folds 2`: each half judges what the other taught; what both came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np

from retailsim.analysis.experiments.outcomes import (
    ExperimentOutcome,
    OutcomeRow,
    OutcomeTable,
    Value,
    estimate_of,
)
from retailsim.analysis.measures.value_text import change_written, written
from retailsim.analysis.statistics.values import Estimate, Test
from retailsim.sim.environments.csales.episodes import Episodes
from retailsim.sim.errors import BadScenario
from retailsim.sim.experiments.experiment import ExperimentOptions
from retailsim.sim.learning.csales.contest import BEATEN, OLD
from retailsim.sim.learning.csales.judged import (
    OVER,
    REVENUE,
    SURPLUS,
    Judges,
    gain,
    gains,
    mean,
    worth_table,
)
from retailsim.sim.learning.csales.loop_outcome import (
    LEARNT,
    TOLERANCE,
    Found,
    headroom_told,
    verdict_told,
)
from retailsim.sim.learning.csales.loop_plan import learnt_names
from retailsim.sim.learning.csales.playing import Outcomes
from retailsim.sim.learning.csales.pooled import Pooled
from retailsim.sim.run.launch_options import Options

HALVES = (1, 2)
KEYS = ("profiles.half", "products.half")
BOTH = "both halves"
ABOUT = (
    "Everything is per conversation. Each half of profiles and products judges the policies that "
    "the other taught, so all judge, and nobody what they taught. Of two intervals the wider is "
    "shown: for other profiles, and for other categories with all who come for them; both allow "
    "for other training seeds.",
    "These buyers are simulated: what is learnt from them is how they are made.",
)


def refuse_halves(settings: Sequence[str]) -> None:
    """Fail where somebody says which half teaches.

    Raises
    ------
    BadScenario
    """
    for setting in settings:
        key = setting.partition("=")[0].strip()
        if key in KEYS:
            raise BadScenario(f"--set {key}", "with --folds 2 each half teaches once: leave it out")


def of_half(asked: ExperimentOptions, half: int) -> ExperimentOptions:
    """Return what an experiment is told in which this half of profiles and products teaches."""
    settings = (*asked.settings, *(f"{key}={half}" for key in KEYS))
    return msgspec.structs.replace(asked, settings=settings, folds=1)


def shelves_of(scenario: Options) -> Mapping[str, str]:
    """Return for each profile of a sales scenario the category that it came for."""
    profiles = Episodes(scenario).design.profiles
    return {profile.id: " > ".join(profile.target_category) for profile in profiles}


def pooled_outcome(found: Mapping[int, Found], shelves: Mapping[str, str]) -> ExperimentOutcome:
    """Return the tables and verdicts of both halves, each alone and pooled.

    Parameters
    ----------
    found : mapping of int to Found
        By the half that taught.
    shelves : mapping of profile to str
    """
    folds = [*found.values()]
    seats = learnt_names(folds[0].sizes)
    pooled = Pooled(tuple(fold.outcomes for fold in folds), shelves)
    judges: dict[str, Judges] = {
        f"half {half} teaches": one.outcomes for half, one in found.items()
    } | {BOTH: pooled}
    groups = {name: [name] for name in folds[0].digests}
    groups |= {LEARNT: [*seats], "offline": ["offline"]}
    return ExperimentOutcome(
        title="Policies, learnt and judged by either half",
        tables=(
            worth_table(
                pooled, groups, name="policies", title="What each policy does, and to whom"
            ),
            _gained(judges, seats),
            _limits(judges, seats, [fold.limit.bound for fold in folds]),
        ),
        findings=gains(pooled, LEARNT, seats, BEATEN),
        notes=tuple(_verdicts(found, pooled, seats)),
        about=ABOUT,
    )


def _gained(judges: Mapping[str, Judges], seats: Sequence[str]) -> OutcomeTable:
    rows = tuple(
        OutcomeRow(
            label=f"than {old}, {which}",
            values=tuple(
                Value(
                    name=f"{one.name} gained",
                    unit=one.unit,
                    measured=estimate_of(gain(of, seats, old, one)),
                )
                for one in (REVENUE, SURPLUS, OVER)
            ),
        )
        for old in BEATEN
        for which, of in judges.items()
    )
    return OutcomeTable(name="gained", title=f"What {LEARNT} has more, same buyers", rows=rows)


def _limits(
    judges: Mapping[str, Judges], seats: Sequence[str], bounds: Sequence[float]
) -> OutcomeTable:
    each = [*([bound] for bound in bounds), bounds]
    rows = tuple(
        OutcomeRow(
            label=which,
            values=(
                Value(name=OVER.name, unit=OVER.unit, measured=estimate_of(mean(of, seats, OVER))),
                Value(name="limit", unit=OVER.unit, measured=_known(of, those)),
                Value(
                    name="above it",
                    unit=OVER.unit,
                    measured=estimate_of(excess(of, seats, those)),
                ),
            ),
        )
        for (which, of), those in zip(judges.items(), each, strict=True)
    )
    return OutcomeTable(name="limits", title="The limit on sales above the budget", rows=rows)


def _known(of: Judges, bounds: Sequence[float]) -> Estimate:
    """Return the limit; that of all halves is what their profiles had on the average."""
    counts = [len(fold.profiles) for fold in _folds(of)]
    return Estimate(value=float(np.average(bounds, weights=counts)), n=sum(counts))


def excess(of: Judges, seats: Sequence[str], bounds: Sequence[float]) -> Test:
    """Return by how much the over-budget rate exceeds the limit that was learnt under.

    Parameters
    ----------
    of : Outcomes or Pooled
    seats : sequence of str
    bounds : sequence of float
        Of each fold.
    """
    folds = []
    for fold, bound in zip(_folds(of), bounds, strict=True):
        terms = {**fold.terms, OVER.term: fold.terms[OVER.term] - bound}
        folds.append(Outcomes(sellers=fold.sellers, profiles=fold.profiles, terms=terms))
    moved = Pooled(tuple(folds), of.shelves) if isinstance(of, Pooled) else folds[0]
    return mean(moved, seats, OVER)


def _folds(of: Judges) -> tuple[Outcomes, ...]:
    return of.folds if isinstance(of, Pooled) else (of,)


def _verdicts(found: Mapping[int, Found], pooled: Pooled, seats: Sequence[str]) -> Iterator[str]:
    yield f"Verdict on {LEARNT}: {verdict_told(pooled, seats)}."
    yield headroom_told(pooled, seats)
    bounds = [one.limit.bound for one in found.values()]
    yield _limit_told(excess(pooled, seats, bounds), len(pooled.profiles))
    yield f"Verdict on offline, learnt from a log: {verdict_told(pooled, ['offline'])}."
    for half, one in found.items():
        known = ", ".join(f"{name} {digest[:8]}" for name, digest in one.digests.items())
        limit = written("share", one.limit.bound)
        yield f"Frozen before half {half} taught: limit {limit}; SHA-256: {known}."


def _limit_told(above: Test, profiles: int) -> str:
    """Say whether the limit is held: whether the upper end is within the tolerance."""
    interval = above.interval
    if above.estimate is None or interval is None:
        return f"Limit: cannot be told, {above.note}."
    kept = f"not shown to be held, nor broken: {profiles} profiles cannot tell"
    if interval.high <= TOLERANCE:
        kept = "held"
    elif interval.low > 0.0:
        kept = "broken"
    found, low, high = (
        change_written("share", one) for one in (above.estimate, interval.low, interval.high)
    )
    return (
        f"Limit, {OLD}'s own rate with those who taught: {kept} (held out, points above it: "
        f"{found} ({low} to {high}); an upper end of +{100 * TOLERANCE:.0f} is tolerated)."
    )
