"""Estimating equations: what is fitted to people, solved, with errors robust to who they are.

Each parameter has an equation whose sum over episodes is 0 at the fit: those of buying are the
scores of the log-likelihood of the decisions, that of units and those of ratings are what people
had beyond what is expected. Episodes of one person hang together, so the variance is that of sums
over people (a sandwich; Liang and Zeger 1986). Products are few, and what all buyers share about
one is in none of the expected values; its spread is taken from the parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import fdtrc

from retailsim.agents.footing import mean_chances
from retailsim.sim.calibration.people_seen import RATINGS, Seen

Floats = NDArray[np.float64]
Values = Mapping[str, float]

INTERCEPT, PRICE, DEAL = (f"buyer.choice.{name}" for name in ("intercept", "price", "deal"))
BUYING = (INTERCEPT, PRICE, DEAL)
UNITS = "buyer.quantity.base"

_BOUNDS = {INTERCEPT: (-10.0, 10.0), PRICE: (0.0, 15.0), DEAL: (-10.0, 20.0)}
_UNIT_BOUNDS = (-15.0, 10.0)
_STAR_BOUNDS = (0.0, 6.5)
_STEP = 1e-4
_SURE = 1e-9
_ROUNDS = 60
_CLOSE = 1e-7


def bounds_of(key: str) -> tuple[float, float]:
    """Return between which values a parameter is looked for."""
    if key == UNITS:
        return _UNIT_BOUNDS
    return _STAR_BOUNDS if key.startswith(RATINGS) else _BOUNDS[key]


def choice_of(values: Values) -> tuple[float, float, float]:
    """Return the parameters of buying in the order in which footings take them."""
    return values[INTERCEPT], values[PRICE], values[DEAL]


def chances(seen: Seen, values: Values) -> Floats:
    """Return how likely each purchase is; never 0 or 1."""
    found: Floats = np.clip(seen.expected.chances(*choice_of(values)), _SURE, 1.0 - _SURE)
    return found


def units(seen: Seen, values: Values) -> Floats:
    """Return how many units the order of each episode is expected to have, were there one."""
    return seen.expected.units(*choice_of(values), values[UNITS])


def star_shares(seen: Seen, values: Values) -> Floats:
    """Return the expected shares of one to five stars of each review."""
    places = [review.episode for review in seen.reviews]
    keys = [review.key for review in seen.reviews]
    # Who bought liked the product better than most; of who did not, the liking is in no rating.
    liked = seen.expected.liked(*choice_of(values))[places]
    levels = np.array([values[key] for key in keys])
    return seen.expected.some(places).star_shares(keys, levels, liked)


def stars(seen: Seen, values: Values) -> Floats:
    """Return the expected stars of each review."""
    found: Floats = star_shares(seen, values) @ np.arange(1.0, 6.0)
    return found


def slopes_of_chances(seen: Seen, values: Values, keys: Sequence[str]) -> Floats:
    """Return how each chance moves with parameters of buying: episodes x keys."""
    columns = []
    for key in keys:
        up, down = ({**values, key: values[key] + sign * _STEP} for sign in (1.0, -1.0))
        columns.append((chances(seen, up) - chances(seen, down)) / (2.0 * _STEP))
    return np.column_stack(columns) if columns else np.zeros((len(seen), 0))


def slopes_of_utility(seen: Seen, values: Values) -> Floats:
    """Return how each chance moves with the utility of buying."""
    mean, spread = seen.expected.utility(*choice_of(values))
    up, down = (mean_chances(mean + sign * _STEP, spread) for sign in (1.0, -1.0))
    found: Floats = (up - down) / (2.0 * _STEP)
    return found


def scores(seen: Seen, values: Values, keys: Sequence[str]) -> Floats:
    """Return what each episode adds to each parameter's equation: episodes x keys."""
    found = np.zeros((len(seen), len(keys)))
    buying = [key for key in keys if key in BUYING]
    if buying:
        p = chances(seen, values)
        weight = (seen.bought - p) / (p * (1.0 - p))
        places = [keys.index(key) for key in buying]
        found[:, places] = weight[:, None] * slopes_of_chances(seen, values, buying)
    if UNITS in keys:
        beyond = np.where(seen.bought, seen.units - units(seen, values), 0.0)
        found[:, keys.index(UNITS)] = beyond
    if any(key.startswith(RATINGS) for key in keys):
        rest = np.array([one.stars for one in seen.reviews]) - stars(seen, values)
        for review, one in zip(seen.reviews, rest, strict=True):
            if review.key in keys:
                found[review.episode, keys.index(review.key)] += one
    return found


