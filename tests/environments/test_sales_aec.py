"""Both seats of sales conversations: PettingZoo's rules, the market's, and the run they leave."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("gymnasium", reason="gymnasium is not installed: the extra rl has it")
pytest.importorskip("pettingzoo", reason="pettingzoo is not installed: the extra rl has it")

from pettingzoo.test import api_test, seed_test

from retailsim.agents.csales.behavioral.buyer_acts import ACT_NAMES
from retailsim.agents.csales.policy.buyer_features import NAMES
from retailsim.envs import csales_aec
from retailsim.events.errors import RetailSimError
from retailsim.events.extras import how_to_install
from retailsim.market.core.propensities import WHOLE
from retailsim.market.protocols.csales.events import ItemSelected, ItemValued
from retailsim.sim.environments.csales.sales_aec import SalesAEC
from tests.sim.runs import event_lines, events_of, launched, replayed, scenario, sim

Make = Callable[..., SalesAEC]
Chooser = Callable[[SalesAEC, str, Any], int]

KNOWN = (
    "Observations are different shapes",  # each seat has its own table
    "Agents have different observation space sizes",
    "We recommend agents to be named in the format <descriptor>_<number>",
)

OBSERVED = (
    "Observation space for each agent probably should be",  # known for PettingZoo's own games
    "Observation is not a NumPy array",
    "Action mask numpy array is all zeros",  # of whoever is not asked
)


@pytest.fixture
def make() -> Iterator[Make]:
    """Make environments that are closed in the end."""
    made: list[SalesAEC] = []

    def one(**given: Any) -> SalesAEC:
        made.append(csales_aec(**given))
        return made[-1]

    yield one
    for env in made:
        env.close()


def by_chance(seed: int) -> Chooser:
    random = np.random.default_rng(seed)
    return lambda env, agent, info: int(random.choice(np.flatnonzero(info["action_mask"])))


def episode(env: SalesAEC, choose: Chooser, seed: int | None = None) -> list[dict[str, Any]]:
    """Play one episode; returns what each step gave each agent."""
    env.reset(seed=seed)
    told = []
    for agent in env.agent_iter():
        _, _, over, _, info = env.last()
        if over:
            env.step(None)
            continue
        action = choose(env, agent, info)
        env.step(action)
        told.append({"agent": agent, "action": action, "rewards": dict(env.rewards)})
        told[-1]["infos"] = dict(env.infos)
    return told


# -- PettingZoo's rules ------------------------------------------------------------------------


def test_pettingzoo_finds_nothing_to_complain_of_but_what_is_meant(make: Make) -> None:
    with warnings.catch_warnings():
        for known in KNOWN:
            warnings.filterwarnings("ignore", known)
        api_test(make(), num_cycles=300)


def test_observations_hold_the_mask_where_that_is_asked_for(make: Make) -> None:
    """As PettingZoo's own games have it: its tests take it, and it is the mask of ``infos``."""
    asked: dict[str, Any] = {"settings": {"profiles.count": 6}, "masks_observed": True}
    with warnings.catch_warnings():
        for known in (*KNOWN, *OBSERVED):
            warnings.filterwarnings("ignore", known)
        api_test(make(**asked), num_cycles=100)
    seed_test(lambda: make(**asked), num_cycles=60)
    env, plain = make(**asked), make(settings=asked["settings"])
    choose = by_chance(3)
    env.reset(seed=4)
    plain.reset(seed=4)
    for agent in env.agent_iter():
        seen, _, over, _, info = env.last()
        assert env.observation_space(agent).contains(seen)
        assert isinstance(seen, dict)
        np.testing.assert_array_equal(seen["observation"], np.asarray(plain.observe(agent)))
        np.testing.assert_array_equal(seen["action_mask"], info["action_mask"])
        action = None if over else choose(env, agent, info)
        env.step(action)
        plain.step(action)


def test_pettingzoos_test_of_seeds_passes(make: Make) -> None:
    seed_test(lambda: make(settings={"profiles.count": 6}), num_cycles=120)


