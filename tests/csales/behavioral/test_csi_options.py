"""Parts of CSI taken out by a seat's options: what it goes by, and what it then does."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given

from retailsim.agents.base import Seat
from retailsim.agents.csales.behavioral.action_policy import (
    Chance,
    Csi,
    FixedScript,
    Situation,
    WithTactics,
)
from retailsim.agents.csales.behavioral.buyer import CsUser
from retailsim.agents.csales.behavioral.parameters import TABLES, defaults, parameters_of
from retailsim.agents.csales.behavioral.seller import CsiSeller, ScriptedSalesSeller
from retailsim.agents.errors import BadOption
from retailsim.events.messages import EpisodeFailed
from retailsim.events.streams import Seed
from retailsim.market.protocols.csales.events import (
    STYLES,
    TACTICS,
    ActionChosen,
    ProfileInferred,
    Style,
)
from retailsim.market.protocols.csales.spec import SalesRules
from tests.csales.behavioral.test_sales_policy import SITUATIONS
from tests.csales.chatter import PROFILE, Shelf
from tests.csales.talks import converse, of

RULES = SalesRules(catalogue=Shelf(), told_style=frozenset({"s"}))


def inferred(options: dict[str, Any], style: Style = "Rational", seed: int = 1) -> list[Any]:
    profile = msgspec.structs.replace(PROFILE, decision_making_style=style)
    return of(ProfileInferred, converse(profile, CsiSeller, RULES, seed=seed, selling=options))


def tactics(options: dict[str, Any]) -> set[str]:
    """Return the tactics used in 20 conversations."""
    return {
        event.strategy
        for seed in range(20)
        for event in of(
            ActionChosen, converse(PROFILE, CsiSeller, RULES, seed=seed, selling=options)
        )
        if event.strategy
    }


@pytest.mark.parametrize("style", STYLES)
def test_a_seller_may_be_told_the_true_style(style: Style) -> None:
    """From the first turn on, whatever is said."""
    found = {event.decision_making_style for event in inferred({"style": "told"}, style)}
    assert found == {style}


@pytest.mark.parametrize("style", STYLES)
def test_a_seller_may_be_told_a_wrong_style_the_same_one_all_through(style: Style) -> None:
    seen = set()
    for seed in range(12):
        found = {event.decision_making_style for event in inferred({"style": "wrong"}, style, seed)}
        assert len(found) == 1
        seen |= found
    assert seen == set(STYLES) - {style}


def test_a_random_style_is_any_of_them_and_needs_no_truth() -> None:
    untold = SalesRules(catalogue=Shelf())
    seen = {
        event.decision_making_style
        for seed in range(20)
        for event in of(
            ProfileInferred,
            converse(PROFILE, CsiSeller, untold, seed=seed, selling={"style": "random"}),
        )
    }
    assert seen == set(STYLES)


def test_a_seller_that_is_not_told_cannot_go_by_the_truth() -> None:
    """The conversation fails visibly; nothing is guessed in its stead."""
    untold = SalesRules(catalogue=Shelf())
    [failed] = of(EpisodeFailed, converse(PROFILE, CsiSeller, untold, selling={"style": "told"}))
    assert "style = 'told': the market did not tell it" in failed.reason


def test_no_seller_is_told_unless_the_rules_name_it() -> None:
    """The default infers: some style is wrong or unknown on the way."""
    found = [event.decision_making_style for event in inferred({})]
    assert None in found


def test_without_a_profile_a_seller_goes_by_the_last_message_alone() -> None:
    whole, bare = (inferred({"profile": profile}) for profile in (True, False))
    assert bare[0].preference == whole[0].preference
    for event in bare:
        assert event.decision_making_style is None
        assert event.dialogue_openness is None
    assert len(bare[-1].preference) < len(whole[-1].preference)
    assert whole[0].preference in whole[-1].preference
    assert bare[0].preference not in bare[-1].preference


@pytest.mark.parametrize("tactic", TACTICS)
def test_a_fixed_tactic_is_the_only_one(tactic: str) -> None:
    assert tactics({"tactic": tactic}) == {tactic}


def test_random_tactics_are_all_of_them() -> None:
    assert tactics({"tactic": "random"}) == set(TACTICS)


@given(situation=SITUATIONS)
def test_other_tactics_leave_the_share_of_persuasion_as_it_was(situation: Any) -> None:
    for policy in (Csi(), Chance(), FixedScript()):
        before = policy.weights(situation)
        for tactic in (None, TACTICS[0]):
            after = WithTactics(policy, tactic).weights(situation)
            assert sum(after) == pytest.approx(sum(before))
            for option, old, new in zip(situation.options, before, after, strict=True):
                assert option.tactic or old == new


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"style": "best"}, "style = 'best': choose one of inferred, told, wrong, random"),
        ({"tactic": "Bribery"}, "tactic = 'Bribery': choose one of by style, random, Framing"),
        (
            {"profile": "no"},
            "profile (true or false), style, tactic, temperature and explore are all that is taken",
        ),
        (
            {"mood": 1},
            "profile (true or false), style, tactic, temperature and explore are all that is taken",
        ),
        ({"profile": False, "style": "told"}, "style 'told' needs profile = true"),
        ({"tactic": ["Framing"]}, "tactic = ['Framing']: choose one of"),
        ({"temperature": 0}, "temperature = 0 is no number from 0.001 to 1,000"),
        ({"temperature": True}, "temperature = True is no number from 0.001 to 1,000"),
    ],
)
def test_a_wrong_option_of_the_seller_is_said_in_one_line(
    options: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadOption) as error:
        CsiSeller(Seat(id="s", role="seller", seed=Seed(1), options=options))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@given(situation=SITUATIONS)
def test_a_cold_seller_takes_an_option_of_the_highest_score(situation: Situation) -> None:
    warm, cold = (Csi(temperature).weights(situation) for temperature in (0.35, 0.001))
    assert {number for number, weight in enumerate(cold) if weight > 0.99} == {
        number for number, weight in enumerate(warm) if weight > 0.9999 * max(warm)
    }


def first_chances(options: dict[str, Any]) -> tuple[float, ...]:
    """What a seller's first options are drawn by, in shares of all."""
    chosen, *_ = of(ActionChosen, converse(PROFILE, CsiSeller, RULES, seed=1, selling=options))
    return tuple(one / sum(chosen.probabilities) for one in chosen.probabilities)


