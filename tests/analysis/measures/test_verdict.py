"""What a comparison comes to in a sentence: made from the adjusted test, never from an estimate."""

from __future__ import annotations

import html
import json
import random
import shutil
from itertools import combinations
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retailsim.analysis.measures.comparison import Change, Comparison, compare
from retailsim.analysis.measures.table import MEASURES, columns_read
from retailsim.analysis.measures.verdict import verdict
from retailsim.analysis.statistics.values import Estimate, Interval, Test
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.look.side_by_side import run_names, side_by_side
from tests.sim.runs import launched, sim

NAMES = ("old", "new")


def change(
    measure: str, estimate: float, low: float, high: float, p: float, note: str = ""
) -> Change:
    """A planned difference with an interval that goes with its p."""
    side = Estimate(value=1.0, n=9)
    return Change(
        of="overall",
        measure=measure,
        first=side,
        second=side,
        test=Test(
            method="t",
            estimate=estimate,
            p=p,
            n=18,
            note=note,
            interval=Interval(low, high, "t"),
        ),
        adjusted_p=p,
        simultaneous=Interval(low, high, "t"),
    )


def said(*planned: Change) -> tuple[str, ...]:
    """The verdict on these planned differences, in this order."""
    found = Comparison(pairs=9, only_first=0, only_second=0, planned=planned, exploratory=())
    return verdict(found, NAMES, MEASURES)


LESS = change("profit_cents", -120.0, -205.0, -40.0, 0.01)
OPEN = change("profit_cents", -120.0, -260.0, 20.0, 0.2)
SELLS = change("conversion_rate", 0.052, 0.01, 0.092, 0.02)
SAME = change("net_revenue_cents", 5.0, -100.0, 110.0, 1.0)


@pytest.mark.parametrize(
    ("planned", "sentences"),
    [
        ((LESS, SAME), ("new earns $1.20 less an episode ($0.40 to $2.05) than old.",)),
        (
            (LESS, SELLS),
            (
                "new earns $1.20 less an episode ($0.40 to $2.05) than old.",
                "It also converts 5.2 points more (1.0 to 9.2).",
            ),
        ),
        (
            (OPEN, SAME),
            ("Not told apart: new earns between $2.60 less and $0.20 more an episode than old.",),
        ),
        (
            (OPEN, SELLS),
            (
                "new converts 5.2 points more (1.0 to 9.2) than old.",
                "Profit per episode is not told apart: "
                "new earns between $2.60 less and $0.20 more an episode than old.",
            ),
        ),
    ],
)
def test_a_difference_is_said_only_where_its_adjusted_test_finds_one(
    planned: tuple[Change, ...], sentences: tuple[str, ...]
) -> None:
    assert said(*planned) == sentences


def test_no_estimate_is_a_verdict_whatever_its_size() -> None:
    """A large estimate whose interval holds 0, or whose p says so, is not told apart."""
    huge = change("profit_cents", 1e6, -1.0, 2e6, 0.06)
    fisher = change("conversion_rate", 0.9, 0.1, 1.0, 0.06)
    assert said(huge)[0].startswith("Not told apart: ")
    assert said(fisher)[0].startswith("Not told apart: ")


def test_gains_that_losses_make_up_for_are_a_difference() -> None:
    evened = change("conversion_rate", 0.0, -0.1, 0.1, 1.0)
    assert said(evened) == (
        "Not told apart: new converts between 10.0 points less and 10.0 points more than old.",
    )
    assert said(change("conversion_rate", 0.0, 0.0, 0.0, 1.0)) == (
        "No difference: old and new agree in all 9 pairs.",
    )


def test_one_buyer_of_other_draws_tells_nothing_apart() -> None:
    found = change("conversion_rate", 0.5, 0.4, 0.6, 0.001, note="one buyer: that another seed")
    assert said(found) == (
        "Not told apart: whether new converts more or less than old cannot be said "
        "(one buyer in each run, who draws otherwise).",
    )


def test_runs_are_called_by_their_folders() -> None:
    assert run_names(Path("runs/old"), Path("runs/new")) == ("old", "new")
    assert run_names(Path("old/run"), Path("new/run")) == ("old/run", "new/run")
    assert run_names(Path("runs/old"), Path("runs/old/")) == ("old", "old (again)")


