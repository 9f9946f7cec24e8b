"""How a seller's turns move a buyer: what suits raises willingness, insistence lowers it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.csales.behavioral.action_policy import SUITS
from retailsim.agents.csales.behavioral.buyer_state import BuyerState, Deed, after, at_first, effect
from retailsim.agents.csales.behavioral.parameters import BuyerParameters, defaults, parameters_of
from retailsim.market.protocols.csales.events import (
    ACTIONS,
    OPENNESS,
    STYLES,
    TACTICS,
    Openness,
    Style,
    Tactic,
)
from retailsim.market.protocols.csales.values import Profile
from tests.csales.chatter import PROFILE

SHIPPED = defaults()
UNSUITED: dict[Style, Tactic] = {
    "Rational": "Framing",
    "Dependent": "Logical Appeal",
    "Intuitive": "Social Proof",
}


def who(style: Style = "Rational", openness: Openness = "Less Active") -> Profile:
    return msgspec.structs.replace(PROFILE, decision_making_style=style, dialogue_openness=openness)


def persuasion(tactic: Tactic, **more: Any) -> Deed:
    return Deed(action="Persuasion", tactic=tactic, **{"about": True, **more})


def moved(
    deeds: Sequence[Deed], profile: Profile, parameters: BuyerParameters = SHIPPED
) -> list[BuyerState]:
    """Return where the buyer stands at first and after each deed."""
    states = [at_first(parameters)]
    for deed in deeds:
        states.append(after(states[-1], deed, profile, parameters))
    return states


def will(deeds: Sequence[Deed], profile: Profile, **tables: Any) -> float:
    """Return how far the deeds moved the buyer's willingness."""
    parameters = parameters_of(tables, "test")
    states = moved(deeds, profile, parameters)
    return states[-1].will - states[0].will


@pytest.mark.parametrize("style", STYLES)
def test_what_suits_raises_willingness_and_trust_and_what_does_not_lowers_both(
    style: Style,
) -> None:
    for tactic in SUITS[style]:
        first, then = moved([persuasion(tactic)], who(style))
        assert then.will > first.will
        assert then.trust > first.trust
    first, then = moved([persuasion(UNSUITED[style])], who(style))
    assert then.will < first.will
    assert then.trust < first.trust


@pytest.mark.parametrize("style", STYLES)
def test_affinities_are_the_sellers_knowledge_and_sum_to_nothing(style: Style) -> None:
    """So a tactic by chance is worth the same to every style."""
    affinity = SHIPPED.persuasion.affinity[style]
    assert set(affinity) == set(TACTICS)
    assert sum(affinity.values()) == pytest.approx(0.0)
    ranked = sorted(TACTICS, key=lambda tactic: -affinity[tactic])
    assert tuple(ranked[:2]) == SUITS[style]


@pytest.mark.parametrize("style", STYLES)
def test_the_same_tactic_again_gains_less_and_less(style: Style) -> None:
    states = moved([persuasion(SUITS[style][0])] * 4, who(style))
    gains = [b.will - a.will for a, b in itertools.pairwise(states)]
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] < 0.0 < gains[0]
    fresh = {"fatigue": {"repetition": 0.0, "pressure": 0.0}, "persuasion": {"saturation": 1.0}}
    tireless = parameters_of({**fresh, "trust": {"won": 0.0}}, "test")
    states = moved([persuasion(SUITS[style][0])] * 4, who(style), tireless)
    gains = [b.will - a.will for a, b in itertools.pairwise(states)]
    assert gains == pytest.approx([gains[0]] * 4)


def test_persuasions_beyond_what_a_buyer_stands_are_pressure() -> None:
    deeds = [persuasion(tactic) for tactic in TACTICS]
    lenient = will(deeds, who(), fatigue={"pressure": 0.0})
    beyond = len(deeds) - SHIPPED.openness["Less Active"].persuasions
    assert beyond > 0
    assert lenient - will(deeds, who()) == pytest.approx(beyond * SHIPPED.fatigue.pressure)


@pytest.mark.parametrize("tactic", TACTICS)
def test_persuasion_before_anything_is_selected_is_a_push(tactic: Tactic) -> None:
    """Even the best one: there is nothing yet to be persuaded of."""
    first, then = moved([persuasion(tactic, about=False)], who())
    assert then.will == pytest.approx(first.will - SHIPPED.fatigue.pushed)
    assert then.trust == pytest.approx(first.trust - SHIPPED.trust.lost)
    assert then.pull == first.pull


