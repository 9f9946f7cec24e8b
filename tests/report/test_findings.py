"""The findings of a report: sentences that a test stands behind, and none where nothing differs."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from scipy.stats import fisher_exact

from retailsim.analysis.measures.arms import Best, Rival
from retailsim.analysis.measures.table import measure
from retailsim.analysis.report.content import report
from retailsim.analysis.report.findings import (
    Count,
    apart,
    product_counts,
    products_told,
    side_told,
)
from retailsim.analysis.statistics.values import Interval, Test
from tests.sim.runs import launched, small_run

PROFIT = measure("profit_cents")


def rival(label: str, low: float) -> Rival:
    behind = Test(method="t", estimate=300.0, interval=Interval(low, 500.0, "t"))
    return Rival(label=label, behind=behind, told_apart=low > 0)


def best(*rivals: Rival) -> Best:
    interval = Interval(700.0, 1_700.0, "t")
    return Best(measure="profit_cents", label="a", value=1_200.0, interval=interval, rivals=rivals)


def drawn(random: np.random.Generator, shares: list[float]) -> list[Count]:
    return [
        Count(f"p{number}", int(random.binomial(25, share)), 25)
        for number, share in enumerate(shares)
    ]


def test_who_is_ahead_by_chance_is_not_called_the_one_that_earns_most() -> None:
    told = side_told(best(rival("b", -20.0), rival("c", -1.0)), PROFIT, "seller")
    assert told == (
        "Which seller earns most was not told apart: a is ahead with $12.00 of profit an episode "
        "($7.00 to $17.00), which may be chance."
    )


def test_others_are_behind_only_where_the_test_says_so() -> None:
    one = side_told(best(rival("b", 100.0), rival("c", -1.0)), PROFIT, "seller")
    assert one.startswith("Of the sellers, a earns most: $12.00 ")
    assert "Not told apart from it: c. Behind it: b $3.00 ($1.00 to $5.00)." in one
    every = side_told(best(rival("b", 100.0), rival("c", 200.0)), PROFIT, "buyer")
    assert every.startswith("Of the buyers, a brings most: $12.00 ")
    assert "more than every other buyer" in every
    four = side_told(best(*(rival(name, 100.0) for name in "bcde")), PROFIT, "seller")
    assert four.endswith("d $3.00 ($1.00 to $5.00) and 1 more seller.")
    some = msgspec.structs.replace(best(rival("b", 100.0)), over=40)
    assert "($7.00 to $17.00), over the 40 that all sellers had" in side_told(
        some, PROFIT, "seller"
    )


def test_products_are_compared_with_the_rest_by_fishers_exact_test() -> None:
    counts = drawn(np.random.default_rng(3), [0.2, 0.5, 0.9])
    whole, came = sum(one.of for one in counts), sum(one.some for one in counts)
    for one, p in zip(counts, apart(counts), strict=True):
        rest = (came - one.some, whole - one.of - came + one.some)
        table = np.array(((one.some, one.of - one.some), rest))
        tails = [fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
        assert p == pytest.approx(min(1.0, 2.0 * min(tails)))


def test_products_that_are_alike_are_seldom_told_apart() -> None:
    """One in twenty draws at most names any; where one differs, it is named, and it alone."""
    random, named = np.random.default_rng(7), 0
    for _ in range(400):
        [told] = products_told(drawn(random, [0.6] * 40), "Sold", "buyers")
        named += "no product is told apart" not in told
    assert named / 400 < 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5
    [told] = products_told([*drawn(random, [0.6] * 20), Count("mug", 0, 25)], "Sold", "buyers")
    assert "less often mug (0 of 25)" in told
    assert "20 products are not told apart" in told
    long = Count("W" * 300 + "\u202e", 0, 25)
    [told] = products_told([*drawn(random, [0.6] * 20), long], "Sold", "buyers")
    assert len(told) < 200
    assert "\u202e" not in told


def test_nothing_is_said_where_all_or_none_bought() -> None:
    for share in (0.0, 1.0):
        counts = drawn(np.random.default_rng(1), [share] * 3)
        assert not list(products_told(counts, "Sold", "buyers"))


def heard(random: np.random.Generator, markets: int) -> pl.DataFrame:
    """Buyers of 40 equal products, five in each market, who all do the same there."""
    draws = random.random((40, markets)) < 0.5
    return pl.DataFrame(
        [
            (f"p{product}", None, "s", market, 1.0, 0.0, bool(draws[product, market]))
            for product in range(40)
            for market in range(markets)
            for _ in range(5)
        ],
        schema={
            "product": pl.String,
            "title": pl.String,
            "seller": pl.String,
            "replication": pl.Int64,
            "price_multiplier": pl.Float64,
            "discount": pl.Float64,
            "back": pl.Boolean,
        },
        orient="row",
    )


def test_buyers_of_one_market_do_not_make_a_product_differ() -> None:
    random, named, alone = np.random.default_rng(11), 0, 0
    for _ in range(60):
        counts = product_counts(heard(random, 4), pl.col("back"), pl.lit(value=True))
        assert counts[0].effect == pytest.approx(5.0, rel=0.05)
        [told] = products_told(counts, "Refunded", "orders", " Beware.")
        named += "no product is told apart" not in told
        assert told.endswith("Beware.") == ("no product is told apart" not in told)
        plain = [Count(one.name, one.some, one.of) for one in counts]
        [told] = products_told(plain, "Refunded", "orders")
        alone += "no product is told apart" not in told
    assert named / 60 < 0.05 + 3 * (0.05 * 0.95 / 60) ** 0.5
    assert alone / 60 > 0.5  # without allowing for what they share


def test_products_of_one_market_each_cannot_be_told_apart() -> None:
    frame = heard(np.random.default_rng(2), 1)
    counts = product_counts(frame, pl.col("back"), pl.lit(value=True))
    [told] = products_told(counts, "Sold", "buyers")
    assert "which products differ cannot be told: each had one pitch" in told
    single = frame.unique("product")
    counts = product_counts(single, pl.col("back"), pl.lit(value=True))
    assert {one.effect for one in counts} == {1.0}


SAME = 'sellers=[{id="a",agent="plain-dealer"},{id="b",agent="plain-dealer"}]'


@pytest.mark.slow
def test_sellers_that_are_the_same_are_told_apart_in_one_of_twenty_runs_at_most(
    tmp_path: Path,
) -> None:
    falsely, seeds = 0, 30
    for seed in range(seeds):
        run = tmp_path / f"{seed}"
        launched(run, "--seed", seed, "--set", "products.per_category=4", "--set", SAME)
        findings, *_ = report(run, {}).sections
        falsely += not findings.findings[0].startswith("Which seller earns most was not told apart")
    assert falsely <= 0.05 * seeds + 3 * (0.05 * 0.95 * seeds) ** 0.5


@pytest.mark.slow
def test_findings_come_first_and_name_who_loses_money(tmp_path: Path) -> None:
    run = tmp_path / "run"
    launched(run, "--set", "products.per_category=8", "--sellers", "bold-showman,plain-dealer")
    first, *_ = report(run, {}).sections
    assert first.name == "findings"
    told = first.findings[0]
    assert told.startswith("Of the sellers, plain-dealer loses least: -$")
    assert "more than every other seller. Behind it: bold-showman $" in told


@pytest.mark.slow
def test_profit_of_some_products_says_over_how_many_episodes(tmp_path: Path) -> None:
    shop = tmp_path / "shop.csv"
    costs = [("", "3.50")[number % 2] for number in range(8)]
    rows = [f"p{n},Lamp {n},Home,9.99,{cost}" for n, cost in enumerate(costs)]
    said = {}
    for name, lines in (
        ("some", rows),
        ("all", [row.rstrip(",") + ",2" * (row[-1] == ",") for row in rows]),
    ):
        shop.write_text("\n".join(["id,title,category,price,unit_cost", *lines]))
        launched(tmp_path / name, "--catalog", shop)
        said[name] = report(tmp_path / name, {}).sections[0].findings[0]
    assert said["some"].endswith(" That is over the 100 of 200 episodes whose costs are known.")
    assert "costs are known" not in said["all"]


@pytest.mark.slow
def test_the_caution_says_what_behavioral_agents_go_by(tmp_path: Path) -> None:
    small_run(tmp_path / "run")
    about = {"behavioral agents": "parameter set paper (for the built-in catalogue); orders with"}
    told = " ".join(report(tmp_path / "run", about).warnings)
    assert "They go by the parameter set paper (for the built-in catalogue)." in told
    assert "They go by" not in " ".join(report(tmp_path / "run", {}).warnings)
