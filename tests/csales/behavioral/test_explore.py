"""Exploring: how often any legal option is chosen, and that the log says so to the last bit."""

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
from retailsim.agents.csales.behavioral.action_policy import (
    Chance,
    Csi,
    Exploring,
    FixedScript,
    choose,
)
from retailsim.agents.csales.behavioral.seller import (
    CsiSeller,
    PolicySeller,
    RandomActionSeller,
    ScriptedSalesSeller,
)
from retailsim.agents.errors import BadOption
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product_files import Problems, builtin_catalogue, read_products
from retailsim.market.core.propensities import WHOLE, propensities
from retailsim.market.protocols.csales.events import ActionChosen
from retailsim.market.protocols.csales.profile_file import builtin_profiles, read_profiles
from retailsim.market.protocols.csales.shop import Shop
from retailsim.market.protocols.csales.spec import SalesRules
from tests.csales.behavioral.test_sales_policy import SITUATIONS, situation
from tests.csales.talks import converse, of

POLICIES = (Csi(), FixedScript(), Chance())
SELLERS = (CsiSeller, ScriptedSalesSeller, RandomActionSeller)


@given(SITUATIONS, st.floats(0.0, 1.0))
def test_propensities_are_those_of_the_mixture(situation: Any, share: float) -> None:
    """Each is off by less than the one that rounding gives or takes."""
    for policy in POLICIES:
        before = propensities(policy.weights(situation))
        after = propensities(Exploring(policy, share).weights(situation))
        assert sum(after) == WHOLE
        for old, new in zip(before, after, strict=True):
            mixed = (1 - Fraction(share)) * old + Fraction(share) * WHOLE / len(before)
            assert abs(new - mixed) < Fraction(10_001, 10_000)


def test_it_always_or_never_explores() -> None:
    here = situation(actions=("Preference Probing", "Category Search", "Suggestion"))
    never, always = (Exploring(FixedScript(), share).weights(here) for share in (0.0, 1.0))
    assert propensities(never) == (WHOLE, 0, 0)
    assert propensities(always) == propensities([1.0, 1.0, 1.0])


def test_options_are_chosen_as_often_as_the_log_says() -> None:
    policy, here = Exploring(FixedScript(), 0.25), situation(style="Rational")
    draws = 8_000
    choices = [choose(policy, here, Seed(1).stream("explore", str(n))) for n in range(draws)]
    chosen = Counter(choice.option for choice in choices)
    expected = [draws * count / WHOLE for count in choices[0].probabilities or ()]
    observed = [chosen[option] for option in here.options]
    assert chisquare(observed, expected).pvalue > 0.001
    # A quarter would explore; as if a fifth did is told apart.
    other = propensities(Exploring(FixedScript(), 0.2).weights(here))
    assert chisquare(observed, [draws * count / WHOLE for count in other]).pvalue < 0.001


# -- sellers -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rules() -> SalesRules:
    return SalesRules(catalogue=Shop(list(read_products(builtin_catalogue(), problems=Problems()))))


@pytest.mark.parametrize("seller", SELLERS)
def test_no_share_is_what_it_was_before(seller: type[PolicySeller], rules: SalesRules) -> None:
    profiles = read_profiles(builtin_profiles())[:12]
    plain, zero, some = (
        [msgspec.json.encode(converse(one, seller, rules, selling=options)) for one in profiles]
        for options in ({}, {"explore": 0}, {"explore": 0.5})
    )
    assert zero == plain
    assert some != plain


@pytest.mark.parametrize("seller", SELLERS)
def test_whoever_explores_can_do_anything_legal(
    seller: type[PolicySeller], rules: SalesRules
) -> None:
    least = []
    for profile in read_profiles(builtin_profiles())[:6]:
        events = converse(profile, seller, rules, selling={"explore": 0.4})
        for event in of(ActionChosen, events):
            assert event.probabilities is not None
            assert sum(event.probabilities) == WHOLE
            least.append(min(event.probabilities) * len(event.options) / WHOLE)
    assert len(least) > 10
    assert min(least) >= 0.4 - 1e-6


@pytest.mark.parametrize("share", [-0.1, 1.5, True, "0.1", None, float("nan")])
@pytest.mark.parametrize("seller", SELLERS)
def test_what_is_no_share_is_refused_in_one_line(seller: type[PolicySeller], share: object) -> None:
    with pytest.raises(BadOption) as error:
        seller(Seat(id="s", role="seller", seed=Seed(1), options={"explore": share}))
    assert f"explore = {share!r}: a share from 0 to 1 is needed" in str(error.value)
    assert "\n" not in str(error.value)
