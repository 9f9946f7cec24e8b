"""What the rest of a run needs, where its budget was too small for all of it."""

from __future__ import annotations

from pathlib import Path

from retailsim.market.core.money import NANOUSD_PER_CENT, nanodollars
from retailsim.sim.budget.estimate import CostEstimate, counted, estimate
from retailsim.sim.execution.job import Job, run_design
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.play.progress import Progress


def rest_needs(job: Job, progress: Progress, total: int, done: int) -> str:
    """Say what the episodes that are left will cost, and the command that allows it.

    Advised is what is spent, what is left to pay by the mean of the episodes so far (or, where
    there are none, as `--dry-run` expects it), and one market's worst case, without which the
    last ones could not begin.

    Parameters
    ----------
    progress : Progress
        Of the execution that the budget ended.
    total, done : int
        Episodes of the whole run, and those that earlier executions finished.
    """
    folder = RunFolder(Path(job.run))
    design = run_design(folder, folder.read())
    found, usage = estimate(design), progress.usage
    assert found is not None  # a budget ends only runs with models
    spent = (usage.nanousd if usage is not None else None) or job.spent_nanousd
    ended = done + progress.episodes
    each = spent / ended if ended else _expected(found) / design.episodes
    rest = round((total - ended) * each)
    allowed = spent + rest + round((found.largest_market_dollars or 0.0) * 1e9)
    cents = -(-allowed // NANOUSD_PER_CENT)
    by = "by what the others cost" if ended else "as is expected"
    return (
        f"the {counted(total - ended, 'episode')} left will cost about {nanodollars(rest)}, {by}: "
        f"{job.again} --budget {cents / 100:.2f}"
    )


def _expected(found: CostEstimate) -> float:
    return (found.dollars or 0.0) * 1e9
