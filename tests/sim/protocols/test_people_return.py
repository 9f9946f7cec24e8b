"""What comes back in the set `field`, by category, and the stars that are given there."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import polars as pl
import pytest

from retailsim.analysis.projection.loader import load
from tests.sim.runs import launched, scenario

SEEDS = range(1, 7)
QUOTED = {"Fashion": (0.25, 0.40), "Home": (0.05, 0.20), "Electronics": (0.08, 0.15)}
"""Shares of goods sent back, as secondary sources quote them; there are none for food."""
ERROR = 0.02
"""Of a share over some 500 orders: the standard error of one third."""


def orders(folder: Path, parameters: str, seed: int, overclaim: float = 0.0) -> pl.DataFrame:
    """The orders of one run over the built-in goods, of buyers without a persona."""
    folder.mkdir()
    seats = ['[[sellers]]\nid = "s"', f"options = {{ overclaim = {overclaim} }}"]
    seats += [f'[[buyers]]\nid = "b{number}"' for number in range(8)]
    path = scenario(folder, "\n".join(["[design]\nreplications = 2", *seats]))
    words = ("--seed", seed, "--set", f"behavioral.parameters={parameters}")
    launched(folder / "run", path, *words)
    found = load(folder / "run").episodes.filter(pl.col("units") > 0)
    back = pl.col("outcome").is_in(["refunded", "exchanged"]).fill_null(value=False)
    return found.select("category", "rating_product", "issue", back=back, seed=pl.lit(seed))


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    folder = tmp_path_factory.mktemp("people")
    return pl.concat(orders(folder / str(seed), "field", seed) for seed in SEEDS)


def sent_back(found: pl.DataFrame) -> dict[str, float]:
    """Share of orders refunded or exchanged, a category."""
    rows = found.group_by("category").agg(pl.col("back").mean()).iter_rows()
    return {str(category): float(share) for category, share in rows}


def stars(found: pl.DataFrame) -> list[float]:
    """Shares of one to five stars among the reviews of products."""
    given = found["rating_product"].drop_nulls().to_list()
    return [given.count(number) / len(given) for number in (1, 2, 3, 4, 5)]


def quoted(shares: dict[str, float]) -> list[str]:
    """Return the categories whose share lies in the quoted range, give or take one error."""
    return [
        name for name, (low, high) in QUOTED.items() if low - ERROR <= shares[name] <= high + ERROR
    ]


@pytest.mark.slow
def test_goods_of_an_honest_seller_come_back_as_often_as_quoted(people: pl.DataFrame) -> None:
    """Within the range that is quoted for the category; and within 5 points of its middle."""
    found = sent_back(people)
    print(found, people.height)
    assert quoted(found) == list(QUOTED)
    for name, (low, high) in QUOTED.items():
        assert found[name] == pytest.approx((low + high) / 2, abs=0.05), name
    assert found["Food"] < 0.08


@pytest.mark.slow
def test_an_overclaiming_seller_and_the_paper_bring_more_back(tmp_path: Path) -> None:
    """The controls: what buyers notice comes on top; in the paper every order has an issue."""
    loud = sent_back(orders(tmp_path / "loud", "field", 1, overclaim=0.8))
    paper = sent_back(orders(tmp_path / "paper", "paper", 1))
    print(loud, paper)
    assert quoted(loud) == quoted(paper) == []
    assert loud["Food"] > 0.3


@pytest.mark.slow
def test_stars_have_the_shape_of_a_j_in_every_seed(people: pl.DataFrame) -> None:
    """Hu, Pavlou and Zhang (2009): mostly five stars, some ones, and few in between."""
    found = [stars(people.filter(seed=seed)) for seed in SEEDS]
    print(found)
    for one, two, three, four, five in found:
        assert one > two
        assert one > three
        assert five > four > two
    assert fmean(five for *_, five in found) > 0.5
    for seed in SEEDS:
        one, two, _, _, five = stars(people.filter(pl.col("issue").is_null(), seed=seed))
        assert five > 0.5
        assert one > two


@pytest.mark.slow
def test_the_stars_of_the_paper_have_no_j(tmp_path: Path) -> None:
    """The control."""
    found = stars(orders(tmp_path / "paper", "paper", 1))
    print(found)
    assert found[4] < 0.5
    assert not found[0] > found[1]
