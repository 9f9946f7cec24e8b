"""The fit to people: which parameters their episodes can tell, their values and intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from retailsim.analysis.statistics.clusters import by_t
from retailsim.analysis.statistics.differences import p_of_t
from retailsim.analysis.statistics.values import Interval
from retailsim.sim.calibration.people_equations import (
    BUYING,
    DEAL,
    INTERCEPT,
    PRICE,
    UNITS,
    Errors,
    errors_of,
    foreseen_errors,
    solved,
)
from retailsim.sim.calibration.people_seen import RATINGS, Seen

Floats = NDArray[np.float64]
Values = Mapping[str, float]

EXCHANGES = "buyer.inquiry.exchanges"
"""Weights of one, two, ... questions: taken from the counts themselves."""

FEWEST_PEOPLE = 10
FEWEST_REVIEWS = 20
FEWEST_MORE = 5
"""Orders of more than one unit."""
_MOST_ERROR = {INTERCEPT: 0.75, PRICE: 0.75, DEAL: 1.5}
"""Standard error from which on a parameter of buying is not told by the design, in utility."""


class FittedToPeople(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter.

    Parameters
    ----------
    key : str
    present, value : float
        Before, and fitted.
    error : float
        The standard error.
    interval : Interval
        Over people (Student's t); that of buying also over products, by the spread of their appeal
        in the parameters.
    """

    key: str
    present: float
    value: float
    error: float
    interval: Interval


class Questions(msgspec.Struct, frozen=True, kw_only=True):
    """How many questions are asked before the decision, one or more.

    Parameters
    ----------
    present, weights : tuple of float
        Of one, two, ... questions: before, and as people asked, adding up to 1.
    mean : float
        Of people; who asked nothing counts as one.
    interval : Interval
        Of the mean, over people.
    p : float
        Of no difference between the means.
    none : float
        Share of episodes in which nothing was asked, which simulated buyers never do.
    """

    present: tuple[float, ...]
    weights: tuple[float, ...]
    mean: float
    interval: Interval
    p: float
    none: float

    @property
    def mean_present(self) -> float:
        """The mean of the weights as they are."""
        return mean_of(self.present)


class PeopleFit(msgspec.Struct, frozen=True, kw_only=True):
    """What a fit to people came to.

    Parameters
    ----------
    parameters : tuple of FittedToPeople
    questions : Questions or None
        None where they are held.
    held : dict of str to str
        Parameters that stay as they are, and why.
    values : dict of str to float
        All, fitted or held.
    errors : Errors
        How sure those are that are fitted, together.
    """

    parameters: tuple[FittedToPeople, ...]
    questions: Questions | None
    held: dict[str, str]
    values: dict[str, float]
    errors: Errors

    @property
    def keys(self) -> list[str]:
        """Those that are fitted."""
        return [one.key for one in self.parameters]


def mean_of(weights: Sequence[float]) -> float:
    """Return the mean number that weights of one, two, ... stand for."""
    return sum(n * weight for n, weight in enumerate(weights, start=1)) / sum(weights)


def fit_to_people(seen: Seen) -> PeopleFit:
    """Fit what the episodes can tell; all else is held at the present values."""
    present = dict(seen.footing.present)
    held: dict[str, str] = {}
    keys = [*_buying(seen, present, held), *_counted(seen, held)]
    found = solved(seen, present, keys)
    for key in found.at_bounds:
        held[key] = "no value meets what people did"
    keys = [key for key in keys if key not in found.at_bounds]
    values = solved(seen, present, keys).values if found.at_bounds else found.values
    errors = errors_of(seen, values, keys)
    return PeopleFit(
        parameters=tuple(
            FittedToPeople(
                key=key,
                present=present[key],
                value=values[key],
                error=errors.of(key),
                interval=by_t(values[key], errors.of(key), errors.df),
            )
            for key in keys
        ),
        questions=_questions(seen, held),
        held=held,
        values=values,
        errors=errors,
    )


def _buying(seen: Seen, present: Values, held: dict[str, str]) -> list[str]:
    """Return the parameters of buying that the design can tell, the most important first."""
    if seen.bought.all() or not seen.bought.any():
        answer = "everything" if seen.bought.all() else "nothing"
        held |= dict.fromkeys(BUYING, f"people bought {answer}")
        return []
    told: list[str] = []
    for key in BUYING:
        errors = foreseen_errors(seen, present, [*told, key])
        bad = [name for name in (*told, key) if errors[name] > _MOST_ERROR[name]]
        if not bad:
            told.append(key)
            continue
        held[key] = _too_alike(key, errors)
    return told


def _too_alike(key: str, errors: Mapping[str, float]) -> str:
    error = errors[key]
    if np.isinf(error):
        return {
            INTERCEPT: "the seats have an inclination of their own",
            PRICE: "the prices that people saw do not differ",
            DEAL: "nothing was below its list price, or all of it by the same",
        }[key]
    return f"too few: its standard error would be {error:.2f}"


def _counted(seen: Seen, held: dict[str, str]) -> list[str]:
    """Return the parameters of units and ratings of which there is enough."""
    keys = []
    more = int((seen.units > 1).sum())
    if more >= FEWEST_MORE:
        keys.append(UNITS)
    else:
        held[UNITS] = f"{more} orders of more than one unit ({FEWEST_MORE} needed)"
    reviews = Counter(review.key for review in seen.reviews)
    people = Counter(
        key
        for key, _ in {(review.key, int(seen.person[review.episode])) for review in seen.reviews}
    )
    stars = {review.key: review.stars for review in seen.reviews}
    alike = {
        key: all(r.stars == one for r in seen.reviews if r.key == key) for key, one in stars.items()
    }
    for key in sorted(name for name in seen.footing.present if name.startswith(RATINGS)):
        if alike.get(key):
            held[key] = f"all {reviews[key]} reviews have {stars[key]} stars"
        elif reviews[key] >= FEWEST_REVIEWS and people[key] >= FEWEST_PEOPLE:
            keys.append(key)
        else:
            held[key] = f"{reviews[key]} reviews by {people[key]} people"
    return keys


def _questions(seen: Seen, held: dict[str, str]) -> Questions | None:
    """Take the numbers of questions as they are; where traits add to them, they say nothing."""
    footings = seen.expected.footings
    if any(one.extra for one in footings) or not seen.questions.any():
        held[EXCHANGES] = (
            "the seats' traits change it" if seen.questions.any() else "none was asked"
        )
        return None
    return questions_of(seen)


def questions_of(seen: Seen) -> Questions:
    """Return how many questions these people asked."""
    present = seen.footing.exchanges
    most = len(present)
    asked = np.clip(seen.questions, 1, most)
    shares = [float((asked == n).mean()) for n in range(1, most + 1)]
    count = len(np.unique(seen.person))
    rest = np.zeros(len(seen.people))
    np.add.at(rest, seen.person, asked - asked.mean())
    error = float(np.sqrt((rest**2).sum() * count / max(1, count - 1))) / len(seen)
    return Questions(
        present=tuple(weight / sum(present) for weight in present),
        weights=tuple(round(share, 4) for share in shares),
        mean=float(asked.mean()),
        interval=by_t(float(asked.mean()), error, count - 1),
        p=p_of_t(float(asked.mean()) - mean_of(present), error, count - 1),
        none=float((seen.questions < 1).mean()),
    )
