"""What an anchor is solved on: the run's own decisions, and a share of a large run's."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from retailsim.events.log.reader import read_lines
from retailsim.sim.protocols.retail import anchor_sample
from retailsim.sim.protocols.retail.anchor_sample import Played, sample
from retailsim.sim.run.launch import PreparedRun, prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.terminal.terminal import Quiet
from tests.sim.runs import launched


def shop(*more: str, seed: int = 1) -> PreparedRun:
    return prepare(Options(scenario="pairwise", settings=more, seed=seed), Quiet())


def ahead(run: PreparedRun) -> Played:
    return sample(run.scenario, run.products, run.design.protocol, run.folder)


def test_a_small_run_is_played_ahead_whole_at_its_own_price_and_on_its_own_seed() -> None:
    played = ahead(shop("products.per_category=1", "design.price_multipliers=[0.5,1.0]"))
    assert len(played.prospects) == 4 * 25
    other = ahead(shop("products.per_category=1", seed=2))
    chances = [
        {key: one.utility(1.0, 1.0) for key, one in each.prospects.items()}
        for each in (played, other)
    ]
    assert chances[0] != chances[1]


@pytest.mark.slow
def test_those_who_would_buy_are_those_who_buy(tmp_path: Path) -> None:
    """What is told before the error is drawn tells the run's purchases: by their log-likelihood."""
    one = ("--set", "products.per_category=1")
    launched(tmp_path / "run", "pairwise", *one)
    lines = [json.loads(line) for line in read_lines(tmp_path / "run" / "events")]
    bought = {line["episode"] for line in lines if line.get("type") == "OrderPlaced"}
    played = ahead(shop("products.per_category=1"))
    chances = {key: float(expit(each.utility(1.0, 1.0))) for key, each in played.prospects.items()}
    assert bought <= set(chances)

    def likelihood(of: dict[str, float]) -> float:
        return float(np.mean([np.log(p if key in bought else 1.0 - p) for key, p in of.items()]))

    mean = float(np.mean(list(chances.values())))
    assert abs(mean - len(bought) / len(chances)) < 0.12
    assert likelihood(chances) > likelihood(dict.fromkeys(chances, mean)) + 0.05
    assert set(played.orders) == bought


@pytest.mark.parametrize(("most", "markets"), [(120, 3), (10, 1), (500, 5)])
def test_of_a_large_run_each_product_is_played_in_part(
    most: int, markets: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchor_sample, "EPISODES", most)
    run = shop("products.per_category=2")
    played = ahead(run)
    found = Counter(key.partition("/")[0] for key in played.prospects)
    assert found == {one.id: 5 * markets for one in run.products}
    assert set(played.prospects) == set(ahead(run).prospects)


def test_of_very_many_products_each_category_keeps_its_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(anchor_sample, "PRODUCTS", 8)
    played = ahead(shop("products.per_category=4"))
    kept = {key.partition("/")[0] for key in played.prospects}
    assert len(kept) == 8
    assert sorted(one[:4] for one in kept) == sorted(["RSFD", "RSFA", "RSHO", "RSEL"] * 2)


@pytest.mark.slow
def test_a_price_that_is_thought_of_sells_as_it_does_when_it_is_asked() -> None:
    """What an elasticity is solved on, against the same shop played at a tenth off."""
    base = ahead(shop("products.per_category=3"))
    asked = ahead(shop("products.per_category=3", "design.discount=0.1"))
    assert set(base.prospects) == set(asked.prospects)

    def conversion(played: Played, price: float) -> float:
        return float(np.mean([expit(x.utility(1.0, price)) for x in played.prospects.values()]))

    thought_of = conversion(base, 0.9)
    assert conversion(asked, 1.0) == pytest.approx(thought_of, abs=0.003)
    assert thought_of > conversion(base, 1.0) + 0.02
