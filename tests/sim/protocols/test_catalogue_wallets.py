"""Wallets of the set `field`: they follow what goods typically cost in the catalogue of a run."""

from __future__ import annotations

import math
import random
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest

from retailsim.market.catalogue.product import Category, Product
from retailsim.market.catalogue.product_files import Problems, read_products
from retailsim.market.catalogue.typical_prices import TypicalPrices
from retailsim.sim.run.launch import read_scenario, stocked
from retailsim.sim.run.launch_options import Options
from retailsim.sim.terminal.terminal import Quiet
from tests.agents.behavioral_drive import make_buyer, make_offer, make_product, make_seller
from tests.agents.decision_odds import Odds, odds
from tests.sim.runs import SMALL, event_lines, launched, sim

SEEDS = range(1, 6)
BUYERS = 4
GOODS = [make_product(number) for number in range(60)]
DOLLARS = 35.0
"""Of a wallet in the middle, at factor 1."""


def dearer(times: float) -> list[Product]:
    cents = [round(times * one.price_cents) for one in GOODS]
    return [make_product(number, price_cents=price) for number, price in enumerate(cents)]


def written(path: Path, goods: Sequence[Product]) -> Path:
    rows = [f"{one.id},Thing {one.id},{one.price_cents / 100:.2f},{one.category}" for one in goods]
    path.write_text("\n".join(["id,title,price,category", *rows]), encoding="utf-8")
    return path


def wallets(catalogue: Path, *settings: str, seed: int = 1) -> Mapping[Category, float]:
    """What a launch would freeze."""
    options = Options(catalog=catalogue, settings=settings, seed=seed)
    scenario, _ = stocked(*read_scenario(options), Quiet())
    return scenario.behavioral.wallet


def met(goods: Sequence[Product], wallet: Mapping[Any, float], times: float = 1.0) -> list[Odds]:
    found = []
    for seed in SEEDS:
        buyers = [
            make_buyer(seed, id=f"b{n}", wallet=wallet, options={"parameters": "field"})
            for n in range(BUYERS)
        ]
        found += odds([make_seller(seed)], buyers, [make_offer(one, times) for one in goods])
    return found


def conversion(found: Sequence[Odds]) -> float:
    return fmean(one.chance for one in found)


@pytest.mark.slow
def test_ten_times_as_dear_goods_sell_as_well(tmp_path: Path) -> None:
    goods, dear = GOODS, dearer(10.0)
    usual = met(goods, wallets(written(tmp_path / "usual.csv", goods)))
    followed = wallets(written(tmp_path / "dear.csv", dear))
    found = met(dear, followed)
    print(conversion(usual), conversion(found))
    assert conversion(found) == pytest.approx(conversion(usual), abs=0.015)
    assert 0.15 < conversion(found) < 0.45


@pytest.mark.slow
def test_the_own_price_elasticity_of_dear_goods_is_that_of_people(tmp_path: Path) -> None:
    """Mean over products -2.62, as for goods that cost $10 to $130."""
    dear, near = dearer(10.0), (0.95, 1.0, 1.05)
    wallet = wallets(written(tmp_path / "dear.csv", dear))
    curves = [met(dear, wallet, times) for times in near]
    found = []
    for at in range(0, len(curves[0]), BUYERS):
        levels = [fmean(one.demand for one in curve[at : at + BUYERS]) for curve in curves]
        found.append(float(np.polyfit(np.log(near), np.log(levels), 1)[0]))
    print(fmean(found))
    assert fmean(found) == pytest.approx(-2.62, abs=0.25)


@pytest.mark.slow
def test_wallets_of_ones_own_stay_as_they_are_and_dear_goods_hardly_sell(tmp_path: Path) -> None:
    """The control: what happened without following the catalogue."""
    dear = dearer(10.0)
    path = written(tmp_path / "dear.csv", dear)
    settings = [f"behavioral.wallet.{name}=1.9" for name in ("Food", "Fashion", "Home")]
    kept = wallets(path, *settings, "behavioral.wallet.Electronics=1.9")
    assert set(kept.values()) == {1.9}
    assert conversion(met(dear, kept)) < 0.5 * conversion(met(dear, wallets(path)))


