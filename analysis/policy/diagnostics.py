"""Whether a log can say what a policy would have earned at all, and what it would take.

The effective sample size gates only: how sure an estimate is, its interval says. The limits are
those that near targets met and a far one broke when estimates were compared with the truth.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from retailsim.analysis.policy.decisions import Decisions, Floats
from retailsim.analysis.policy.estimators import mean_of
from retailsim.analysis.policy.weights import importance_weights
from retailsim.analysis.statistics.bootstrap import ratio_sums
from retailsim.analysis.statistics.values import Interval

LEAST_ESS, LEAST_CLUSTERS = 100.0, 50
MOST_SHARE, MOST_RARE = 0.05, 0.05
MEAN_BETWEEN = (0.8, 1.25)
RARE = 0.01
"""Options that were logged with less than this are hardly known."""
ROUNDING = 1e-9
"""What it may leave of a probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostics:
    """What importance weights can be relied on for.

    Parameters
    ----------
    episodes, clusters, decisions : int
    horizon : int
        Decisions of the longest episode.
    unknown : float
        Share of decisions whose propensities nobody stated; then nothing is known of weights.
    elsewhere : float
        Share of decisions in which what the option leaves open was not done as a policy's seat
        does it.
    adaptive : bool
        Whether who decided went on learning.
    ess : float
        Effective sample size: how many episodes of the target's own would say as much.
    largest : float
        Share of the largest weight in their sum.
    mean_weight : float
        1 on the average, if the log covers the target.
    mean_interval : Interval or None
    rare, impossible : float
        Share of what the target would do that was logged with a probability below `RARE`, or 0.
    """

    episodes: int
    clusters: int
    decisions: int
    horizon: int
    unknown: float
    elsewhere: float
    adaptive: bool
    ess: float = math.nan
    largest: float = math.nan
    mean_weight: float = math.nan
    mean_interval: Interval | None = None
    rare: float = math.nan
    impossible: float = math.nan
    shared: str = "buyer profiles"

    @property
    def ess_share(self) -> float:
        """The effective sample size over the number of episodes."""
        return self.ess / self.episodes


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a log is not to be relied on for a target.

    Parameters
    ----------
    reason : str
        What is wrong, with the figure and its limit.
    needed : int or None
        So many episodes of this kind might do, at least; None where that cannot be said.
    helps : bool
        Whether more of them would help at all.
    """

    reason: str
    needed: int | None = None
    helps: bool = False


def diagnosed(decisions: Decisions, target: Floats, *, seed: int) -> Diagnostics:
    """Return the diagnostics of a log for a target.

    Parameters
    ----------
    decisions : Decisions
    target : (D, K)
        The target's probability of each option.
    seed : int
        Of the bootstrap of the mean weight.
    """
    found = Diagnostics(
        episodes=len(decisions.ids),
        clusters=len(decisions.clusters),
        decisions=len(decisions),
        horizon=int(np.bincount(decisions.episode).max()),
        unknown=float(1.0 - decisions.known.mean()),
        elsewhere=float(1.0 - decisions.as_read.mean()),
        adaptive=decisions.adaptive,
        shared=decisions.shared,
    )
    if found.unknown:
        return found
    whole = importance_weights(decisions, target).whole
    total, squares = float(whole.sum()), float((whole**2).sum())
    logged = decisions.propensities
    hardly = (logged > 0.0) & (logged < RARE)
    return replace(
        found,
        ess=total**2 / squares if squares else 0.0,
        largest=float(whole.max()) / total if total else 1.0,
        mean_weight=total / len(whole),
        mean_interval=ratio_sums([mean_of(decisions, whole)], seed=seed)[0],
        rare=float(np.where(hardly, target, 0.0).sum(axis=1).mean()),
        impossible=float(np.where(logged <= 0.0, target, 0.0).sum(axis=1).mean()),
    )


def refusals(found: Diagnostics) -> Sequence[Refusal]:
    """Return every reason not to rely on a log; none if there is none."""
    if found.unknown:
        return (
            Refusal(
                f"{found.unknown:.0%} of the decisions have no propensities: who decided, such as "
                "a language model, did not say how likely its choices were"
            ),
        )
    return (*_of_log(found), *_of_target(found))


def _of_log(found: Diagnostics) -> Iterator[Refusal]:
    if found.adaptive:
        yield Refusal(
            "the log is of a seller that went on learning from it, so its episodes do not stand "
            "for one another and intervals would be wrong"
        )
    if found.elsewhere:
        yield Refusal(
            f"in {found.elsewhere:.1%} of the decisions the seller searched elsewhere than a "
            "policy's seat would, and no propensity says how likely that was"
        )
    if found.clusters < LEAST_CLUSTERS:
        each = found.episodes / found.clusters
        yield Refusal(
            f"{found.clusters} clusters ({found.shared}); intervals need {LEAST_CLUSTERS}",
            math.ceil(LEAST_CLUSTERS * each),
            helps=True,
        )


def _of_target(found: Diagnostics) -> Iterator[Refusal]:
    n = found.episodes
    if found.impossible > ROUNDING:
        yield Refusal(
            f"{found.impossible:.1%} of what the policy would do was impossible for the seller of "
            "the log"
        )
    if found.rare > MOST_RARE:
        yield Refusal(
            f"{found.rare:.1%} of what the policy would do was logged with a probability below "
            f"{RARE:g}; the limit is {MOST_RARE:.0%}"
        )
    if found.ess < LEAST_ESS:
        said = f"the effective sample size is {found.ess:.1f} of {n:,}; {LEAST_ESS:.0f} are needed"
        needed = math.ceil(LEAST_ESS / found.ess_share) if found.ess else None
        yield Refusal(said, needed, helps=True)
    if found.largest > MOST_SHARE:
        most = f"the limit is {MOST_SHARE:.0%}"
        said = f"one conversation has {found.largest:.1%} of all weight; {most}"
        yield Refusal(said, math.ceil(n * found.largest / MOST_SHARE), helps=True)
    low, high = MEAN_BETWEEN
    if not low <= found.mean_weight <= high:
        said = f"the mean weight is {found.mean_weight:.2f}, not about 1 ({low:g} to {high:g})"
        yield Refusal(said, _until_sure(found), helps=True)


def _until_sure(found: Diagnostics) -> int | None:
    """Return how many episodes would tell a mean weight of 1 from the limits, if it may be 1."""
    interval = found.mean_interval
    if interval is None or not interval.low <= 1.0 <= interval.high:
        return None
    half, room = (interval.high - interval.low) / 2.0, 1.0 - MEAN_BETWEEN[0]
    return math.ceil(found.episodes * max(1.0, half / room) ** 2)


def needed_episodes(reasons: Sequence[Refusal]) -> int | None:
    """Return how many episodes might do; None where that cannot be said, or none would.

    Extrapolated in proportion, so it is a lower bound: weights of a far target have a long tail,
    and more of it comes to light with more episodes.
    """
    sizes = [one.needed for one in reasons if one.needed is not None]
    return max(sizes) if sizes and len(sizes) == len(reasons) else None
