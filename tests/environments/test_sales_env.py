"""The environment of the seller's seat: Gymnasium's rules, the market's, and the run it leaves."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

pytest.importorskip("gymnasium", reason="gymnasium is not installed: the extra rl has it")

import gymnasium
from gymnasium.utils.env_checker import check_env

import retailsim.envs  # noqa: F401 - registers them
from retailsim.agents.csales.policy.features import (
    ADDED,
    NAMES,
    TABLE,
    VERSION,
    documented,
    features,
)
from retailsim.agents.csales.policy.view import SellerView
from retailsim.agents.policy.linear import LinearPolicy
from retailsim.events.errors import EventsError, RetailSimError, RunInUse
from retailsim.events.extras import how_to_install
from retailsim.events.messages import ClaimFound, CommandRejected, Event, OrderPlaced
from retailsim.market.core.propensities import WHOLE
from retailsim.market.protocols.csales.action_table import DEFAULT_TABLE, option_chosen
from retailsim.market.protocols.csales.events import (
    ActionChosen,
    BuyerProfiled,
    CategorySearched,
    ItemSelected,
    ItemsShown,
    ItemValued,
    ProfileInferred,
)
from retailsim.sim.environments.csales.rewards import TERMS, Rewards
from retailsim.sim.environments.csales.sales_env import SalesEnv
from retailsim.sim.environments.csales.seller_side import SellerSide
from retailsim.sim.environments.episodes import adaptive_sellers
from retailsim.sim.errors import RunExists
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.scenario.scenario import AgentTable, Scenario
from tests.sim.runs import event_lines, events_of, launched, outside_lines, replayed, scenario, sim

Make = Callable[..., SalesEnv]
Chooser = Callable[[SalesEnv, Any], int]


@pytest.fixture
def make() -> Iterator[Make]:
    """Make environments that are closed in the end."""
    made: list[SalesEnv] = []

    def one(**given: Any) -> SalesEnv:
        env = gymnasium.make("retailsim/CSales-v0", **given).unwrapped
        assert isinstance(env, SalesEnv)
        made.append(env)
        return env

    yield one
    for env in made:
        env.close()


def first_legal(env: SalesEnv, _: Any) -> int:
    return int(np.flatnonzero(env.action_mask())[0])


def by_chance(seed: int) -> Chooser:
    random = np.random.default_rng(seed)
    return lambda env, _: int(random.choice(np.flatnonzero(env.action_mask())))


def episode(env: SalesEnv, choose: Chooser, seed: int | None = None) -> list[Any]:
    """Play one episode; returns what reset and each step gave."""
    observation, info = env.reset(seed=seed)
    told: list[Any] = [(observation, 0.0, False, False, info)]
    while not told[-1][2]:
        told.append(env.step(choose(env, told[-1])))
    return told


def market_events(env: SalesEnv) -> list[Event]:
    assert env._episode is not None
    return list(env._episode.market.events)


# -- Gymnasium's rules -------------------------------------------------------------------------


def test_gymnasium_finds_nothing_to_complain_of(make: Make) -> None:
    check_env(make(), skip_render_check=True)  # warnings are errors here


def test_a_seed_fixes_every_number_and_another_gives_others(make: Make) -> None:
    def played(seed: int) -> str:
        env, choose = make(), by_chance(5)
        told = [episode(env, choose, seed), *(episode(env, choose) for _ in range(4))]
        return repr([[(o.tolist(), r, t, i["market"]) for o, r, t, _, i in one] for one in told])

    assert played(7) == played(7)
    assert played(7) != played(8)


def test_a_seed_begins_anew_however_far_the_environment_was(make: Make) -> None:
    env = make()
    first = [step[4]["market"] for step in episode(env, first_legal, 3)]
    episode(env, first_legal)
    env.reset()  # given up
    assert [step[4]["market"] for step in episode(env, first_legal, 3)] == first


def test_without_a_seed_two_environments_differ(make: Make) -> None:
    one, other = ([env.reset()[1]["market"] for _ in range(6)] for env in (make(), make()))
    assert one != other


def test_what_is_handed_out_is_the_callers(make: Make) -> None:
    env = make()
    observation, info = env.reset(seed=1)
    before = observation.copy()
    observation += 1
    info["action_mask"][:] = 1
    assert not np.array_equal(env.step(0)[0], observation)
    again, info = env.reset(seed=1)
    assert np.array_equal(again, before)
    assert info["action_mask"].tolist() == [1, 1, 1, 0, 0, 0, 0, 0]


def test_every_profile_is_met_once_before_one_comes_again(make: Make) -> None:
    env = make(settings={"profiles.count": 5})
    met = [env.reset(seed=2 if n == 0 else None)[1]["market"].split("/") for n in range(15)]
    for replication in (1, 2, 3):
        names = {name for name, _, number, _ in met if number == str(replication)}
        assert len(names) == 5
    orders = [[one[0] for one in met[n : n + 5]] for n in (0, 5, 10)]
    assert any(one != other for one, other in pairwise(orders))


# -- the market's rules ------------------------------------------------------------------------


def test_the_mask_is_what_the_market_allows_and_the_view_knows_it(make: Make) -> None:
    env, choose = make(), by_chance(1)
    masks = set()
    for n in range(30):
        for _, _, over, _, info in episode(env, choose, 4 if n == 0 else None):
            mask = info["action_mask"]
            assert mask.dtype == np.int8
            masks.add(tuple(mask.tolist()))
            if not over:
                assert set(mask) <= {0, 1}
                assert mask.any()
    assert masks == {
        (1, 1, 1, 0, 0, 0, 0, 0),  # nothing shown
        (1, 1, 1, 1, 1, 1, 1, 1),
        (0, 0, 0, 1, 1, 1, 1, 1),  # something selected
        (0, 0, 0, 0, 0, 0, 0, 0),  # over
    }
    env.reset()
    assert env.action_masks().dtype == np.bool_
    assert env.action_masks().tolist() == [bool(one) for one in env.action_mask()]


def test_the_view_knows_what_is_legal_from_the_log_alone(make: Make) -> None:
    env, choose = make(), by_chance(2)
    for n in range(20):
        env.reset(seed=4 if n == 0 else None)
        episode = env._episode
        assert episode is not None
        side = episode.side
        assert isinstance(side, SellerSide)
        while episode.market.question is not None:
            request: Any = episode.market.question.request
            assert side.view.legal_actions() == request.actions
            env.step(choose(env, None))


def test_an_illegal_action_ends_the_episode_and_says_why(make: Make) -> None:
    env = make()
    env.reset(seed=1)
    illegal = DEFAULT_TABLE.names.index("Persuasion: Framing")
    observation, reward, terminated, truncated, info = env.step(illegal)
    assert (reward, terminated, truncated) == (-1.0, True, False)
    assert "action Persuasion; allowed now: Preference Probing, " in info["illegal"]
    assert info["terms"]["illegal"] == 1.0
    assert observation in env.observation_space
    with pytest.raises(RetailSimError, match="no episode is under way: call reset first"):
        env.step(0)


def test_what_is_legal_is_never_refused(make: Make) -> None:
    env, choose = make(), by_chance(3)
    for n in range(150):
        last = episode(env, choose, 6 if n == 0 else None)[-1]
        assert not {"illegal", "failed"} & set(last[4])
        assert last[2:4] == (True, False)


WHOLE_TABLE: dict[str, Any] = {
    "items": ["nearest", "three-quarters", "dearest", "cheapest"],
    "discounts": [0, 5, 10],
    "disclosure": ["none", "fee"],
    "category": ["nearest", "parent", "root"],
}
TABLES = pytest.mark.parametrize("actions", [{}, WHOLE_TABLE], ids=["default", "whole"])


def overlaid(actions: dict[str, Any]) -> dict[str, Any]:
    """Return a table [actions] as settings."""
    return {f"actions.{name}": value for name, value in actions.items()}


def as_flags(actions: dict[str, Any]) -> list[str]:
    """Return it as flags of a launch."""
    pairs = (f"{name}={json.dumps(value)}" for name, value in overlaid(actions).items())
    return [part for pair in pairs for part in ("--set", pair)]


INLINE = """
sellers = [{ id = "policy", agent = "csi" }]
buyers = [{ id = "csuser", agent = "csuser" }]
design = { protocol = "csales", max_turns = 10 }
"""


@pytest.mark.slow
@TABLES
def test_an_episode_has_the_events_of_an_inline_seller_that_chooses_alike(
    make: Make, tmp_path: Path, actions: dict[str, Any]
) -> None:
    """With the choices of ``csi`` and their propensities, all but the kind of seat is equal."""
    # whose profiles are the launch's
    settings = {"profiles.count": 12, "run.seed": 9, **overlaid(actions)}
    exploring = INLINE.replace('agent = "csi"', 'agent = "csi", options = { explore = 0.5 }')
    inline = scenario(tmp_path, exploring if actions else INLINE)
    flags = ("--seed", 9, "--set", "profiles.count=12", *as_flags(actions))
    launched(tmp_path / "inline", inline, *flags)
    lines = by_market(all_events(tmp_path / "inline"))
    env = make(settings=settings)
    names, taken = env.actions, set[str]()
    for n in range(12):
        _, info = env.reset(seed=9 if n == 0 else None)
        logged = lines[info["market"]]
        for chosen in (event for event in logged if event["type"] == "ActionChosen"):
            shares = dict(zip(chosen["options"], chosen["probabilities"], strict=True))
            env.state_propensities([shares.get(name, 0) / WHOLE for name in names])
            option = option_chosen(msgspec.convert(chosen, ActionChosen)).name
            over = env.step(names.index(option))[2]
            taken.add(option)
        assert over
        events = msgspec.json.decode(
            msgspec.json.encode(market_events(env)), type=list[dict[str, Any]]
        )
        kinds = [event.pop("seller_kind") for event in events if "seller_kind" in event]
        assert kinds == ["policy"]
        assert events == [without(event, "seller_kind") for event in logged]
    assert not actions or len(taken) > len(DEFAULT_TABLE.names)


@TABLES
def test_a_policy_plays_in_its_seat_to_the_bytes_that_it_plays_here(
    make: Make, tmp_path: Path, actions: dict[str, Any]
) -> None:
    settings = {"profiles.count": 12, "run.seed": 9, **overlaid(actions)}
    env = make(out=tmp_path / "env", episodes=12, settings=settings)
    names = env.actions
    weights = np.random.default_rng(4).normal(size=(len(names), len(NAMES)))
    table = msgspec.structs.replace(TABLE, options=names)
    policy = LinearPolicy.of(table, weights.tolist(), [0.0] * len(names))
    policy.save(tmp_path / "p.json")
    seat = INLINE.replace('agent = "csi"', 'agent = "policy", options = { file = "p.json" }')
    inline = ("--seed", 9, "--set", "profiles.count=12", *as_flags(actions))
    launched(tmp_path / "seat", scenario(tmp_path, seat), *inline)

    def choose(env: SalesEnv, told: Any) -> int:
        action = policy.choose(told[0], env.action_mask())
        env.state_propensities([float(action == one) for one in range(len(names))])
        return action

    for n in range(12):
        episode(env, choose, 9 if n == 0 else None)
    env.close()
    assert event_lines(tmp_path / "env") == event_lines(tmp_path / "seat")


def all_events(run: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in event_lines(run)]


def by_market(events: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        found.setdefault(event["market"], []).append(event)
    return found


def without(event: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != key}


# -- who learns on the way ---------------------------------------------------------------------


@pytest.mark.parametrize(("told", "said"), [({}, ("policy",)), ({"adaptive": False}, ())])
def test_a_run_says_whether_its_seller_may_have_learnt_from_it(
    make: Make, tmp_path: Path, told: dict[str, Any], said: tuple[str, ...]
) -> None:
    env = make(out=tmp_path / "run", episodes=1, settings={"profiles.count": 1}, **told)
    episode(env, first_legal, 1)
    env.close()
    assert adaptive_sellers(RunFolder(tmp_path / "run").read().scenario) == said
    assert sim("verify", tmp_path / "run").exit_code == 0


def test_a_run_of_an_older_version_may_have_and_one_of_a_seller_of_ours_has_not() -> None:
    old, csi = AgentTable(id="policy", agent="outside"), AgentTable(id="csi", agent="csi")
    assert adaptive_sellers(Scenario(sellers=(old, csi))) == ("policy",)


def test_whether_it_learns_is_yes_or_no(make: Make) -> None:
    with pytest.raises(RetailSimError) as error:
        make(adaptive="often")
    assert "adaptive, true or false, is all that is taken" in str(error.value)


# -- observations ------------------------------------------------------------------------------


@TABLES
def test_observations_are_what_the_log_gives_afterwards(
    make: Make, actions: dict[str, Any]
) -> None:
    """A fold of the events alone, cut where the seller was asked, gives the same numbers."""
    env, choose = make(settings=overlaid(actions)), by_chance(4)
    varied, first = np.zeros(len(NAMES), bool), env.reset(seed=7)[0]
    for n in range(60):
        told = episode(env, choose, 8 if n == 0 else None)
        view = SellerView(env._rules.catalogue.below(()))
        observations = [step[0] for step in told]
        for event in market_events(env):
            if isinstance(event, ProfileInferred):  # the seller was just asked
                expected = observations.pop(0)
                assert np.array_equal(np.array(features(view), np.float32), expected)
                varied |= expected != first
            view.tell([event])
        assert np.array_equal(np.array(features(view), np.float32), observations.pop())
        assert not observations
        assert all(step[0] in env.observation_space for step in told)
    still = [name for name, moved in zip(NAMES, varied, strict=True) if not moved]
    # Fees are named of themselves; what else was added needs a larger table.
    assert still == ([] if actions else [name for name in ADDED if name != "fee_named"])


HIDDEN: dict[type[Event], dict[str, Any]] = {
    BuyerProfiled: {
        "profile": "somebody",
        "decision_making_style": "Intuitive",
        "dialogue_openness": "Passive",
        "target_category": ("Elsewhere",),
        "budget_min_cents": 1,
    },
    ItemValued: {"reservation_cents": 1},
}
TOLD: dict[type[Event], dict[str, Any]] = {BuyerProfiled: {"budget_max_cents": 99}}


def folded(env: SalesEnv, swapped: dict[type[Event], dict[str, Any]]) -> list[float]:
    """Return the features of an episode's end, some fields of its events replaced."""
    view = SellerView(env._rules.catalogue.below(()))
    events = market_events(env)
    view.tell(msgspec.structs.replace(one, **swapped.get(type(one), {})) for one in events)
    return features(view)


