"""The environment of the retail seller's seat: Gymnasium's rules, the market's, and its run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("gymnasium", reason="gymnasium is not installed: the extra rl has it")

import gymnasium
from gymnasium.utils.env_checker import check_env

import retailsim.envs  # noqa: F401 - registers them
from retailsim.agents.policy.linear import LinearPolicy
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer
from retailsim.agents.retail.policy.actions import ANSWERS, ASK, OPTION_NAMES, PITCHES, SETTLEMENTS
from retailsim.agents.retail.policy.features import NAMES, TABLE, features
from retailsim.agents.retail.policy.view import SellerView
from retailsim.events.errors import RetailSimError
from retailsim.events.messages import Event
from retailsim.market.protocols.retail.events import SellerChose
from retailsim.market.protocols.retail.protocol import offer_of
from retailsim.market.protocols.retail.requests import AskSeller
from retailsim.sim.environments.retail.retail_env import RetailEnv
from retailsim.sim.environments.retail.rewards import TERMS
from retailsim.sim.environments.retail.seller_side import SellerSide
from retailsim.sim.environments.seat_episode import SeatEpisode
from tests.retail.policies import PLAIN, liking
from tests.sim.runs import event_lines, events_of, launched, replayed, sim

Make = Callable[..., RetailEnv]
Chooser = Callable[[RetailEnv, Any], int]

FEW = {"products.per_category": 1}


@pytest.fixture
def make() -> Iterator[Make]:
    """Make environments that are closed in the end."""
    made: list[RetailEnv] = []

    def one(**given: Any) -> RetailEnv:
        env = gymnasium.make("retailsim/Retail-v0", **{"settings": FEW, **given}).unwrapped
        assert isinstance(env, RetailEnv)
        made.append(env)
        return env

    yield one
    for env in made:
        env.close()


def by_chance(seed: int) -> Chooser:
    random = np.random.default_rng(seed)
    return lambda env, _: int(random.choice(np.flatnonzero(env.action_mask())))


def by_policy(policy: LinearPolicy) -> Chooser:
    """Choose as a policy does, and state that it was certain."""

    def choose(env: RetailEnv, told: Any) -> int:
        action = policy.choose(told[0], env.action_mask())
        env.state_propensities([float(action == one) for one in range(len(OPTION_NAMES))])
        return action

    return choose


def episode(env: RetailEnv, choose: Chooser, seed: int | None = None) -> list[Any]:
    """Play one episode; returns what reset and each step gave."""
    observation, info = env.reset(seed=seed)
    told: list[Any] = [(observation, 0.0, False, False, info)]
    while not told[-1][2]:
        told.append(env.step(choose(env, told[-1])))
    return told


def under_way(env: RetailEnv) -> SeatEpisode:
    assert env._episode is not None
    return env._episode


def view_of(env: RetailEnv) -> SellerView:
    side = under_way(env).side
    assert isinstance(side, SellerSide)
    return side.view


def market_events(env: RetailEnv) -> list[Event]:
    return list(under_way(env).market.events)


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


def test_every_buyer_meets_every_product_once_before_one_comes_again(make: Make) -> None:
    env = make(settings={**FEW, "design.price_multipliers": [1.0, 1.2]})
    size = 4 * 2 * 5
    met = [env.reset(seed=2 if n == 0 else None)[1]["market"].split("/") for n in range(2 * size)]
    for replication in ("1", "2"):
        names = {(name, arm, who) for name, _, arm, one, who in met if one == replication}
        assert len(names) == size
    assert [one[0] for one in met[:size]] != [one[0] for one in met[size:]]


# -- the market's rules ------------------------------------------------------------------------


def test_the_masks_are_what_the_market_allows_at_each_decision(make: Make) -> None:
    """In all three forms: told, asked for, and as the space samples by."""
    env, random = make(), by_chance(1)
    found: dict[tuple[str, ...], int] = Counter()

    def choose(env: RetailEnv, told: Any) -> int:
        mask = told[4]["action_mask"]
        assert mask.dtype == np.int8
        assert env.action_masks().dtype == np.bool_
        assert env.action_masks().tolist() == [bool(one) for one in mask]
        found[tuple(np.array(OPTION_NAMES)[mask == 1])] += 1
        assert mask[env.action_space.sample(mask)] == 1
        return random(env, told)

    for n in range(40):
        last = episode(env, choose, 4 if n == 0 else None)[-1]
        assert not last[4]["action_mask"].any()
        assert not {"illegal", "failed"} & set(last[4])
        assert last[2:4] == (True, False)
    settling = tuple(SETTLEMENTS)
    legal = {tuple(PITCHES), tuple(ANSWERS), settling, (ASK, *settling), (ASK, settling[0])}
    assert {tuple(PITCHES), tuple(ANSWERS), settling, (ASK, *settling)} <= set(found)
    assert set(found) <= legal | {settling[:1]}
    assert found[tuple(PITCHES)] == 40


@pytest.mark.parametrize("stage", ["pitch", "pre_inquiry", "post_inquiry"])
def test_an_illegal_action_ends_the_episode_says_why_and_is_verified(
    stage: str, make: Make, tmp_path: Path
) -> None:
    env = make(out=tmp_path / "run", buyers="easy-shopper")
    observation, info = env.reset(seed=1)
    random, over, reward = by_chance(3), False, 0.0
    while not over:
        asked = NAMES[int(np.argmax(observation[:4]))].removeprefix("at ")
        action = random(env, None)
        if asked == stage:
            action = int(np.flatnonzero(info["action_mask"] == 0)[-1])
        observation, reward, over, truncated, info = env.step(action)
        if over and "illegal" not in info:
            observation, info = env.reset()
            over = False
    assert (reward, truncated) == (-1.0, False)
    assert f"option {OPTION_NAMES[action]}; allowed now: " in info["illegal"]
    assert info["terms"]["illegal"] == 1.0
    assert observation in env.observation_space
    with pytest.raises(RetailSimError, match="no episode is under way: call reset first"):
        env.step(0)
    env.close()
    failed = events_of(tmp_path / "run", "EpisodeFailed")
    assert [one["reason"] for one in failed] == [info["illegal"]]
    assert failed[0]["stage"] == stage
    verified = sim("verify", tmp_path / "run")
    assert "every event is the same" in verified.stdout
    assert replayed(tmp_path / "run")["episodes"]["failed"] == 1


def test_a_buyers_fault_is_not_the_sellers(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = BehavioralBuyer.ask

    async def brief(buyer: BehavioralBuyer, request: AskSeller) -> str | None:
        return await ask(buyer, request) if request.turn == 1 else str(1 / 0)

    monkeypatch.setattr(BehavioralBuyer, "ask", brief)
    last = episode(make(), by_chance(1), 1)[-1]
    assert "ZeroDivisionError" in last[4]["failed"]
    assert "illegal" not in last[4]
    assert (last[1], last[4]["terms"]["illegal"]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"scenario": "csales", "settings": {}}, "its protocol is csales, not retail"),
        ({"settings": {"design.broadcast": "shared"}}, 'design.broadcast has to be "episode"'),
        ({"settings": {"design.pairing": "random"}}, 'design.pairing has to be "all"'),
        ({"reward": {"surplus": 1}}, "'surplus' is not one of revenue, "),
        ({"reward": {"revenue": "much"}}, "revenue = 'much' is no number"),
        ({"episodes": 0}, "0 is not a whole number from 1 up"),
    ],
)
def test_what_does_not_go_is_said_in_one_line(make: Make, given: dict[str, Any], said: str) -> None:
    with pytest.raises(RetailSimError) as error:
        make(**given).reset(seed=1)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


# -- events ------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("broadcast", ["episode", "shared"])
def test_a_policy_plays_in_its_seat_to_the_bytes_that_it_plays_here(
    broadcast: str, make: Make, tmp_path: Path
) -> None:
    """The control: where buyers share a pitch, markets are others, and so are their events."""
    random = np.random.default_rng(4)
    weights = random.normal(size=(len(OPTION_NAMES), len(NAMES)))
    policy = LinearPolicy.of(TABLE, weights.tolist(), [0.0] * len(OPTION_NAMES))
    policy.save(tmp_path / "policy.json")
    small = ("--set", "products.per_category=2", "--set", f"design.broadcast={broadcast}")
    seat = ("--sellers", f"policy:{tmp_path / 'policy.json'}")
    launched(tmp_path / "seat", "pairwise", "--seed", 9, *seat, *small)
    chosen = {event["option"] for event in events_of(tmp_path / "seat", "SellerChose")}
    assert len(chosen) > 5
    env = make(
        out=tmp_path / "env",
        episodes=40,
        settings={"products.per_category": 2, "run.seed": 9},
    )
    for n in range(40):
        episode(env, by_policy(policy), 9 if n == 0 else None)
    env.close()
    same = event_lines(tmp_path / "env") == event_lines(tmp_path / "seat")
    assert same == (broadcast == "episode")


def test_observations_are_what_the_log_gives_afterwards(make: Make) -> None:
    """A fold of the events alone, cut where the seller chose, gives the same numbers."""
    env, choose = make(settings={"products.per_category": 6}), by_chance(4)
    varied: set[str] = set()
    for n in range(100):
        told = episode(env, choose, 8 if n == 0 else None)
        spec: Any = under_way(env).market.spec
        view = SellerView(offer_of(spec, env._rules))
        observations = [step[0] for step in told]
        for event in market_events(env):
            if isinstance(event, SellerChose):
                row = features(view, event.stage)
                assert np.array_equal(np.array(row, np.float32), observations.pop(0))
                varied |= {name for name, one in zip(NAMES, row, strict=True) if one}
            view.tell([event])
        assert np.array_equal(np.array(features(view, None), np.float32), observations.pop())
        assert not observations
        assert all(step[0] in env.observation_space for step in told)
    never = set(NAMES) - varied
    assert never <= {"reduction", "at settlement", "asks_returns", "audience men"}


def test_every_feature_and_term_has_its_line_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "environments.md").read_text(encoding="utf-8")
    for name in (*NAMES, *TERMS):
        assert f"`{name.split()[0]}" in page, name


# -- rewards -----------------------------------------------------------------------------------


def totals(told: Sequence[Any]) -> dict[str, float]:
    terms = [step[4]["terms"] for step in told[1:]]
    return {name: sum(step[name] for step in terms) for name in TERMS}


@pytest.mark.slow
def test_the_terms_are_what_the_replay_of_the_run_says(make: Make, tmp_path: Path) -> None:
    """The second way is another program's: measures of the log, and its plain lines."""
    env = make(out=tmp_path / "run", episodes=40, settings={"products.per_category": 2})
    choose, sums = by_chance(6), dict.fromkeys(TERMS, 0.0)
    rewards = 0.0
    for n in range(40):
        told = episode(env, choose, 3 if n == 0 else None)
        rewards += sum(step[1] for step in told)
        for name, one in totals(told).items():
            sums[name] += one
    env.close()
    overall = replayed(tmp_path / "run")["overall"]
    assert sums["revenue"] == pytest.approx(overall["net_revenue_cents"] / 100)
    assert sums["revenue"] == pytest.approx(rewards)
    assert sums["sale"] == overall["orders"] > 10
    refunds = events_of(tmp_path / "run", "RefundIssued")
    assert sums["refund"] == len(refunds) > 1
    given = sum(one["shipping_refund_cents"] for one in refunds)
    given += sum(
        one["return_shipping_cents"] for one in refunds if one["return_shipping_payer"] == "seller"
    )
    assert sums["shipping"] == pytest.approx(given / 100)
    orders = {one["order"]: one for one in events_of(tmp_path / "run", "OrderPlaced")}
    resolved = events_of(tmp_path / "run", "IssueResolved")
    exchanged = [orders[one["order"]] for one in resolved if one["outcome"] == "exchanged"]
    paid = sum(one["unit_price_cents"] * one["quantity"] for one in exchanged)
    assert sums["replaced"] == pytest.approx(paid / 100) != 0.0
    assert sums["turn"] == len(events_of(tmp_path / "run", "SellerChose"))
    by_episode: dict[str, list[int]] = {}
    for review in events_of(tmp_path / "run", "ReviewPosted"):
        by_episode.setdefault(review["episode"], []).append(review["rating"] - 3)
    means = [sum(stars) / len(stars) for stars in by_episode.values()]
    assert sums["satisfaction"] == pytest.approx(sum(means))
    assert len(means) == overall["orders"]


