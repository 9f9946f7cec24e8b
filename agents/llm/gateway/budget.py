"""The budget: what a run may spend, so that it never spends more.

Two rules. A market starts only when what it may cost at worst is free, so that a budget that
runs out does not cut long episodes short and favour brief ones. And no call is made whose own
upper bound is not free, whatever the market was thought to cost: this one makes the limit hard.
"""

from __future__ import annotations

from retailsim.agents.errors import AgentsError
from retailsim.market.core.money import nanodollars, rounded_up


class BudgetSmall(AgentsError):
    """The budget does not cover what one market may cost at worst.

    Parameters
    ----------
    parts : int
        Workers that share the budget evenly; the amounts are those of one of them.
    """

    def __init__(
        self, limit_nanousd: int, spent_nanousd: int, worst_nanousd: int, parts: int = 1
    ) -> None:
        limit, left = limit_nanousd * parts, limit_nanousd - spent_nanousd
        needed = (spent_nanousd + worst_nanousd) * parts
        shared = f", which {parts} workers share evenly," if parts > 1 else ""
        fewer = " or have fewer workers" if parts > 1 else ""
        super().__init__(
            f"the budget of {nanodollars(limit)}{shared} has {nanodollars(left)} left"
            f"{' for this one' if parts > 1 else ''}, and the next market may cost "
            f"{nanodollars(worst_nanousd)} at worst: allow at least {rounded_up(needed)}{fewer}"
        )


class BudgetSpent(AgentsError):
    """The budget does not cover the next step; the run stops and can be resumed with more.

    Parameters
    ----------
    parts : int
        As in `BudgetSmall`.
    """

    def __init__(self, limit_nanousd: int, spent_nanousd: int, parts: int = 1) -> None:
        shared = f", which {parts} workers share evenly," if parts > 1 else ""
        by_one = " by this one" if parts > 1 else ""
        super().__init__(
            f"the budget of {nanodollars(limit_nanousd * parts)}{shared} is used up: "
            f"{nanodollars(spent_nanousd)} spent{by_one}"
        )


class Budget:
    """A run's money in nanodollars.

    Parameters
    ----------
    limit : int or None
        None: no limit; spending is counted all the same.
    spent : int
        What earlier executions of the run spent.
    parts : int
        How many workers share the run's budget; this one is for one of them.
    """

    def __init__(self, limit: int | None, spent: int = 0, parts: int = 1) -> None:
        self.limit = limit
        self.spent = spent
        self._parts = parts
        self._markets: dict[str, int] = {}
        self._held = 0

    def small(self, worst: int) -> BudgetSmall:
        """Return the error that says that a market's worst case is not free."""
        return BudgetSmall(self.limit or 0, self.spent, worst, self._parts)

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
            raise BudgetSpent(self.limit, self.spent, self._parts)
        self._held += bound

    def settle(self, market: str, bound: int, cost: int) -> None:
        """Replace what was held for a call by what it cost."""
        self._held -= bound
        self.spent += cost
        left = self._markets.get(market)
        if left is not None:
            self._markets[market] = max(0, left - cost)