@TABLES
def test_what_is_hidden_moves_no_feature_and_the_budget_does(
    make: Make, actions: dict[str, Any]
) -> None:
    env, choose = make(settings=overlaid(actions)), by_chance(5)
    valued = 0
    for n in range(20):
        episode(env, choose, 8 if n == 0 else None)
        plain = folded(env, {})
        assert folded(env, HIDDEN) == plain
        assert folded(env, TOLD) != plain
        valued += sum(isinstance(event, ItemValued) for event in market_events(env))
    assert valued > 5  # else nothing was hidden


def test_every_feature_has_its_line_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "environments.md").read_text(encoding="utf-8")
    assert f"\n{documented()}\n" in page
    for name in (*NAMES, *TERMS):
        assert f"`{name.split()[0]}" in page, name
    assert f"Version `{VERSION}` (" in page


# -- rewards -----------------------------------------------------------------------------------


@TABLES
def test_the_terms_are_what_the_events_say(make: Make, actions: dict[str, Any]) -> None:
    reward = {"revenue": 2, "turn": -0.5, "surplus": 1}
    env, choose = make(reward=reward, settings=overlaid(actions)), by_chance(6)
    sales = 0
    for n in range(40):
        told = episode(env, choose, 1 if n == 0 else None)
        events = market_events(env)
        [profiled] = [e for e in events if isinstance(e, BuyerProfiled)]
        worth = {e.product: e.reservation_cents for e in events if isinstance(e, ItemValued)}
        paid = [e for e in events if isinstance(e, OrderPlaced)]
        terms = [step[4]["terms"] for step in told[1:]]
        totals = {name: sum(step[name] for step in terms) for name in TERMS}
        dollars = sum(order.unit_price_cents for order in paid) / 100
        assert totals["turn"] == len(terms) == sum(isinstance(e, ActionChosen) for e in events)
        assert totals["sale"] == len(paid)
        assert totals["revenue"] == pytest.approx(dollars)
        assert totals["revenue_share"] == pytest.approx(dollars * 100 / profiled.budget_max_cents)
        surplus = sum(worth[str(order.product)] / 100 for order in paid) - dollars
        assert totals["surplus"] == pytest.approx(surplus)
        reward = sum(step[1] for step in told)
        assert reward == pytest.approx(2 * dollars - 0.5 * len(terms) + surplus)
        sales += len(paid)
    assert 0 < sales < 40


