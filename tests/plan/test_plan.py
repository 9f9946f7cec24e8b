"""`plan`: what it says a difference takes is what it takes, in studies that nobody has seen."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from retailsim.analysis.measures import estimates
from retailsim.analysis.measures.table import measure
from retailsim.analysis.projection.loader import load
from retailsim.analysis.statistics.differences import sign_flip
from retailsim.analysis.statistics.planning import Spread, power_of
from retailsim.sim.plan import pilot
from retailsim.sim.plan.needed import Asked, needed
from retailsim.sim.plan.plan_text import lines
from retailsim.sim.plan.planning import difference_of
from retailsim.sim.plan.question import Planned, PlanOptions
from tests.sim.runs import launched, sim

Floats = NDArray[np.float64]
SEATS = ("--sellers", "bold-showman,quiet-clerk", "--buyers", "easy-shopper,careful-saver")
KEY = "design.discount=0,0.1"


@pytest.fixture(autouse=True)
def small_pilots(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Pilots are as small as can be, and that of the test of what is planned half of its size."""
    large = request.node.name.startswith("test_planned_studies")
    monkeypatch.setattr(pilot, "EPISODES", 2_400 if large else 1)
    monkeypatch.setattr(pilot, "FEWEST", 8)


def said(*words: object) -> dict[str, Any]:
    result = sim("plan", *words, "--json")
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def shop(folder: Path, products: int) -> Path:
    """A catalogue of so many products with costs."""
    drawn = random.Random(31)
    names = [
        ("Food", "Rye bread"),
        ("Fashion", "Scarf"),
        ("Home", "Stool"),
        ("Electronics", "Lamp"),
    ]
    lines = ["id,title,category,price,unit_cost"]
    for number in range(products):
        category, name = names[number % 4]
        price = drawn.lognormvariate(3.2, 0.5)
        lines.append(f"s{number},{name} {number},{category},{price:.2f},{0.5 * price:.2f}")
    path = folder / "shop.csv"
    path.write_text("\n".join(lines))
    return path


def by_product(first: pl.DataFrame, second: pl.DataFrame) -> Floats:
    """The difference of conversion, in each product that was played."""
    one, two = (
        part.group_by("product").agg((pl.col("orders") > 0).mean()).sort("product")["orders"]
        for part in (first, second)
    )
    return (two - one).to_numpy()


def told_apart(difference: Floats, products: int, studies: int = 100) -> float:
    """How often studies of so many products tell two arms apart, tested as `sweep` tests two.

    Products are drawn with replacement: as if there were many more than were played.
    """
    generator = np.random.default_rng(41)
    names = pl.Series([f"{number:05}" for number in range(products)])
    found = 0
    for _ in range(studies):
        drawn = pl.Series(generator.choice(difference, products))
        p = sign_flip(drawn, names, seed=1).p
        found += p is not None and p <= 0.05
    return found / studies