@pytest.mark.slow
def test_violations_are_claims_and_goods_not_taken_back(make: Make) -> None:
    def violations(*names: str) -> tuple[float, Counter[str]]:
        env, outcomes = make(settings={"products.per_category": 3}), Counter[str]()
        found = 0.0
        for n in range(60):
            told = episode(env, by_policy(liking(*names)), 3 if n == 0 else None)
            found += totals(told)["violations"]
            issue = view_of(env).issue
            outcomes[str(issue)] += totals(told)["sale"] > 0
        return found, outcomes

    honest, _ = violations(*PLAIN)
    assert honest == 0.0
    bold, _ = violations("Pitch: facts, warm, full, bold", *PLAIN[1:])
    assert 120 <= bold <= 180  # two a pitch, and what else the reader finds in a sentence
    left, issues = violations(*PLAIN[:2], "Settle: leave")
    faults = sum(issues[one] for one in ("wrong item received", "damaged on arrival"))
    assert faults > 5
    assert faults <= left <= faults + issues["not as described"]


# -- the run -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_full_run_is_one_that_verify_and_report_take(make: Make, tmp_path: Path) -> None:
    env, choose = make(out=tmp_path / "run", episodes=21), by_chance(1)
    for n in range(40):  # rounded up to whole rounds of 4 products and 5 buyers
        episode(env, choose, 5 if n == 0 else None)
    with pytest.raises(RetailSimError, match="holds all 40 episodes that it was made for"):
        env.reset()
    env.close()
    verified = sim("verify", tmp_path / "run")
    assert verified.exit_code == 0, verified.stderr
    assert "40 markets played again, every event is the same" in verified.stdout
    assert replayed(tmp_path / "run")["partial"] is False
    reported = sim("report", tmp_path / "run", "-o", tmp_path / "report.html")
    assert reported.exit_code == 0, reported.stderr
    [kind] = {event["seller_kind"] for event in events_of(tmp_path / "run", "EpisodeOpened")}
    assert kind == "policy"


