"""`backtest SCENARIO OBSERVED`: plays past changes, and compares them with what a shop saw."""

from __future__ import annotations

from retailsim.sim.backtest.backtest_arms import Backtest, BacktestOptions, planned, told
from retailsim.sim.backtest.backtest_outcome import judged_rows
from retailsim.sim.backtest.observed_measures import Observed, observed
from retailsim.sim.errors import packages_for
from retailsim.sim.experiments.arm_runs import ArmPlayer, QuietArms, begin, play_arm, say_cost
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.scenario.protocol import scenario_protocol
from retailsim.sim.terminal.audience import Audience
from retailsim.sim.terminal.terminal import Terminal

MARK = "backtest.json"
"""What a backtest was told, in its folder: the same words go on with it."""


def backtest(asked: BacktestOptions, terminal: Terminal) -> int:
    """Play what is missing of a backtest and print what came of it; returns the exit status."""
    check_extras()
    from retailsim.sim.backtest.backtest_text import show

    found = planned(asked)
    seen = _seen(found)
    begin(found.folder, MARK, told(found))
    status = played(found, terminal, QuietArms())
    if status:
        return status
    say_cost(found.folder, terminal)
    with in_currency_of(*(found.place(settings) for settings in found.runs)):
        show(found, judged_rows(found, seen), terminal)
    return 0


def check_extras() -> None:
    """Fail before anything is played where nothing could be judged; raises `MissingExtra`."""
    with packages_for("backtest"):
        import retailsim.analysis.measures.predicted_change
        import retailsim.analysis.statistics.backtests  # noqa: F401


def _seen(found: Backtest) -> list[Observed]:
    """Return what was observed, in the measures' units; raises before anything is played."""
    protocol = scenario_protocol(found.scenario, found.scenario_folder, found.asked.scenario)
    return [observed(one.row, protocol, found.asked.observed) for one in found.rows]


def played(found: Backtest, audience: Audience, player: ArmPlayer) -> int:
    """Play what is missing; returns the status, which is not 0 where a run stopped early."""
    for number, (settings, options) in enumerate(found.runs.items(), start=1):
        what = " ".join(settings) or "the scenario as it is"
        audience.say(f"{number} of {len(found.runs)}: {what}")
        status = play_arm(options, found.folder, audience, player, "backtest")
        if status:
            return status
    return 0