def test_ignoring_what_was_asked_costs_and_going_into_it_does_not() -> None:
    heard, ignored, unasked = (
        effect("Logical Appeal", "Rational", asked, SHIPPED)
        for asked in ("Rational", "Intuitive", None)
    )
    assert heard == unasked
    assert heard - ignored == pytest.approx(SHIPPED.persuasion.fit * SHIPPED.persuasion.ignored)
    assert will([persuasion("Logical Appeal", asked="Intuitive")], who()) < will(
        [persuasion("Logical Appeal", asked="Rational")], who()
    )


def test_trust_lost_makes_the_next_argument_weigh_less() -> None:
    bad, good = persuasion("Framing"), persuasion("Logical Appeal")
    alone = will([good], who())
    spoilt = will([bad, good], who()) - will([bad], who())
    assert spoilt < alone
    steadfast = {"trust": {"lost": 0.0}}
    assert will([bad, good], who(), **steadfast) - will([bad], who(), **steadfast) == pytest.approx(
        alone
    )


@given(
    st.lists(
        st.builds(
            Deed,
            action=st.sampled_from(ACTIONS),
            tactic=st.sampled_from([None, *TACTICS]),
            about=st.booleans(),
            dearer=st.booleans(),
            asked=st.sampled_from([None, *STYLES]),
            fits=st.booleans(),
        ),
        max_size=10,
    ),
    st.sampled_from(STYLES),
    st.sampled_from(OPENNESS),
)
def test_trust_stays_within_bounds_and_the_pull_never_turns(
    deeds: list[Deed], style: Style, openness: Openness
) -> None:
    states = moved(deeds, who(style, openness))
    for before, then in itertools.pairwise(states):
        assert SHIPPED.trust.least <= then.trust <= 1.0
        assert then.pull >= before.pull


def test_only_an_item_on_the_table_draws() -> None:
    states = {
        dearer: moved([persuasion("Logical Appeal", dearer=dearer)], who())[-1]
        for dearer in (True, False)
    }
    assert states[True].pull > states[False].pull == SHIPPED.dearer.start
    assert states[True].will == states[False].will


def test_a_first_question_pleases_who_likes_to_talk_and_bothers_who_does_not() -> None:
    asked = {
        openness: will([Deed(action="Preference Probing")], who(openness=openness))
        for openness in OPENNESS
    }
    assert asked["Active"] > asked["Less Active"] > 0.0 > asked["Passive"]


@pytest.mark.parametrize("openness", OPENNESS)
def test_a_question_too_many_bothers_everybody(openness: Openness) -> None:
    states = moved([Deed(action="Preference Probing")] * 3, who(openness=openness))
    assert states[3].will < states[2].will < states[1].will


def test_the_more_open_a_buyer_the_more_an_argument_moves_it() -> None:
    gains = [will([persuasion("Logical Appeal")], who(openness=openness)) for openness in OPENNESS]
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > gains[-1]


@pytest.mark.parametrize("openness", OPENNESS)
def test_a_buyer_tires_by_the_turn_once_its_patience_is_over(openness: Openness) -> None:
    patience = SHIPPED.openness[openness].patience
    states = moved([Deed(action="Category Search")] * (patience + 2), who(openness=openness))
    assert states[patience].will == states[0].will
    assert states[patience + 2].will == pytest.approx(states[0].will - 2 * SHIPPED.fatigue.idle)


def test_an_item_that_fits_is_good_news_once_and_one_that_does_not_is_none() -> None:
    fits, misses = (Deed(action="Suggestion", fits=fits) for fits in (True, False))
    assert will([fits], who()) == pytest.approx(SHIPPED.will.shown)
    assert will([fits, fits], who()) == pytest.approx(SHIPPED.will.shown)
    assert will([misses], who()) == pytest.approx(-SHIPPED.fatigue.missed)


@given(st.sampled_from(TACTICS), st.sampled_from(STYLES), st.sampled_from([None, *STYLES]))
def test_a_buyer_insensitive_to_fit_is_moved_alike_by_all_tactics(
    tactic: Tactic, style: Style, asked: Style | None
) -> None:
    deaf = {"persuasion": {"fit": 0.0}}
    other = TACTICS[TACTICS.index(tactic) - 1]
    states = [
        moved([persuasion(one, asked=asked)] * 3, who(style), parameters_of(deaf, "test"))[-1]
        for one in (tactic, other)
    ]
    assert states[0].will == states[1].will
    assert states[0].trust == states[1].trust