class Solved(NamedTuple):
    """Values at which the equations hold, and the parameters whose equation nothing solves."""

    values: dict[str, float]
    at_bounds: tuple[str, ...]


def solved(seen: Seen, present: Values, keys: Sequence[str]) -> Solved:
    """Solve the equations of these parameters; all others stay as they are.

    Parameters
    ----------
    present : mapping
        All parameters, by key.
    """
    values = {**present}
    buying = [key for key in keys if key in BUYING]
    if buying:
        values |= _likeliest(seen, values, buying)
    at = [key for key in buying if _at(values[key], bounds_of(key))]
    for key in keys:
        if key not in BUYING:
            values[key], met = _root(seen, values, key)
            at += [] if met else [key]
    return Solved(values, tuple(at))


def _at(value: float, bounds: tuple[float, float]) -> bool:
    return min(abs(value - end) for end in bounds) < 1e-6


def _log_likelihood(seen: Seen, values: Values) -> float:
    p = chances(seen, values)
    return float(np.where(seen.bought, np.log(p), np.log1p(-p)).sum())


def _likeliest(seen: Seen, values: Values, keys: Sequence[str]) -> dict[str, float]:
    """Fisher's scoring within the bounds, halving steps that help nothing."""
    low, high = (np.array([bounds_of(key)[end] for key in keys]) for end in (0, 1))
    point = np.array([values[key] for key in keys])

    def at(some: Floats) -> dict[str, float]:
        return {**values, **dict(zip(keys, map(float, some), strict=True))}

    best = _log_likelihood(seen, at(point))
    for _ in range(_ROUNDS):
        p, slopes = chances(seen, at(point)), slopes_of_chances(seen, at(point), keys)
        information = slopes.T @ (slopes / (p * (1.0 - p))[:, None])
        ridge = 1e-9 * np.trace(information) + 1e-12
        score = scores(seen, at(point), list(keys)).sum(axis=0)
        step = np.linalg.solve(information + ridge * np.eye(len(keys)), score)
        step *= min(1.0, 3.0 / max(1e-12, float(np.abs(step).max())))
        for part in (1.0, 0.5, 0.25, 0.1, 0.02):
            trial = np.clip(point + part * step, low, high)
            found = _log_likelihood(seen, at(trial))
            if found > best:
                break
        else:
            break
        moved, point, best = np.abs(trial - point).max(), trial, found
        if moved < _CLOSE:
            break
    return {key: float(value) for key, value in zip(keys, point, strict=True)}


def _root(seen: Seen, values: Values, key: str) -> tuple[float, bool]:
    """Return where one equation is 0; else the end that comes nearest, and False."""

    def beyond(value: float) -> float:
        return float(scores(seen, {**values, key: value}, [key]).sum())

    low, high = bounds_of(key)
    if beyond(low) <= 0.0:
        return low, False
    if beyond(high) >= 0.0:
        return high, False
    return float(brentq(beyond, low, high, xtol=1e-6)), True


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """How sure fitted values are.

    Parameters
    ----------
    keys : tuple of str
    covariance : array of shape (keys, keys)
        Over people and, of buying, over products.
    df : int
        Degrees of freedom: people less one.
    """

    keys: tuple[str, ...]
    covariance: Floats
    df: int

    def of(self, key: str) -> float:
        """Return a standard error."""
        place = self.keys.index(key)
        return float(np.sqrt(max(0.0, self.covariance[place, place])))

    def p_of(self, moved: Mapping[str, float]) -> float:
        """Return p of no move at all: Hotelling's test of these parameters together."""
        places, count = [self.keys.index(key) for key in moved], len(moved)
        rest = self.df + 1 - count
        if rest < 1:
            return 1.0
        moves = np.array(list(moved.values()))
        covariance = self.covariance[np.ix_(places, places)]
        wald = float(moves @ np.linalg.pinv(covariance) @ moves)
        return float(fdtrc(count, rest, wald * rest / (count * self.df)))


