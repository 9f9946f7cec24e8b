"""What a share has spent on models, and what is to be done where that is all it was given."""

from __future__ import annotations

import shlex

from retailsim.events.log.segment import segments
from retailsim.sim.budget.spent import spent_nanodollars
from retailsim.sim.errors import ModelsStopped
from retailsim.sim.execution.job import Job, run_design
from retailsim.sim.execution.rest import in_cents, rest_of
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.play.progress import Progress
from retailsim.sim.seats.cast import used_models
from retailsim.sim.shares.bench import Bench
from retailsim.sim.shares.errors import ShareSpent
from retailsim.sim.terminal.program_name import program_name

SPENT = "SPENT"
"""What an attempt paid, in billionths of a dollar, if it ended and its share did not."""


class Ends:
    """How many episodes a share has, and how many of them have ended."""

    def __init__(self, total: int, done: int) -> None:
        self.total, self.done, self.ended = total, done, done

    def note(self, progress: Progress) -> None:
        """Take how far the attempt is."""
        self.ended = self.done + progress.episodes


def spent_before(file: RunFile, home: RunFolder) -> int:
    """Return what the attempts that one goes on from have spent, in billionths of a dollar."""
    if file.budget is None or not segments(home.events):
        return 0
    return spent_nanodollars(home, used_models(file.scenario))


def note_spent(home: RunFolder, spent: int | None) -> None:
    """Leave word of what an attempt paid that ended before its share did; None: nobody knows."""
    if spent is not None:
        (home.path / SPENT).write_text(f"{spent}\n")


def own_spending(progress: Progress, job: Job) -> int | None:
    """Return what an attempt itself paid; None where nobody knows."""
    usage = progress.usage
    return None if usage is None or usage.nanousd is None else usage.nanousd - job.spent_nanousd


def out_of_money(
    bench: Bench, file: RunFile, job: Job, ends: Ends, stopped: ModelsStopped
) -> ShareSpent:
    """Return the error of a share that has spent what it was given, with what to do."""
    if bench.given.nanousd is not None:  # the loop that gave it knows the whole run
        return ShareSpent(job.share, stopped, ends.ended, "it was given no more")
    paid = job.spent_nanousd + (stopped.spent_nanousd or 0)
    rest = rest_of(
        run_design(bench.run, file), left=ends.total - ends.ended, ended=ends.ended, spent=paid
    )
    whole = in_cents(job.of * (paid + rest.nanousd))
    advice = f"that is an even part of {file.budget:g} dollars for {job.of:,} shares; {rest.told}: "
    advice += f"{bench.again} --share {job.share} --budget {whole}"
    if bench.objects is None:
        run = shlex.quote(bench.named)
        advice += f"; or have what others leave divided: {program_name()} resume {run}"
        advice += " --executor ray"
    return ShareSpent(job.share, stopped, ends.ended, advice)
