"""Options do what their names say, by what behavioral buyers read in them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from statistics import fmean

import pytest

from retailsim.agents.retail.behavioral.parameters import PitchScale, load_parameters
from retailsim.agents.retail.behavioral.terms import terms_of
from retailsim.agents.retail.behavioral.text_features import read_pitch, score_answer
from retailsim.agents.retail.policy import carrying_out
from retailsim.agents.retail.policy.actions import ANSWERS, OPTION_NAMES, PITCHES, PitchStyle
from retailsim.agents.retail.policy.pitch import styled_pitch
from retailsim.events.streams import Seed
from retailsim.market.claims.reader import read
from retailsim.market.protocols.retail.claims import sheet_of
from retailsim.market.protocols.retail.requests import PresentPitch
from retailsim.market.protocols.retail.values import Pitch, Strategy
from tests.agents.behavioral_drive import make_offer, make_product

OFFERS = [make_offer(make_product(number), date="2026-03-02") for number in range(40)]
WHOLE = Strategy(
    target_expansion="a", value_proposition="b", contextual_urgency="c", objection_handling="d"
)


@cache
def pitches(style: PitchStyle) -> list[tuple[Pitch, PitchScale]]:
    """Every offer pitched in a style, and what buyers read in it."""
    found = []
    for offer in OFFERS:
        request = PresentPitch(unit=offer.product.id, offer=offer, strategy=WHOLE)
        plan, words = (Seed(1).stream(name, offer.product.id) for name in ("plan", "words"))
        pitch = styled_pitch(request, style, plan, words)
        found.append((pitch, read_pitch(pitch, offer)))
    return found


def mean(feature: str, fits: Callable[[PitchStyle], bool]) -> float:
    """The mean of what buyers read, over the pitches of all styles that fit."""
    return fmean(
        getattr(seen, feature)
        for style in PITCHES.values()
        if fits(style)
        for _, seen in pitches(style)
    )


@pytest.mark.parametrize(
    ("attribute", "value", "feature", "least"),
    [
        ("stress", "facts", "facts", 0.1),
        ("stress", "reasons", "logic", 0.2),
        ("stress", "feelings", "emotion", 0.2),
        ("tone", "warm", "warmth", 0.2),
        ("tone", "urgent", "push", 0.2),
        ("length", "full", "length", 0.1),
        ("length", "full", "dimensions", 0.2),
        ("claims", "bold", "hype", 0.6),
    ],
)
def test_an_attribute_moves_what_it_is_called_after(
    attribute: str, value: str, feature: str, least: float
) -> None:
    def has(style: PitchStyle) -> bool:
        return bool(getattr(style, attribute) == value)

    assert mean(feature, has) - mean(feature, lambda style: not has(style)) > least


@pytest.mark.parametrize(
    ("attribute", "value", "feature"),
    [
        ("tone", "warm", "facts"),
        ("tone", "urgent", "hype"),
        ("stress", "feelings", "push"),
        ("claims", "bold", "facts"),
    ],
)
def test_an_attribute_leaves_alone_what_it_is_not_about(
    attribute: str, value: str, feature: str
) -> None:
    def has(style: PitchStyle) -> bool:
        return bool(getattr(style, attribute) == value)

    assert abs(mean(feature, has) - mean(feature, lambda style: not has(style))) < 0.05


def test_every_pitch_says_price_and_fee_in_five_sections_and_short_ones_are_short() -> None:
    for style in PITCHES.values():
        for pitch, seen in pitches(style):
            assert len(pitch.sections) == 5
            assert all(pitch.sections.values())
            assert seen.terms == 1.0
        words = fmean(len(pitch.text.split()) for pitch, _ in pitches(style))
        assert words > 350 if style.length == "full" else words < 240


def test_only_bold_pitches_claim_what_the_sheet_does_not_carry() -> None:
    for style in PITCHES.values():
        found = [
            read(p.text, sheet_of(o)) for o, (p, _) in zip(OFFERS, pitches(style), strict=True)
        ]
        if style.claims == "sheet":
            assert not any(found)
        else:
            assert all(len(pitch.unsupported) == 2 for pitch, _ in pitches(style))
            assert sum(map(bool, found)) > len(OFFERS) / 2  # the reader is not told


def test_answers_are_worth_what_they_are_called() -> None:
    scale = load_parameters(None).buyer.answers
    question = "How much is shipping, and how many days does it take to arrive?"
    scores: dict[str, list[float]] = {name: [] for name in ANSWERS}
    for offer in OFFERS:
        for name, manner in ANSWERS.items():
            for word in range(0, 2**32, 2**28 + 12345):
                text = carrying_out.answer_text(question, offer, manner, word)
                keys = terms_of(offer).sheet.keys
                scores[name].append(score_answer(text, ("ship", "deliver"), keys, scale))
    friendly, plain, evasive = (fmean(one) for one in scores.values())
    assert friendly > 0.99
    assert friendly - scale.polite - 0.01 <= plain < friendly - 0.03
    assert evasive < 0.45


def test_options_are_named_once() -> None:
    assert len(set(OPTION_NAMES)) == len(OPTION_NAMES) == 24 + 3 + 4
