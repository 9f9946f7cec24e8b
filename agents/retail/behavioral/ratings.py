"""Ratings: what a buyer thinks of pitch, answers, support and product, in whole stars."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from retailsim.agents.retail.behavioral.parameters import BuyerParameters, Disposition, PitchScale
from retailsim.events.messages import Outcome


def stars(value: float) -> int:
    """Return `value` as whole stars from 1 to 5."""
    return min(5, max(1, int(value + 0.5)))


def drawn_stars(shares: Sequence[float], draw: float, shift: float) -> int:
    """Return stars from 1 to 5 with these shares, as an ordered logit.

    Parameters
    ----------
    shares : sequence of float
        Of one to five stars where `shift` is 0; J-shaped among people (Hu, Pavlou and Zhang 2009).
    draw : float
        Uniform in (0, 1).
    shift : float
        Moves the log odds of more stars.
    """
    return 1 + bisect(_bounds(tuple(shares)), math.log(draw / (1.0 - draw)) + shift)


@lru_cache(maxsize=64)
def _bounds(shares: tuple[float, ...]) -> tuple[float, ...]:
    """The log odds below which there are at most one, two, three and four stars."""
    total = sum(shares)
    below = (min(1.0, part / total) for part in accumulate(shares[:-1]))
    return tuple(_log_odds(part) for part in below)


def _log_odds(share: float) -> float:
    if share in (0.0, 1.0):
        return math.inf if share else -math.inf
    return math.log(share / (1.0 - share))


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


def product_shift(parameters: BuyerParameters, who: Disposition, liking: float) -> float:
    """Return what taste and temper add to the rating of the product."""
    scale = parameters.ratings
    return scale.product_slope * liking + scale.post_persona * who.rating


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
    return base + product_shift(parameters, who, liking)