def test_another_seed_gives_another_conversation(make: Make) -> None:
    env = make()
    seeds = [repr(episode(env, by_chance(1), seed)) for seed in (1, 1, 2)]
    assert seeds[0] == seeds[1] != seeds[2]


# -- the market's rules ------------------------------------------------------------------------


def test_the_masks_are_what_the_market_allows(make: Make) -> None:
    env, choose = make(), by_chance(3)
    masks: dict[str, set[tuple[str, ...]]] = {"seller": set(), "buyer": set()}

    def watched(env: SalesAEC, agent: str, info: Mapping[str, Any]) -> int:
        names = np.array(env.actions[agent])[info["action_mask"] == 1]
        masks[agent].add(tuple(names))
        other = "buyer" if agent == "seller" else "seller"
        assert not env.infos[other]["action_mask"].any()
        assert env.observe(agent) in env.observation_space(agent)
        assert info["action_mask"][env.action_space(agent).sample(info["action_mask"])] == 1
        return choose(env, agent, info)

    for n in range(80):
        told = episode(env, watched, 4 if n == 0 else None)
        assert not {"illegal", "failed"} & {key for one in told for key in one["infos"]["buyer"]}
    leaving = ("Leave", "Defer")
    selects = ("Select: 1", "Select: 2", "Select: 3")
    expected = {
        ("Say", *leaving),
        ("Say", *selects, *leaving),
        ("Say", "Buy: selected", *leaving),
        ("Say", "Buy: selected", "Buy: dearer", *leaving),
    }
    assert expected <= masks["buyer"]
    extra = masks["buyer"] - expected
    assert extra <= {("Say", *selects[:many], *leaving) for many in (1, 2)}
    assert len(masks["seller"]) == 3


@pytest.mark.parametrize("agent", ["seller", "buyer"])
def test_an_illegal_action_is_its_agents_and_ends_the_episode(agent: str, make: Make) -> None:
    env = make()

    def choose(env: SalesAEC, asked: str, info: Mapping[str, Any]) -> int:
        legal = info["action_mask"]
        return int(np.flatnonzero(legal == (asked != agent))[0])

    last = episode(env, choose, 1)[-1]
    other = "buyer" if agent == "seller" else "seller"
    assert last["agent"] == agent
    assert last["rewards"] == {agent: -1.0, other: 0.0}
    assert "allowed now: " in last["infos"][agent]["illegal"]
    assert last["infos"][other]["failed"] == last["infos"][agent]["illegal"]
    with pytest.raises(RetailSimError, match="no episode is under way: call reset first"):
        env.step(0)


def test_what_does_not_go_is_said_in_one_line(make: Make) -> None:
    for given, said in (
        ({"scenario": "pairwise"}, "its protocol is retail, not csales"),
        ({"reward": {"judge": {}}}, "'judge' is not one of seller, buyer"),
        ({"reward": {"buyer": {"joy": 1}}}, "'joy' is not one of revenue, "),
        ({"episodes": 0}, "0 is not a whole number from 1 up"),
    ):
        with pytest.raises(RetailSimError) as error:
            make(**given)
        assert said in str(error.value)
    env = make()
    env.reset(seed=1)
    with pytest.raises(RetailSimError, match="99 is not one of the actions 0 to 7"):
        env.step(99)


# -- events ------------------------------------------------------------------------------------

INLINE = """
sellers = [{ id = "policy", agent = "csi" }]
buyers = [{ id = "csuser", agent = "csuser" }]
design = { protocol = "csales", max_turns = 10 }
"""


