"""What is chosen: by seed, evenly, pairs that differ in one trait; and what raters do not see."""

from __future__ import annotations

from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.agents.persona import TRAITS as PERSONAS
from retailsim.analysis.annotation import form
from retailsim.analysis.annotation.items import Chosen, choose
from retailsim.analysis.annotation.selection import candidates, likert_picks, pair_picks, usable
from retailsim.analysis.annotation.tasks import LIKERT, TASKS, TRAITS, Trait
from retailsim.analysis.projection.loader import load
from tests.annotation.exports import run_of
from tests.sim.runs import events_of

RUNS = ("persona-buyers", "persona-sellers")


def chosen(scenario: str, each: int = 4, pairs: int = 4, seed: int = 1) -> Chosen:
    return choose(run_of(scenario), each=each, pairs=pairs, seed=seed, sheets=lambda _: {})


def test_traits_and_poles_are_those_of_personas() -> None:
    for trait in TRAITS:
        assert PERSONAS[trait.role][trait.name] == trait.poles
    assert len(TRAITS) == sum(len(traits) for traits in PERSONAS.values())


@pytest.mark.parametrize("trait", TRAITS, ids=lambda trait: trait.column)
def test_two_of_a_pair_differ_in_the_one_trait_and_in_nothing_else(trait: Trait) -> None:
    episodes = usable(load(run_of(f"persona-{trait.role}s")).episodes)
    rows = {row["episode"]: row for row in episodes.iter_rows(named=True)}
    other = "buyer" if trait.role == "seller" else "seller"
    equal = ["product", "price_cents", "replication", "condition", other]
    equal += [t.column for t in TRAITS if t != trait]
    picks = [p for p in pair_picks(episodes, 1_000, 1, {}) if p.task == trait.column]
    assert len(picks) >= 4
    for pick in picks:
        first, second = (rows[episode] for episode in pick.episodes)
        assert [first[name] for name in equal] == [second[name] for name in equal]
        assert (first[trait.column], second[trait.column]) == trait.poles


def test_agents_of_different_makes_are_never_a_pair() -> None:
    episodes = usable(load(run_of("persona-buyers")).episodes)
    trait = next(trait for trait in TRAITS if trait.column == "buyer_pickiness")
    makes = {"buyer": {seat: seat.split("-")[0] for seat in episodes["buyer"].unique()}}
    assert not candidates(episodes, trait, {}).is_empty()
    assert candidates(episodes, trait, makes).is_empty()


def test_a_shared_pitch_is_one_item_and_two_pitches_are_one_pair() -> None:
    episodes = usable(load(run_of("persona-sellers")).episodes)
    doubled = pl.concat([episodes, episodes.with_columns(episode=pl.col("episode") + "'")])
    trait = TRAITS[0]
    assert len(candidates(doubled, trait, {})) == len(candidates(episodes, trait, {}))
    pitches = [p for p in likert_picks(doubled, 1_000, 1, {}) if p.task == "pitch"]
    assert len(pitches) == episodes["market"].n_unique()


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 12), st.integers(0, 12))
def test_a_larger_choice_holds_the_smaller(seed: int, few: int, more: int) -> None:
    episodes = usable(load(run_of("persona-buyers")).episodes)
    small, large = (
        [*likert_picks(episodes, n, seed, {}), *pair_picks(episodes, n, seed, {})]
        for n in (min(few, few + more), few + more)
    )
    assert {(p.task, p.episodes) for p in small} <= {(p.task, p.episodes) for p in large}
    shuffled = episodes.sample(fraction=1.0, shuffle=True, seed=seed)
    assert pair_picks(shuffled.sort("episode"), few, seed, {}) == pair_picks(
        episodes, few, seed, {}
    )


def test_items_are_spread_over_the_agents() -> None:
    episodes = usable(load(run_of("persona-buyers")).episodes)
    names = dict(episodes.select("episode", "buyer").iter_rows())
    picks = [p for p in likert_picks(episodes, 8, 3, {}) if p.task == "decision"]
    assert len({names[pick.episodes[0]] for pick in picks}) == 8


def test_the_side_of_the_right_answer_is_shuffled_by_the_seed() -> None:
    rights = {
        seed: {a.episodes: a.right for a in chosen("persona-buyers", 0, 12, seed).key.items}
        for seed in (1, 2)
    }
    assert set(rights[1].values()) == {"A", "B"}
    both = rights[1].keys() & rights[2].keys()
    assert any(rights[1][pair] != rights[2][pair] for pair in both)
    again = chosen("persona-buyers", 0, 12, 1).key
    assert rights[1] == {a.episodes: a.right for a in again.items}


def test_the_right_side_shows_the_episode_with_the_pole_asked_for() -> None:
    found = chosen("persona-buyers", 0, 12)
    items = {item.id: item for item in found.sheet.items}
    reasons = _reasons(run_of("persona-buyers"))
    for answer in found.key.items:
        item = items[answer.id]
        right, wrong = (item.a, item.b) if answer.right == "A" else (item.b, item.a)
        assert reasons[answer.episodes[0]] in {said.text for said in right}
        assert reasons[answer.episodes[1]] in {said.text for said in wrong}


def _reasons(run: Path) -> dict[str, str]:
    return {event["episode"]: event["reason"] for event in events_of(run, "DecisionMade")}


@pytest.mark.parametrize("scenario", RUNS)
def test_what_raters_get_names_no_agent_and_holds_no_answer(scenario: str) -> None:
    found = chosen(scenario, 6, 6)
    page, table = form.page(found.sheet), form.table(found.sheet)
    for answer in found.key.items:
        for episode in answer.episodes:
            assert episode not in page
            assert episode not in table
    rows = msgspec.to_builtins(found.sheet.items)
    assert {name for row in rows for name in row} == {
        *("id", "task", "product", "price", "context", "a", "b")
    }
    episodes = load(run_of(scenario)).episodes
    role = scenario.removeprefix("persona-").removesuffix("s")
    for seat in episodes[role].unique():
        assert seat not in page
        assert seat not in table


@pytest.mark.parametrize("scenario", RUNS)
def test_every_task_has_its_items_and_the_key_names_each(scenario: str) -> None:
    found = chosen(scenario)
    assert [item.id for item in found.sheet.items] == [answer.id for answer in found.key.items]
    tasks = {item.task for item in found.sheet.items}
    assert {task.name for task in LIKERT} < tasks
    assert {task.name for task in found.sheet.tasks} == tasks
    for item, answer in zip(found.sheet.items, found.key.items, strict=True):
        pair = TASKS[item.task].kind == "pair"
        assert item.task == answer.task
        assert (answer.right is not None) == pair == bool(item.b)
        assert item.a
