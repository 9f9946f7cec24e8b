"""Footings: what simulated buyers are expected to do, as functions of the numbers that are fitted.

A footing is what a behavioral buyer stands on when it decides in one episode: all that its
utility is made of, apart from the parameters that a fit moves, and before anything of it is drawn.
So the chance of a purchase, the units of an order and the stars of a review are expected values
that need no further play, whatever the parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
_SHARES = _WEIGHTS / _WEIGHTS.sum()

_SURE = 30.0
"""Log odds beyond which nothing changes."""


class Footing(msgspec.Struct, frozen=True, kw_only=True):
    """One episode of a buyer before it decides.

    The utility of buying over walking away is normal over products and buyers, with the mean
    ``base + level * intercept + price * slope + deal * bargain`` and the standard deviation
    ``hypot(liking_sd, rest_sd, price_sd * slope)``.

    Parameters
    ----------
    level, price, deal : float
        What the mean gains per unit of these parameters; 0 where the seat has a number of its own.
    felt : float
        What of the price's utility does not hang on them.
    product_sd, liking_sd : float
        Of what all buyers share about a product, and of that together with the buyer's own taste.
    slope_sd : float
        What of `price_sd` all buyers share, for slopes differ between products; below 0 where the
        price is above what the product is worth.
    odds, odds_price, again, many : float, float, float, int
        The log odds of more than one unit are ``base + log(odds) + odds_price * price utility``;
        of those who take more, the share `again` takes yet another, up to `many`.
    ratings : mapping of str to float
        By the key of a level of ratings, what comes on top of it in this episode, in stars.
    liking : mapping of str to float
        By such a key, stars per unit of liking.
    noise : float
        Width of the uniform error of a rating, in stars.
    extra : float
        Exchanges that this buyer's traits add to those that the parameters say.
    present : mapping of str to float
        The parameters as they are.
    exchanges : tuple of float
        Weights of one, two, ... exchanges before the decision, as they are.
    """

    episode: str
    level: float
    base: float
    price: float
    price_sd: float
    deal: float
    felt: float
    product_sd: float
    liking_sd: float
    slope_sd: float
    rest_sd: float
    odds: float
    odds_price: float
    again: float
    many: int
    ratings: Mapping[str, float]
    liking: Mapping[str, float]
    noise: float
    extra: float
    present: Mapping[str, float]
    exchanges: tuple[float, ...]


def mean_chances(utilities: Sequence[float] | Floats, spreads: Sequence[float] | Floats) -> Floats:
    """Return the means of the logistic function over normal utilities.

    Parameters
    ----------
    utilities, spreads : arrays of float
        Means and standard deviations of the utility of buying over that of walking away.

    Returns
    -------
    array of float
        In (0, 1), by Gauss-Hermite quadrature; exact to 1e-5 for spreads up to 2.
    """
    means, spread = np.broadcast_arrays(np.asarray(utilities), np.asarray(spreads))
    points = means[..., None] + spread[..., None] * _NODES
    found: Floats = 0.5 * (1.0 + np.tanh(0.5 * points)) @ _SHARES
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """What is expected in some episodes.

    Parameters
    ----------
    footings : sequence of Footing
        In the order of every array.
    """

    footings: tuple[Footing, ...]

    def _all(self, name: str) -> Floats:
        return np.array([getattr(one, name) for one in self.footings], dtype=np.float64)

    def utility(self, intercept: float, slope: float, bargain: float) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of the utility of buying, by episode."""
        mean = self._all("base") + self._all("level") * intercept
        mean += self._all("price") * slope + self._all("deal") * bargain
        rest = np.hypot(self._all("liking_sd"), self._all("rest_sd"))
        return mean, np.hypot(rest, self._all("price_sd") * slope)

    def chances(self, intercept: float, slope: float, bargain: float) -> Floats:
        """Return how likely each purchase is."""
        return mean_chances(*self.utility(intercept, slope, bargain))

    def units(self, intercept: float, slope: float, bargain: float, base: float) -> Floats:
        """Return how many units an order has, on average over who buys.

        Whoever finds a thing cheap both buys it and takes more of it, so the mean is over what the
        price is worth to those who buy.
        """
        mean, _ = self.utility(intercept, slope, bargain)
        drawn = self._all("price_sd") * slope
        rest = np.hypot(self._all("liking_sd"), self._all("rest_sd"))
        felt = self._all("felt") + self._all("price") * slope + self._all("deal") * bargain
        at = drawn[:, None] * _NODES
        buys = mean_chances(mean[:, None] + at, rest[:, None] + 0.0 * at) * _SHARES
        moved = self._all("odds_price")[:, None] * (felt[:, None] + at)
        odds = self._all("odds")[:, None] * np.exp(np.minimum(base + moved, _SURE))
        more = np.array(
            [sum(one.again**further for further in range(one.many - 1)) for one in self.footings]
        )
        beyond = (buys * odds / (1.0 + odds)).sum(axis=1) / buys.sum(axis=1)
        found: Floats = 1.0 + more * beyond
        return found

    def liked(self, intercept: float, slope: float, bargain: float) -> Floats:
        """Return what is drawn of the liking, on average over who buys; its mean over all is 0."""
        mean, _ = self.utility(intercept, slope, bargain)
        spread = self._all("liking_sd")[:, None] * _NODES
        rest = np.hypot(self._all("rest_sd"), self._all("price_sd") * slope)
        buys = mean_chances(mean[:, None] + spread, rest[:, None] + 0.0 * spread) * _SHARES
        found: Floats = (buys * spread).sum(axis=1) / buys.sum(axis=1)
        return found

    def star_shares(self, keys: Sequence[str], levels: Floats, liked: Floats) -> Floats:
        """Return the shares of one to five stars of one review in each episode.

        Parameters
        ----------
        keys : sequence of str
            Of the level that counts in each episode.
        levels : array of float
            These levels, in stars.
        liked : array of float
            As `liked` returns it.
        """
        on_top = np.array([o.ratings[key] for o, key in zip(self.footings, keys, strict=True)])
        per = np.array([o.liking.get(key, 0.0) for o, key in zip(self.footings, keys, strict=True)])
        latent, noise = levels + on_top + per * liked, self._all("noise")
        bounds = np.array([1.5, 2.5, 3.5, 4.5])
        reach = (latent + noise / 2.0)[:, None] - bounds
        beyond = np.clip(reach / np.maximum(noise, 1e-9)[:, None], 0.0, 1.0)
        above = np.column_stack((np.ones(len(latent)), beyond, np.zeros(len(latent))))
        found: Floats = above[:, :-1] - above[:, 1:]
        return found

    def some(self, chosen: Sequence[int] | NDArray[np.int_]) -> Expected:
        """Return what is expected in some of the episodes."""
        return Expected(tuple(self.footings[place] for place in chosen))
