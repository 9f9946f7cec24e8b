"""Episodes a second of the behavioral agents alone: no kernel, no log, no market.

Five sellers and five buyers (the named profiles) on generated products, as in `pairwise`: one
pitch serves five buyers. Run it as ``python benchmarks/bench_behavioral.py [PRODUCTS]``. Times are
CPU times of one process; the driver's own work (building requests) is measured with agents that
answer constants, and shown apart.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# The driver belongs to the tests, which have no package.
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "agents")]

from behavioral_drive import Played, drive, make_buyer, make_product, make_seller  # noqa: E402

from retailsim.agents.profiles import profiles  # noqa: E402
from retailsim.market.protocols.retail.values import Strategy, Support, Topics  # noqa: E402

ROUNDS = 5


def _seat(profile: Any) -> dict[str, Any]:
    return {
        "id": profile.id,
        "persona": profile.persona,
        "gender": profile.gender,
        "options": profile.options,
    }


class _Constant:
    """Answers what was recorded of a real episode: costs next to nothing."""

    def __init__(self, agent: Any, played: Played) -> None:
        self.seat = agent.seat
        self._played = played

    async def strategy(self, request: Any) -> Any:
        return Strategy()

    async def pitch(self, request: Any) -> Any:
        return self._played.pitch

    async def topics(self, request: Any) -> Any:
        return Topics(topics=("shipping",), reason="")

    async def ask(self, request: Any) -> str | None:
        return "?" if request.turn <= len(self._played.inquiry) // 2 else None

    async def answer(self, request: Any) -> str:
        return "."

    async def decide(self, request: Any) -> Any:
        return self._played.decision

    async def complain(self, request: Any) -> str | None:
        return "?" if request.turn <= len(self._played.support) // 2 else None

    async def support(self, request: Any) -> Any:
        return Support(text=".", proposal=self._played.settlement)

    async def review(self, request: Any) -> Any:
        return self._played.reviews[request.aspect]


def timed(sellers: list[Any], buyers: list[Any], products: list[Any]) -> tuple[float, list[Played]]:
    """Return microseconds of CPU an episode, and what was played."""
    start = time.process_time()
    played = drive(sellers, buyers, products)
    return (time.process_time() - start) / len(played) * 1e6, played


def main(products: int = 160) -> None:
    """Print the cost of an episode, the driver's share and the rate."""
    goods = [make_product(number) for number in range(products)]
    sellers = [make_seller(**_seat(profile)) for profile in profiles("seller").values()]
    buyers = [make_buyer(**_seat(profile)) for profile in profiles("buyer").values()]
    whole, alone = [], []
    for _ in range(ROUNDS):
        cost, played = timed(sellers, buyers, goods)
        whole.append(cost)
        typical = next(
            one for one in played if len(one.inquiry) == 6 and len(one.support) in (4, 6)
        )
        stand_ins = [_Constant(agent, typical) for agent in (*sellers, *buyers)]
        alone.append(timed(stand_ins[:5], stand_ins[5:], goods)[0])
    cost, driver = median(whole), median(alone)
    said = sum(len(one.inquiry) + len(one.support) for one in played) / len(played)
    print(f"episodes             {len(played)} a round, {said:.1f} messages each")
    print(f"whole episode        {cost:.1f} us, {1e6 / cost:,.0f} episodes/s")
    print(f"driver alone         {driver:.1f} us (always with a purchase)")
    print(f"agents               {cost - driver:.1f} us")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
