"""`compare RUN`: people beside simulated agents on the same draws, and what is left out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from retailsim.analysis.measures.beside_people import (
    BesidePeople,
    PeopleChange,
    beside_people,
    told_apart,
)
from retailsim.analysis.projection.loader import load
from retailsim.sim.people.twin import beside_twins
from tests.people import csales_words, retail_words
from tests.people.played import CSALES, RETAIL, Answers, Attended, play, text_of
from tests.people.study_run import study, study_text
from tests.sim.runs import launched, scenario, sim

SHIFTED = {"buyer": {"choice": {"intercept": -2.0}}}
MILD = {"buyer": {"choice": {"intercept": -0.5}, "quantity": {"base": -1.0}}}


def said_of(*arguments: object) -> dict[str, Any]:
    result = sim("compare", *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def by_measure(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {change["measure"]: change for change in found["changes"]}


@pytest.mark.slow
def test_every_number_is_that_of_the_pairs_by_hand(tmp_path: Path) -> None:
    """By another way: each seat's twins one by one, as the player's page shows them."""
    run, _ = study(tmp_path, 4, MILD)
    found = by_measure(said_of(run))
    pairs = [one for n in range(1, 5) for one in beside_twins(run, f"buyer:p{n:03}")]
    assert len(pairs) == 16
    for side, outcomes in (
        ("people", [one.outcome for one in pairs]),
        ("simulated", [one.twin for one in pairs if one.twin is not None]),
    ):
        bought = [one for one in outcomes if one.bought]
        stars = [star for one in bought for star in one.stars.values()]
        by_hand = {
            "conversion_rate": len(bought) / 16,
            "average_quantity": sum(one.quantity for one in bought) / len(bought),
            "net_revenue_cents": sum(one.net_cents for one in outcomes) / 16,
            "average_rating": sum(stars) / len(stars),
        }
        for name, value in by_hand.items():
            assert found[name][side]["value"] == pytest.approx(value), (name, side)
    for change in found.values():
        difference = change["people"]["value"] - change["simulated"]["value"]
        assert change["test"]["estimate"] == pytest.approx(difference)


@pytest.mark.slow
def test_two_runs_with_the_same_seats_give_the_same_changes(tmp_path: Path) -> None:
    """A launch with simulated buyers in the seats, compared as ever, pairs the same episodes."""
    run, _ = study(tmp_path, 4, SHIFTED)
    text = study_text(4, buyer="behavioral")
    launched(tmp_path / "simulated", scenario(tmp_path, text))
    both = said_of(tmp_path / "simulated", run)
    assert both["comparison"]["pairs"] == 16
    assert f"compare {run}" in both["comparison"]["cautions"][-1]
    alone = by_measure(said_of(run))
    for change in both["comparison"]["planned"]:
        mine = alone[change["measure"]]
        assert change["test"]["estimate"] == pytest.approx(mine["test"]["estimate"])
    fewer = said_of(tmp_path / "simulated", run, "--without", "p002")
    assert (fewer["comparison"]["pairs"], fewer["comparison"]["only_first"]) == (12, 4)


@pytest.mark.slow
def test_who_did_not_come_or_was_taken_out_is_said_and_not_counted(tmp_path: Path) -> None:
    """The session ends in the middle: the rest was not opened."""
    run, _ = study(tmp_path, 4, {}, most=60)
    logged = load(run).episodes
    closed = logged.filter(pl.col("status") == "closed")
    assert 0 < logged.height < 16
    found = said_of(run)
    assert found["partial"]
    assert found["left_out"] == {"unopened": 16 - logged.height}
    text = study_text(4, buyer="behavioral")
    launched(tmp_path / "simulated", scenario(tmp_path, text))
    both = said_of(tmp_path / "simulated", run)["comparison"]
    assert (both["pairs"], both["only_first"], both["only_second"]) == (
        closed.height,
        16 - closed.height,
        0,
    )
    assert found["pairs"] == closed.height
    withdrawn = said_of(run, "--without", "p001")
    assert withdrawn["left_out"]["withdrawn"] == 4
    assert withdrawn["pairs"] == int((closed["buyer"] != "p001").sum())
    shown = sim("compare", run, "--without", "p001")
    assert "4 of people who withdrew, or named by --without" in shown.stdout
    assert "never opened: nobody got that far" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80


@pytest.mark.slow
def test_buyers_like_the_simulated_ones_do_not_differ_from_them(tmp_path: Path) -> None:
    """The control: with the very parameters, every pair is alike and nothing is claimed."""
    run, _ = study(tmp_path, 2, {})
    found = said_of(run)
    assert found["pairs"] == 8
    for change in found["changes"]:
        assert change["test"]["estimate"] == 0.0
        assert change["adjusted_p"] in (None, 1.0)


def test_a_run_without_people_and_seats_that_nobody_takes_are_one_line(tmp_path: Path) -> None:
    launched(tmp_path / "plain", scenario(tmp_path, RETAIL.format(seller="", buyer="")))
    alone = sim("compare", tmp_path / "plain")
    assert alone.exit_code == 2
    assert "no person takes a seat in this run" in alone.stderr
    play(tmp_path, text_of(RETAIL, "buyer"), Attended(retail_words.buyers))
    wrong = sim("compare", tmp_path / "run", "--without", "ann,bob")
    assert wrong.exit_code == 2
    assert "no person takes a seat called bob; there are ann" in wrong.stderr
    both = sim("compare", tmp_path / "plain", tmp_path / "plain", "--without", "ann")
    assert both.exit_code == 2
    assert "called ann; no person takes any seat in this run" in both.stderr
    page = sim("compare", tmp_path / "run", "--html")
    assert page.exit_code == 2 and "--html is for two runs" in page.stderr


@pytest.mark.slow
def test_who_left_before_deciding_is_in_no_rate_but_in_the_bounds(tmp_path: Path) -> None:
    """A person who gets up before the decision has not decided against buying."""

    def leave_the_first(question: Any) -> Mapping[str, Any] | None:
        if question.episode == first and question.request == "Decide":
            attended.desk.leave(question.id)
            return None
        return retail_words.buyers(question)

    first = "RSEL000003/shop/0/1/ann"
    attended = Attended(leave_the_first)
    play(tmp_path, text_of(RETAIL, "buyer", 'when_gone = "leave"'), attended)
    found = said_of(tmp_path / "run")
    assert found["left_out"] == {"left": 1}
    assert (found["pairs"], found["bounds"]["episodes"]) == (3, 1)
    conversion = by_measure(found)["conversion_rate"]
    bought = 3 - round(3 * conversion["simulated"]["value"])
    twin = {one.episode: one.twin for one in beside_twins(tmp_path / "run", "buyer:ann")}[first]
    assert twin is not None
    assert found["bounds"]["low"] == pytest.approx((bought - twin.bought) / 4)
    assert found["bounds"]["high"] == pytest.approx((bought + 1 - twin.bought) / 4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "role", "words", "pairs"),
    [
        (RETAIL, "seller", retail_words.sellers, 4),
        (CSALES, "buyer", csales_words.buyers, 3),
        (CSALES, "seller", csales_words.sellers, 3),
    ],
)
def test_people_of_every_role_and_protocol_stand_beside_their_twins(
    text: str, role: Any, words: Answers, pairs: int, tmp_path: Path
) -> None:
    play(tmp_path, text_of(text, role), Attended(words))
    found = said_of(tmp_path / "run")
    assert (found["role"], found["pairs"], found["people"]) == (role, pairs, 1)
    assert found["left_out"] == {}
    launched(tmp_path / "simulated", scenario(tmp_path, text.format(seller="", buyer="")))
    both = said_of(tmp_path / "simulated", tmp_path / "run")
    alone = by_measure(found)
    for change in both["comparison"]["planned"]:
        for mine, theirs in (("simulated", "first"), ("people", "second")):
            assert alone[change["measure"]][mine]["value"] == change[theirs]["value"]


def episodes(people: int, bought: list[list[int]]) -> pl.DataFrame:
    """A frame of episodes that read nothing but decisions: a row a person, a column a product."""
    rows = [
        {"pair": f"{p}-{n}", "person": f"p{p}", "product": f"g{n}", "orders": bought[p][n]}
        for p in range(people)
        for n in range(len(bought[p]))
    ]
    return pl.DataFrame(rows).with_columns(
        *(pl.lit(0).alias(name) for name in ("units", "units_refunded", "reviews")),
        *(pl.lit(0).alias(f"stars_{a}") for a in ("pitch",)),
        status=pl.lit("closed"),
        decided=pl.lit(value=True),
        settled=pl.col("orders") > 0,
        superseded=pl.lit(value=False),
        net_revenue_cents=pl.lit(0),
        profit_cents=pl.lit(None, dtype=pl.Int64),
        pre_exchanges=pl.lit(0),
        **{f"rating_{a}": pl.lit(0) for a in ("pitch", "pre_inquiry", "post_inquiry", "product")},
    )


def beside(people: list[list[int]], twins: list[list[int]]) -> BesidePeople:
    return beside_people(episodes(len(people), people), episodes(len(twins), twins))


def test_people_are_the_unit_and_not_their_episodes() -> None:
    """One person who buys everything says as much as one: repeating episodes tells no more."""
    twins = [[0, 1] * 8 for _ in range(6)]
    people = [[1] * 16, *([0, 1] * 8 for _ in range(5))]
    few = beside([row[:2] for row in people], [row[:2] for row in twins]).changes[0]
    many = beside(people, twins).changes[0]
    assert few.test.estimate == pytest.approx(many.test.estimate)
    assert few.test.p == pytest.approx(many.test.p), "as if the episodes were not there"
    assert few.interval == many.interval


def test_a_difference_that_everybody_has_is_told() -> None:
    people, twins = [[1, 1, 1, 0]] * 12, [[0, 1, 0, 0]] * 12
    found = beside(people, twins)
    assert [one.measure for one in told_apart(found)[True]] == ["conversion_rate"]
    [conversion] = [one for one in found.changes if one.measure == "conversion_rate"]
    assert conversion.test.estimate == pytest.approx(0.5)
    assert conversion.new_products is not None and conversion.interval is not None
    wide = conversion.new_products.high - conversion.new_products.low
    assert wide > conversion.interval.high - conversion.interval.low


def conversion_of(found: BesidePeople) -> PeopleChange:
    [change] = [one for one in found.changes if one.measure == "conversion_rate"]
    return change


def test_where_no_pair_differs_no_difference_is_left_open() -> None:
    """Neither over people nor over products, though products alone would leave some."""
    rows = [[1, 0, 1], [0, 0, 1], [1, 1, 0], [0, 1, 1]]
    same = conversion_of(beside(rows, rows))
    assert same.interval is not None
    assert (same.interval.low, same.interval.high) == (0.0, 0.0)
    assert same.new_products == same.interval
    assert (same.test.estimate, same.adjusted_p) == (0.0, 1.0)


def test_of_a_single_product_nothing_is_said_of_others() -> None:
    found = conversion_of(beside([[1]] * 7, [[0], [1]] * 3 + [[0]]))
    assert found.interval is not None
    assert found.new_products is None
    assert found.people.value == 1.0
    assert found.simulated.value == pytest.approx(3 / 7)


def test_who_left_before_deciding_bounds_the_change_from_both_sides() -> None:
    """Two lost episodes whose twins bought once: had neither bought, and had both."""
    people, twins = episodes(2, [[1, 0], [1, 1]]), episodes(2, [[0, 0], [1, 0]])
    lost = episodes(1, [[1, 0]]).with_columns(pair=pl.format("lost {}", "pair"))
    bounds = beside_people(people, twins, lost=lost).bounds
    assert bounds is not None
    assert bounds.episodes == 2
    assert (bounds.low, bounds.high) == pytest.approx(((3 - 1 - 1) / 6, (3 + 2 - 1 - 1) / 6))
    assert beside_people(people, twins, lost=lost.head(0)).bounds is None
    assert beside_people(people, twins).bounds is None


@pytest.mark.parametrize(
    ("adjusted", "differs"), [(0.0, True), (0.05, True), (0.051, False), (1.0, False), (None, None)]
)
def test_a_measure_differs_by_its_adjusted_p(adjusted: float | None, differs: bool | None) -> None:
    """Whose p is not known differs neither way."""
    found = beside([[1, 1]] * 3, [[0, 1]] * 3)
    change = msgspec.structs.replace(conversion_of(found), adjusted_p=adjusted)
    told = told_apart(msgspec.structs.replace(found, changes=(change,)))
    expected = {True: differs is True, False: differs is False}
    assert {way: bool(changes) for way, changes in told.items()} == expected
