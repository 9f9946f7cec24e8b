"""Judging predictions by what was seen: what they come to in worlds whose truth is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binomtest
from scipy.stats import t as student

from retailsim.analysis.statistics.backtests import FEWEST, Checked, Judgement, judged
from tests.sim.runs import ROOT

Rng = np.random.Generator
Predict = Callable[[float, Rng], tuple[float, float]]
"""From the true change to what is predicted, and the standard error that is claimed for it."""

SEEN, ERROR = 0.02, 0.006
"""How far true changes spread, and the standard errors of predictions and of what is seen."""


def seen_by(predict: Predict, changes: int, rng: Rng) -> Judgement:
    rows = []
    for number in range(changes):
        true = rng.normal(0.0, SEEN)
        predicted, error = predict(true, rng)
        noise = ERROR * rng.uniform(0.5, 1.5)
        rows.append(
            Checked(
                change=f"{number}",
                predicted=predicted,
                error=error,
                df=20.0,
                observed=true + rng.normal(0.0, noise),
                noise=noise,
            )
        )
    return judged(rows)


def right(true: float, rng: Rng) -> tuple[float, float]:
    return true + rng.normal(0.0, ERROR), ERROR


def reversed_(true: float, rng: Rng) -> tuple[float, float]:
    return -true + rng.normal(0.0, ERROR), ERROR


def unrelated(true: float, rng: Rng) -> tuple[float, float]:
    return rng.normal(0.0, SEEN), ERROR


def wide(true: float, rng: Rng) -> tuple[float, float]:
    """Knows nothing, and says so: every change lies in its interval."""
    return rng.normal(0.0, SEEN), 0.1


def overdone(true: float, rng: Rng) -> tuple[float, float]:
    return 3.0 * true + rng.normal(0.0, ERROR), ERROR


def too_sure(true: float, rng: Rng) -> tuple[float, float]:
    """Goes the right way and about as far, but claims to know it to a hair."""
    return true * rng.uniform(0.4, 1.6), 0.0


def answers(predict: Predict, changes: int, trials: int = 40) -> Counter[str]:
    rng = np.random.default_rng(changes)
    return Counter(seen_by(predict, changes, rng).answer for _ in range(trials))


def test_few_changes_tell_nothing_however_well_they_fit() -> None:
    for predict in (right, reversed_, wide):
        assert answers(predict, FEWEST - 1, 20) == {"cannot tell": 20}


def test_predictions_that_are_right_are_trusted_the_more_changes_there_are() -> None:
    few, many = answers(right, 8), answers(right, 20)
    assert 10 < few["trust"] < many["trust"]
    assert many["trust"] > 28
    assert few["do not trust"] + many["do not trust"] <= 3


@pytest.mark.parametrize("predict", [reversed_, unrelated, overdone])
def test_predictions_that_are_wrong_are_not_trusted(predict: Predict) -> None:
    found = answers(predict, 10)
    assert found["trust"] + found["direction only"] <= 2
    assert found["do not trust"] > 25


@pytest.mark.slow
def test_answers_are_as_often_right_as_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 400 trials each, with standard errors of 0.8 points."""
    monkeypatch.setitem(globals(), "ERROR", 0.008)
    trusted = [answers(right, changes, 400) for changes in (8, 12, 20)]
    wrong, other = answers(reversed_, 8, 400), answers(unrelated, 8, 400)
    few, more, many = (f"{one['trust'] / 400:.0%}" for one in trusted)
    never = max(one["do not trust"] for one in trusted)
    assert wrong["trust"] == 0
    page = (ROOT / "docs" / "backtest.md").read_text(encoding="utf-8")
    assert (
        f"trusted in {few} of cases with 8 changes, in {more} with 12 and {many} with 20, and not "
        f"trusted in {never / 400:.1%} at most. Where they have the wrong sign, "
        f"{wrong['do not trust'] / 400:.0%} are not trusted with 8 changes, and none is trusted. "
        f"Where they are unrelated to what happens, {other['trust'] / 400:.1%} are trusted."
    ) in page


