"""The table of options: names, what is legal, and that nothing else is ever chosen."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.csales.behavioral.action_policy import Csi, FixedScript
from retailsim.agents.csales.behavioral.seller import CsiSeller, RandomActionSeller
from retailsim.agents.csales.policy.by_hand import show_first
from retailsim.market.catalogue.product import Product
from retailsim.market.core.propensities import WHOLE
from retailsim.market.protocols.csales.action_table import (
    DEFAULT_TABLE,
    MOST_OPTIONS,
    ActionTable,
    BadActions,
    Option,
    option_chosen,
    plain,
)
from retailsim.market.protocols.csales.admission import ADMISSIONS
from retailsim.market.protocols.csales.events import (
    ACTIONS,
    ActionChosen,
    CategoryRule,
    Disclosure,
    ItemRule,
    ItemsShown,
)
from retailsim.market.protocols.csales.item_rules import ORDERS, by_rule
from retailsim.market.protocols.csales.profile_file import builtin_profiles, read_profiles
from retailsim.market.protocols.csales.shop import Shop
from retailsim.market.protocols.csales.spec import SalesRules
from retailsim.market.protocols.csales.values import Inferred, Plan
from retailsim.sim.scenario.actions_table import ActionsTable
from tests.csales.behavioral.test_sales_policy import FULL, SITUATIONS
from tests.csales.talks import builtin_shop, converse, of
from tests.sim.runs import events_of, launched, scenario, sim


def some(kind: Any) -> st.SearchStrategy[Any]:
    return st.lists(st.sampled_from(get_args(kind)), min_size=1, unique=True).map(tuple)


TABLES = st.builds(
    ActionTable,
    items=some(ItemRule),
    discounts=st.lists(st.integers(1, 90), max_size=3, unique=True).map(lambda one: (0, *one)),
    disclosure=some(Disclosure),
    category=some(CategoryRule),
)


def test_the_default_table_has_the_options_and_names_of_old_logs() -> None:
    tactics = ("Framing", "Logical Appeal", "Emotional Appeal", "Evidence-Based", "Social Proof")
    assert DEFAULT_TABLE.names == (
        *("Preference Probing", "Category Search", "Suggestion"),
        *(f"Persuasion: {tactic}" for tactic in tactics),
    )


def test_a_name_says_all_that_is_not_as_usual() -> None:
    assert Option(action="Suggestion", items="dearest").name == "Suggestion: dearest"
    lower = Option(action="Persuasion", tactic="Logical Appeal", discount=5, disclosure="fee")
    assert lower.name == "Persuasion: Logical Appeal, 5 % off, fee named"
    assert Option(action="Category Search", category_rule="root").name == "Category Search: root"


@given(TABLES)
def test_names_and_options_are_one_to_one(table: ActionTable) -> None:
    assert len(set(table.names)) == len(table.options) == len(set(table.options))
    assert [table.named(name) for name in table.names] == list(table.options)
    for option in table.options:
        event = ActionChosen(turn=1, action=option.action, strategy=option.tactic)
        logged = msgspec.json.decode(msgspec.json.encode(event), type=ActionChosen)
        assert option_chosen(logged) == Option(action=option.action, tactic=option.tactic)


@given(TABLES, st.sets(st.sampled_from(ACTIONS)), st.booleans())
def test_a_mask_is_what_is_legal(table: ActionTable, actions: Any, discounts: bool) -> None:
    legal = table.legal(actions, discounts=discounts)
    assert {option.action for option in legal} == actions
    assert any(option.discount for option in legal) <= discounts
    mask = table.mask(legal)
    chosen = [option for option, one in zip(table.options, mask, strict=True) if one]
    assert chosen == list(legal)


@given(TABLES)
def test_the_plain_options_are_one_for_each_act_and_tactic(table: ActionTable) -> None:
    """And each is as usual wherever the table has the usual."""
    taken = [o for o, takes in zip(table.options, plain(table.options), strict=True) if takes]
    assert len(taken) == len(DEFAULT_TABLE.options)
    assert len({(option.action, option.tactic) for option in taken}) == len(taken)
    assert all(option.discount == 0 for option in taken)
    if "nearest" in table.items:
        assert {option.items for option in taken} == {"nearest"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"items": ()}, "actions.items: nothing: name one or more, each once"),
        ({"items": ("dearest",) * 2}, "actions.items: dearest, dearest: name one or more, each"),
        ({"discounts": (5, 10)}, "actions.discounts: 0 is missing; a price is lowered once"),
        ({"discounts": (0, -5)}, "actions.discounts: -5: a step is from 0 to 90 percent"),
        ({"discounts": (0, 91)}, "actions.discounts: 91: a step is from 0 to 90 percent"),
        ({"discounts": tuple(range(50))}, "actions: 253 options; take out some, 200 are the most"),
        ({"among": 0}, "actions.among: 0: has to be 1 or more"),
    ],
)
def test_what_makes_no_table_is_said_in_one_line(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(BadActions) as error:
        ActionTable(**fields)
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)
    assert len(FULL.options) <= MOST_OPTIONS


def test_a_scenario_can_say_what_a_table_can_have() -> None:
    fields = {field.name: field.type for field in msgspec.structs.fields(ActionsTable)}
    assert get_args(get_args(fields["items"])[0]) == get_args(ItemRule)
    defaults, table = ActionsTable(), msgspec.structs.asdict(DEFAULT_TABLE)
    assert {name: getattr(defaults, name) for name in table} == table


# -- choosing --------------------------------------------------------------------------------


@pytest.mark.slow
@given(SITUATIONS)
def test_csi_and_the_script_choose_by_act_and_tactic_alone(situation: Any) -> None:
    """With more options they weigh the plain ones as if there were no others."""
    before = msgspec.structs.replace(
        situation,
        options=tuple(Option(action=a, tactic=t) for a, t in pairs(situation.options)),
    )
    for policy in (Csi(), FixedScript()):
        weights = policy.weights(situation)
        takes = plain(situation.options)
        assert [w for w, one in zip(weights, takes, strict=True) if one] == policy.weights(before)
        assert not any(w for w, one in zip(weights, takes, strict=True) if not one)


def pairs(options: tuple[Option, ...]) -> list[tuple[Any, Any]]:
    return list(dict.fromkeys((option.action, option.tactic) for option in options))


def test_show_first_takes_the_plain_options() -> None:
    policy = show_first(FULL)
    state = [0.0] * len(policy.weights[0])
    for actions in (ACTIONS, ("Persuasion",)):
        mask = FULL.mask(FULL.legal(actions, discounts=True))
        chosen = FULL.options[policy.choose(state, mask)]
        assert chosen.unusual == 0


@pytest.fixture(scope="module")
def shop() -> Shop:
    return builtin_shop()


@pytest.mark.parametrize("seller", [CsiSeller, RandomActionSeller])
def test_propensities_are_over_exactly_the_legal_options(seller: Any, shop: Shop) -> None:
    rules, seen = SalesRules(catalogue=shop, actions=FULL), set[str]()
    for profile in read_profiles(builtin_profiles())[:8]:
        events = converse(profile, seller, rules, selling={"explore": 0.5})
        for event in of(ActionChosen, events):
            assert event.probabilities is not None
            assert sum(event.probabilities) == WHOLE
            assert min(event.probabilities) > 0
            legal = FULL.legal(
                {FULL.named(name).action for name in event.options},
                discounts=any("off" in name for name in event.options),
            )
            assert event.options == tuple(option.name for option in legal)
            assert option_chosen(event) in legal
            seen.add(option_chosen(event).name)
    assert len(seen) > len(DEFAULT_TABLE.options)


@given(
    st.sampled_from(FULL.options),
    st.sampled_from([("Persuasion",), ACTIONS, ACTIONS[:3]]),
    st.booleans(),
)
def test_an_option_is_admitted_where_it_is_legal_and_refused_elsewhere(
    option: Option, actions: Any, discounts: bool
) -> None:
    request = plan_request(actions, FULL, discounts=discounts)
    plan = Plan(inferred=Inferred(), **msgspec.structs.asdict(option))
    problem = bad(request, plan)
    assert (problem is None) == (option in request.options)
    if problem is not None:
        assert "allowed now: " in problem


def plan_request(actions: Any, table: ActionTable, *, discounts: bool) -> Any:
    from retailsim.market.protocols.csales.requests import PlanTurn

    return PlanTurn(
        episode="e",
        unit="u",
        transcript=(),
        turn=1,
        shown=(),
        selected=None,
        candidate=None,
        price_range_cents=(0, 1000),
        inferred=Inferred(),
        categories=(),
        actions=actions,
        options=table.legal(actions, discounts=discounts),
        table=table,
    )


def bad(request: Any, plan: Plan) -> str | None:
    check = ADMISSIONS[type(request)].check
    assert check is not None
    return check(request, plan)


# -- item rules ------------------------------------------------------------------------------


def item(number: int, cents: int) -> Product:
    return Product(id=f"P{number}", title="t", price_cents=cents, category="Food")


@given(
    st.lists(st.integers(0, 10_000), max_size=30),
    st.integers(1, 10_000),
    st.integers(1, 30),
    st.sampled_from(sorted(ORDERS)),
)
def test_a_rule_orders_the_nearest_items_by_price(
    prices: list[int], budget: int, among: int, rule: Any
) -> None:
    ranked = [item(number, cents) for number, cents in enumerate(prices)]
    found = by_rule(rule, ranked, budget, among=among, count=3)
    left = [product for product in ranked[:among] if product not in found]
    assert len(found) == min(3, len(ranked[:among]))
    badness: Callable[[int], float] = {
        "dearest": lambda cents: -cents,
        "cheapest": lambda cents: cents,
        "three-quarters": lambda cents: abs(cents - 0.75 * budget),
    }[rule]
    keys = [badness(product.price_cents) for product in found]
    assert keys == sorted(keys)
    assert all(keys[-1] <= badness(product.price_cents) for product in left)
    for one, other in pairwise(found):  # of equal ones the nearer first
        if badness(one.price_cents) == badness(other.price_cents):
            assert ranked.index(one) < ranked.index(other)


def test_the_rule_chosen_is_the_rule_followed(shop: Shop) -> None:
    """Of what is shown, by the events alone; and the rules differ in what they show."""
    rules = SalesRules(catalogue=shop, actions=FULL)
    prices: dict[str, list[float]] = {rule: [] for rule in FULL.items}
    for profile in read_profiles(builtin_profiles())[:24]:
        events = converse(profile, RandomActionSeller, rules)
        chosen = {event.turn: option_chosen(event) for event in of(ActionChosen, events)}
        for shown in of(ItemsShown, events):
            option = chosen[shown.turn]
            if option.action == "Suggestion":
                budget = profile.budget_cents[1]
                assert max(shown.prices_cents) <= budget
                prices[option.items].append(shown.prices_cents[0] / budget)
                if option.items != "nearest":
                    assert shown.fitting <= 3
                    keys = [ORDERS[option.items](item(0, c), budget) for c in shown.prices_cents]
                    assert keys == sorted(keys)
    means = {rule: sum(found) / len(found) for rule, found in prices.items()}
    assert means["cheapest"] < means["nearest"] < means["dearest"]
    assert means["cheapest"] < means["three-quarters"] < means["dearest"]


# -- a run -----------------------------------------------------------------------------------


def with_items(folder: Path, *more: str) -> Path:
    return scenario(
        folder,
        f"""
        profiles = {{ count = 6 }}
        actions = {{ items = ["nearest", "dearest"] }}
        sellers = [{{ id = "s", agent = "random-action" }}]
        buyers = [{{ id = "csuser", agent = "csuser" }}]
        design = {{ protocol = "csales", max_turns = 10 }}
        {" ".join(more)}
        """,
    )


@pytest.mark.slow
def test_a_scenario_has_options_of_its_own_and_the_run_is_verified(tmp_path: Path) -> None:
    launched(tmp_path / "run", with_items(tmp_path))
    events = events_of(tmp_path / "run", "ActionChosen")
    assert {event.get("items") for event in events} == {None, "dearest"}
    assert any("Suggestion: dearest" in event["options"] for event in events)
    verified = sim("verify", tmp_path / "run")
    assert verified.exit_code == 0, verified.stderr
    assert sim("report", tmp_path / "run").exit_code == 0


@pytest.mark.parametrize(
    ("protocol", "value", "said"),
    [
        ("csales", 'items=["priciest"]', "actions.items"),
        ("csales", "items=[]", "actions.items: nothing: name one or more"),
        ("retail", 'items=["dearest"]', 'actions.items: is only for design.protocol = "csales"'),
        ("csales", 'tone=["warm"]', 'actions.tone: is only for design.protocol = "retail"'),
        ("retail", "tone=[]", "actions.tone: nothing: name one or more, each once"),
        ("retail", 'answers=["plain","plain"]', "actions.answers: plain, plain: name one or more"),
        ("retail", 'claims=["modest"]', "actions.claims"),
    ],
)
def test_a_table_that_does_not_go_is_said_in_one_line(
    tmp_path: Path, protocol: str, value: str, said: str
) -> None:
    built_in = {"csales": "csales", "retail": "pairwise"}[protocol]
    result = sim("launch", built_in, "--out", tmp_path / "run", "--set", f"actions.{value}")
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "run").exists()


def test_a_policy_for_other_options_is_refused_before_the_launch(tmp_path: Path) -> None:
    show_first().save(tmp_path / "p.json")
    seats = ("--sellers", f"policy:{tmp_path / 'p.json'}")
    items = 'actions.items=["nearest","dearest"]'
    result = sim("launch", "csales", *seats, "--out", tmp_path / "run", "--set", items)
    assert result.exit_code == 2
    said = "was learnt for other options: it does not know 'Suggestion: dearest'"
    assert f"sellers.p: {tmp_path / 'p.json'}: {said}" in result.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_policy_learnt_for_a_scenario_plays_in_it(tmp_path: Path) -> None:
    path = with_items(tmp_path)
    told = ("--conversations", 40, "--out", tmp_path / "p.json")
    result = sim("policy", "learn", path, *told)
    assert result.exit_code == 0, result.stderr
    seats = ("--sellers", f"policy:{tmp_path / 'p.json'}")
    launched(tmp_path / "run", path, *seats)
    for event in events_of(tmp_path / "run", "ActionChosen"):
        assert sorted(event["probabilities"])[-1] == WHOLE
