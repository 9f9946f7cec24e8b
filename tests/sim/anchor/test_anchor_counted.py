"""An anchored run has its figures, as anybody counts them from the lines of its event log."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

import pytest

from retailsim.events.log.reader import read_lines
from tests.sim.anchor.test_anchor import settings
from tests.sim.runs import launched

SHOP = """
[products]
per_category = 25
[design]
price_multipliers = {prices}
[[sellers]]
id = "shop"
[[buyers]]
id = "ann"
agent = "steady-planner"
{ann}
[[buyers]]
id = "bob"
agent = "easy-shopper"
[[buyers]]
id = "cat"
[[buyers]]
id = "dan"
agent = "careful-saver"
"""
OF_ITS_OWN = "options = { inclination = 4.0 }"
FIGURES = settings("anchor.conversion=0.3", "anchor.return_rate=0.12", "anchor.elasticity=-2.0")
FEW, MANY = range(1, 4), range(1, 9)


class Line(NamedTuple):
    """One episode, from its lines."""

    price: float
    category: str
    bought: bool
    units: int
    refunded: int


def counted(run: Path) -> list[Line]:
    """What each episode came to, without any measure of the simulator's own."""
    opened: dict[str, dict[str, Any]] = {}
    units: dict[str, int] = {}
    refunded: dict[str, int] = {}
    for line in read_lines(run / "events"):
        event = json.loads(line)
        match event.get("type"):
            case "EpisodeOpened":
                opened[event["episode"]] = event
            case "OrderPlaced":
                units[event["episode"]] = event["quantity"]
            case "RefundIssued":
                refunded[event["episode"]] = event["quantity"]
    return [
        Line(one["price_multiplier"], one["category"], name in units, units.get(name, 0), back)
        for name, one in opened.items()
        for back in [refunded.get(name, 0)]
    ]


def played(
    folder: Path, seeds: Sequence[int], *words: str, prices: str = "[1.0]", ann: str = ""
) -> Iterator[list[Line]]:
    """Launch the shop on each seed, and count."""
    place = folder / "shop.toml"
    place.write_text(SHOP.format(prices=prices, ann=ann))
    for seed in seeds:
        run = Path(mkdtemp(dir=folder)) / "run"
        launched(run, place, "--seed", seed, *words)
        yield counted(run)


def share(lines: Sequence[Line]) -> float:
    return sum(one.bought for one in lines) / len(lines)


def off(found: float, wanted: float, size: int) -> float:
    """By how many standard errors of a share so large a count is off."""
    return (found - wanted) / math.sqrt(wanted * (1.0 - wanted) / size)


@pytest.mark.slow
@pytest.mark.parametrize("is_anchored", [True, False])
def test_each_seed_has_the_figures_up_to_what_its_decisions_draw(
    is_anchored: bool, tmp_path: Path
) -> None:
    """Conversion and returns of every seed, and the log-log slope over all; the control has none.

    A standard error of the slope: only who buys at the lower price alone moves it.
    """
    words = FIGURES if is_anchored else ()
    seeds = list(played(tmp_path, MANY, *words, prices="[0.9, 1.0, 1.1]"))
    arms = {
        price: [[one for one in lines if one.price == price] for lines in seeds]
        for price in (0.9, 1.0, 1.1)
    }
    conversion = [off(share(lines), 0.3, len(lines)) for lines in arms[1.0]]
    cheap, base, dear = ([one for lines in arms[price] for one in lines] for price in arms)
    slope = math.log(share(dear) / share(cheap)) / math.log(1.1 / 0.9)
    moved = sum(one.bought for one in cheap) - sum(one.bought for one in dear)
    error = math.sqrt(moved) / sum(one.bought for one in dear) / math.log(1.1 / 0.9)
    sold = [one for one in base if one.bought]
    returned = sum(one.refunded for one in sold) / sum(one.units for one in sold)
    within = (
        all(abs(one) < 3.0 for one in conversion) and abs(sum(conversion)) < 2.6 * 8**0.5,
        abs(slope + 2.0) < 2.6 * error,
        abs(off(returned, 0.12, len(sold))) < 3.0,
    )
    assert within == (is_anchored,) * 3, (conversion, slope, error, returned)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("anchor.conversion=0.005",), {"": 0.005}),
        (("anchor.conversion=0.9",), {"": 0.9}),
        (
            ("anchor.conversion=0.5", "anchor.Fashion.conversion=0.1"),
            {"Fashion": 0.1, "Food": None, "Home": None, "Electronics": None, "": 0.4},
        ),
        (("anchor.Food.conversion=0.2", "anchor.Home.conversion=0.7"), {"Food": 0.2, "Home": 0.7}),
    ],
)
def test_few_and_many_buy_and_each_category_by_itself(
    words: Sequence[str], wanted: dict[str, float | None], tmp_path: Path
) -> None:
    """Categories without a table of their own have their conversion together, not each."""
    lines = [one for seed in played(tmp_path, FEW, *settings(*words)) for one in seed]
    for category, conversion in wanted.items():
        some = [one for one in lines if category in ("", one.category)]
        if conversion is not None:
            assert abs(off(share(some), conversion, len(some))) < 3.0, (category, share(some))
    free = [share([one for one in lines if one.category == name]) for name in ("Food", "Fashion")]
    assert abs(free[0] - free[1]) > 0.02 or "" in wanted


@pytest.mark.slow
def test_a_steep_slope_where_most_buy(tmp_path: Path) -> None:
    words = settings("anchor.conversion=0.8", "anchor.elasticity=-1.5")
    lines = [one for s in played(tmp_path, FEW, *words, prices="[0.9, 1.0, 1.1]") for one in s]
    cheap, base, dear = ([x for x in lines if x.price == price] for price in (0.9, 1.0, 1.1))
    assert abs(off(share(base), 0.8, len(base))) < 3.0
    slope = math.log(share(dear) / share(cheap)) / math.log(1.1 / 0.9)
    assert slope == pytest.approx(-1.5, abs=0.3)


@pytest.mark.slow
def test_a_shop_has_its_conversion_also_where_a_buyer_has_an_inclination_of_its_own(
    tmp_path: Path,
) -> None:
    """The others make up for one that nearly always buys; on top, they do not: the run is off."""
    own = "buyers.ann.options.inclination=4.0"
    words = settings("anchor.conversion=0.5")
    made_up = (line for seed in played(tmp_path, FEW, *words, ann=OF_ITS_OWN) for line in seed)
    on_top = (line for seed in played(tmp_path, FEW, *words, *settings(own)) for line in seed)
    apart = [abs(off(share(lines), 0.5, len(lines))) for lines in map(list, (made_up, on_top))]
    assert apart[0] < 3.0
    assert apart[1] > 4.0
