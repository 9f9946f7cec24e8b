"""The table [actions] in the retail protocol: policies choose among what it offers, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from retailsim.agents.retail.policy.actions import ANSWERS, ASK, OPTION_NAMES, PITCHES, SETTLEMENTS
from retailsim.market.catalogue.product import CATEGORIES
from retailsim.market.protocols.retail.events import SellerChose
from retailsim.sim.learning.course import Lessons
from retailsim.sim.learning.retail.course import Course
from retailsim.sim.protocols.retail.offered_options import DIMENSIONS, offered_options
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.actions_table import ActionsTable
from tests.retail.policies import PLAIN, liking, played, prepared, seat
from tests.sim.runs import events_of, launched, scenario, sim

TABLE = {
    "stress": ["facts"],
    "tone": ["warm"],
    "claims": ["sheet"],
    "answers": ["plain", "friendly"],
    "ask_first": False,
    "settlements": ["exchange", "refund"],
}
OFFERED = (
    "Pitch: facts, warm, full, sheet",
    "Pitch: facts, warm, short, sheet",
    "Answer: friendly",
    "Answer: plain",
    "Settle: exchange",
    "Settle: refund",
)
SETTINGS = tuple(
    f"actions.{name}={msgspec.json.encode(value).decode()}" for name, value in TABLE.items()
)
LEAVE = "Settle: leave"
TALKING = ("pitch", "pre_inquiry")
BUYERS = 'buyers = [{ id = "easy-shopper", agent = "easy-shopper" }]\n'


def choices(folder: Path, settings: Sequence[str]) -> list[SellerChose]:
    """What a policy chooses that takes any legal option, in two markets."""
    run = prepared(seat(folder, liking(), explore=1.0), *settings, "products.per_category=1")
    return [one for _, events in played(run) for one in events if isinstance(one, SellerChose)]


def test_a_policy_chooses_among_what_is_offered_and_no_more(tmp_path: Path) -> None:
    chosen = choices(tmp_path, SETTINGS)
    legal = {one.options for one in chosen}
    assert {OFFERED[:2], OFFERED[2:4], OFFERED[4:]} <= legal
    assert legal <= {OFFERED[:2], OFFERED[2:4], OFFERED[4:], (LEAVE,)}  # the window has passed
    assert {one.option for one in chosen} - {LEAVE} == set(OFFERED)
    everything = choices(tmp_path, ())
    settling = tuple(SETTLEMENTS)
    assert {tuple(PITCHES), tuple(ANSWERS), (ASK, *settling)} <= {one.options for one in everything}


def test_after_the_window_an_issue_is_left_though_that_is_not_offered(tmp_path: Path) -> None:
    closed = [f"policy.{name}.window_days=0" for name in CATEGORIES]
    settling = [one for one in choices(tmp_path, (*SETTINGS, *closed)) if one.stage not in TALKING]
    assert {one.options for one in settling} == {OFFERED[4:], (LEAVE,)}
    assert {one.option for one in settling if one.options == (LEAVE,)} == {LEAVE}


@pytest.mark.parametrize("name", DIMENSIONS)
def test_a_dimension_takes_out_the_options_that_it_names_no_longer(name: str) -> None:
    first, *others = getattr(ActionsTable(), name)
    table = msgspec.structs.replace(ActionsTable(), **{name: (first,)})
    left = offered_options(table)
    gone = set(OPTION_NAMES) - set(left)
    assert gone
    assert all(set(one.split(": ")[1].split(", ")) & set(others) for one in gone)
    assert not any(set(one.split(": ")[1].split(", ")) & set(others) for one in left)


def test_who_says_nothing_offers_everything() -> None:
    assert offered_options(ActionsTable()) == ()
    assert offered_options(ActionsTable(ask_first=False)) == tuple(
        name for name in OPTION_NAMES if name != ASK
    )


def test_a_learner_is_told_that_nothing_else_is_legal() -> None:
    lessons = Lessons(learner="linucb", conversations=1, seed=1, reward={"revenue_share": 1.0})
    for settings, pitches in ((SETTINGS, OFFERED[:2]), ((), tuple(PITCHES))):
        course = Course(lessons, Options(scenario="pairwise", settings=settings))
        _, mask = course.next().state()
        legal = [name for name, one in zip(OPTION_NAMES, mask, strict=True) if one]
        assert legal == list(pitches)


def test_a_run_is_verified_with_its_table(tmp_path: Path) -> None:
    liking(*PLAIN[1:], "Pitch: feelings, urgent, full, bold").save(tmp_path / "p.json")
    text = BUYERS + 'sellers = [{ id = "p", agent = "policy", options = { file = "p.json" } }]\n'
    asked = [word for setting in SETTINGS for word in ("--set", setting)]
    launched(tmp_path / "run", scenario(tmp_path, text), "--set", "products.per_category=1", *asked)
    said = events_of(tmp_path / "run", "SellerChose")
    assert {one["option"] for one in said if one["stage"] == "pitch"} == {OFFERED[0]}
    verified = sim("verify", tmp_path / "run")
    assert "every event is the same" in verified.stdout, verified.stderr
