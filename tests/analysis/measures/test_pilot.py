"""What a run or two arms of a pilot say of how products and seats differ, by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest

from retailsim.analysis.measures.pilot import pilot
from retailsim.analysis.measures.pilot_spread import pilot_spread, run_spread
from retailsim.analysis.measures.table import measure
from retailsim.analysis.statistics.planning import Spread

CONVERSION, QUANTITY, NET = (
    measure(name) for name in ("conversion_rate", "average_quantity", "net_revenue_cents")
)


def episodes(rows: str) -> pl.DataFrame:
    """Episodes as ``product seller units``, each of one letter or digit; twice is twice played."""
    found = pl.DataFrame(
        [tuple(row) for row in rows.split()], schema=["product", "seller", "units"], orient="row"
    ).with_columns(pl.col("units").cast(pl.Int64))
    return found.with_columns(
        cluster=pl.col("product"),
        buyer=pl.lit("one"),
        replication=pl.int_range(pl.len()).over("product", "seller"),
        price_multiplier=pl.lit(1.0),
        discount=pl.lit(0.0),
        decided=pl.lit(value=True),
        orders=(pl.col("units") > 0).cast(pl.Int64),
        net_revenue_cents=100 * pl.col("units"),
    )


# -- who is alike ----------------------------------------------------------------------------------


def test_a_run_of_products_that_are_all_or_nothing() -> None:
    found = pilot(episodes("ax1 ax1 ay1 ay1 bx0 bx0 by0 by0 cx1 cx1 cy1 cy1"))
    assert found is not None
    assert found.rate == pytest.approx(2 / 3)
    assert found.intraclass == pytest.approx(1.0)
    assert found.interactions == {"seller": 0.0}, "both sell as the product does; a buyer is alone"


def test_where_no_product_says_how_alike_its_episodes_are_there_is_no_pilot() -> None:
    assert pilot(episodes("ax1 ay0")) is None
    assert pilot(episodes("ax1 bx0")) is None


def test_where_no_product_meets_a_seat_twice_nothing_is_said_of_seats() -> None:
    found = pilot(episodes("ax1 ay0 bx0 by0 cx1 cy1"))
    assert found is not None
    assert found.interactions == {}


def interaction(rows: str) -> float:
    """How much more alike episodes of a product and a seller are, seat by seat."""
    played = [(row[0], row[1], row[2] != "0") for row in rows.split()]
    each = len(played) / len({row[:2] for row in played})
    sellers = sorted({seller for _, seller, _ in played})
    robust = independent = 0.0
    for at, one in enumerate(sellers):
        for two in sellers[at + 1 :]:
            sides = [_off(played, seller) for seller in (one, two)]
            both = [name for name in sides[0][0] if name in sides[1][0]]
            if len(both) > 1:
                squares = sum((sides[0][0][name] - sides[1][0][name]) ** 2 for name in both)
                robust += squares * len(both) / (len(both) - 1)
                independent += sides[0][1] + sides[1][1]
    found = pilot(episodes(rows))
    assert found is not None
    return (robust / independent - (1.0 - max(0.0, found.intraclass))) / (each - 1.0)


def _off(played: Sequence[tuple[str, str, bool]], seller: str) -> tuple[dict[str, float], float]:
    """What each product adds to the error of a seller's rate, and its binomial variance."""
    own = [(product, bought) for product, name, bought in played if name == seller]
    rate = sum(bought for _, bought in own) / len(own)
    added = {
        product: sum(bought - rate for name, bought in own if name == product) / len(own)
        for product, _ in own
    }
    return added, rate * (1.0 - rate) / len(own)


@pytest.mark.parametrize(
    "rows",
    [
        # Two sellers that sell each what the other does not.
        "ax1 ax1 ay0 ay0 bx0 bx0 by1 by1 cx1 cx1 cy0 cy0 dx0 dx0 dy1 dy1",
        # Two of which one sells the same everywhere.
        "ax1 ax1 ay0 ay1 bx0 bx0 by1 by0 cx1 cx1 cy0 cy1",
        # Three; x and y have only product a in common, and say nothing of each other.
        "ax1 ax1 ay0 ay0 bx1 bx0 bz0 bz0 az1 az1 cy1 cy1 cz0 cz0 dx0 dx0 dz1 dz1 ey0 ey0 ez1 ez1",
    ],
)
def test_how_much_a_seat_and_a_product_have_of_their_own_is_what_is_reckoned_by_hand(
    rows: str,
) -> None:
    found = pilot(episodes(rows))
    assert found is not None
    assert found.interactions["seller"] == pytest.approx(interaction(rows))
    assert found.interactions["seller"] > 0.1


def test_a_seat_is_never_less_alike_than_not_at_all() -> None:
    found = pilot(episodes("ax1 ax0 ay1 ay0 bx1 bx0 by1 by0"))
    assert found is not None
    assert found.interactions == {"seller": 0.0}


# -- how a difference varies -----------------------------------------------------------------------

FIRST = "ax1 ax0 ay1 ay1 bx0 bx0 by0 by1 cx1 cx1 cy1 cy0"
SECOND = "ax1 ax1 ay1 ay0 bx1 bx0 by0 by1 cx0 cx1 cy1 cy1"


