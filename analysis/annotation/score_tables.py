"""Scores on a terminal: who rated, the tasks, the traits; models marked wherever they are."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from retailsim.analysis.annotation.answers import Kind
from retailsim.analysis.annotation.scores import Scores, TaskScore, TraitScore
from retailsim.analysis.annotation.tasks import TASKS
from retailsim.analysis.replay.terminal_tables import NOTHING, Name
from retailsim.analysis.statistics.values import Interval, Test

_WHO: dict[Kind, str] = {"person": "people", "model": "models"}


def score_tables(scores: Scores) -> list[Table]:
    """Return the tables; those without rows are left out."""
    found = [_raters(scores)]
    if scores.self_agreement:
        found.append(_self_agreement(scores))
    if scores.tasks:
        found.append(_tasks(scores))
    if any(len(task.agents) > 1 for task in scores.tasks):
        found.append(_agents(scores))
    if scores.traits:
        found.append(_traits(scores))
    if any(len(trait.agents) > 1 for trait in scores.traits):
        found.append(_votes(scores))
    return found


def _raters(scores: Scores) -> Table:
    table = _table(f"Raters of {scores.run}")
    table.add_column("rater")
    table.add_column("rated", justify="right")
    timed = any(rater.seconds is not None for rater in scores.raters)
    flagged = any(rater.flagged for rater in scores.raters)
    _columns(table, *["seconds an item"] * timed, *["flagged"] * flagged)
    for rater in scores.raters:
        table.add_row(
            *(Name(rater.label), f"{rater.rated:,} of {scores.items:,}"),
            *[NOTHING if rater.seconds is None else f"{rater.seconds:,.0f}"] * timed,
            *[f"{len(rater.flagged):,}"] * flagged,
        )
    return table


def _self_agreement(scores: Scores) -> Table:
    table = _table("Items shown twice: the same rater says the same")
    _columns(table, "rater", "twice", "same", "95%", "apart (1 to 5)")
    for one in scores.self_agreement:
        ends = one.same.interval
        table.add_row(
            *(Name(one.rater), f"{one.items:,}"),
            NOTHING if one.same.value is None else f"{one.same.value:.0%}",
            NOTHING if ends is None else f"{ends.low:.0%} to {ends.high:.0%}",
            _number(one.difference),
        )
    return table


def _tasks(scores: Scores) -> Table:
    table = _table("Ratings, 1 to 5")
    _columns(table, "task", "by", "items", "ratings", "mean", "95%", "alpha", "95%", "")
    for task in scores.tasks:
        table.add_row(*_task(task))
    return table


def _task(score: TaskScore) -> tuple[str, ...]:
    mean = score.mean
    return (
        *(TASKS[score.task].title, _WHO[score.kind], f"{mean.n:,}", f"{score.ratings:,}"),
        *(_number(mean.value), _interval(mean.interval), *_alpha(score.alpha)),
    )


def _agents(scores: Scores) -> Table:
    table = _table("Ratings, by who was rated")
    _columns(table, "task", "agent", "by", "items", "mean", "95%")
    for task in scores.tasks:
        for one in task.agents if len(task.agents) > 1 else ():
            table.add_row(
                *(TASKS[task.task].title, Name(one.agent), _WHO[task.kind], f"{one.mean.n:,}"),
                *(_number(one.mean.value), _interval(one.mean.interval)),
            )
    return table


def _traits(scores: Scores) -> Table:
    table = _table("Pairs: the majority finds the right one")
    _columns(table, "trait", "by", "pairs", "ties", "right", "95%", "p (1/2)", "alpha", "95%", "")
    for trait in scores.traits:
        table.add_row(*_trait(trait))
    return table


def _trait(score: TraitScore) -> tuple[str, ...]:
    return (
        *(score.trait.replace("_", " "), _WHO[score.kind], f"{score.items:,}", f"{score.ties:,}"),
        *_accuracy(score.accuracy),
        *_alpha(score.alpha),
    )


def _votes(scores: Scores) -> Table:
    table = _table("Pairs, by who was rated")
    _columns(table, "trait", "agent", "by", "pairs", "right", "95%", "p (1/2)")
    for trait in scores.traits:
        for one in trait.agents if len(trait.agents) > 1 else ():
            table.add_row(
                *(trait.trait.replace("_", " "), Name(one.agent), _WHO[trait.kind]),
                *(f"{one.accuracy.n:,}", *_accuracy(one.accuracy)),
            )
    return table


def _accuracy(found: Test) -> tuple[str, str, str]:
    """Return the share, its interval and the test."""
    ends = found.interval
    return (
        NOTHING if found.estimate is None else f"{found.estimate:.1%}",
        NOTHING if ends is None else f"{ends.low:.0%} to {ends.high:.0%}",
        NOTHING if found.p is None else f"{found.p:.3g}",
    )


def _alpha(found: Test) -> tuple[str, str, str]:
    if found.estimate is None:
        return NOTHING, NOTHING, f"undefined: {found.note}"
    # Three digits: what is below the bar must not look as if it stood on it.
    return f"{found.estimate:.3f}", _interval(found.interval), found.note


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"


def _interval(ends: Interval | None) -> str:
    return NOTHING if ends is None else f"{ends.low:.2f} to {ends.high:.2f}"


def _table(title: str) -> Table:
    return Table(title=Text(title, style="bold"), title_justify="left", box=SIMPLE_HEAD)


def _columns(table: Table, *names: str) -> None:
    words = {"task", "trait", "agent", "by", "rater", ""}
    for name in names:
        table.add_column(name, justify="left" if name in words else "right")
