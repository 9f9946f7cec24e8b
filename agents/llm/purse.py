"""The purse: what a run may spend, so that it never spends more.

Two rules. A market starts only when what it may cost at worst is free, so that a budget that
runs out does not cut long episodes short and favour brief ones. And no call is made whose own
upper bound is not free, whatever the market was thought to cost: this one makes the limit hard.
"""

from __future__ import annotations

from agents.errors import AgentsError


class BudgetSmall(AgentsError):
    """The budget does not cover what one market may cost at worst."""

    def __init__(self, limit_nanousd: int, spent_nanousd: int, worst_nanousd: int) -> None:
        left = (limit_nanousd - spent_nanousd) / 1e9
        needed = (spent_nanousd + worst_nanousd) / 1e9
        super().__init__(
            f"the budget of ${limit_nanousd / 1e9:,.2f} has ${left:,.4f} left, and the next market "
            f"may cost ${worst_nanousd / 1e9:,.4f} at worst: allow at least ${needed:,.2f}"
        )


class BudgetSpent(AgentsError):
    """The budget does not cover the next step; the run stops and can be resumed with more."""

    def __init__(self, limit_nanousd: int, spent_nanousd: int) -> None:
        limit, spent = limit_nanousd / 1e9, spent_nanousd / 1e9
        super().__init__(f"the budget of ${limit:,.2f} is used up: ${spent:,.4f} spent")


class Purse:
    """A run's money in nanodollars.

    Parameters
    ----------
    limit : int or None
        None: no limit; spending is counted all the same.
    spent : int
        What earlier executions of the run spent.
    """

    def __init__(self, limit: int | None, spent: int = 0) -> None:
        self.limit = limit
        self.spent = spent
        self._markets: dict[str, int] = {}
        self._held = 0

    @property
    def reserved(self) -> int:
        """What the markets in flight may still cost at worst."""
        return sum(self._markets.values())

    def open(self, market: str, worst: int) -> bool:
        """Reserve a market's worst case; False, and nothing reserved, if it is not free."""
        if self.limit is not None and self.spent + self.reserved + worst > self.limit:
            return False
        self._markets[market] = worst
        return True

    def close(self, market: str) -> None:
        """Give back what a market did not need."""
        self._markets.pop(market, None)

    def hold(self, bound: int) -> None:
        """Hold the upper bound of one call before it is made.

        Raises
        ------
        BudgetSpent
            If this call could pass the limit.
        """
        if self.limit is not None and self.spent + self._held + bound > self.limit:
            raise BudgetSpent(self.limit, self.spent)
        self._held += bound

    def settle(self, market: str, bound: int, cost: int) -> None:
        """Replace what was held for a call by what it cost."""
        self._held -= bound
        self.spent += cost
        left = self._markets.get(market)
        if left is not None:
            self._markets[market] = max(0, left - cost)
