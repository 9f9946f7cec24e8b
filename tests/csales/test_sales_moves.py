"""Mining of sales conversations: the same counts from the lines of the log, and odd logs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from retailsim.analysis.policy.contrast import NO_PROPENSITIES
from retailsim.analysis.policy.mining import EVERYONE, Mined, mine
from retailsim.analysis.projection.loader import load
from retailsim.analysis.protocols.csales.moves import STATES, moves
from retailsim.events.messages import EpisodeFailed, Event, MessageSent
from retailsim.market.protocols.csales.events import (
    ActionChosen,
    BuyerLeft,
    BuyerProfiled,
    ItemSelected,
    ItemsShown,
)
from tests.analysis.fakelog import closed, episode, market, opened, order, write_run
from tests.cases import quick
from tests.sim.runs import event_lines, launched, sim

EXPLORE = ("--set", "sellers.csi.options.explore=0.5")
TWICE = ("--set", "design.replications=2")
Conversation = dict[str, Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mined") / "run"
    launched(path, "csales", "--sellers", "csi,random-action", *EXPLORE, *TWICE, "--seed", "4")
    return path


def told(run: Path) -> list[Conversation]:
    """Each conversation as its lines tell it, without any of the program's tables."""
    found: dict[str, Conversation] = defaultdict(lambda: {"acts": [], "sold": False})
    state: dict[str, int] = defaultdict(int)
    style: dict[str, str | None] = {}
    for line in event_lines(run):
        event = json.loads(line)
        name = event["episode"]
        match event["type"]:
            case "EpisodeOpened":
                found[name]["seller"] = event["seller"]
            case "BuyerProfiled":
                found[name]["profile"] = event["profile"]
            case "ProfileInferred":
                style[name] = event["decision_making_style"]
            case "ItemsShown":
                state[name] = max(state[name], 1)
            case "ItemSelected":
                state[name] = 2
            case "OrderPlaced":
                found[name]["sold"] = True
            case "ActionChosen":
                act = event["action"] + (f": {event['strategy']}" if event["strategy"] else "")
                chances = dict(zip(event["options"], event["probabilities"], strict=True))
                stood = STATES[state[name]]
                found[name]["acts"].append((act, stood, chances, style.get(name)))
    return list(found.values())


def at_risk(
    conversations: list[Conversation], turn: int, state: str, after: tuple[str, ...], move: str
) -> Iterator[tuple[bool, Conversation, dict[str, int], str | None]]:
    """Whether it made the move, each that could have; what its chances were and its style."""
    for one in conversations:
        if len(one["acts"]) >= turn:
            act, stood, chances, style = one["acts"][turn - 1]
            past = tuple(name for name, *_ in one["acts"][turn - 1 - len(after) : turn - 1])
            if stood == state and past == after and move in chances:
                yield act == move, one, chances, style


@pytest.mark.slow
def test_counted_a_second_way_from_the_lines_of_the_log(run: Path) -> None:
    conversations, mined = told(run), mine(moves({"run": load(run)}), least=5)
    compared = 0
    for one in mined.patterns:
        if one.segment not in (EVERYONE, "style, as inferred"):
            continue
        compared += 1
        where = (one.turn, one.state, one.after, one.move)
        sides: dict[str, dict[bool, list[bool]]] = defaultdict(lambda: {True: [], False: []})
        for done, its, _, style in at_risk(conversations, *where):
            if one.segment == EVERYONE or style == one.value:
                sides[its["seller"]][done].append(its["sold"])
        both = [side for side in sides.values() if side[True] and side[False]]
        found = one.association
        assert found.done == sum(len(side[True]) for side in both)
        assert found.not_done == sum(len(side[False]) for side in both)
        weights = [1 / (1 / len(side[True]) + 1 / len(side[False])) for side in both]
        for which, share in ((True, found.bought_with), (False, found.bought_without)):
            shares = [sum(side[which]) / len(side[which]) for side in both]
            assert share == pytest.approx(np.average(shares, weights=weights))
    assert compared > 50
    assert {len(one.after) for one in mined.patterns} == {0, 1, 2}
    assert {one.state for one in mined.patterns} == set(STATES)


