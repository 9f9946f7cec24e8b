"""What came of a backtest that was played: each row beside its prediction, and its worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from retailsim.sim.backtest.backtest_arms import Backtest, PlayedRow
from retailsim.sim.backtest.observed_measures import Observed
from retailsim.sim.look.side_by_side import streams_of

if TYPE_CHECKING:
    from retailsim.analysis.measures.predicted_change import PredictedChange
    from retailsim.analysis.projection.projection import Projection
    from retailsim.analysis.statistics.backtests import Checked, Judgement
    from retailsim.analysis.statistics.values import Interval


class BacktestRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the file beside its prediction.

    Parameters
    ----------
    measure : str
        The name of the measure; its `unit` is that of all numbers of the row.
    before, observed, noise : float
        Before the change, by how much it changed, and the standard error of that.
    prediction : PredictedChange or None
        None where the runs have nothing to say of this measure.
    interval : Interval or None
        Where the observed change should lie in 95% of cases.
    hit : bool or None
        Whether it does.
    runs : (str, str)
        The folders of the runs before and after.
    """

    line: int
    name: str
    change: tuple[str, ...]
    measure: str
    unit: str
    before: float
    observed: float
    noise: float
    prediction: PredictedChange | None
    interval: Interval | None
    hit: bool | None
    runs: tuple[str, str]


class BacktestOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    judgement: Judgement
    rows: tuple[BacktestRow, ...]
    cautions: tuple[str, ...]


def judged_rows(found: Backtest, seen: list[Observed]) -> BacktestOutcome:
    """Compare the runs of a backtest that was played with what was observed.

    Raises
    ------
    AnalysisError
        If a run cannot be read.
    """
    from retailsim.analysis.measures.scope import illustration
    from retailsim.analysis.projection.loader import load
    from retailsim.analysis.statistics.backtests import Checked, judged

    loaded = {settings: load(found.place(settings)) for settings in found.runs}
    rows, checks = [], []
    for row, one in zip(found.rows, seen, strict=True):
        prediction = _prediction(found, row, one, loaded)
        check = None
        if prediction is not None:
            check = Checked(
                change=f"{row.row.name} {row.before} {row.after}",
                predicted=prediction.change,
                error=prediction.error,
                df=prediction.df,
                observed=one.change,
                noise=one.noise,
            )
            checks.append(check)
        rows.append(_row(found, row, one, prediction, check))
    first = next(iter(loaded.values())).episodes
    cautions = (*illustration(first), *_cautions(found, rows))
    return BacktestOutcome(judgement=judged(checks), rows=tuple(rows), cautions=cautions)


def _prediction(
    found: Backtest, row: PlayedRow, one: Observed, loaded: Mapping[tuple[str, ...], Projection]
) -> PredictedChange | None:
    from retailsim.analysis.measures.predicted_change import predicted_change

    streams = streams_of(found.place(row.before), found.place(row.after))
    return predicted_change(loaded[row.before], loaded[row.after], one.of, streams)


def _row(
    found: Backtest,
    row: PlayedRow,
    one: Observed,
    prediction: PredictedChange | None,
    check: Checked | None,
) -> BacktestRow:
    return BacktestRow(
        line=row.row.line,
        name=row.row.name,
        change=row.row.change,
        measure=one.of.name,
        unit=one.of.unit,
        before=one.before,
        observed=one.change,
        noise=one.noise,
        prediction=prediction,
        interval=None if check is None else check.interval,
        hit=None if check is None else check.hit,
        runs=(str(found.place(row.before)), str(found.place(row.after))),
    )


_FAR = 1.5
"""A level that is so many times another is another shop's."""


def _cautions(found: Backtest, rows: Sequence[BacktestRow]) -> Iterator[str]:
    """Say what makes predictions ones of another shop, or surer than they are."""
    if any(row.prediction is not None and row.prediction.one_buyer for row in rows):
        yield (
            "One buyer takes part, so intervals do not say how buyers differ; give the scenario "
            "more [[buyers]]."
        )
    for row in rows:
        level = None if row.prediction is None else row.prediction.before
        if row.measure != "conversion_rate" or level is None:
            continue
        if not row.before / _FAR <= level <= row.before * _FAR:
            yield (
                f"The scenario converts {level:.1%} before {row.name}, the shop {row.before:.1%}; "
                "changes depend on the level they start from: set "
                f"anchor.conversion={row.before:.3g}."
            )
            return