def test_within_a_catalogue_dearer_goods_sell_less(tmp_path: Path) -> None:
    dear = dearer(10.0)
    found = met(dear, wallets(written(tmp_path / "dear.csv", dear)))
    price = {one.id: math.log(one.price_cents) for one in dear}
    middle = sorted(price.values())[len(price) // 2]
    cheap = [one for one in found if price[one.product] < middle]
    rest = [one for one in found if price[one.product] >= middle]
    print(conversion(cheap), conversion(rest))
    assert conversion(cheap) > conversion(rest) + 0.05
    slope = np.polyfit([price[one.product] for one in found], [one.utility for one in found], 1)
    print(slope)
    assert -1.5 < slope[0] < -0.5


def test_the_middle_is_the_geometric_mean_of_the_whole_catalogue(tmp_path: Path) -> None:
    """Neither the seed nor the size of the sample nor the order of the file moves it."""
    goods = [make_product(n, price_cents=c) for n, c in ((1, 2_000), (5, 8_000), (2, 50_000))]
    found = wallets(written(tmp_path / "three.csv", goods))
    assert found == {"Fashion": round(40 / DOLLARS, 5), "Home": round(500 / DOLLARS, 4)}

    path = written(tmp_path / "all.csv", GOODS)
    whole = wallets(path)
    assert len(whole) == 4
    assert wallets(path, "products.per_category=1", seed=9) == whole
    assert wallets(path, f'products.ids=["{GOODS[0].id}"]') == whole
    shuffled = random.Random(1).sample(GOODS, len(GOODS))
    assert wallets(written(tmp_path / "shuffled.csv", shuffled)) == whole
    assert wallets(written(tmp_path / "less.csv", GOODS[:40])) != whole


def test_a_wallet_of_ones_own_wins_by_category(tmp_path: Path) -> None:
    path = written(tmp_path / "all.csv", GOODS)
    found = wallets(path, "behavioral.wallet.Food=3.0")
    assert found == {**wallets(path), "Food": 3.0}


def test_wallets_of_the_paper_are_in_dollars(tmp_path: Path) -> None:
    """The control: language models in these roles were not shown to look at a shop's level."""
    path = written(tmp_path / "dear.csv", dearer(10.0))
    assert wallets(path, "behavioral.parameters=paper") == {}


@pytest.mark.parametrize(("base", "times"), [("field", 0.0), ("paper", 2.0)])
def test_a_file_of_ones_own_may_leave_the_catalogue_or_follow_it(
    base: str, times: float, tmp_path: Path
) -> None:
    path, file = written(tmp_path / "all.csv", GOODS), tmp_path / "mine.toml"
    text = f'base = "{base}"\n[buyer.wallet]\nlist_price = {times}\n'
    file.write_text(text, encoding="utf-8")
    usual = wallets(path) if times else {}
    found = wallets(path, f"behavioral.parameters={file}")
    assert found == {name: pytest.approx(times * one, rel=1e-5) for name, one in usual.items()}


def test_prices_are_counted_on_their_way() -> None:
    prices = TypicalPrices()
    assert list(prices.watch(GOODS)) == GOODS
    foods = [math.log(one.price_cents) for one in GOODS if one.category == "Food"]
    assert prices.cents()["Food"] == pytest.approx(math.exp(fmean(foods)))
    assert TypicalPrices().cents() == {}


@pytest.mark.slow
def test_workers_and_verify_need_the_run_alone(tmp_path: Path) -> None:
    path = written(tmp_path / "dear.csv", dearer(10.0))
    one, two = tmp_path / "one", tmp_path / "two"
    settings = (*SMALL, "--catalog", path)
    launched(one, *settings)
    launched(two, *settings, "--workers", 2)
    assert event_lines(one) == event_lines(two)
    frozen = tomllib.loads((one / "run.toml").read_text("utf-8"))["scenario"]
    assert frozen["behavioral"]["wallet"] == wallets(path)
    path.unlink()  # its prices are not asked for again
    for run in (one, two):
        assert sim("verify", run).exit_code == 0


def test_the_file_of_the_catalogue_is_read_as_the_sample_sees_it(tmp_path: Path) -> None:
    path = written(tmp_path / "all.csv", GOODS)
    prices = TypicalPrices()
    found = list(prices.watch(read_products(path, problems=Problems())))
    assert len(found) == len(GOODS)
    assert {
        name: float(f"{cents / (100 * DOLLARS):.6g}") for name, cents in prices.cents().items()
    } == wallets(path)