def test_weights_are_the_propensities_of_the_log(run: Path) -> None:
    conversations, mined = told(run), mine(moves({"run": load(run)}), least=20)
    compared = 0
    for one in mined.patterns:
        if one.segment != EVERYONE or one.weighted.difference is None:
            continue
        compared += 1
        sums = {True: [0.0, 0.0], False: [0.0, 0.0]}
        for done, its, chances, _ in at_risk(
            conversations, one.turn, one.state, one.after, one.move
        ):
            likely = chances[one.move] / 2**32
            if 0.0 < likely < 1.0:
                weight = 1.0 / (likely if done else 1.0 - likely)
                sums[done][0] += weight * its["sold"]
                sums[done][1] += weight
        with_, without = (above / below for above, below in (sums[True], sums[False]))
        assert one.weighted.difference == pytest.approx(with_ - without)
    assert compared >= 3


def test_the_truth_about_buyers_is_marked(run: Path) -> None:
    found = {segment.title: segment.told for segment in moves({"run": load(run)}).segments}
    assert {title for title, told in found.items() if not told} == {"true style", "true openness"}
    assert {title for title, told in found.items() if told} == {
        *("style, as inferred", "openness, as inferred", "category, as inferred", "budget")
    }


def test_bands_of_the_budget_hold_a_third_each(run: Path) -> None:
    found = moves({"run": load(run)})
    [band] = [segment for segment in found.segments if segment.title == "budget"]
    first = np.unique(found.conversation, return_index=True)[1]
    counts = np.bincount(band.codes[first], minlength=3)
    assert counts.sum() == len(found.sold)
    assert (counts > 0.2 * len(found.sold)).all()


@pytest.mark.slow
def test_two_runs_are_compared_within_each(run: Path, tmp_path: Path) -> None:
    launched(tmp_path / "two", "csales", "--sellers", "csi", *EXPLORE, "--seed", "5")
    both = moves({"one": load(run), "two": load(tmp_path / "two")})
    alone = [moves({"one": load(run)}), moves({"two": load(tmp_path / "two")})]
    assert len(both.sold) == sum(len(one.sold) for one in alone)
    assert both.clusters == alone[0].clusters, "a profile stays one, whatever the run"
    assert len(np.unique(both.stratum)) == 3
    assert (both.runs, both.sellers) == (2, 2)


def talk(name: str, acts: list[ActionChosen], *, sold: bool) -> list[Event]:
    """A conversation in which something is shown at once and selected before the last act."""
    told: list[Event] = [
        opened("s", product=None),
        BuyerProfiled(
            profile=name.split("-")[0],
            decision_making_style="Rational",
            dialogue_openness="Active",
            target_category=("Food",),
            budget_min_cents=100,
            budget_max_cents=200,
        ),
    ]
    for turn, act in enumerate(acts, 1):
        if turn == len(acts) > 1:
            told.append(
                ItemSelected(
                    turn=turn, product="p", price_cents=150, candidate=None,
                    candidate_price_cents=None,
                )
            )  # fmt: skip
        told += [MessageSent(stage="sales", role="buyer", turn=turn, text="Well."), act]
        told.append(
            ItemsShown(
                turn=turn, showing="suggestion", products=("p",), prices_cents=(150,), fitting=1
            )
        )
    told.append(order() if sold else BuyerLeft(turn=len(acts), how="leave", reason=""))
    return closed(name, *told)


def act(turn: int, action: Any, strategy: Any = None, **more: Any) -> ActionChosen:
    return ActionChosen(turn=turn, action=action, strategy=strategy, **more)


def mined(run: Path) -> Mined:
    return mine(moves({"run": load(run)}), least=2)


def test_a_log_of_people_or_models_is_mined_without_weights(tmp_path: Path) -> None:
    talks = [
        talk(
            f"{profile}-{number}",
            [act(1, "Suggestion"), act(2, "Persuasion", "Framing" if number else "Social Proof")],
            sold=bool(number) or profile == "a",
        )
        for profile in "abc"
        for number in (0, 1)
    ]
    run = write_run(tmp_path / "run", market("m", *talks), protocol="csales")
    both = {one.move: one for one in mined(run).patterns if one.segment == EVERYONE}
    assert set(both) == {"Persuasion: Framing", "Persuasion: Social Proof"}
    one = both["Persuasion: Framing"]
    assert (one.turn, one.state, one.after) == (2, "an item selected", ())
    assert one.association.bought_with == 1.0
    assert one.association.bought_without == pytest.approx(1 / 3)
    assert one.weighted.refused == NO_PROPENSITIES