def test_the_spread_of_a_yes_or_no_in_two_arms() -> None:
    found = pilot_spread(episodes(FIRST), episodes(SECOND), CONVERSION)
    assert found is not None
    assert found.level == pytest.approx(7 / 12)
    assert found.change == pytest.approx(8 / 12 - 7 / 12)
    assert found.flips == pytest.approx(5 / 12), "either way, one by one"
    assert found.episodes_each == 2.0, "of a product, in one replication: one with either seller"
    assert found.paired is not None
    products = np.array([0.0, 1.0, 0.0]) / 4.0
    assert found.paired.mean == pytest.approx(products.mean())
    assert found.paired.clusters == found.unpaired.clusters == 3
    assert found.unpaired.mean == pytest.approx(7 / 12)


def test_arms_without_episodes_in_common_are_compared_by_products_alone() -> None:
    found = pilot_spread(episodes(FIRST), episodes(SECOND.replace("x", "z")), CONVERSION)
    assert found is not None
    assert found.paired is not None, "those with y"
    other = SECOND.replace("x", "v").replace("y", "w")
    apart = pilot_spread(episodes(FIRST), episodes(other), CONVERSION)
    assert apart is not None
    assert (apart.paired, apart.flips) == (None, None)
    assert apart.paired_for(0.1) is None
    one, two = (pilot_spread(episodes(arm), episodes(arm), CONVERSION) for arm in (FIRST, other))
    assert one is not None
    assert two is not None
    assert apart.unpaired.between == pytest.approx(
        (one.unpaired.between + two.unpaired.between) / 2.0
    )
    assert apart.unpaired.within == pytest.approx((one.unpaired.within + two.unpaired.within) / 2.0)


def test_a_ratio_is_what_each_episode_adds_to_it_around_its_value() -> None:
    """Units per order, with products of different sizes; no order adds nothing but the ratio."""
    first, second = "ax1 ax3 ax0 bx2 bx2 cx5", "ax1 ax1 ax2 bx2 bx0 cx4"
    found = pilot_spread(episodes(first), episodes(second), QUANTITY)
    assert found is not None
    assert found.flips is None
    assert found.level == pytest.approx(13 / 5)
    assert found.change == pytest.approx(10 / 5 - 13 / 5)

    def worth(rows: str) -> dict[str, list[float]]:
        units = [int(row[2]) for row in rows.split()]
        orders = sum(one > 0 for one in units)
        ratio = sum(units) / orders
        added: dict[str, list[float]] = {}
        for row, one in zip(rows.split(), units, strict=True):
            beyond = (one - ratio * (one > 0)) * len(units) / orders
            added.setdefault(row[0], []).append(ratio + beyond)
        return added

    one, two = worth(first), worth(second)
    means = [np.mean(two[name]) - np.mean(one[name]) for name in one]
    assert found.paired is not None
    assert found.paired.mean == pytest.approx(np.mean(means))
    assert found.unpaired.mean == pytest.approx(np.mean([np.mean(added) for added in one.values()]))


def test_an_amount_has_no_flips_and_its_spread_holds_for_any_difference() -> None:
    found = pilot_spread(episodes(FIRST), episodes(SECOND), NET)
    assert found is not None
    assert found.level == pytest.approx(100 * 7 / 12)
    assert found.flips is None
    assert found.paired is not None
    assert found.paired_for(5.0) == found.paired


def test_a_smaller_change_of_a_yes_or_no_turns_fewer_episodes() -> None:
    found = pilot_spread(episodes(FIRST), episodes(SECOND), CONVERSION)
    assert found is not None
    assert found.paired is not None
    assert found.paired_for(found.change) == found.paired
    smaller = found.paired_for(found.change / 2.0)
    assert smaller is not None
    share = (5 / 12 - found.change / 2.0) / (5 / 12)
    assert smaller.between == pytest.approx(share * found.paired.between)
    assert smaller.within == pytest.approx(share * found.paired.within)
    same = pilot_spread(episodes(FIRST), episodes(FIRST), CONVERSION)
    assert same is not None
    assert (same.change, same.flips) == (0.0, 0.0)
    assert same.paired_for(0.2) == Spread(mean=0.0, between=0.0, within=0.1, clusters=3)


def test_a_single_run_is_compared_with_another_one_of_its_own_products() -> None:
    found = run_spread(episodes(FIRST), CONVERSION)
    assert found is not None
    assert (found.change, found.flips) == (0.0, None)
    assert found.paired is not None
    # Two runs with a variance of 1/4 within products, of two episodes each.
    assert found.paired.within == pytest.approx(2.0 * 0.25 / 2.0)
    assert (found.paired.mean, found.paired.between, found.paired.clusters) == (0.0, 0.0, 3)


def test_nothing_is_said_of_a_single_product_or_without_any_value() -> None:
    one = episodes("ax1 ax0")
    assert pilot_spread(one, one, CONVERSION) is None
    assert run_spread(one, CONVERSION) is None
    none = episodes("ax0 bx0")
    assert pilot_spread(none, episodes("ax1 bx2"), QUANTITY) is None
    assert pilot_spread(episodes("ax1 bx2"), none, QUANTITY) is None
