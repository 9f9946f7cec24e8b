"""The line at the top of a run's page: how far it is, how long it takes, what it costs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from retailsim.analysis.replay.replay import Replay
from retailsim.market.core.money import NANOUSD_PER_CENT, us_dollars
from retailsim.sim.folder.run_progress import AskedModels
from retailsim.sim.studio.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a run stands.

    Parameters
    ----------
    state : State
    done, planned : int
        Episodes that have ended, and all there are to be.
    failed : int
        Of those that have ended.
    rate : float or None
        Episodes a second, lately; None where nobody plays.
    nanousd : int or None
        What language models cost so far, in 1e-9 dollars; None where none take part, or where a
        price is unknown.
    budget : float or None
        Dollars that they may cost.
    models : bool
        Whether language models were asked.
    asked : AskedModels or None
        What its runner says of its models, where somebody plays.
    """

    state: State
    done: int
    planned: int
    failed: int
    rate: float | None = None
    nanousd: int | None = None
    budget: float | None = None
    models: bool = False
    asked: AskedModels | None = None

    def texts(self) -> dict[str, str]:
        """Return what stands in each field of the line; empty where there is nothing to say."""
        return {
            "state": self.state.capitalize(),
            "done": f"{self.done:,} of {self.planned:,} episodes",
            "failed": f"{self.failed:,} failed" if self.failed else "",
            "rate": f"{self.rate:,.1f}/s" if self.rate else "",
            "left": self._left(),
            "asked": self._asked(),
            "spent": self._spent(),
        }

    def _asked(self) -> str:
        if self.asked is None:
            return ""
        return f"{self.asked.calls:,} calls, {self.asked.in_flight:,} in flight"

    def _left(self) -> str:
        todo = self.planned - self.done
        if not self.rate or todo <= 0:
            return ""
        return f"{dt.timedelta(seconds=round(todo / self.rate))} left"

    def _spent(self) -> str:
        if self.nanousd is None:
            return ""
        spent = us_dollars(self.nanousd / NANOUSD_PER_CENT)
        return spent if self.budget is None else f"{spent} of {us_dollars(100 * self.budget)}"


def standing(replay: Replay, state: State, budget: float | None = None) -> Standing:
    """Return how a run stands whose log was read."""
    counts = replay.episodes
    return Standing(
        state=state,
        done=counts.closed + counts.failed,
        planned=counts.asked,
        failed=counts.failed,
        nanousd=None if replay.cost is None else replay.cost.cost_nanousd,
        budget=budget,
        models=replay.cost is not None,
    )