def test_a_violation_is_a_sentence_that_was_struck_out_or_that_no_sheet_carries() -> None:
    claim = ClaimFound(
        seller="s", product=None, stage="sales", turn=1, sentence="The best.",
        kind="superlative", rule="best", verdict="unsupported",
    )  # fmt: skip
    struck = CommandRejected(command="Say", reason="rule false-urgency: Only today!")
    of_the_buyer = CommandRejected(command="BuyItem", reason="nothing is selected yet")
    rewards = Rewards({"violations": -2.0})
    terms = rewards.of_step([claim, struck, struck, of_the_buyer])
    assert (terms["violations"], rewards.total(terms)) == (3.0, -6.0)
    assert rewards.of_step([of_the_buyer])["violations"] == 0.0


# -- the run -----------------------------------------------------------------------------------


def test_a_full_run_is_one_that_verify_and_replay_take(make: Make, tmp_path: Path) -> None:
    env, choose = (
        make(out=tmp_path / "run", episodes=5, settings={"profiles.count": 3}),
        by_chance(1),
    )
    rewards = [sum(s[1] for s in episode(env, choose, 5 if n == 0 else None)) for n in range(6)]
    assert env.run == tmp_path / "run"
    with pytest.raises(RetailSimError) as full:
        env.reset()
    assert "holds all 6 episodes that it was made for" in str(full.value)
    env.close()
    verified = sim("verify", tmp_path / "run")
    assert verified.exit_code == 0, verified.stderr
    assert "6 markets played again, every event is the same" in verified.stdout
    measures = replayed(tmp_path / "run")
    assert measures["partial"] is False
    assert measures["episodes"] == {"opened": 6, "closed": 6, "failed": 0, "superseded": 0}
    assert measures["overall"]["net_revenue_cents"] == pytest.approx(100 * sum(rewards))
    [kind] = {event["seller_kind"] for event in events_of(tmp_path / "run", "EpisodeOpened")}
    assert kind == "policy"


