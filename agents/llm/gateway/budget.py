"""The budget: what a run may spend, so that it never spends more.

Two rules. A market starts only when what it may cost at worst is free, so that a budget that
runs out does not cut long episodes short and favour brief ones. And no call is made whose own
upper bound is not free, whatever the market was thought to cost: this one makes the limit hard.
Workers share one budget through a `Purse`: what one of them does not need is there for all.
"""

from __future__ import annotations

from retailsim.agents.errors import AgentsError
from retailsim.agents.llm.gateway.purse import Purse, Row
from retailsim.market.core.money import nanodollars


class BudgetSmall(AgentsError):
    """The budget does not cover what one market may cost at worst."""

    def __init__(self, limit_nanousd: int, spent_nanousd: int, worst_nanousd: int) -> None:
        super().__init__(
            f"the budget of {nanodollars(limit_nanousd)} has "
            f"{nanodollars(limit_nanousd - spent_nanousd)} left, and the next market may cost "
            f"{nanodollars(worst_nanousd)} at worst"
        )
        self.needs_nanousd = worst_nanousd


class BudgetSpent(AgentsError):
    """The budget does not cover the next step; the run stops and can be resumed with more."""

    def __init__(self, limit_nanousd: int, spent_nanousd: int, bound_nanousd: int = 0) -> None:
        super().__init__(
            f"the budget of {nanodollars(limit_nanousd)} is used up: "
            f"{nanodollars(spent_nanousd)} spent"
        )
        self.needs_nanousd = max(bound_nanousd, 2 * (limit_nanousd - spent_nanousd))


class Budget:
    """A run's money in nanodollars, as one process sees it.

    Parameters
    ----------
    limit : int or None
        What all processes together may spend. None: no limit; spending is counted all the same.
    spent : int
        What earlier executions of the run spent, or this process's part of it.
    purse : Purse or None
        What it shares with other processes; None: nothing.

    Attributes
    ----------
    spent : int
        What this process spent, with `spent` above.
    """

    def __init__(self, limit: int | None, spent: int = 0, purse: Purse | None = None) -> None:
        self.limit = limit
        self.spent = spent
        self._purse = purse or Purse()
        self._markets: dict[str, int] = {}
        self._held = 0
        self._changes = 0

    @property
    def shared(self) -> bool:
        """Whether other processes may give back what this one waits for."""
        return self._purse.shared

    @property
    def reserved(self) -> int:
        """What this process's markets in flight may still cost at worst."""
        return sum(self._markets.values())

    def small(self, worst: int) -> BudgetSmall:
        """Return the error that says that a market's worst case is not free."""
        return BudgetSmall(self.limit or 0, self._spent_by_all(), worst)

    def free(self) -> int:
        """Return what is neither spent nor reserved, in no process; without a limit, 0."""
        with self._purse.turn():
            return self._free()

    def open(self, market: str, worst: int) -> bool:
        """Reserve a market's worst case; False, and nothing reserved, if it is not free."""
        with self._purse.turn():
            if self.limit is not None and worst > self._free():
                return False
            self._markets[market] = worst
            self._write()
        return True

    def close(self, market: str) -> None:
        """Give back what a market did not need."""
        with self._purse.turn():
            self._markets.pop(market, None)
            self._changes += 1
            self._write()

    def stuck(self) -> bool:
        """Note that nothing is under way and nothing fits; whether that is so in all processes.

        While it is not, another may give something back: then try again.
        """
        with self._purse.turn():
            rows = self._purse.rows()
            now = 1 + sum(row.changes for row in rows)
            self._write(stuck=now)
            others = (row for number, row in enumerate(rows) if number != self._purse.row)
            return all(row.stuck in (-1, now) for row in others)

    def leave(self) -> None:
        """Note that this process has ended: it holds nothing, and nobody need wait for it."""
        with self._purse.turn():
            self._markets.clear()
            self._held = 0
            self._changes += 1
            self._write(stuck=-1)

    def hold(self, bound: int) -> None:
        """Hold the upper bound of one call before it is made.

        Raises
        ------
        BudgetSpent
            If this call could pass the limit.
        """
        with self._purse.turn():
            others = self._others()
            taken = self.spent + self._held + others.spent + others.held
            if self.limit is not None and taken + bound > self.limit:
                raise BudgetSpent(self.limit, self.spent + others.spent, bound)
            self._held += bound
            self._write()

    def settle(self, market: str, bound: int, cost: int) -> None:
        """Replace what was held for a call by what it cost."""
        with self._purse.turn():
            self._held -= bound
            self.spent += cost
            left = self._markets.get(market)
            if left is not None:
                self._markets[market] = max(0, left - cost)
            self._changes += 1
            self._write()

    def _free(self) -> int:
        others = self._others()
        taken = self.spent + self.reserved + others.spent + others.reserved
        return max(0, (self.limit or 0) - taken)

    def _spent_by_all(self) -> int:
        with self._purse.turn():
            return self.spent + self._others().spent

    def _others(self) -> Row:
        """Return what the other processes spent, hold and reserved, together."""
        whole = Row()
        if self.shared:
            for number, row in enumerate(self._purse.rows()):
                if number != self._purse.row:
                    whole.spent += row.spent
                    whole.held += row.held
                    whole.reserved += row.reserved
        return whole

    def _write(self, stuck: int = 0) -> None:
        """Show the others what this process has; they read nothing else."""
        if self.shared:
            own = Row(self.spent, self._held, self.reserved, self._changes, stuck)
            self._purse.write(own)
