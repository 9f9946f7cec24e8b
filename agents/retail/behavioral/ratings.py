"""Ratings: what a buyer thinks of pitch, answers, support and product, in whole stars."""

from __future__ import annotations

from retailsim.agents.retail.behavioral.parameters import BuyerParameters, Disposition, PitchScale
from retailsim.events.messages import Outcome


def stars(value: float) -> int:
    """Return `value` as whole stars from 1 to 5."""
    return min(5, max(1, int(value + 0.5)))


def pitch_rating(
    parameters: BuyerParameters,
    who: Disposition,
    persuasion: float,
    seen: PitchScale,
    bought: bool,
) -> float:
    """Return the latent rating of the pitch: warmth is liked, whatever it sells.

    Those it did not win over resent the hype.
    """
    scale = parameters.ratings
    base = scale.pitch if bought else scale.pitch_nonbuyer + scale.pitch_hype * seen.hype
    warmth = scale.pitch_warmth * (seen.warmth - parameters.typical.warmth)
    return base + scale.pitch_slope * persuasion + warmth + who.rating


def inquiry_rating(
    parameters: BuyerParameters, who: Disposition, score: float, bought: bool
) -> float:
    """Return the latent rating of the answers before the purchase."""
    scale = parameters.ratings
    base = scale.pre_inquiry if bought else scale.pre_inquiry_nonbuyer
    return base + scale.answers_slope * (score - parameters.answers.typical) + who.rating


def support_rating(parameters: BuyerParameters, who: Disposition, outcome: Outcome | None) -> float:
    """Return the latent rating of support, by how the issue was resolved."""
    scale = parameters.ratings
    base = {
        "exchanged": scale.settled_exchanged,
        "refunded": scale.settled_refunded,
        "delivered": scale.settled_delivered,
        None: scale.settled_none,
    }[outcome]
    return base + scale.post_persona * who.rating


def product_rating(
    parameters: BuyerParameters, who: Disposition, liking: float, outcome: Outcome | None
) -> float:
    """Return the latent rating of the product, by how the issue was resolved and by taste."""
    scale = parameters.ratings
    base = {
        "exchanged": scale.product_exchanged,
        "refunded": scale.product_refunded,
        "delivered": scale.product_delivered,
        None: scale.product_none,
    }[outcome]
    return base + scale.product_slope * liking + scale.post_persona * who.rating