def test_what_is_given_up_leaves_nothing_and_the_run_says_it_is_not_finished(
    make: Make, tmp_path: Path
) -> None:
    env = make(out=tmp_path / "run")
    env.reset(seed=1)
    env.step(1)
    given_up = env.reset()[1]["market"]
    held = episode(env, first_legal)[0][4]["market"]
    env.close()
    assert set(by_market(all_events(tmp_path / "run"))) == {held} != {given_up}
    answers = [msgspec.json.decode(line) for line in outside_lines(tmp_path / "run")]
    assert {answer["market"] for answer in answers} == {held}
    assert replayed(tmp_path / "run")["partial"] is True
    assert sim("verify", tmp_path / "run").exit_code == 0


def test_an_illegal_action_stands_in_the_log_and_is_verified(make: Make, tmp_path: Path) -> None:
    env = make(out=tmp_path / "run")
    env.reset(seed=1)
    info = env.step(DEFAULT_TABLE.names.index("Persuasion: Framing"))[4]
    env.close()
    [failed] = events_of(tmp_path / "run", "EpisodeFailed")
    assert (failed["stage"], failed["reason"]) == ("planning", info["illegal"])
    assert "1 markets played again" in sim("verify", tmp_path / "run").stdout


def test_a_changed_answer_is_found(make: Make, tmp_path: Path) -> None:
    """The control: verifying does play the recorded answers."""
    env = make(out=tmp_path / "run")
    episode(env, lambda env, _: 0 if env.action_mask()[0] else first_legal(env, _), 1)
    env.close()
    [segment] = (tmp_path / "run" / "events").glob("*.jsonl")
    text = segment.read_bytes()
    changed = text.replace(
        b'{\\"option\\":\\"Preference Probing\\"', b'{\\"option\\":\\"Suggestion\\"', 1
    )
    assert changed != text
    segment.write_bytes(changed)
    assert sim("verify", tmp_path / "run").exit_code == 2


