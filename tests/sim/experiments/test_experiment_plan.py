"""The plan of an experiment, for people and as JSON."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from statistics import fmean

import polars as pl
import pytest
from scipy.stats import t as student

from retailsim.analysis.experiments.outcomes import bought_of
from retailsim.analysis.measures.estimates import decided
from retailsim.analysis.projection.loader import load
from retailsim.analysis.statistics.differences import two_rates
from tests.analysis.fakelog import closed, market, opened, order, write_run
from tests.sim.runs import launched, sim, small_run


@pytest.mark.slow
@pytest.mark.parametrize(("name", "runs"), [("pairwise", 1), ("economics", 3)])
def test_a_plan_is_one_json_object(name: str, runs: int) -> None:
    result = sim("experiment", name, "--plan", "--json")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["experiment"] == name
    assert told["assumed"]["rate"] == 0.6
    assert told["assumed"]["intraclass"] == 0.16
    assert told["assumed"]["pilot"] is None
    assert len(told["runs"]) == runs
    assert told["episodes"] == sum(one["episodes"] for one in told["runs"].values())
    for one in told["runs"].values():
        assert one["estimate"] is None
        paired = [each for each in one["contrasts"] if each["paired"]]
        # 1,471 independent ones times 1 - 0.16, and a little more for few products.
        assert all(each["needed"]["5"] > 1235 for each in paired)
        assert all(0.02 < each["detectable"] < 0.4 for each in paired)
        [sets] = [each for each in one["contrasts"] if not each["paired"]]
        assert sets["needed"]["5"] > 5 * 1235


@pytest.mark.slow
def test_a_contrast_is_planned_by_its_own_size_and_kind() -> None:
    """120 products, five sellers, five buyers: 600 episodes of a seller, 25 of a product."""
    result = sim("experiment", "pairwise", "--plan", "--json")
    [run] = json.loads(result.stdout)["runs"].values()
    found = {one["between"]: one for one in run["contrasts"]}
    assert found["two sellers"]["episodes"] == 600
    assert found["two sellers"]["design_effect"] == pytest.approx(1.0 - 0.16)
    assert found["this run and another of its seed"]["episodes"] == 3_000
    # A buyer meets each product five times, and has a mind of its own about it.
    assert found["two buyers"]["design_effect"] == pytest.approx(1.0 - 0.16 + 4 * 0.26)
    sets = found["one half of the products and the other"]
    assert sets["episodes"] == 1_500
    assert sets["design_effect"] == pytest.approx(1.0 + 24 * 0.16)
    # More episodes on a side, and still it tells less.
    assert sets["detectable"] > found["two sellers"]["detectable"]


@pytest.mark.slow
def test_a_pilot_says_how_alike_products_are(tmp_path: Path) -> None:
    pilot = tmp_path / "pilot"
    small_run(pilot)
    said = sim("experiment", "pairwise", "--plan", "--pilot", pilot, "--json")
    told = json.loads(said.stdout)
    replayed = json.loads(sim("replay", pilot, "--json").stdout)
    assert told["assumed"]["pilot"] == str(pilot)
    assert told["assumed"]["rate"] == replayed["overall"]["conversion_rate"]
    assert told["assumed"]["intraclass"] != 0.16
    shown = sim("experiment", "pairwise", "--plan", "--pilot", pilot).stdout
    assert f"correlate by {told['assumed']['intraclass']:.2f}" in shown


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "unit", "other"),
    [("pairwise", "product", "profile"), ("csales", "profile", "product")],
)
def test_a_plan_names_what_its_episodes_share(name: str, unit: str, other: str) -> None:
    said = " ".join(sim("experiment", name, "--plan").stdout.split())
    assert f"purchases of one {unit} correlate by 0.16" in said
    assert f"both sides have the same {unit}s" in said
    assert other not in said


@pytest.mark.slow
def test_a_pilot_plans_the_spread_that_its_own_contrasts_have(tmp_path: Path) -> None:
    """The design effect of two seats, planned from a run, is the one that is measured in it."""
    run = tmp_path / "pilot"
    launched(run, "--set", "products.per_category=15")
    told = json.loads(
        sim(
            *("experiment", "pairwise", "--set", "products.per_category=15"),
            *("--plan", "--pilot", run, "--json"),
        ).stdout
    )
    [plan] = told["runs"].values()
    found = {one["between"]: one["design_effect"] for one in plan["contrasts"]}
    some = decided(load(run).episodes)
    effects: dict[str, list[float]] = {"seller": [], "buyer": []}
    for seat, seen in effects.items():
        for one, two in combinations(sorted(some[seat].unique()), 2):
            sides = [some.filter(pl.col(seat) == name) for name in (one, two)]
            test = two_rates(bought_of(sides[0]), bought_of(sides[1]))
            assert test.interval is not None
            assert test.estimate is not None
            error = (test.interval.high - test.estimate) / student.ppf(0.975, 59)
            shares = [int((side["orders"] > 0).sum()) / side.height for side in sides]
            seen.append(error**2 / (sum(share * (1 - share) for share in shares) / 300))
    assert found["two buyers"] == pytest.approx(fmean(effects["buyer"]), rel=0.15)
    assert found["two buyers"] > 1.5
    # Sellers share their buyers' draws: what is planned is on the safe side.
    assert found["two sellers"] >= 0.95 * fmean(effects["seller"])


def test_a_pilot_that_says_nothing_is_refused_in_one_line(tmp_path: Path) -> None:
    pilot = write_run(tmp_path / "run", market("m", closed("e", opened(), order())))
    for words, said in (
        (("--plan", "--pilot", pilot), "does not say how alike products are"),
        (("--plan", "--pilot", tmp_path / "none"), "none"),
        (("--pilot", pilot), "--pilot goes with --plan"),
    ):
        result = sim("experiment", "pairwise", *words)
        assert result.exit_code == 2
        [line] = result.stderr.strip().splitlines()
        assert said in line


@pytest.mark.slow
def test_models_that_are_named_are_all_who_play_and_pay() -> None:
    """120 products, two sellers, two buyers: nobody plays the stand-ins."""
    names = ("--sellers", "openai/gpt-5.4,openai/gpt-5.4-mini")
    result = sim(
        "experiment", "pairwise", *names, "--buyers", "openai/gpt-5.4,behavioral", "--plan"
    )
    assert result.exit_code == 0, result.stderr
    assert "pairwise: 1 run, 480 episodes" in result.stdout


def test_a_model_without_a_price_is_said_to_have_none() -> None:
    words = ("--sellers", "openrouter/some/model", "--plan", "--set", "products.per_category=1")
    result = sim("experiment", "pairwise", *words)
    assert result.exit_code == 0, result.stderr
    assert "has no price" in result.stdout