SHOP = """
[products]
per_category = 2
[[sellers]]
id = "shop"
[[buyers]]
id = "ann"
[[buyers]]
id = "bob"
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("verdict")
    (folder / "shop.toml").write_text(SHOP, encoding="utf-8")
    (folder / "pitch.txt").write_text("Buy this, it is good. " * 20, encoding="utf-8")
    script = ("sellers.shop.agent=script", f"sellers.shop.pitch_file={folder / 'pitch.txt'}")
    for name, settings in {
        "as-it-is": (),
        "changed": ("design.discount=0.1", "policy.Food.window_days=60", *script),
        "few": ("products.per_category=1",),
    }.items():
        words = [word for one in settings for word in ("--set", one)]
        launched(folder / name, folder / "shop.toml", *words)
    return {name: folder / name for name in ("as-it-is", "changed", "few")}


@pytest.mark.slow
def test_what_differs_between_the_scenarios_is_listed_by_key(runs: dict[str, Path]) -> None:
    found = side_by_side(runs["as-it-is"], runs["changed"]).differences
    told = {one.key: (one.words, one.first, one.second) for one in found}
    pitch = told.pop("sellers.shop.pitch_file")
    assert pitch[1] == "not set"
    assert pitch[2].startswith('"Buy this, it is good. Buy this,') and len(pitch[2]) < 75
    assert told == {
        "sellers.shop.agent": ("who plays it", "behavioral", "script"),
        "design.discount": ("discount", "0%", "10%"),
        "policy.Food.window_days": ("return window in days", "not set", "60"),
    }
    fewer = side_by_side(runs["as-it-is"], runs["few"])
    assert [(one.key, one.first, one.second) for one in fewer.differences] == [
        ("products.per_category", "2", "1"),
        ("inputs/products.jsonl", "8", "4 (4 in both)"),
    ]
    assert (fewer.comparison.pairs, fewer.comparison.only_first) == (8, 8)


def test_the_page_begins_with_the_verdict_and_fits_eighty_columns(runs: dict[str, Path]) -> None:
    page = sim("compare", runs["as-it-is"], runs["changed"]).stdout
    found = side_by_side(runs["as-it-is"], runs["changed"])
    assert " ".join(page.split()).startswith(found.verdict[0])
    assert max(map(len, page.splitlines())) <= 80
    assert "What differs (as-it-is → changed):" in page
    assert "discount (design.discount): 0% → 10%" in page
    assert "First" not in page and "Second" not in page
    as_json: dict[str, Any] = json.loads(
        sim("compare", runs["as-it-is"], runs["changed"], "--json").stdout
    )
    assert as_json["verdict"] == list(found.verdict)
    assert {"first", "second", "comparison"} <= as_json.keys()


@pytest.mark.slow
def test_two_seeds_of_one_catalogue_are_compared_whatever_they_drew(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    shop, drawn = runs["few"].parent / "shop.toml", {}
    for seed in (3, 4, 5):
        run = tmp_path / f"{seed}"
        launched(run, shop, "--set", "products.per_category=1", "--seed", seed)
        drawn[seed] = {product.id for product in RunFolder(run).products()}
    one, two = next((a, b) for a, b in combinations(drawn, 2) if drawn[a].isdisjoint(drawn[b]))
    result = sim("compare", tmp_path / f"{one}", tmp_path / f"{two}")
    assert result.exit_code == 0, result.stderr
    assert "other seeds: no episodes can be paired" in " ".join(result.stdout.split())


@pytest.mark.slow
def test_a_run_that_is_not_finished_is_said_to_be(runs: dict[str, Path], tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    shutil.copytree(runs["changed"], cut)
    (cut / "events" / "SEAL").unlink()
    shutil.rmtree(cut / "derived", ignore_errors=True)
    page = " ".join(sim("compare", runs["as-it-is"], cut).stdout.split())
    assert "NOT FINISHED: cut has 16 of 16 episodes so far." in page
    assert f"python -m sim resume {cut}" in page
    assert "NOT FINISHED" not in sim("compare", runs["as-it-is"], runs["changed"]).stdout


@pytest.mark.slow
def test_the_page_says_what_the_terminal_says(runs: dict[str, Path]) -> None:
    pair = runs["as-it-is"], runs["changed"]
    target = runs["changed"] / "derived" / "compare-as-it-is.html"
    result = sim("compare", *pair, "--html")
    assert result.exit_code == 0, result.stderr
    assert f"page: {target}" in result.stderr
    found, page = side_by_side(*pair), html.unescape(target.read_text(encoding="utf-8"))
    assert f"<h1>{found.verdict[0].removesuffix('.')}</h1>" in page
    assert all(line in page for line in (*found.verdict[1:], *found.comparison.cautions))
    for one in found.differences:
        assert one.key in page and one.first in page and one.second in page
    for change in found.comparison.planned:
        assert MEASURES[change.measure].estimate_label in page
    assert page.count("<svg") == page.count('<div class="chart" role="img" aria-label=') >= 3
    assert "<script" not in page


def test_a_page_that_cannot_be_written_is_one_line(runs: dict[str, Path], tmp_path: Path) -> None:
    pair = runs["as-it-is"], runs["changed"]
    (tmp_path / "file").touch()
    result = sim("compare", *pair, "--html", tmp_path / "file" / "page.html")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1 and "name another file with --html" in result.stderr


class World:
    """Episodes of a world in which products and buyers have levels of their own.

    Parameters
    ----------
    gain : float
        What the buyers of this run are readier to buy, on a scale of standard deviations.
    """

    def __init__(self, products: int, buyers: random.Random, noise: random.Random, gain: float):
        levels, rows = random.Random(products), []
        prices = [round(3_000 * levels.lognormvariate(0.0, 0.5)) for _ in range(products)]
        liked = [levels.gauss(0.0, 0.7) for _ in range(products)]
        for buyer in range(6):
            eager = buyers.gauss(0.0, 0.4)
            for product, (price, fond) in enumerate(zip(prices, liked, strict=True)):
                buys = fond + eager + noise.gauss(gain, 1.0) > 0.0
                rows.append(
                    {
                        "episode": f"{product}/{buyer}",
                        "product": f"p{product}",
                        "seller": "s",
                        "buyer": f"b{buyer}",
                        "price_cents": price,
                        "orders": int(buys),
                        "units": int(buys),
                        "net_revenue_cents": price * buys,
                        "gross_revenue_cents": price * buys,
                    }
                )
        constant: dict[str, Any] = {
            **dict.fromkeys(("decided", "settled"), True),
            "superseded": False,
            "status": "closed",
            "category": "Food",
            "replication": 0,
            "price_multiplier": 1.0,
            "discount": 0.0,
            "units_refunded": 0,
        }
        episodes = pl.DataFrame(rows).with_columns(
            **{name: pl.lit(value) for name, value in constant.items()}
        )
        unknown = columns_read(MEASURES.values()) - set(episodes.columns)
        kinds = {"sentiment": pl.String, "would_recommend": pl.Boolean}
        self.episodes = episodes.with_columns(
            pl.lit(None, kinds.get(name, pl.Int64)).alias(name) for name in sorted(unknown)
        )


def found_in(trial: int, *, same_seed: bool, gain: float) -> bool:
    """Whether the verdict on a run and one with a gain tells them apart."""

    def run(side: int, gain: float) -> World:
        buyers = random.Random(trial if same_seed else 10_000 * side + trial)
        return World(24, buyers, random.Random(f"{trial} {side}"), gain)

    found = compare(run(1, 0.0), run(2, gain), shared=same_seed)
    return not verdict(found, NAMES, MEASURES)[0].startswith("Not told apart")


@pytest.mark.slow
@pytest.mark.parametrize("same_seed", [True, False])
def test_equal_runs_are_told_apart_as_seldom_as_promised(same_seed: bool) -> None:
    """All planned differences together: at most 5 %, which 60 trials may miss by 3 errors."""
    apart = sum(found_in(trial, same_seed=same_seed, gain=0.0) for trial in range(60))
    assert apart / 60 <= 0.05 + 3 * (0.05 * 0.95 / 60) ** 0.5


@pytest.mark.slow
@pytest.mark.parametrize("same_seed", [True, False])
def test_a_planted_difference_is_found(same_seed: bool) -> None:
    apart = sum(found_in(trial, same_seed=same_seed, gain=1.2) for trial in range(12))
    assert apart >= 9