def test_intervals_that_hold_everything_are_no_reason_for_trust() -> None:
    rng = np.random.default_rng(3)
    some = [seen_by(wide, 12, rng) for _ in range(40)]
    assert np.mean([one.hits / one.rows for one in some]) > 0.99
    assert Counter(one.answer for one in some)["trust"] <= 1


def test_who_is_too_sure_is_believed_the_direction_only() -> None:
    found = answers(too_sure, 60, 20)
    assert found["trust"] <= 4
    assert found["direction only"] > 12


def row(change: str, predicted: float, observed: float, error: float = 0.01) -> Checked:
    return Checked(
        change=change, predicted=predicted, error=error, df=9.0, observed=observed, noise=0.01
    )


def test_the_skill_is_how_much_smaller_squared_misses_are() -> None:
    rows = [row(f"{n}", p, o) for n, (p, o) in enumerate([(0.05, 0.04), (-0.02, 0.01)])]
    found = judged(rows)
    missed = (0.04 - 0.05) ** 2 + (0.01 + 0.02) ** 2
    nothing = 0.04**2 + 0.01**2
    assert found.skill is not None
    assert found.skill == pytest.approx(1.0 - missed / nothing)
    slope = (0.05 * 0.04 - 0.02 * 0.01) / (0.05**2 + 0.02**2)
    assert found.slope == pytest.approx(slope)
    assert (found.skill > 0) == (slope > 0.5)
    assert (found.right, found.told) == (1, 2)


def test_rows_of_one_change_count_as_one() -> None:
    alone = [row(f"{n}", 0.05, 0.05) for n in range(8)]
    twice = [*alone, *alone]
    assert judged(twice).changes == judged(alone).changes == 8
    assert judged(twice).slope_between is not None
    exact = binomtest(8, 8).proportion_ci(0.95, "exact")
    for rows in (alone, twice):
        share = judged(rows).hit_share
        assert share is not None
        assert (share.low, share.high) == pytest.approx((exact.low, exact.high))
    assert judged([row("one", 0.05, 0.05)] * 8).answer == "cannot tell"


def test_one_large_change_proves_nothing() -> None:
    """All but one are predicted to be nearly nothing, and go anywhere."""
    small = [row(f"{n}", 1e-4, 0.01 * (-1) ** n) for n in range(9)]
    found = judged([*small, row("large", 0.5, 0.5)])
    assert found.slope == pytest.approx(1.0, abs=0.01)
    assert found.answer == "cannot tell"


def test_predictions_that_fit_to_a_hair_leave_the_slope_as_unsure_as_the_errors_do() -> None:
    """Leaving one change out moves nothing, so what the weights allow is all that is known."""
    found = judged([row(f"{n}", 0.01 * n, 0.01 * n) for n in range(1, 9)])
    error = 1.0 / sum((0.01 * n) ** 2 / (0.01**2 + 0.01**2) for n in range(1, 9)) ** 0.5
    assert found.slope_between is not None
    assert found.slope_between.high - 1.0 == pytest.approx(student.ppf(0.95, 7) * error)
    assert found.slope_between.low - 1.0 == pytest.approx(-student.ppf(0.95, 7) * error)


def test_predicting_no_change_throughout_is_no_evidence_either_way() -> None:
    found = judged([row(f"{n}", 0.0, 0.01 * n) for n in range(1, 11)])
    assert (found.skill, found.slope, found.slope_between) == (0.0, None, None)
    assert (found.right, found.told, found.direction_p) == (0, 0, None)
    assert found.answer == "cannot tell"
    assert found.why == "it hangs on one change, or no change was predicted"


def test_nothing_predicted_is_nothing_judged() -> None:
    found = judged([])
    assert (found.rows, found.changes, found.hit_share, found.skill) == (0, 0, None, None)
    assert found.answer == "cannot tell"
    assert found.why == f"too few changes: 0, and it takes {FEWEST}"


def test_an_interval_has_both_errors_in_it() -> None:
    one = row("a", 0.0, 0.0, error=0.0)
    assert one.interval.high == pytest.approx(1.959964 * 0.01, rel=1e-5)
    both = row("a", 0.0, 0.0, error=0.01).interval
    assert both.high > 1.959964 * 0.01 * 2**0.5
