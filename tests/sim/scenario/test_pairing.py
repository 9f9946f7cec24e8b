"""Who meets whom, and how often."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from retailsim.events.streams import Seed
from retailsim.sim.scenario.pairing import Pairing
from retailsim.sim.scenario.scenario import AgentTable, DesignTable, Scenario

SELLERS, BUYERS = ("s", "t", "both"), ("a", "b", "both", "d")
THINGS = [f"p{number}" for number in range(200)]


def pairing(how: Any, seed: int = 1) -> Pairing:
    scenario = Scenario(
        design=DesignTable(pairing=how),
        sellers=tuple(AgentTable(id=name, agent="behavioral") for name in SELLERS),
        buyers=tuple(AgentTable(id=name, agent="behavioral") for name in BUYERS),
    )
    return Pairing(scenario, Seed(seed))


def met(pairing: Pairing, over: str = "p", replication: int = 1) -> list[tuple[str, str]]:
    return [
        (seller.id, buyer.id)
        for seller in pairing.sellers
        for buyer in pairing.met(over, seller, replication)
    ]


@pytest.mark.parametrize(
    ("how", "pairs"),
    [
        ("all", [(seller, buyer) for seller in SELLERS for buyer in BUYERS]),
        ("self", [("both", "both")]),
        ((("t", "d"), ("s", "a"), ("t", "a")), [("s", "a"), ("t", "a"), ("t", "d")]),
    ],
)
def test_pairs_are_those_that_were_asked_for(how: Any, pairs: list[tuple[str, str]]) -> None:
    found = pairing(how)
    assert met(found) == pairs
    assert found.meetings == len(pairs)


def test_at_random_every_buyer_meets_one_seller_over_each_thing() -> None:
    found = pairing("random")
    for thing in THINGS[:20]:
        assert sorted(buyer for _, buyer in met(found, thing)) == sorted(BUYERS)
    assert found.meetings == len(BUYERS)


def test_at_random_every_seller_has_the_same_chance() -> None:
    """Each of 800 draws is a third: within four standard deviations of it."""
    counts = Counter(seller for thing in THINGS for seller, _ in met(pairing("random"), thing))
    draws = len(THINGS) * len(BUYERS)
    spread = (draws * 2 / 9) ** 0.5
    assert set(counts) == set(SELLERS)
    assert all(abs(count - draws / 3) < 4 * spread for count in counts.values())


def test_a_draw_depends_on_seed_thing_and_replication_and_on_nothing_else() -> None:
    same = [met(pairing("random"), thing) for thing in THINGS]
    backwards = pairing("random")
    assert [met(backwards, thing) for thing in reversed(THINGS)][::-1] == same
    for other in (
        [met(pairing("random", seed=2), thing) for thing in THINGS],
        [met(pairing("random"), thing, replication=2) for thing in THINGS],
        [met(pairing("random"), f"{thing}x") for thing in THINGS],
    ):
        assert other != same
