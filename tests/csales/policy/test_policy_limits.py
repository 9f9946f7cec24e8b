"""`policy learn --limit` and `--floor`: what stands in the file, and that the limit is held."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retailsim.agents.csales.policy.features import TABLE
from retailsim.agents.policy.linear import read_policy
from retailsim.analysis.rules.checking import check_run
from retailsim.sim.learning.csales import own_rates
from retailsim.sim.learning.csales.counts import COUNTS
from retailsim.sim.learning.csales.learn import course_of
from retailsim.sim.learning.csales.playing import Outcomes, play
from retailsim.sim.learning.learn_options import LearnOptions
from retailsim.sim.learning.promises import STEPS
from retailsim.sim.run.launch_options import Options
from retailsim.sim.terminal.terminal import Quiet
from tests.sim.runs import events_of, launched, sim

LEARNING = ("--set", "profiles.half=1", "--set", "products.half=1")


def file_of(out: Path, *more: object, conversations: int = 120) -> dict[str, Any]:
    words = ("--out", out, "--conversations", conversations, *more)
    result = sim("policy", "learn", "csales", *words)
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(out.read_bytes())
    return found


@pytest.mark.slow
def test_the_file_holds_each_limit_with_its_price_and_how_that_was_found(tmp_path: Path) -> None:
    told = ("--limit", "over_budget=0.02", "--floor", "surplus=1000")
    learnt = file_of(tmp_path / "p.json", *told)["learnt"]
    over, surplus = learnt["limits"]
    assert (over["term"], over["bound"], over["least"]) == ("over_budget", 0.02, False)
    assert (surplus["term"], surplus["bound"], surplus["least"]) == ("surplus", 1000.0, True)
    for limit in (over, surplus):
        assert len(limit["path"]) == 40
        assert min(limit["path"]) >= 0.0
        assert limit["price"] > 0.0
    assert surplus["path"][-1] > surplus["path"][5]  # nobody can hold it, so it rises on
    again = file_of(tmp_path / "again.json", *told)
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "p.json").read_bytes()
    assert again["learnt"]["seed"] == 1
    policy = read_policy(tmp_path / "p.json", TABLE)
    assert policy.learnt is not None
    assert policy.learnt.limits[0].price == over["price"]


@pytest.mark.slow
def test_a_limit_that_cannot_be_broken_has_no_price(tmp_path: Path) -> None:
    (limit,) = file_of(tmp_path / "p.json", "--limit", "over_budget=1")["learnt"]["limits"]
    assert limit["price"] == 0.0
    assert not any(limit["path"])


@pytest.mark.slow
def test_a_trial_that_no_price_moves_goes_the_same_at_every_price(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two courses that differ in the prices that are tried, and in nothing before."""
    told = LearnOptions(
        scenario="csales", out=Path("unused"), conversations=240, limit=("over_budget=0.1",)
    )
    found = []
    for steps in (STEPS, STEPS[::-1]):
        monkeypatch.setattr("retailsim.sim.learning.course.STEPS", steps)
        course = course_of(told, Quiet())
        for _ in course.run():
            pass
        found.append(course.trials)
    pairs = [(one, other) for one, other in zip(*found, strict=True) if one.step != other.step]
    assert [one.moved for one, _ in pairs] == [other.moved for _, other in pairs]
    assert all(one.terms == other.terms for one, other in pairs if not one.moved)
    assert any(one.terms != other.terms for one, other in pairs if one.moved)
    assert 0 < sum(one.moved for one, _ in pairs) < len(pairs)


@pytest.mark.slow
def test_without_a_number_a_limit_is_what_csi_comes_to_where_it_is_learnt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_rates, "MEASURED", 100)
    told = ("--limit", "over_budget", "--floor", "surplus")
    learnt = file_of(tmp_path / "p.json", *told, conversations=1)["learnt"]
    said = launched(
        *(tmp_path / "run", "csales", "--sellers", "csi", *LEARNING),
        *("--set", f"design.replications={math.ceil(100 / learnt['profiles'])}"),
    )
    run, conversations = tmp_path / "run", said["episodes"]["closed"]
    budgets = {e["market"]: e["budget_max_cents"] for e in events_of(run, "BuyerProfiled")}
    orders = events_of(run, "OrderPlaced")
    above = sum(order["unit_price_cents"] > budgets[order["market"]] for order in orders)
    over, surplus = (limit["bound"] for limit in learnt["limits"])
    assert over == pytest.approx(above / conversations, abs=1e-6)
    assert surplus == pytest.approx(surplus_of(run) / conversations, abs=1e-5)


def surplus_of(run: Path) -> float:
    """Dollars that all bought items were worth to their buyers above their prices."""
    worth = {
        (e["market"], e["product"]): e["reservation_cents"] for e in events_of(run, "ItemValued")
    }
    left: int = sum(
        worth[order["market"], order["product"]] - order["unit_price_cents"]
        for order in events_of(run, "OrderPlaced")
    )
    return left / 100