def test_what_is_given_up_leaves_nothing(make: Make, tmp_path: Path) -> None:
    env = make(out=tmp_path / "run")
    env.reset(seed=1)
    env.step(0)
    given_up = env.reset()[1]["market"]
    held = episode(env, by_chance(1))[0][4]["market"]
    env.close()
    markets = {event["market"] for event in events_of(tmp_path / "run", "MarketOpened")}
    assert markets == {held} != {given_up}


def test_a_changed_answer_is_found(make: Make, tmp_path: Path) -> None:
    """The control: verifying does play the recorded answers."""
    env = make(out=tmp_path / "run")
    episode(env, by_policy(liking(*PLAIN)), 1)
    env.close()
    [segment] = (tmp_path / "run" / "events").glob("*.jsonl")
    text = segment.read_bytes()
    changed = text.replace(b"Answer: friendly", b"Answer: shouting", 1)
    assert changed != text
    segment.write_bytes(changed)
    assert sim("verify", tmp_path / "run").exit_code == 2


def test_wrong_propensities_fail_the_episode(make: Make) -> None:
    env = make()
    env.reset(seed=1)
    env.state_propensities([0.5, 0.4, *[0.0] * (len(OPTION_NAMES) - 2)])
    info = env.step(0)[4]
    assert "probabilities that do not sum to 1" in info["illegal"]
    with pytest.raises(RetailSimError, match="2 probabilities for 31 actions"):
        env.state_propensities([0.5, 0.5])


def test_what_a_rule_forbids_is_no_action(make: Make, tmp_path: Path) -> None:
    rules = (
        '[[rule]]\nid = "a"\nwhy = "w"\nsource = "s"\nlevel = "mask"\nsays = ["number one of"]\n'
        '[[rule]]\nid = "b"\nwhy = "w"\nsource = "s"\nlevel = "mask"\noption = ["Pitch: facts*"]\n'
    )
    (tmp_path / "mine.toml").write_text(rules)
    env = make(settings={**FEW, "rules.file": str(tmp_path / "mine.toml")})
    env.reset(seed=1)
    legal = {name for name, one in zip(OPTION_NAMES, env.action_mask(), strict=True) if one}
    styles = {name: style for name, style in PITCHES.items() if style.stress != "facts"}
    assert legal == {name for name, style in styles.items() if style.claims == "sheet"}
    *_, info = env.step(OPTION_NAMES.index("Pitch: facts, warm, full, sheet"))
    assert "rule b forbids" in info["illegal"] or "allowed now" in info["illegal"]
    assert info["terms"]["illegal"] == 1.0