def errors_of(seen: Seen, values: Values, keys: Sequence[str]) -> Errors:
    """Return the standard errors of fitted values, all equations taken together."""
    each = scores(seen, values, keys)
    by_person = np.zeros((len(seen.people), len(keys)))
    np.add.at(by_person, seen.person, each)
    count = len(np.unique(seen.person))
    if not keys:
        return Errors((), np.zeros((0, 0)), count - 1)
    between = by_person.T @ by_person * count / max(1, count - 1)
    between += product_part(seen, values, keys)
    # No spread is no certainty: one more person might have had one star or one unit more.
    between += np.diag([float(key not in BUYING) for key in keys])
    steps = [{**values, key: values[key] + sign * _STEP} for key in keys for sign in (1.0, -1.0)]
    sums = [scores(seen, one, keys).sum(axis=0) for one in steps]
    bread = np.column_stack(
        [(up - down) / (2.0 * _STEP) for up, down in zip(sums[::2], sums[1::2], strict=True)]
    )
    inverse = np.linalg.pinv(bread)
    return Errors(tuple(keys), inverse @ between @ inverse.T, count - 1)


def product_part(seen: Seen, values: Values, keys: Sequence[str]) -> Floats:
    """Return what products' own appeal adds to the variance of the sums: keys x keys."""
    found = np.zeros((len(keys), len(keys)))
    buying = [key for key in keys if key in BUYING]
    if not buying:
        return found
    p, moved = chances(seen, values), slopes_of_utility(seen, values)
    per_episode = slopes_of_chances(seen, values, buying) * (moved / (p * (1.0 - p)))[:, None]
    for shared in shared_by_product(seen, values):
        by_product = np.zeros((int(seen.product.max()) + 1, len(buying)))
        np.add.at(by_product, seen.product, per_episode * shared[:, None])
        places = [keys.index(key) for key in buying]
        found[np.ix_(places, places)] += by_product.T @ by_product
    return found


def shared_by_product(seen: Seen, values: Values) -> tuple[Floats, Floats]:
    """Return what a standard deviation of a product's appeal, and of its slope, adds to utility."""
    footings = seen.expected.footings
    appeal = np.array([one.product_sd for one in footings])
    return appeal, np.array([one.slope_sd for one in footings]) * values[PRICE]


def foreseen_errors(seen: Seen, values: Values, keys: Sequence[str]) -> dict[str, float]:
    """Return the standard errors that the design has for parameters of buying, without any answer.

    What is infinite cannot be told at all.
    """
    p, slopes = chances(seen, values), slopes_of_chances(seen, values, keys)
    information = slopes.T @ (slopes / (p * (1.0 - p))[:, None])
    scale = np.sqrt(np.maximum(information.diagonal(), 1e-300))
    flat = information.diagonal() < 1e-6
    if flat.any() or np.linalg.cond(information / np.outer(scale, scale)) > 1e8:
        return {key: float("inf") if bad else 0.0 for key, bad in zip(keys, flat, strict=True)} | (
            {} if flat.any() else {keys[-1]: float("inf")}
        )
    inverse = np.linalg.inv(information)
    variance = (inverse @ (information + product_part(seen, values, keys)) @ inverse).diagonal()
    return {key: float(np.sqrt(v)) for key, v in zip(keys, variance, strict=True)}
