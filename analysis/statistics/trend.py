"""Whether a rate moves along an ordered condition, such as a price."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import polars as pl
import statsmodels.api as sm
from scipy.stats import norm
from scipy.stats import t as student

from retailsim.analysis.statistics.equality import (
    SAME_LOG_ODDS,
    TOLERANCE,
    no_difference,
    same,
)
from retailsim.analysis.statistics.values import LEVEL, Interval, Test


def cochran_armitage(successes: list[int], totals: list[int], scores: list[float]) -> Test:
    """Cochran-Armitage's test of a linear trend in proportions, for independent observations.

    The estimate is the slope: change of the proportion per unit of score.

    Parameters
    ----------
    successes, totals, scores : lists of one length
        A condition each: 0 <= successes <= totals, and where it stands on the scale.
    """
    counts, sizes, along = (np.asarray(part, float) for part in (successes, totals, scores))
    n = float(sizes.sum())
    share = float(counts.sum()) / n if n else 0.0
    centred = along - float((sizes * along).sum()) / n if n else along
    spread = float((sizes * centred**2).sum())
    if n == 0.0 or spread == 0.0 or share in (0.0, 1.0):
        return Test(method="Cochran-Armitage", n=int(n), note="nothing varies")
    if same(list(counts[sizes > 0.0] / sizes[sizes > 0.0])):
        return no_difference("Cochran-Armitage", int(n))
    slope = float((counts * centred).sum()) / spread
    z = float((counts * centred).sum()) / math.sqrt(share * (1.0 - share) * spread)
    p = 2.0 * float(norm.sf(abs(z)))
    return Test(method="Cochran-Armitage", estimate=slope, p=p, n=int(n))


def logistic_trend(outcome: pl.Series, score: pl.Series, cluster: pl.Series) -> Test:
    """Logistic regression of yes or no on a score, errors robust to clusters.

    The estimate is the log odds ratio per unit of score; Student's t with clusters - 1 df.

    Parameters
    ----------
    outcome : polars.Series
        0 or 1 per observation.
    score : polars.Series
        Where it stands on the scale, in any unit.
    cluster : polars.Series
        What observations share, such as the product. Rows with a null anywhere do not count.
    """
    frame = pl.DataFrame({"y": outcome, "x": score, "c": cluster}).drop_nulls()
    method = "logistic trend, clustered"
    if frame["y"].n_unique() < 2 or frame["x"].n_unique() < 2:
        return Test(method=method, n=frame.height, note="nothing varies")
    clusters = frame["c"].n_unique()
    if clusters < 2:
        return Test(method=method, n=frame.height, note="a single cluster")
    groups = frame["c"].rank("dense").to_numpy()
    design = sm.add_constant(frame["x"].cast(pl.Float64).to_numpy())
    fitted = _fit(frame["y"].cast(pl.Float64).to_numpy(), design, groups)
    if fitted is None:
        return Test(method=method, n=frame.height, note="the score separates the outcomes")
    slope, error = float(fitted.params[1]), float(fitted.bse[1])
    if abs(slope) * float(np.ptp(design[:, 1])) < SAME_LOG_ODDS:
        return no_difference(method, frame.height)
    if error <= TOLERANCE * abs(slope):
        note = "no spread between clusters"
        return Test(method=method, estimate=slope, n=frame.height, note=note)
    law = student(clusters - 1)  # the error is estimated from that many clusters
    half = float(law.ppf(0.5 + LEVEL / 2.0)) * error
    p = 2.0 * float(law.sf(abs(slope) / error))
    interval = Interval(slope - half, slope + half, f"robust, t with {clusters - 1} df")
    return Test(method=method, estimate=slope, p=p, interval=interval, n=frame.height)


def _fit(outcome: Any, design: Any, groups: Any) -> Any | None:
    """Fit, or return None where the likelihood has no maximum."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they warn of is looked at below
        model = sm.GLM(outcome, design, family=sm.families.Binomial())
        try:
            found = model.fit(cov_type="cluster", cov_kwds={"groups": groups})
        except (np.linalg.LinAlgError, ValueError):
            return None
    separated = abs(float(found.params[1])) * float(np.ptp(design[:, 1])) > 30.0
    fine = found.converged and np.isfinite(found.bse).all() and not separated
    return found if fine else None
