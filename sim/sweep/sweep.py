"""`sweep SCENARIO KEY=V1,V2,...`: plays the arms, and says which is best."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from retailsim.analysis.report.page_file import check_page
from retailsim.sim.errors import packages_for
from retailsim.sim.experiments.arm_runs import ArmPlayer, begin, play_arm, say_cost
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.folder.open_studios import tell_study
from retailsim.sim.sweep.saying_once import SayingOnce
from retailsim.sim.sweep.sweep_arms import Sweep, SweepOptions, planned
from retailsim.sim.terminal.audience import Audience
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    from retailsim.analysis.measures.arms import Arms
    from retailsim.analysis.measures.measure import Measure


PAGE = "sweep.html"
"""The page of a sweep, in its folder."""
MARK = "sweep.json"
"""What a sweep was told, in its folder: the same words go on with it."""


def sweep(asked: SweepOptions, terminal: Terminal) -> int:
    """Play what is missing of a sweep and print what came of it; returns the exit status."""
    found = planned(asked)
    if asked.dry_run:
        from retailsim.sim.sweep.sweep_size import show_size

        return show_size(found, asked.budget, terminal)
    _check_extras(asked)
    if asked.html:
        check_page(found.folder / PAGE, "--out")
    by = _measure(asked.measure, found)
    told = _told(asked, found)
    begin(found.folder, MARK, told)
    status = played(found, terminal, SayingOnce())
    if status:
        return status
    say_cost(found.folder, terminal)
    from retailsim.sim.sweep.sweep_text import show

    with in_currency_of(*filter(None, (options.out for options in found.runs.values()))):
        outcome, by_name = measured(found, by)
        show(found, outcome, by_name, terminal)
        if asked.html:
            from retailsim.sim.sweep.sweep_page import write_page

            page = found.folder / PAGE
            write_page(found, outcome, by_name, page)
            terminal.say(f"page: {page}")
    tell_study(terminal, found.folder)
    return 0


def _told(asked: SweepOptions, found: Sweep) -> bytes:
    """What a sweep is: its words, and what they came to in each arm's scenario.

    Raises
    ------
    SimError
        If an arm's scenario makes no sense, or names a file that is not there.
    """
    from retailsim.sim.folder.inputs import located
    from retailsim.sim.run.launch import asked_scenario

    scenarios = []
    for options in found.runs.values():
        scenario, place = asked_scenario(options)
        located(scenario, place, options.scenario)
        scenarios.append(scenario)
    words: dict[str, object] = {
        "scenario": asked.scenario,
        "keys": {one.key: one.values for one in found.keys},
        "settings": asked.settings,
        "scenarios": sha256(msgspec.json.encode(scenarios, order="sorted")).hexdigest(),
    }
    if len(found.keys) > 1:  # the words are sorted, and arms are numbered by the order of keys
        words["order"] = [one.key for one in found.keys]
    return msgspec.json.encode(words, order="sorted")


def _check_extras(asked: SweepOptions) -> None:
    """Fail before anything is played where nothing could be said of it; raises `MissingExtra`."""
    with packages_for("sweep"):
        import retailsim.analysis.measures.arms

        if asked.html:
            import retailsim.analysis.report.page  # noqa: F401


def _measure(name: str | None, found: Sweep) -> Measure | None:
    """Return what the best arm is to be best by; None where nothing was told."""
    if name is None:
        return None
    from retailsim.sim.run.launch import asked_scenario
    from retailsim.sim.scenario.protocol import scenario_protocol
    from retailsim.sim.sweep.asked_measure import asked_measure

    scenario, folder = asked_scenario(next(iter(found.runs.values())))
    return asked_measure(name, scenario_protocol(scenario, folder, found.scenario))


def played(found: Sweep, audience: Audience, player: ArmPlayer) -> int:
    """Play what is missing; returns the status, which is not 0 where an arm stopped early."""
    for number, (label, options) in enumerate(found.runs.items(), start=1):
        audience.say(f"{number} of {len(found.runs)}: {found.named} = {label}")
        status = play_arm(options, found.folder, audience, player, "sweep")
        if status:
            return status
    return 0


def measured(found: Sweep, by: Measure | None) -> tuple[Arms, Mapping[str, Measure]]:
    """Measure the arms of a sweep that was played; returns all measures by name, too.

    Raises
    ------
    AnalysisError
        If a run cannot be read.
    """
    from retailsim.analysis.measures.arms import side_by_side
    from retailsim.analysis.measures.table import with_own
    from retailsim.analysis.projection.loader import load
    from retailsim.analysis.projection.registered import own_measures

    places = {label: options.out for label, options in found.runs.items() if options.out}
    own = own_measures(next(iter(places.values())))
    outcome = side_by_side({label: load(place) for label, place in places.items()}, by, own)
    return outcome, {one.name: one for one in with_own(own)}