@pytest.mark.slow
def test_planned_studies_tell_the_difference_in_about_four_of_five(tmp_path: Path) -> None:
    """Pilot and studies have other seeds; where there is no difference, one of twenty tells one."""
    catalog = shop(tmp_path, 400)
    words = (*SEATS, "--catalog", catalog)
    runs = {
        label: estimates.decided(load(_launched(tmp_path / label, *words, *more)).episodes)
        for label, more in {
            "as it is": ("--seed", 77),
            "cheaper": ("--seed", 77, "--set", "design.discount=0.1"),
            "others": ("--seed", 78),
        }.items()
    }
    change = by_product(runs["as it is"], runs["cheaper"])
    points = 100.0 * float(change.mean())
    found = said("pairwise", KEY, *words, "--difference", f"{points:.3f}")["paired"]
    assert 0.70 <= told_apart(change, found["products"]) <= 0.90
    assert told_apart(change, found["products"] // 2) < 0.6  # so the number is not just large
    alike = said("pairwise", *words, "--difference", 8)["paired"]
    nothing = by_product(runs["as it is"], runs["others"])
    wrong = told_apart(nothing - nothing.mean(), alike["products"])
    assert wrong <= 0.05 + 2.0 * (0.05 * 0.95 / 100) ** 0.5


def _launched(out: Path, *words: object) -> Path:
    launched(out, "pairwise", *words, "--set", "products.per_category=100")
    return out


@pytest.mark.slow
def test_the_answer_is_in_words_with_the_next_command() -> None:
    result = sim("plan", "pairwise", KEY, "--difference", 3, *SEATS)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "To tell 3 points of conversion in 80% of such studies (two-sided, 5%):"
    assert lines[1].startswith("Paired, all runs with the same products: ")
    assert any(line.startswith("Unpaired, each run with other products: ") for line in lines)
    assert "no model is paid" in result.stdout
    assert lines[-2] == "next:"
    assert f"sweep pairwise {KEY} --measure conversion --sellers" in lines[-1]
    assert all(len(line) <= 80 for line in lines[:-1])


@pytest.mark.slow
def test_twice_the_difference_takes_less_and_pairs_take_less_than_none() -> None:
    two, four = (said("pairwise", KEY, "--difference", points, *SEATS) for points in (2, 4))
    assert two["asked"]["difference"] == 0.02
    assert four["paired"]["products"] < two["paired"]["products"] < two["unpaired"]["products"]
    # A yes or no in pairs: as many turn in its favour as the difference says.
    assert two["paired"]["products"] / four["paired"]["products"] < 3.0
    assert two["unpaired"]["products"] / four["unpaired"]["products"] == pytest.approx(4, rel=0.05)


def test_a_catalogue_with_too_few_products_is_offered_replications_or_told_the_limit() -> None:
    spread = Spread(mean=0.0, between=0.02, within=0.10, clusters=100)
    asked = Asked(difference=0.1, power=0.8, products=60)
    found = needed(asked, spread, 4.0, paired=True)
    assert found.enough
    assert found.replications > 1
    assert found.products is not None
    assert found.products <= 60
    assert found.episodes == found.products * 4 * found.replications
    power = power_of(0.1, spread.variance(found.replications), found.products, paired=True)
    less = power_of(0.1, spread.variance(found.replications - 1), 60, paired=True)
    assert less < 0.8 <= power
    few = needed(msgspec.structs.replace(asked, difference=0.04), spread, 4.0, paired=True)
    assert not few.enough
    assert few.told_at_best > 0.04
    assert power_of(few.told_at_best, 0.02, 60, paired=True) == pytest.approx(0.8, abs=1e-6)
    alone = needed(asked, spread, 4.0, paired=False)
    assert alone.told > found.told  # each run has half of the products


def test_what_all_products_tell_is_said_to_be_without_the_replications_that_are_asked() -> None:
    asked = Asked(difference=0.1, power=0.8, products=60)

    def last_but_one(between: float, within: float) -> str:
        spread = Spread(mean=0.0, between=between, within=within, clusters=100)
        found = needed(asked, spread, 4.0, paired=True)
        planned = Planned(
            scenario="pairwise", measure="conversion", asked=asked, level=0.5, change=0.1,
            pilot_episodes=400, pilot_products=60, pilot_runs=(), shared_draws=True, stand_ins=(),
            shared="product", currency="USD", episodes_each=4.0, per_category=None, paired=found,
            unpaired=found,
        )  # fmt: skip
        options = PlanOptions(scenario="pairwise", difference="10")
        words = " ".join(lines(planned, measure("conversion_rate"), options))
        return words[words.index("All 60 products") : words.index(" would tell")]

    assert last_but_one(0.02, 0.10).endswith("catalogue, without more replications,")
    assert last_but_one(0.01, 0.01).endswith("catalogue")


@pytest.mark.slow
def test_too_few_products_are_said_in_words(tmp_path: Path) -> None:
    words = ("pairwise", "--catalog", shop(tmp_path, 12), *SEATS, "--measure", "profit")
    result = sim("plan", *words, "--difference", "0.05", KEY)
    assert result.exit_code == 0, result.stderr
    told = " ".join(result.stdout.split())
    assert "(more than there are)" in told
    assert "The catalogue has 12 products, which tell $" in told
    assert "Only more products help." in told
    assert "next:" not in told


@pytest.mark.slow
def test_models_are_played_by_stand_ins_and_their_price_is_told() -> None:
    """By the dry runs of both arms, whose prompts hold other prices."""
    words = ("pairwise", "--sellers", "openai/gpt-5.4-mini", "--buyers", "easy-shopper")
    found = said(*words, KEY, "--difference", 10)
    assert found["stand_ins"] == ["openai:gpt-5.4-mini"]
    assert not found["shared_draws"]
    each = []
    for value in ("0", "0.1"):
        arm = ("--set", f"design.discount={value}", "--dry-run", "--json")
        dry = json.loads(sim("launch", *words, *arm).stdout)
        each.append(dry["estimate"]["dollars"] / dry["episodes"])
    paired = found["paired"]
    assert paired["dollars"] == pytest.approx(sum(each) * paired["episodes"])


@pytest.mark.slow
def test_runs_say_it_instead_of_a_pilot(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder, discount in zip(folders, (0, 0.1), strict=True):
        more = ("--set", "products.per_category=4", "--set", f"design.discount={discount}")
        launched(folder, "pairwise", *SEATS, *more)
    one = said("pairwise", *SEATS, "--difference", 5, "--from", folders[0])
    both = said("pairwise", *SEATS, "--difference", 5, "--from", folders[0], "--from", folders[1])
    assert one["pilot_runs"] == [str(folders[0])]
    assert both["change"] > 0.0 == one["change"]
    assert both["paired"]["products"] < one["paired"]["products"] < one["unpaired"]["products"]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--difference", "0"), "write it in points"),
        (("--difference", "5%", "--measure", "conversion"), "write it in points"),
        (("--difference", "3%"), "write it in points, above 0 and below 100: 3 is 3 points"),
        (("--difference", "$3"), "write it in points"),
        (
            ("--difference", "much", "--measure", "profit"),
            "write an amount, such as 1.20, or a share",
        ),
        (("--difference", "3", "--measure", "sales"), "--measure: none is called 'sales'"),
        (("--difference", "3", "design.discount=0"), "for one, use --set"),
        (("--difference", "3", "design.discount=0,7"), "discount"),
        (("--difference", "3", KEY, "--from", "x"), "the runs say what changed"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_played(
    words: tuple[str, ...], problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pilot, "play_prepared", None)
    result = sim("plan", "pairwise", *words)
    assert result.exit_code == 2
    assert problem in result.stderr


@pytest.mark.parametrize(
    ("told", "name", "amount"),
    [
        ("3", "conversion_rate", 0.03),
        ("3 points", "conversion_rate", 0.03),
        ("1.20", "profit_cents", 120.0),
        ("$1.20", "profit_cents", 120.0),
        ("5%", "profit_cents", None),
        ("0.5", "average_rating", 0.5),
    ],
)
def test_a_difference_is_in_the_unit_of_its_measure(
    told: str, name: str, amount: float | None
) -> None:
    assert difference_of(told, measure(name)) == amount


def test_its_help_says_which_measure_takes_which_difference() -> None:
    """A share takes points alone; an amount is in the currency of the catalogue."""
    said = " ".join(sim("plan", "--help").stdout.partition("--measure")[0].split())
    assert "of a measure that is a share, such as conversion, points (3)" in said
    assert "of others, such as profit, an amount in the shop's currency" in said
    assert "or a percentage of the level (5%)" in said
