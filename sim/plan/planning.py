"""From a question to what it takes: the pilot, its spread, and what models cost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from retailsim.analysis.measures import estimates
from retailsim.analysis.measures.pilot_spread import PilotSpread, pilot_spread, run_spread
from retailsim.analysis.measures.scope import scope
from retailsim.analysis.projection.loader import load
from retailsim.analysis.statistics.planning import ALPHA
from retailsim.market.catalogue.product import Product
from retailsim.market.core.money import DOLLARS
from retailsim.sim.budget.estimate import counted, estimate
from retailsim.sim.plan.errors import BadPlan
from retailsim.sim.plan.needed import Asked, Needed, needed
from retailsim.sim.plan.pilot import Pilot, per_category, play_pilot, whole_stock
from retailsim.sim.plan.question import Planned, PlanOptions
from retailsim.sim.run.launch import asked_scenario, prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.protocol import scenario_protocol
from retailsim.sim.sweep.asked_measure import asked_measure
from retailsim.sim.sweep.swept import arms, swept
from retailsim.sim.terminal.audience import Audience, Nobody

if TYPE_CHECKING:
    from retailsim.analysis.measures.measure import Measure

_AMOUNT = re.compile(r"(\$?)\s*(\d+(?:\.\d*)?|\.\d+)\s*(%|points?|pts?)?")


def planned(asked: PlanOptions, audience: Audience) -> tuple[Planned, Measure]:
    """Return what a difference takes, and the measure it is of.

    Raises
    ------
    BadPlan, SimError
        If the question makes no sense, or the pilot says nothing of it.
    """
    options = _options(asked)
    scenario, folder = asked_scenario(options)
    by = asked_measure(asked.measure, scenario_protocol(scenario, folder, asked.scenario))
    amount = difference_of(asked.difference, by)  # to fail before anything is played
    settings = _arms(asked)
    for one in settings:
        asked_scenario(msgspec.structs.replace(options, settings=(*options.settings, *one)))
    stock = whole_stock(options)
    products = stock.products
    pilot, found = _spread(asked, options, settings, by, products, audience)
    count = max(2, len(settings))
    shared = scope(pilot.first).shared
    question = Asked(
        difference=amount if amount is not None else _relative(asked.difference, found.level),
        power=asked.power,
        alpha=ALPHA / (count * (count - 1) // 2),
        arms=count,
        products=len(products) if shared == "product" else pilot.first["cluster"].n_unique(),
        replications=scenario.design.replications,
    )
    each = _dollars_each(options, settings or [()])
    by_pairs = found.paired_for(question.difference)
    paired = by_pairs and needed(question, by_pairs, found.episodes_each, paired=True)
    unpaired = needed(question, found.unpaired, found.episodes_each, paired=False)
    wanted = (paired or unpaired).products
    number = None
    if shared == "product" and wanted is not None and scenario.products.ids is None:
        number = per_category(products, wanted)
    return (
        Planned(
            scenario=asked.scenario,
            measure=by.name,
            asked=question,
            level=found.level,
            change=found.change,
            pilot_episodes=pilot.first.height,
            pilot_products=pilot.first["cluster"].n_unique(),
            pilot_runs=tuple(map(str, asked.runs)),
            shared_draws=pilot.shared_draws,
            stand_ins=pilot.stand_ins,
            shared=shared,
            currency=stock.currency or DOLLARS,
            episodes_each=found.episodes_each,
            per_category=number,
            paired=_costing(paired, each, count) if paired else None,
            unpaired=_costing(unpaired, each, count),
        ),
        by,
    )


def _options(asked: PlanOptions) -> Options:
    return Options(
        scenario=asked.scenario,
        seed=asked.seed,
        sellers=asked.sellers,
        buyers=asked.buyers,
        catalog=asked.catalog,
        profiles=asked.profiles,
        settings=asked.settings,
    )


def _dry(options: Options) -> Options:
    return msgspec.structs.replace(options, dry_run=True)


def _arms(asked: PlanOptions) -> list[tuple[str, ...]]:
    """The settings of the arms that the question names; none if it names no change."""
    if not asked.keys:
        return []
    return [one.settings for one in arms([swept(key) for key in asked.keys])]


def _spread(
    asked: PlanOptions,
    options: Options,
    settings: Sequence[tuple[str, ...]],
    by: Measure,
    products: Sequence[Product],
    audience: Audience,
) -> tuple[Pilot, PilotSpread]:
    """Play the pilot, or take it from runs."""
    if asked.runs:
        pilot = _from_runs(asked)
        one_run = len(asked.runs) == 1
        found = (
            run_spread(pilot.first, by) if one_run else pilot_spread(pilot.first, pilot.second, by)
        )
        where = " and ".join(map(str, asked.runs))
    else:
        audience.say("playing a pilot")
        pilot = play_pilot(options, settings, products)
        found, where = pilot_spread(pilot.first, pilot.second, by), "its pilot"
    if found is None:
        raise BadPlan(
            asked.scenario,
            f"{where} says nothing of {by.label.lower()}: it takes two products or more in which "
            "it is known",
        )
    return pilot, found


def _from_runs(asked: PlanOptions) -> Pilot:
    if len(asked.runs) > 2:
        raise BadPlan("--from", f"takes one run or two, not {counted(len(asked.runs), 'run')}")
    if asked.keys:
        raise BadPlan("--from", "does not go with KEY=V1,V2: the runs say what changed")
    parts = [estimates.decided(load(run).episodes) for run in asked.runs]
    return Pilot(first=parts[0], second=parts[-1], shared_draws=len(parts) == 2, stand_ins=())


def difference_of(told: str, by: Measure) -> float | None:
    """Return a difference in the measure's unit: points as a share, money as cents.

    None where it is told as a percentage, which is of the measure's level.

    Raises
    ------
    BadPlan
        If it is none, or 0.
    """
    found = _AMOUNT.fullmatch(told.strip())
    if found is None or float(found[2]) == 0.0:
        raise BadPlan("--difference", f"{told}: {_how(by)}")
    dollar, amount, unit = found[1], float(found[2]), found[3] or ""
    if by.unit == "share":
        if dollar or unit == "%" or amount >= 100.0:
            raise BadPlan("--difference", f"{told}: {_how(by)}")
        return amount / 100.0
    if unit == "%":
        return None
    if unit or (dollar and by.unit != "cents"):
        raise BadPlan("--difference", f"{told}: {_how(by)}")
    return 100.0 * amount if by.unit == "cents" else amount


def _how(by: Measure) -> str:
    match by.unit:
        case "share":
            return f"write it in points, above 0 and below 100: 3 is 3 points of {by.label.lower()}"
        case "cents":
            return (
                f"write an amount, such as 1.20, or a share of the {by.label.lower()}, such as 5%"
            )
        case _:
            return f"write a number above 0, or a share of the {by.label.lower()}, such as 5%"


def _relative(told: str, level: float) -> float:
    """Return a percentage of the measure's level."""
    found = abs(level) * float(told.strip().removesuffix("%")) / 100.0
    if found == 0.0:
        raise BadPlan("--difference", f"{told}: the pilot's level is 0; write an amount")
    return found


def _dollars_each(options: Options, arms: Sequence[tuple[str, ...]]) -> float | None:
    """What models cost per episode, on the average over the arms; None where it is not known."""
    costs = []
    for settings in arms:
        arm = msgspec.structs.replace(options, settings=(*options.settings, *settings))
        design = prepare(_dry(arm), Nobody()).design
        found = estimate(design)
        if found is None:
            costs.append(0.0)
        elif found.dollars is None:
            return None
        else:
            costs.append(found.dollars / design.episodes)
    return sum(costs) / len(costs)


def _costing(one: Needed, each: float | None, runs: int) -> Needed:
    if each is None or one.episodes is None:
        return msgspec.structs.replace(one, dollars=None)
    return msgspec.structs.replace(one, dollars=each * one.episodes * runs)