def acts(events: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a buyer did in each of its turns, told from the log alone."""
    found, did, shown, selected = [], "Say", [], None
    for event in events:
        match event:
            case {"type": "ItemsShown"}:
                shown = event["products"]
            case {"type": "ItemSelected", "product": selected}:
                did = f"Select: {1 + shown.index(selected)}"
            case {"type": "OrderPlaced", "product": bought}:
                did = "Buy: selected" if bought == selected else "Buy: dearer"
            case {"type": "BuyerLeft", "how": how}:
                did = {"leave": "Leave", "defer": "Defer"}[how]
            case {"type": "ActionChosen", "turn": turn} if turn > 1:
                found.append(did)
                did, shown = "Say", []
    return [*found, did]


def choices(events: Sequence[Mapping[str, Any]]) -> list[tuple[str, dict[str, float]]]:
    """What a seller chose in each of its turns, and how likely its options were."""
    found = []
    for event in events:
        if event["type"] == "ActionChosen":
            name = ": ".join(filter(None, (event["action"], event["strategy"])))
            counts = zip(event["options"], event["probabilities"], strict=True)
            found.append((name, {option: one / WHOLE for option, one in counts}))
    return found


def by_market(run: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for line in event_lines(run):
        event = json.loads(line)
        found.setdefault(event["market"], []).append(event)
    return found


def of_any_kind(events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Events without what says who took the seats."""
    kinds = ("seller_kind", "buyer_kind")
    return [{name: v for name, v in event.items() if name not in kinds} for event in events]


@pytest.mark.slow
@pytest.mark.parametrize("swapped", [False, True])
def test_conversations_are_those_of_inline_agents_that_choose_alike(
    swapped: bool, make: Make, tmp_path: Path
) -> None:
    """The control: a buyer that defers where it left leaves other events."""
    inline = scenario(tmp_path, INLINE)
    launched(tmp_path / "inline", inline, "--seed", 9, "--set", "profiles.count=36")
    expected = by_market(tmp_path / "inline")
    settings = {"profiles.count": 36, "run.seed": 9}  # whose profiles are the launch's
    env = make(out=tmp_path / "env", episodes=36, settings=settings)
    for n in range(36):
        env.reset(seed=9 if n == 0 else None)
        logged = expected[env.infos["seller"]["market"]]
        selling, buying = iter(choices(logged)), iter(acts(logged))
        for agent in env.agent_iter():
            if env.terminations[agent]:
                env.step(None)
            elif agent == "seller":
                name, shares = next(selling)
                env.state_propensities([shares.get(one, 0.0) for one in env.actions["seller"]])
                env.step(env.actions["seller"].index(name))
            else:
                act = next(buying)
                act = "Defer" if swapped and act == "Leave" else act
                env.step(ACT_NAMES.index(act))
        assert not [*selling, *buying]
    env.close()
    found = by_market(tmp_path / "env")
    same = {name: of_any_kind(found[name]) == of_any_kind(expected[name]) for name in expected}
    left = {name for name in expected if acts(expected[name])[-1] == "Leave"}
    assert len(left) > 1
    assert {name for name, one in same.items() if not one} == (left if swapped else set())
    done = {act.split(":")[0] for events in expected.values() for act in acts(events)}
    assert {"Say", "Select", "Buy", "Leave"} <= done


# -- observations and rewards ------------------------------------------------------------------


def test_a_buyers_observation_is_what_it_is_told(make: Make) -> None:
    """What an item is worth to it is what the log says once it selects it."""
    env, random = make(), by_chance(5)
    moved: set[str] = set()
    stated: list[tuple[float, float]] = []

    def watched(env: SalesAEC, agent: str, info: Mapping[str, Any]) -> int:
        action = random(env, agent, info)
        if agent == "seller":
            return action
        assert env._market is not None
        assert env._market.question is not None
        request: Any = env._market.question.request
        row = dict(zip(NAMES, np.asarray(env.observe(agent)).tolist(), strict=True))
        moved.update(name for name, one in row.items() if one)
        assert row["may_buy"] == request.may_buy
        assert row["selected"] == (request.selected is not None)
        assert row[f"seller {request.action}"] == 1.0
        assert row[f"style {request.profile.decision_making_style}"] == 1.0
        act = ACT_NAMES[action]
        if act.startswith("Select") and 0 < row[f"gain {act[-1]}"] < 1:
            budget, product = request.profile.budget_cents[1], request.presented[int(act[-1]) - 1]
            gain = (2 * row[f"gain {act[-1]}"] - 1) * budget
            stated.append((gain + product.price_cents, budget / 2**16))
        elif act in ("Leave", "Defer") and request.turn % 2:
            return ACT_NAMES.index("Say")  # so that some last to the end
        else:
            stated.append((math.nan, 0.0))
        return action

    checked = 0
    for n in range(80):
        stated.clear()
        episode(env, watched, 4 if n == 0 else None)
        expected = [one for one in stated if not math.isnan(one[0])]
        assert env._market is not None
        events = env._market.events
        if expected and any(isinstance(event, ItemSelected) for event in events):
            valued = next(event for event in events if isinstance(event, ItemValued))
            assert valued.reservation_cents == pytest.approx(expected[0][0], abs=expected[0][1])
            checked += 1
    assert checked > 10
    assert set(NAMES) - moved == set()


@pytest.mark.slow
def test_each_agent_is_paid_in_its_own_terms(make: Make, tmp_path: Path) -> None:
    env, choose = make(out=tmp_path / "run", episodes=72), by_chance(6)
    paid, turns = {"seller": 0.0, "buyer": 0.0}, {"seller": 0.0, "buyer": 0.0}
    for n in range(72):
        for one in episode(env, choose, 3 if n == 0 else None):
            for agent, reward in one["rewards"].items():
                paid[agent] += reward
                turns[agent] += one["infos"][agent]["terms"]["turn"]
    env.close()
    overall = replayed(tmp_path / "run")["overall"]
    assert paid["seller"] == pytest.approx(overall["net_revenue_cents"] / 100)
    worth = {(e["market"], e["product"]): e for e in events_of(tmp_path / "run", "ItemValued")}
    orders = events_of(tmp_path / "run", "OrderPlaced")
    gains = [
        worth[order["market"], order["product"]]["reservation_cents"] - order["unit_price_cents"]
        for order in orders
    ]
    assert len(gains) > 3
    assert paid["buyer"] == pytest.approx(sum(gains) / 100)
    assert turns["seller"] == len(events_of(tmp_path / "run", "ActionChosen"))
    said = [e for e in events_of(tmp_path / "run", "MessageSent") if e["role"] == "buyer"]
    assert turns["buyer"] == len(said) - 72  # the opening is no choice


@pytest.mark.slow
def test_its_run_is_one_that_verify_and_report_take(make: Make, tmp_path: Path) -> None:
    env, choose = make(out=tmp_path / "run", settings={"profiles.count": 3}), by_chance(1)
    for n in range(6):
        episode(env, choose, 5 if n == 0 else None)
    env.close()
    verified = sim("verify", tmp_path / "run")
    assert verified.exit_code == 0, verified.stderr
    assert "6 markets played again, every event is the same" in verified.stdout
    assert sim("report", tmp_path / "run", "-o", tmp_path / "r.html").exit_code == 0
    opened = events_of(tmp_path / "run", "EpisodeOpened")
    assert {(one["seller_kind"], one["buyer_kind"]) for one in opened} == {("policy", "policy")}
    [segment] = (tmp_path / "run" / "events").glob("*.jsonl*")
    text = segment.read_bytes()
    changed = text.replace(b'\\"option\\":\\"Say\\"', b'\\"option\\":\\"Sag\\"', 1)
    assert changed != text
    segment.write_bytes(changed)
    assert sim("verify", tmp_path / "run").exit_code == 2


@pytest.mark.slow
def test_without_pettingzoo_one_line_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['pettingzoo'] = None\n"
        "import retailsim.envs\nretailsim.envs.csales_aec()"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1].endswith(
        "environments of several seats need the package pettingzoo, which is not installed; "
        f"install it: {how_to_install('rl')}"
    )


def test_every_feature_and_act_of_the_buyer_has_its_line_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "environments.md").read_text(encoding="utf-8")
    for name in (*NAMES, *ACT_NAMES):
        assert f"`{name.split()[0]}" in page, name
