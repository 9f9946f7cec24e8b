"""`products.half`: two halves that share nothing, by the products' ids alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retailsim.market.catalogue.product import Product
from retailsim.sim.run.launch import prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.halves import half_of
from retailsim.sim.terminal.audience import Nobody
from tests.sim.runs import sim


def sold(scenario: str, *settings: str, seed: int = 1) -> list[Product]:
    told = Options(scenario=scenario, seed=seed, settings=settings)
    return list(prepare(told, Nobody()).design.products)


@pytest.mark.parametrize("scenario", ["csales", "pairwise"])
def test_the_halves_share_no_product_and_are_together_all_of_them(scenario: str) -> None:
    """Whatever the seed."""
    every = {product.id for product in sold(scenario)}
    one, two = (
        {product.id for product in sold(scenario, f"products.half={half}", seed=half)}
        for half in (1, 2)
    )
    assert one
    assert two
    assert not one & two
    assert one | two == every
    assert {half_of(name) for name in one} == {1}


def test_a_half_is_drawn_from_like_a_catalogue_of_its_own() -> None:
    few = sold("pairwise", "products.half=2", "products.per_category=2")
    assert len(few) == 8
    assert {half_of(product.id) for product in few} == {2}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("products.half=3", "products.half"),
        ('products.ids=["a"]', "products.half: does not go with products.ids; leave one out"),
    ],
)
def test_a_half_that_does_not_go_is_said_in_one_line(setting: str, said: str) -> None:
    result = sim("launch", "--set", "products.half=1", "--set", setting, "--dry-run")
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_half_without_products_is_said(tmp_path: Path) -> None:
    lone = {
        "parent_asin": "a",
        "title": "A pot of jam",
        "price": "3.50",
        "main_category": "Grocery",
        "categories": ["Grocery & Gourmet Food"],
    }
    (tmp_path / "one.jsonl").write_text(json.dumps(lone))
    missing = 3 - half_of("a")
    words = ("--catalog", tmp_path / "one.jsonl", "--set", f"products.half={missing}", "--dry-run")
    result = sim("launch", *words)
    assert result.exit_code == 2
    assert f"one.jsonl has no product in half {missing}: leave products.half out" in " ".join(
        result.stderr.split()
    )
