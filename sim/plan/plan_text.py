"""What a difference takes, in words for a terminal of 80 columns."""

from __future__ import annotations

import math
import shlex
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from retailsim.analysis.measures.value_text import change_written, written
from retailsim.market.core.money import small_dollars
from retailsim.sim.budget.estimate import counted
from retailsim.sim.plan.needed import Needed
from retailsim.sim.plan.question import Planned, PlanOptions
from retailsim.sim.terminal.program_name import program_name

if TYPE_CHECKING:
    from retailsim.analysis.measures.measure import Measure

_WIDTH = 80


def lines(found: Planned, by: Measure, asked: PlanOptions) -> Iterator[str]:
    """Yield the answer, line by line."""
    for paragraph in _paragraphs(found, by):
        yield from textwrap.wrap(paragraph, _WIDTH)
    best = found.paired or found.unpaired
    if best.enough:
        yield "next:"
        yield f"  {_command(found, best, asked)}"


def _paragraphs(found: Planned, by: Measure) -> Iterator[str]:
    between = "" if found.asked.arms == 2 else f" between any two of {found.asked.arms} runs"
    yield (
        f"To tell {amount(by, found.asked.difference)} of {_what(by)}{between} in "
        f"{100 * found.asked.power:g}% of such studies (two-sided, 5%):"
    )
    if found.paired is not None:
        yield f"Paired, all runs with the same {found.shared}s: {_takes(found, found.paired)}"
    yield f"Unpaired, each run with other {found.shared}s: {_takes(found, found.unpaired)}"
    best = found.paired or found.unpaired
    if not best.enough:
        yield _too_few(found, best, by)
    elif best.told < math.inf and found.paired is not None:
        # Of fewer replications than the line above takes, all products tell less than it.
        fewer = best.replications > found.asked.replications
        once = ", without more replications," if fewer else ""
        yield (
            f"All {found.asked.products:,} {found.shared}s of the catalogue{once} would "
            f"tell {amount(by, best.told)}."
        )
    yield _rests_on(found, by)


def _what(by: Measure) -> str:
    return by.estimate_label[0].lower() + by.estimate_label[1:]


def amount(by: Measure, value: float) -> str:
    """Write a difference in its unit."""
    if by.unit == "share":
        return f"{100.0 * value:.3g} points"
    text = change_written(by.unit, value).removeprefix("+")
    return text if by.unit == "cents" else f"{text} {by.unit}"


def _takes(found: Planned, one: Needed) -> str:
    if one.products is None or one.episodes is None:
        return f"more than ten million {found.shared}s."
    each = found.episodes_each * one.replications
    times = f" ({one.replications} replications)" if one.replications > 1 else ""
    short = "" if one.enough else " (more than there are)"
    return (
        f"{counted(one.products, found.shared)}{short} x {each:,.4g} episodes{times}, "
        f"{one.episodes:,} episodes a run, {one.episodes * found.asked.arms:,} in all; "
        f"{_cost(one)}."
    )


def _cost(one: Needed) -> str:
    if one.dollars is None:
        return "a model has no price, so what it costs is not known (models.NAME.price)"
    return f"about {small_dollars(one.dollars)}" if one.dollars else "no model is paid"


def _too_few(found: Planned, one: Needed, by: Measure) -> str:
    there = f"The catalogue has {counted(found.asked.products, found.shared)}"
    if math.isinf(one.told):
        return f"{there}: too few to tell any difference."
    return (
        f"{there}, which tell {amount(by, one.told)}; replications without end tell "
        f"{amount(by, one.told_at_best)}. Only more {found.shared}s help."
    )


def _rests_on(found: Planned, by: Measure) -> str:
    """Say where the variance came from."""
    level = f"{_what(by)} {written(by.unit if by.unit != 'count' else 'units', found.level)}"
    if found.pilot_runs:
        said = f"From {' and '.join(found.pilot_runs)}: {level}"
        if len(found.pilot_runs) == 1:
            return (
                f"{said}. One run does not say what draws a second one shares with it: pairs are "
                "taken to share their products only, and the change to be alike for all."
            )
        return f"{said}, {_points(by, found.change)} in the second."
    said = (
        f"From a pilot of two runs of {found.pilot_episodes:,} episodes and "
        f"{counted(found.pilot_products, found.shared)} with behavioral agents: {level}"
    )
    if found.shared_draws:
        return f"{said}, {_points(by, found.change)} in the last run. They share their draws."
    if found.stand_ins:
        return (
            f"{said}. Behavioral agents stood in for {', '.join(found.stand_ins)}. Models share no "
            "draws, so these runs did not either."
        )
    return (
        f"{said}. No change is named, so these runs share their {found.shared}s but no draws, "
        "which takes more; name it as KEY=V1,V2 for what that change takes."
    )


def _points(by: Measure, value: float) -> str:
    return change_written(by.unit, value) + " points" * (by.unit == "share")


def _command(found: Planned, one: Needed, asked: PlanOptions) -> str:
    """Return what plays the study."""
    words = [program_name(), "sweep", asked.scenario, *(asked.keys or ("KEY=V1,V2",))]
    words += ["--measure", asked.measure]
    for name in ("catalog", "profiles", "sellers", "buyers", "seed"):
        if (value := getattr(asked, name)) is not None:
            words += [f"--{name}", str(value)]
    for setting in asked.settings:
        words += ["--set", setting]
    if found.per_category is not None:
        words += ["--set", f"products.per_category={found.per_category}"]
    if one.replications > 1:
        words += ["--set", f"design.replications={one.replications}"]
    first, *rest = words  # "python -m sim" is three words, none of which needs quotes
    return " ".join((first, shlex.join(rest)))
