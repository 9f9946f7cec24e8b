"""The fit: damped Gauss-Newton steps on simulated moments with common random numbers.

Outcomes are yes or no, so moments move in steps; derivatives are differences over steps that are
large enough to change some episodes. Nothing is random: the same file gives the same fit.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from retailsim.sim.calibration.moments import Moments
from retailsim.sim.calibration.targets import Targets

Floats = NDArray[np.float64]

ROUNDS = 6
"""Gauss-Newton steps at most."""
DAMPING = 0.05
"""Ridge, in units of parameters' steps, that keeps directions without information still."""


class FittedParameter(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter's value; the standard error follows from those of the targets.

    ``error`` is None where the targets say nothing of it.
    """

    key: str
    start: float
    value: float
    error: float | None


class Residual(msgspec.Struct, frozen=True, kw_only=True):
    """How near a target is met."""

    name: str
    target: float
    fitted: float
    residual: float
    within: bool


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """What a calibration came to.

    Parameters
    ----------
    loss, start_loss : float
        Weighted sums of squared residuals, at the end and at the beginning.
    """

    parameters: tuple[FittedParameter, ...]
    residuals: tuple[Residual, ...]
    loss: float
    start_loss: float
    evaluations: int


class _Problem:
    """Values -> weighted residuals, each point played once."""

    def __init__(self, targets: Targets, moments: Moments) -> None:
        self._targets = targets
        self._moments = moments
        self._known: dict[tuple[float, ...], Floats] = {}
        self.errors = np.array([target.error for target in targets.targets])
        self.values = np.array([target.value for target in targets.targets])

    @property
    def evaluations(self) -> int:
        return len(self._known)

    def moments(self, point: Floats) -> Floats:
        key = tuple(round(float(x), 9) for x in point)
        if key not in self._known:
            names = (parameter.key for parameter in self._targets.parameters)
            found = self._moments.of(dict(zip(names, key, strict=True)))
            self._known[key] = np.array(found)
        return self._known[key]

    def residuals(self, point: Floats) -> Floats:
        found: Floats = (self.moments(point) - self.values) / self.errors
        return found

    def slopes(self, point: Floats) -> Floats:
        """Central differences within the bounds."""
        columns = []
        for place, parameter in enumerate(self._targets.parameters):
            up, down = point.copy(), point.copy()
            up[place] = min(parameter.high, point[place] + parameter.step)
            down[place] = max(parameter.low, point[place] - parameter.step)
            width = max(1e-12, up[place] - down[place])
            columns.append((self.residuals(up) - self.residuals(down)) / width)
        return np.column_stack(columns)


def fit(
    targets: Targets, moments: Moments, say: Callable[[str], None], rounds: int = ROUNDS
) -> Fit:
    """Fit the parameters; `say` is told after every step.

    The best point so far is kept, so a step that helps nothing ends the fit and spoils nothing.
    """
    problem = _Problem(targets, moments)
    low = np.array([parameter.low for parameter in targets.parameters])
    high = np.array([parameter.high for parameter in targets.parameters])
    steps = np.array([parameter.step for parameter in targets.parameters])
    start = np.array([parameter.start for parameter in targets.parameters])
    point, loss = start, _loss(problem, start)
    say(f"start: weighted loss {loss:.1f}")
    for number in range(1, rounds + 1):
        slopes = problem.slopes(point)
        move = _step(slopes, problem.residuals(point), steps)
        better = _search(problem, point, move, low, high, loss)
        if better is None:
            say(f"round {number}: nothing better found")
            break
        point, loss = better
        say(f"round {number}: weighted loss {loss:.1f}, {problem.evaluations} evaluations")
    return _told(targets, problem, point, start)


def _loss(problem: _Problem, point: Floats) -> float:
    return float((problem.residuals(point) ** 2).sum())


def _step(slopes: Floats, residuals: Floats, steps: Floats) -> Floats:
    scaled = slopes * steps
    ridge = DAMPING * np.trace(scaled.T @ scaled) / len(steps) + 1e-9
    normal = scaled.T @ scaled + ridge * np.eye(len(steps))
    found: Floats = -steps * np.linalg.solve(normal, scaled.T @ residuals)
    return found


def _search(
    problem: _Problem, point: Floats, move: Floats, low: Floats, high: Floats, loss: float
) -> tuple[Floats, float] | None:
    """Try the whole step and parts of it."""
    best: tuple[Floats, float] | None = None
    for part in (1.0, 0.5, 0.25):
        trial = np.clip(point + part * move, low, high)
        found = _loss(problem, trial)
        if found < loss - 1e-9 and (best is None or found < best[1]):
            best = trial, found
    return best


def _told(targets: Targets, problem: _Problem, point: Floats, start: Floats) -> Fit:
    errors = _errors(problem.slopes(point))
    found = problem.moments(point)
    return Fit(
        parameters=tuple(
            FittedParameter(
                key=parameter.key,
                start=parameter.start,
                value=round(float(value), 4),
                error=error,
            )
            for parameter, value, error in zip(targets.parameters, point, errors, strict=True)
        ),
        residuals=tuple(
            Residual(
                name=target.name,
                target=target.value,
                fitted=float(moment),
                residual=float(moment) - target.value,
                within=abs(float(moment) - target.value) <= target.within,
            )
            for target, moment in zip(targets.targets, found, strict=True)
        ),
        loss=_loss(problem, point),
        start_loss=_loss(problem, start),
        evaluations=problem.evaluations,
    )


def _errors(slopes: Floats) -> list[float | None]:
    """Standard errors by the delta method; None where the targets say nothing."""
    information = slopes.T @ slopes
    inverse = np.linalg.pinv(information, rcond=1e-8)
    known = information.diagonal() > 1e-9
    variances = inverse.diagonal()
    return [
        round(float(np.sqrt(variance)), 4) if sure and variance > 0.0 else None
        for variance, sure in zip(variances, known, strict=True)
    ]
