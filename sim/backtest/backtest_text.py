"""What came of a backtest: sentences, and a table of 80 columns or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from textwrap import fill
from typing import TYPE_CHECKING, Any

import msgspec

from retailsim.analysis.measures.value_text import change_written
from retailsim.analysis.statistics.values import LEVEL
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    from retailsim.analysis.statistics.backtests import Judgement
    from retailsim.sim.backtest.backtest_arms import Backtest
    from retailsim.sim.backtest.backtest_outcome import BacktestOutcome, BacktestRow

_WIDTH = 80
_ANSWERS = {
    "trust": "Trust the next answer, where it is of this kind",
    "direction only": "Trust which way the next answer goes, not how far",
    "do not trust": "Do not trust the next answer",
    "cannot tell": "Cannot tell whether to trust the next answer",
}


def show(found: Backtest, outcome: BacktestOutcome, terminal: Terminal) -> None:
    """Print what came of a backtest."""
    if terminal.json:
        terminal.out_json(
            {
                "scenario": found.asked.scenario,
                "folder": str(found.folder),
                **msgspec.to_builtins(outcome),
                "verdict": list(verdict(outcome.judgement)),
            }
        )
        return
    for line in (*verdict(outcome.judgement), *outcome.cautions):
        terminal.out(fill(line, _WIDTH, break_long_words=False, break_on_hyphens=False))
    terminal.show(_table(outcome))
    terminal.out(f"runs: {found.folder}")


def verdict(found: Judgement) -> Iterator[str]:
    """Yield what a person has to know first, and what it rests on."""
    yield f"{_ANSWERS[found.answer]}: {found.why}."
    if found.hit_share is not None:
        low, high = found.hit_share.low, found.hit_share.high
        yield (
            f"Calibration: {found.hits} of {found.rows} observed changes lie in their predicted "
            f"interval; {LEVEL:.0%} should ({found.hits / found.rows:.0%}, {low:.0%} to "
            f"{high:.0%})."
        )
    if found.direction_p is not None:
        yield (
            f"Direction: {found.right} of {found.told} went the predicted way (p = "
            f"{found.direction_p:.2g} by chance)."
        )
    if found.skill is not None:
        told = f"Skill: squared misses are {_beside_nothing(found.skill)} predicting no change"
        if found.slope is not None:
            told += f"; for 1 predicted, {found.slope:.2f} was seen"
        if found.slope_between is not None:
            low, high = found.slope_between.low, found.slope_between.high
            told += f" ({low:.2f} to {high:.2f}; above 0.5 beats no change)"
        yield f"{told}."


def _beside_nothing(skill: float) -> str:
    """Say how squared misses are to those of predicting no change, which they are compared with."""
    if skill < -1.0:
        return f"{1.0 - skill:,.1f} times those of"
    return f"{abs(skill):.0%} {'smaller' if skill >= 0.0 else 'larger'} than of"


def _table(outcome: BacktestOutcome) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.constrain import Constrain
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("change", "measure"):
        table.add_column(heading, overflow="fold")
    for heading in ("predicted", "observed", ""):
        table.add_column(heading, justify="right")
    for row in outcome.rows:
        table.add_row(*_cells(row))
    return Constrain(table, _WIDTH)


def _cells(row: BacktestRow) -> Iterator[Any]:
    from rich.text import Text

    points = " pts" if row.unit == "share" else ""
    write = partial(change_written, row.unit)
    changed = ", ".join(map(_last_part, row.change))
    yield Text(changed if row.name == ", ".join(row.change) else f"{row.name}\n{changed}")
    yield Text(row.measure.removesuffix("_rate").removesuffix("_cents").replace("_", " "))
    if row.prediction is None or row.interval is None:
        yield "-"
    else:
        low, high = write(row.interval.low), write(row.interval.high)
        yield f"{write(row.prediction.change)}{points}\n{low} to {high}"
    yield f"{write(row.observed)}{points}"
    yield {True: "hit", False: "MISS", None: "no pairs"}[row.hit]


def _last_part(setting: str) -> str:
    """A setting by the last part of its key: ``discount=0.1``."""
    key, _, value = setting.partition("=")
    return f"{key.rpartition('.')[2]}={value}"
