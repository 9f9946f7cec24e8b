"""Exploring with sellers that somebody else wrote: the choice is mixed once it is made."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from retailsim.agents.base import Seat
from retailsim.agents.csales.base import SalesSeller
from retailsim.agents.csales.exploring import explored
from retailsim.agents.errors import BadOption
from retailsim.events.messages import EpisodeFailed
from retailsim.events.streams import Seed
from retailsim.market.core.propensities import WHOLE, propensities
from retailsim.market.protocols.csales.action_table import ActionTable, Option
from retailsim.market.protocols.csales.events import ACTIONS, ActionChosen
from retailsim.market.protocols.csales.profile_file import builtin_profiles, read_profiles
from retailsim.market.protocols.csales.requests import PlanTurn, SpeakTurn
from retailsim.market.protocols.csales.spec import SalesRules
from retailsim.market.protocols.csales.values import Inferred, Line, Plan
from tests.csales.chatter import Shelf
from tests.csales.protocol.test_action_table import bad, plan_request
from tests.csales.talks import converse, of

TABLE = ActionTable(items=("nearest", "dearest"), discounts=(0, 5))


def plan_of(option: Option, **more: Any) -> Plan:
    return Plan(inferred=Inferred(), **msgspec.structs.asdict(option), **more)


class Plain(SalesSeller):
    """Suggests, then argues; says nothing of how it chose."""

    async def plan(self, request: PlanTurn) -> Plan:
        return plan_of(request.options[-1 if request.selected else 2])

    async def speak(self, request: SpeakTurn) -> Line:
        return Line(text="hm", items=tuple(product.id for product in request.items[:1]))


class Stating(Plain):
    """The same by chance, in shares, over some of the legal options."""

    async def plan(self, request: PlanTurn) -> Plan:
        some = request.options[-3:]
        draw = self.stream(request, f"mine {request.turn}").pick((0, 1, 1, 2))
        names = tuple(option.name for option in some)
        return plan_of(some[draw], options=names, probabilities=(0.25, 0.5, 0.25))


NAMES = TABLE.names
RULES = SalesRules(catalogue=Shelf(), actions=TABLE)
PROFILES = read_profiles(builtin_profiles())[:12]


def choices(seller: Any, share: float, seed: int = 1) -> list[ActionChosen]:
    options = {"explore": share}
    held = [converse(one, seller, RULES, seed=seed, selling=options) for one in PROFILES]
    assert not any(of(EpisodeFailed, events) for events in held)
    return [event for events in held for event in of(ActionChosen, events)]


def test_without_a_share_nothing_is_mixed() -> None:
    plain, zero = (
        [msgspec.json.encode(converse(one, Plain, RULES, selling=told)) for one in PROFILES]
        for told in ({}, {"explore": 0})
    )
    assert plain == zero


def test_what_states_nothing_explores_and_its_log_says_nothing() -> None:
    events = choices(Plain, 0.6)
    assert all(event.probabilities is None for event in events)
    names = {name for event in events for name in event.options}
    assert len({(event.action, event.strategy, str(event.items)) for event in events}) > 5
    assert names >= {name for name in NAMES if "off" not in name}


def test_what_states_its_propensities_logs_the_mixture() -> None:
    for event in choices(Stating, 0.4):
        assert event.probabilities is not None
        assert sum(event.probabilities) == WHOLE
        known = dict(zip(event.options[-3:], (0.25, 0.5, 0.25), strict=True))
        for name, found in zip(event.options, event.probabilities, strict=True):
            mixed = 0.6 * known.get(name, 0.0) + 0.4 / len(event.options)
            assert found / WHOLE == pytest.approx(mixed, abs=2 / WHOLE)


@given(st.floats(0.001, 1.0), st.lists(st.integers(0, 9), min_size=3, max_size=14))
def test_the_mixture_is_right_to_the_last_unit(share: float, weights: list[int]) -> None:
    request = plan_request(ACTIONS, TABLE, discounts=False)
    given_ = [*weights, *[0] * len(request.options)][: len(request.options)]
    given_[0] += 1
    counts = propensities([float(one) for one in given_])
    names = tuple(option.name for option in request.options)
    plan = plan_of(request.options[0], options=names, probabilities=counts)
    found = explored(plan, request, share, Seed(1).stream("explore", "x")).probabilities
    assert found is not None
    assert sum(found) == WHOLE
    for before, after in zip(counts, found, strict=True):
        exact = (1 - Fraction(share)) * before + Fraction(share) * WHOLE / len(counts)
        assert abs(int(after) - exact) < Fraction(10_001, 10_000)


@pytest.mark.slow
def test_options_are_taken_as_often_as_the_log_says() -> None:
    request, draws = plan_request(ACTIONS, TABLE, discounts=False), 6_000
    names = tuple(option.name for option in request.options)
    counts = propensities([3.0, 1.0, *[0.0] * (len(names) - 2)])

    def taken(number: int) -> Plan:
        stream = Seed(3).stream("who", str(number))
        own = request.options[0 if stream.word() < 0.75 * WHOLE else 1]
        plan = plan_of(own, options=names, probabilities=counts)
        return explored(plan, request, 0.3, Seed(2).stream("explore", str(number)))

    plans = [taken(number) for number in range(draws)]
    chosen = Counter(plan.option.name for plan in plans)
    logged = plans[0].probabilities or ()
    observed = [chosen[name] for name in names]
    assert chisquare(observed, [draws * one / WHOLE for one in logged]).pvalue > 0.001
    # As if it explored a fifth of the time is told apart.
    other = [0.8 * one / WHOLE + 0.2 / len(names) for one in counts]
    assert chisquare(observed, [draws * one for one in other]).pvalue < 0.001


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"options": ("Beg",), "probabilities": (1.0,)}, "not once among its options Beg"),
        ({"options": NAMES, "probabilities": (1.0,)}, "1 probabilities for "),
        ({"options": NAMES, "probabilities": (0.7,) * len(NAMES)}, "that do not sum to 1"),
        ({"tactic": "Framing"}, "with strategy Framing"),
    ],
)
def test_what_is_wrong_is_left_for_the_market_to_refuse(more: dict[str, Any], said: str) -> None:
    request = plan_request(ACTIONS, TABLE, discounts=True)
    plan = msgspec.structs.replace(plan_of(request.options[0]), **more)
    found = explored(plan, request, 1.0, Seed(1).stream("explore", "x"))
    assert found == plan
    assert said in (bad(request, found) or "")


@pytest.mark.parametrize("share", [-0.1, 1.5, True, "0.1", None])
def test_what_is_no_share_is_refused_in_one_line(share: object) -> None:
    with pytest.raises(BadOption) as error:
        Plain(Seat(id="s", role="seller", seed=Seed(1), options={"explore": share}))
    assert f"explore = {share!r}: a share from 0 to 1 is needed" in str(error.value)