def test_propensities_of_old_logs_are_read(tmp_path: Path) -> None:
    options = {"options": ("Suggestion", "Category Search")}
    old = act(1, "Suggestion", **options, probabilities=(0.25, 0.75))
    new = act(1, "Suggestion", **options, probabilities=(2**30, 3 * 2**30))
    short = act(1, "Suggestion", **options, probabilities=(1.0,))
    talks = [talk(f"{n}", [one], sold=True) for n, one in enumerate((old, new, short))]
    run = write_run(tmp_path / "run", market("m", *talks), protocol="csales")
    found = moves({"run": load(run)})
    assert found.names == ("Suggestion", "Category Search")
    np.testing.assert_array_equal(found.propensities, [[0.25, 0.75]] * 2 + [[np.nan] * 2])


def test_a_run_without_any_end_says_so(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [], protocol="csales")
    assert mined(run).conversations == 0
    result = sim("policy", "mine", run)
    assert result.exit_code == 1
    assert "no conversation of these runs has ended and says what its seller" in result.stderr


def test_conversations_that_failed_count_nowhere(tmp_path: Path) -> None:
    broken = talk("b-1", [act(1, "Suggestion")], sold=False)[:-2]
    broken += episode("b-1", EpisodeFailed(stage="sales", reason="broke off"))
    whole = talk("a-1", [act(1, "Suggestion")], sold=True)
    run = write_run(tmp_path / "run", market("m", broken, whole), protocol="csales")
    found = moves({"run": load(run)})
    assert (len(found.turn), found.sold.tolist()) == (1, [True])


@pytest.mark.slow
def test_options_of_a_table_of_ones_own_are_named_as_in_the_log(tmp_path: Path) -> None:
    table = {
        "items": ["nearest", "dearest"],
        "discounts": [0, 5],
        "disclosure": ["none", "fee"],
        "category": ["nearest", "parent"],
    }
    own = [x for key, value in table.items() for x in ("--set", f"actions.{key}={value}")]
    launched(tmp_path / "own", "csales", "--sellers", "random-action", *own, *TWICE)
    found = moves({"own": load(tmp_path / "own")})
    assert found.legal[np.arange(len(found.turn)), found.chosen].all()
    names = {found.names[one] for one in found.chosen}
    assert {"Suggestion: dearest", "Category Search: parent"} <= names
    assert any(name.endswith(", 5 % off, fee named") for name in names)
    np.testing.assert_allclose(found.propensities.sum(axis=1), 1.0)
    assert (found.propensities[~found.legal] == 0.0).all()


@pytest.mark.parametrize(
    "odd",
    quick(
        3,
        [
            {"turn": None},
            {"action": None},
            {"options": None, "probabilities": [1.0]},
            {"options": ["Suggestion", None], "probabilities": [0.5, 0.5]},
            {"options": ["Suggestion"], "probabilities": [-1.0]},
            {"options": ["Suggestion", "Suggestion"], "probabilities": [0.0, 0.0]},
            {"strategy": "?", "items": "?", "discount": -3, "options": []},
        ],
    ),
    ids=str,
)
def test_a_strangers_odd_choices_are_no_crash(tmp_path: Path, odd: dict[str, Any]) -> None:
    talks = [talk(f"{n}", [act(1, "Suggestion")], sold=bool(n % 2)) for n in range(4)]
    lines = [msgspec.to_builtins(event) for event in market("m", *talks)]
    changed = [line | odd if line["type"] == "ActionChosen" else line for line in lines]
    run = write_run(tmp_path / "run", changed, protocol="csales")
    found = moves({"run": load(run)})
    assert len(found.turn) == (0 if None in (odd.get("turn", 1), odd.get("action", "")) else 4)
    result = sim("policy", "mine", run, "--least", "2", "--effect", "0")
    assert result.exit_code in (0, 1), result.output
    assert "Traceback" not in result.stderr
