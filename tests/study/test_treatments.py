"""What each seat of a study plays: balanced, drawn from the seed, decided before anyone comes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.person.desk import Desk
from retailsim.events.streams import Seed
from retailsim.sim.errors import BadScenario
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.study_design import Treatment, assigned
from retailsim.sim.study.errors import BadStudy
from retailsim.sim.study.made import new_study, study_again
from retailsim.sim.terminal.audience import Nobody


def _treatments(partners: int, goods: int, prices: int) -> list[Treatment]:
    cells = [(p, g, c) for g in range(goods) for c in range(prices) for p in range(partners)]
    return [
        Treatment(number=n, partner=f"s{p}", about=f"g{g}", condition=f"x{c}", replication=1)
        for n, (p, g, c) in enumerate(cells)
    ]


@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(1, 40),
    st.integers(1, 3),
    st.integers(0, 2**32),
)
def test_treatments_are_balanced(
    partners: int, goods: int, prices: int, seats: int, each: int, seed: int
) -> None:
    treatments = _treatments(partners, goods, prices)
    if each > len(treatments):
        with pytest.raises(ValueError, match="treatments"):
            assigned(["p1"], treatments, each, Seed(seed))
        return
    plan = assigned([f"p{n}" for n in range(seats)], treatments, each, Seed(seed))
    counts = Counter(one.number for own in plan.values() for one in own)
    every = [counts[one.number] for one in treatments]
    assert sum(every) == seats * each
    assert max(every) - min(every) <= (1 if each == 1 else 2)
    assert all(len({one.number for one in own}) == each for own in plan.values())


def test_the_first_who_come_are_balanced_too() -> None:
    plan = assigned([f"p{n}" for n in range(24)], _treatments(2, 6, 2), 1, Seed(3))
    first = [own[0] for own in list(plan.values())[:6]]
    assert set(Counter(one.partner for one in first).values()) == {3}
    assert set(Counter(one.condition for one in first).values()) == {3}
    assert set(Counter(one.about for one in first).values()) == {1}


@pytest.mark.parametrize(("partners", "each"), [(2, 2), (3, 2), (2, 4)])
def test_nobody_comes_first_more_often_than_others(partners: int, each: int) -> None:
    seats = [f"p{n}" for n in range(24)]
    for seed in range(20):
        plan = assigned(seats, _treatments(partners, 4, 2), each, Seed(seed))
        for turn in range(each):
            counts = Counter(own[turn].partner for own in plan.values())
            assert max(counts.values()) - min(counts.values()) <= 2, (seed, turn, counts)


def test_the_seed_decides_and_nothing_else() -> None:
    treatments, seats = _treatments(3, 5, 2), [f"p{n}" for n in range(30)]
    plan = assigned(seats, treatments, 2, Seed(1))
    assert plan == assigned(seats, treatments, 2, Seed(1))
    assert plan != assigned(seats, treatments, 2, Seed(2))


def test_nobody_meets_the_same_goods_twice_while_there_are_others() -> None:
    plan = assigned([f"p{n}" for n in range(50)], _treatments(2, 4, 2), 3, Seed(5))
    assert all(len({one.about for one in own}) == 3 for own in plan.values())


def test_a_study_has_its_seats_and_no_other_markets(tmp_path: Path) -> None:
    options = Options(
        out=tmp_path / "run",
        settings=("products.per_category=1", "study.conversations=2", "design.max_turns=1"),
    )
    session = new_study(options, 6, Desk(gated=True), Nobody()).session
    assert session.seats == ("p001", "p002", "p003", "p004", "p005", "p006")
    assert {len(own) for own in session.plan.values()} == {2}
    again = study_again(tmp_path / "run", Desk(gated=True)).session
    assert again.plan == session.plan
    assert again.before == {}


def test_a_study_needs_seats_and_leaves_them_to_people(tmp_path: Path) -> None:
    with pytest.raises(BadStudy, match="--seats N"):
        new_study(Options(), None, Desk(gated=True), Nobody())
    with pytest.raises(BadScenario, match=r"study.conversations: 99 .*, and 20 treatments"):
        settings = ("products.per_category=1", "study.conversations=99")
        new_study(Options(settings=settings), 2, Desk(gated=True), Nobody())
    with pytest.raises(BadStudy, match="--buyers: people are the buyers"):
        new_study(Options(buyers="behavioral"), 2, Desk(gated=True), Nobody())
    both = tmp_path / "both.toml"
    both.write_text(
        "[study]\nrole = 'seller'\n[[buyers]]\nid = 'ann'\nagent = 'person'\n"
        "[products]\nper_category = 1\n"
    )
    with pytest.raises(BadStudy, match="nobody has a link to buyer:ann"):
        new_study(Options(scenario=str(both), out=tmp_path / "r"), 2, Desk(gated=True), Nobody())
    assert not (tmp_path / "r").exists()


def test_the_seats_of_people_may_be_empty_in_the_scenario(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text("[[sellers]]\nid = 'shop'\n[products]\nper_category = 1\n")
    options = Options(scenario=str(file), out=tmp_path / "run")
    session = new_study(options, 3, Desk(gated=True), Nobody()).session
    assert session.seats == ("p001", "p002", "p003")
    file.write_text("[study]\nrole = 'seller'\n[[sellers]]\nid = 'shop'\n")
    with pytest.raises(BadScenario, match="buyers"):
        new_study(options, 3, Desk(gated=True), Nobody())