def test_propensities_stand_in_the_log_and_wrong_ones_fail(make: Make, tmp_path: Path) -> None:
    env = make(out=tmp_path / "run")
    env.reset(seed=1)
    env.state_propensities([0.25, 0.25, 0.5, 0, 0, 0, 0, 0])
    env.step(1)
    env.state_propensities([0.0, 0.5, 0.0, 0, 0, 0, 0, 0])
    info = env.step(1)[4]
    assert "probabilities" in info["illegal"]
    env.close()
    [chosen] = events_of(tmp_path / "run", "ActionChosen")
    assert chosen["options"] == ["Preference Probing", "Category Search", "Suggestion"]
    assert chosen["probabilities"] == [WHOLE // 4, WHOLE // 4, WHOLE // 2]


def test_nobody_else_can_play_the_seat(make: Make, tmp_path: Path) -> None:
    env = make(out=tmp_path / "run", episodes=2)
    episode(env, first_legal, 1)
    env.close()
    resumed = sim("resume", tmp_path / "run")
    assert resumed.exit_code == 2
    assert "cannot be resumed: only an environment plays sellers.policy" in resumed.stderr
    for command in (
        ("launch", "csales", "--sellers", "outside"),
        ("launch", "csales", "--dry-run", "--sellers", "outside"),
    ):
        launch = sim(*command, "--out", tmp_path / "other")
        assert launch.exit_code == 2
        assert "cannot be launched: only an environment plays sellers.outside" in launch.stderr
    assert not (tmp_path / "other").exists()


def test_a_run_has_one_seed_one_writer_and_one_place(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = make(out=tmp_path / "run")
    env.reset(seed=1)
    with pytest.raises(RetailSimError, match="has begun, and its seed is settled"):
        env.reset(seed=1)
    with pytest.raises(RunExists):
        make(out=tmp_path / "run").reset(seed=1)
    monkeypatch.setattr("retailsim.sim.run.resume.PATIENCE_S", 0.0)
    assert sim("resume", tmp_path / "run").exit_code == RunInUse(tmp_path).exit_status


# -- what does not go --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"reward": {"profit": 1}}, "environment, reward: 'profit' is not one of revenue, "),
        ({"reward": {"turn": "low"}}, "environment, reward: turn = 'low' is no number"),
        ({"episodes": 0}, "environment, episodes: 0 is not a whole number from 1 up"),
        ({"scenario": "pairwise"}, "environment, scenario: its protocol is retail, not csales"),
        ({"settings": {"design.pairing": "random"}}, 'design.pairing has to be "all"'),
        (
            {"settings": {"design.turns": 3}},
            "csales: design.turns: unknown key; did you mean max_turns?",
        ),
        ({"scenario": "nowhere.toml"}, "no scenario 'nowhere.toml'"),
    ],
)
def test_what_does_not_go_is_said_in_one_line(make: Make, given: dict[str, Any], said: str) -> None:
    with pytest.raises(RetailSimError) as error:
        make(**given)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_step_needs_an_episode_and_an_action_that_there_is(make: Make) -> None:
    env = make()
    with pytest.raises(RetailSimError, match="call reset first"):
        env.step(0)
    env.reset(seed=1)
    for action in (8, -1, 1.5, None):
        with pytest.raises(RetailSimError, match="is not one of the actions 0 to 7"):
            env.step(action)  # type: ignore[arg-type]
    with pytest.raises(RetailSimError, match="3 probabilities for 8 actions"):
        env.state_propensities([1, 0, 0])
    for wrong in (float("nan"), float("inf"), 1.5, -0.5):
        with pytest.raises(RetailSimError, match="of action 1, is no probability from 0 to 1"):
            env.state_propensities([0.0, wrong, *[0.0] * 6])
    assert env.step(0)[2] is False  # and the episode is as it was


