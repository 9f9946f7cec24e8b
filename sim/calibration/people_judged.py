"""The judgement of a fit to people, on people that it has not seen; and where it fits poorly.

A part of what buyers do is taken only if two things hold. Its parameters differ from those that are
there by more than other people and other products would explain; all parts are tested together
(Bonferroni). And they predict people that the fit has not seen better: the people are cut into two
halves, and each is predicted by the fit to the other. The second alone would let a level pass that
follows the appeal of these very products, which helps on them and on no others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Literal, NamedTuple

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import chdtrc

from retailsim.analysis.statistics.clusters import mean
from retailsim.analysis.statistics.multiplicity import ALPHA, bonferroni
from retailsim.analysis.statistics.values import Interval
from retailsim.sim.calibration.people_equations import (
    BUYING,
    PRICE,
    UNITS,
    chances,
    shared_by_product,
    slopes_of_utility,
    solved,
    star_shares,
    stars,
    units,
)
from retailsim.sim.calibration.people_fit import EXCHANGES, PeopleFit, questions_of
from retailsim.sim.calibration.people_seen import RATINGS, Codes, Seen

Floats = NDArray[np.float64]
Values = Mapping[str, float]
Part = Literal["buying", "units", "ratings", "questions"]
PARTS: tuple[Part, ...] = ("buying", "units", "ratings", "questions")
Verdict = Literal["better", "no better"]

_RARE = 0.01
"""Chance from which on a misfit is none of luck."""
_FAR = 0.2
"""Share of stars that would have to be others."""
_FEW = 30
_BEYOND = 0.05
"""Share of orders of more units than simulated buyers ever take."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One part of what buyers do, on people that the fit has not seen.

    Parameters
    ----------
    part : {"buying", "units", "ratings", "questions"}
    keys : tuple of str
        The parameters that belong to it.
    scored : str
        How a prediction is scored.
    n : int
        Decisions, orders, reviews or episodes.
    gain : float
        Mean score by the fit less that by the parameters as they are: above 0 it is better.
    interval : Interval or None
        Of the gain, over people; None where nothing differs.
    p : float
        Of parameters that are as they were, adjusted for the number of parts.
    verdict : {"better", "no better"}
        "better" where the gain is above 0 and p at most 0.05.
    """

    part: Part
    keys: tuple[str, ...]
    scored: str
    n: int
    gain: float
    interval: Interval | None
    p: float
    verdict: Verdict


class _Scores(NamedTuple):
    """Scores of predictions, one for each thing predicted, with its episode."""

    score: Floats
    episode: Codes


def judged(seen: Seen, fitted: PeopleFit) -> tuple[Judged, ...]:
    """Judge every part that has fitted parameters."""
    first = _first_half(seen)
    keys = {part: found for part in PARTS if (found := _keys_of(part, fitted))}
    values = bonferroni([_p_of(part, found, fitted) for part, found in keys.items()])
    return tuple(
        _judged(part, found, seen, first, fitted, p)
        for (part, found), p in zip(keys.items(), values, strict=True)
        if p is not None
    )


def _p_of(part: Part, keys: list[str], fitted: PeopleFit) -> float:
    """Return p of parameters that are as they were."""
    if part == "questions":
        return 1.0 if fitted.questions is None else fitted.questions.p
    moved = {one.key: one.value - one.present for one in fitted.parameters if one.key in keys}
    return fitted.errors.p_of(moved)


def _first_half(seen: Seen) -> NDArray[np.bool_]:
    """Draw half of the people by their names, whatever they did."""
    there = sorted({seen.people[code] for code in seen.person}, key=_drawn)
    half = set(there[: len(there) // 2])
    return np.array([name in half for name in seen.people])


def _drawn(name: str) -> bytes:
    return sha256(name.encode()).digest()


def _keys_of(part: Part, fitted: PeopleFit) -> list[str]:
    if part == "questions":
        return [EXCHANGES] if fitted.questions is not None else []
    belongs: Mapping[Part, Callable[[str], bool]] = {
        "buying": lambda key: key in BUYING,
        "units": lambda key: key == UNITS,
        "ratings": lambda key: key.startswith(RATINGS),
    }
    return [key for key in fitted.keys if belongs[part](key)]


_SCORED: Mapping[Part, str] = {
    "buying": "log score of a decision",
    "units": "squared error of an order",
    "ratings": "squared error of a review",
    "questions": "ranked probability score of an episode",
}


def _judged(
    part: Part,
    keys: list[str],
    seen: Seen,
    first: NDArray[np.bool_],
    fitted: PeopleFit,
    p: float,
) -> Judged:
    gains, people = [], []
    for half in (first, ~first):
        some, other = seen.of_people(half), seen.of_people(~half)
        after, before = _both(part, keys, some, other, fitted)
        gains.append(after.score - before.score)
        people.append(some.person[after.episode])
    each, person = np.concatenate(gains), np.concatenate(people)
    found = mean(pl.Series(each), pl.Series(person))
    gain = found.value or 0.0
    return Judged(
        part=part,
        keys=tuple(keys),
        scored=_SCORED[part],
        n=len(each),
        gain=gain,
        interval=found.interval,
        p=p,
        verdict="better" if gain > 0.0 and p <= ALPHA else "no better",
    )


def _both(
    part: Part, keys: list[str], some: Seen, other: Seen, fitted: PeopleFit
) -> tuple[_Scores, _Scores]:
    """Score what half of the people did by the fit to the other half, and as it is."""
    present = some.footing.present
    if part == "questions":
        weights = questions_of(other)
        return _asked(some, weights.weights), _asked(some, weights.present)
    # What a part stands on is the whole fit's: units and ratings hang on who buys.
    base = {**present, **{key: fitted.values[key] for key in BUYING if part != "buying"}}
    learnt = {key for key in keys if part != "ratings" or _told_by(other, key)}
    values = solved(other, base, [key for key in keys if key in learnt]).values
    score = {"buying": _decisions, "units": _orders, "ratings": _stars}[part]
    return score(some, values), score(some, base)


def _told_by(seen: Seen, key: str) -> bool:
    return any(review.key == key for review in seen.reviews)


def _decisions(seen: Seen, values: Values) -> _Scores:
    p = chances(seen, values)
    return _Scores(np.where(seen.bought, np.log(p), np.log1p(-p)), np.arange(len(seen)))


def _orders(seen: Seen, values: Values) -> _Scores:
    places = np.flatnonzero(seen.bought)
    return _Scores(-((seen.units - units(seen, values))[places] ** 2), places)


def _stars(seen: Seen, values: Values) -> _Scores:
    given = np.array([review.stars for review in seen.reviews], dtype=np.float64)
    places = np.array([review.episode for review in seen.reviews], dtype=np.int_)
    return _Scores(-((given - stars(seen, values)) ** 2), places)


def _asked(seen: Seen, weights: Sequence[float]) -> _Scores:
    """Ranked probability score (Epstein 1969) of how many questions were asked."""
    most = len(weights)
    below = np.cumsum(weights)[:-1]
    asked = np.clip(seen.questions, 1, most)
    seen_below = asked[:, None] <= np.arange(1, most)
    return _Scores(-((seen_below - below) ** 2).sum(axis=1), np.arange(len(seen)))


def misfits(seen: Seen, fitted: PeopleFit) -> Iterator[tuple[Part, str]]:
    """Yield what the fitted buyers cannot be, part by part, as a sentence."""
    keys = fitted.keys
    if any(key in BUYING for key in keys):
        yield from (("buying", line) for line in _of_buying(seen, fitted))
    beyond = float((seen.units > seen.footing.many).sum()) / max(1, int(seen.bought.sum()))
    if beyond > _BEYOND:
        yield (
            "units",
            f"{beyond:.0%} of orders are of more than {seen.footing.many} units, which simulated "
            "buyers never take",
        )
    if any(key.startswith(RATINGS) for key in keys):
        yield from (("ratings", line) for line in _of_stars(seen, fitted))
    if fitted.questions is not None and fitted.questions.none > _BEYOND:
        yield (
            "questions",
            f"in {fitted.questions.none:.0%} of episodes nothing was asked, which simulated buyers "
            "never do",
        )


def _of_buying(seen: Seen, fitted: PeopleFit) -> Iterator[str]:
    p, moved = chances(seen, fitted.values), slopes_of_utility(seen, fitted.values)
    count = int(seen.product.max()) + 1

    def by_product(each: Floats) -> Floats:
        sums = np.zeros(count)
        np.add.at(sums, seen.product, each)
        return sums

    rest, luck = by_product(seen.bought - p), by_product(p * (1.0 - p))
    spread = sum(by_product(moved * one) ** 2 for one in shared_by_product(seen, fitted.values))
    there = luck > 0.0
    found = float((rest**2 / (luck + spread))[there].sum())
    if there.sum() > 1 and chdtrc(int(there.sum()) - 1, found) < _RARE:
        yield "how often a product is bought differs more between products than the fit explains"
    for one in fitted.parameters:
        if one.key == PRICE and one.interval.low <= 0.0:
            yield "no response to the price can be told: its slope may be 0"


def _of_stars(seen: Seen, fitted: PeopleFit) -> Iterator[str]:
    shares = star_shares(seen, fitted.values)
    given = np.array([review.stars for review in seen.reviews])
    aspects = np.array([review.key.removeprefix(RATINGS).split("_")[0] for review in seen.reviews])
    for aspect in sorted(set(aspects)):
        mine = aspects == aspect
        if mine.sum() < _FEW:
            continue
        seen_shares = np.array([(given[mine] == star).mean() for star in range(1, 6)])
        other = 0.5 * float(np.abs(seen_shares - shares[mine].mean(axis=0)).sum())
        if other > _FAR:
            yield (
                f"ratings ({aspect}): {other:.0%} of the stars would have to be others: the level "
                "is met, their spread is not"
            )