@pytest.mark.parametrize(("conversations", "unsaid"), [(7, 1), (8, 0)])
def test_where_nothing_is_left_to_try_it_in_a_limit_is_said_to_be_no_promise(
    tmp_path: Path, conversations: int, unsaid: int
) -> None:
    words = ("--limit", "over_budget=0.1", "--conversations", conversations)
    result = sim("policy", "learn", "csales", "--out", tmp_path / "p.json", *words)
    assert result.exit_code == 0, result.stderr
    said = "over_budget at most 0.1: cannot promise it for other profiles: "
    assert said in result.stdout
    why = "no conversation was left to try it in with those that did not teach; learn from more"
    assert result.stdout.count(f"{said}{why} (--conversations)") == unsaid
    [limit] = json.loads((tmp_path / "p.json").read_bytes())["learnt"]["limits"]
    assert (limit["promised"] is None) == bool(unsaid)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--limit", "love=1"), "--limit love=1: write TERM=NUMBER, or TERM alone for what csi"),
        (("--limit", "over_budget=much"), "--limit over_budget=much: write TERM=NUMBER"),
        (("--floor", "surplus="), "--floor surplus=: write TERM=NUMBER"),
        (("--floor", "surplus=inf"), "--floor surplus=inf: write TERM=NUMBER"),
        (("--limit", "over_budget=-1"), "over_budget is between 0 and 1 on average; write such a"),
        (("--limit", "over_budget=1.5"), "over_budget=1.5: over_budget is between 0 and 1"),
        (("--floor", "turn=-1"), "--floor turn=-1: turn is never below 0 on average"),
    ],
)
def test_a_limit_that_does_not_go_is_said_in_one_line(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    result = sim("policy", "learn", "csales", "--out", tmp_path / "p.json", *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


# -- conversations played in memory --------------------------------------------------------

SELLERS = [
    {"id": "csi", "agent": "csi"},
    {"id": "random-action", "agent": "random-action", "stream": "csi"},
]


def played(**more: Any) -> Outcomes:
    told = Options(scenario="csales", sellers=SELLERS, settings=("design.replications=2",))
    return play(told, **more)


@pytest.mark.slow
def test_what_is_played_in_memory_is_what_a_run_holds(tmp_path: Path) -> None:
    outcomes = played()
    (tmp_path / "s.toml").write_text(SCENARIO)
    said = launched(tmp_path / "run", tmp_path / "s.toml")
    for row in said["sellers"]:
        of = outcomes.sellers.index(row["seller"])
        assert outcomes.terms["sale"][of].mean() == pytest.approx(row["conversion_rate"])
        cents = outcomes.terms["revenue"][of].sum() * 100
        assert cents == pytest.approx(row["net_revenue_cents"])
    assert outcomes.failed == 0
    assert outcomes.terms["surplus"].sum() == pytest.approx(surplus_of(tmp_path / "run"))
    turns = len(events_of(tmp_path / "run", "ActionChosen"))
    assert outcomes.terms["turn"].sum() == turns
    profile = outcomes.profiles[3]
    mine = [e for e in events_of(tmp_path / "run", "OrderPlaced")
            if e["market"].startswith(f"{profile}/csi/")]  # fmt: skip
    paid = sum(e["unit_price_cents"] for e in mine) / 100
    assert outcomes.of("csi", "revenue")[3] == pytest.approx(paid / 2)


SCENARIO = """
[design]
protocol = "csales"
max_turns = 10
replications = 2
[run]
name = "csales"
[[sellers]]
id = "csi"
agent = "csi"
[[sellers]]
id = "random-action"
agent = "random-action"
stream = "csi"
[[buyers]]
id = "csuser"
agent = "csuser"
"""


@pytest.mark.slow
def test_other_things_are_counted_in_the_events_beside_the_terms() -> None:
    told: list[int] = []
    outcomes = played(
        counts={"events": lambda events, products: len(events) * bool(products)}, update=told.append
    )
    assert told == list(range(1, 2 * 2 * len(outcomes.profiles) + 1))
    assert outcomes.terms["events"].min() > 5


@pytest.mark.slow
def test_a_limit_holds_for_what_is_played_in_the_end(tmp_path: Path) -> None:
    """Under another seed, with buyers like those learnt from; without one it would not hold."""
    for name, limit in (("free", ()), ("kept", ("over_budget=0.06",))):
        told = LearnOptions(
            scenario="csales", out=tmp_path / name, conversations=2_400, limit=limit
        )
        course = course_of(told, Quiet())
        for _ in course.run():
            pass
        course.policy().save(tmp_path / f"{name}.json")
    seats = [
        {"id": name, "agent": "policy", "options": {"file": str(tmp_path / f"{name}.json")}}
        for name in ("free", "kept")
    ]
    halves = ("profiles.half=1", "products.half=1", "design.replications=20")
    outcomes = play(Options(scenario="csales", seed=99, sellers=seats, settings=halves))
    rates = {name: float(np.mean(outcomes.of(name, "over_budget"))) for name in ("free", "kept")}
    assert rates["free"] > 0.12
    assert rates["kept"] < 0.08


@pytest.mark.slow
def test_rules_are_counted_as_policy_check_counts_them(tmp_path: Path) -> None:
    told = Options(scenario="csales", sellers=SELLERS[:1])
    outcomes = play(told, counts=COUNTS)
    launched(tmp_path / "run", "csales", "--sellers", "csi")
    found = check_run(tmp_path / "run").broken
    masked = found.filter(level="mask").height
    assert outcomes.terms["mask_rules"].sum() == masked
    assert outcomes.terms["other_rules"].sum() == found.height - masked
    assert found.height > 0
    assert not outcomes.terms["refunded"].any()