def test_a_seller_has_the_temperature_of_its_options() -> None:
    """The warmer, the closer to chance."""
    assert max(first_chances({"temperature": 0.001})) == 1.0
    assert first_chances({"temperature": 0.35}) == first_chances({})
    warm = first_chances({"temperature": 1000})
    assert max(warm) - min(warm) < 0.01


def test_the_baselines_take_none() -> None:
    with pytest.raises(BadOption, match="takes none but explore"):
        ScriptedSalesSeller(
            Seat(id="s", role="seller", seed=Seed(1), options={"tactic": "Framing"})
        )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"moods": {}}, "tables of parameters (worth, surplus, will,"),
        ({"will": {"begin": 1.0}}, "unknown field `begin`"),
        ({"will": 3}, "$.will"),
        ({"trust": {"start": 1.5}}, "<= 1.0"),
        ({"persuasion": {"affinity": {"Rational": {"Bribery": 1.0}}}}, "Bribery"),
    ],
)
def test_a_wrong_option_of_the_buyer_is_said_in_one_line(
    options: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadOption) as error:
        CsUser(Seat(id="b", role="buyer", seed=Seed(1), options=options))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_tables_of_options_lie_over_the_shipped_ones() -> None:
    found = parameters_of({"persuasion": {"fit": 0.0}, "will": {"start": -1.0}}, "test")
    assert (found.persuasion.fit, found.will.start) == (0.0, -1.0)
    assert found.persuasion.affinity == defaults().persuasion.affinity
    assert found.will.spread == defaults().will.spread
    assert {name: getattr(found, name) for name in TABLES[4:]} == {
        name: getattr(defaults(), name) for name in TABLES[4:]
    }
