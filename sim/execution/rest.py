"""What the rest of a run needs, where its budget was too small for all of it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from retailsim.market.core.money import NANOUSD_PER_CENT, nanodollars
from retailsim.sim.budget.estimate import CostEstimate, counted, estimate
from retailsim.sim.execution.job import Job, run_design
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.play.progress import Progress
from retailsim.sim.scenario.design import Design


class Rest(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a run, or of a share.

    Parameters
    ----------
    told : str
        How many episodes, and what they will cost.
    nanousd : int
        What has to be free for them: what they will cost, and one market's worst case, without
        which the last ones could not begin.
    """

    told: str
    nanousd: int


def rest_of(design: Design, *, left: int, ended: int, spent: int) -> Rest:
    """Return what the episodes that are left will cost.

    That is by the mean of the episodes so far or, where there are none, as `--dry-run` expects it.

    Parameters
    ----------
    left, ended : int
        Episodes.
    spent : int
        What those that ended cost, in billionths of a dollar.
    """
    found = estimate(design)
    assert found is not None  # a budget ends only runs with models
    rest = round(left * (spent / ended if ended else _expected(found) / design.episodes))
    by = "by what the others cost" if ended else "as is expected"
    return Rest(
        told=f"the {counted(left, 'episode')} left will cost about {nanodollars(rest)}, {by}",
        nanousd=rest + round((found.largest_market_dollars or 0.0) * 1e9),
    )


def in_cents(nanousd: int) -> str:
    """Return an amount as ``--budget`` takes it: in dollars, no less than it is."""
    return f"{-(-nanousd // NANOUSD_PER_CENT) / 100:.2f}"


def rest_needs(job: Job, progress: Progress, total: int, done: int) -> str:
    """Say what the episodes that are left will cost, and the command that allows it.

    Advised is what is spent, and what the rest needs.

    Parameters
    ----------
    progress : Progress
        Of the execution that the budget ended.
    total, done : int
        Episodes of the whole run, and those that earlier executions finished.
    """
    folder = RunFolder(Path(job.run))
    usage = progress.usage
    spent = (usage.nanousd if usage is not None else None) or job.spent_nanousd
    ended = done + progress.episodes
    design = run_design(folder, folder.read())
    rest = rest_of(design, left=total - ended, ended=ended, spent=spent)
    return f"{rest.told}: {job.again} --budget {in_cents(spent + rest.nanousd)}"


def _expected(found: CostEstimate) -> float:
    return (found.dollars or 0.0) * 1e9