WAITS = '''
from retailsim.agents.csales.base import SalesBuyer

class Slow(SalesBuyer):
    """Waits for something outside."""

    waits = True

    async def open(self, request): ...
    async def respond(self, request): ...
'''


def test_somebody_who_waits_cannot_buy(make: Make, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(WAITS)
    text = (
        'sellers = []\n[design]\nprotocol = "csales"\n[[buyers]]\nid = "b"\nagent = "slow:Slow"\n'
    )
    env = make(scenario=scenario(tmp_path, text))
    with pytest.raises(EventsError, match="buyer:b waits for something outside, and nobody here"):
        env.reset(seed=1)


@pytest.mark.slow
def test_without_gymnasium_one_line_says_what_to_install() -> None:
    code = "import sys; sys.modules['gymnasium'] = None\nimport retailsim.envs"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1].endswith(
        "retailsim.envs needs the package gymnasium, which is not installed; "
        f"install it: {how_to_install('rl')}"
    )


def test_the_view_takes_every_event_it_names(make: Make) -> None:
    env, choose = make(), by_chance(9)
    seen = set()
    for n in range(20):
        episode(env, choose, 2 if n == 0 else None)
        seen |= {type(event) for event in market_events(env)}
    assert {CategorySearched, ItemsShown, ItemSelected, ItemValued, OrderPlaced} <= seen


@pytest.mark.slow
def test_the_documentations_code_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parents[2] / "docs" / "environments.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 4
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    assert "every event is the same" in sim("verify", "runs/learning").stdout
    assert sim("report", "runs/learning").exit_code == 0
