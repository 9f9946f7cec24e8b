"""The fit: damped Gauss-Newton steps on simulated moments with common random numbers.

Outcomes are yes or no, so moments move in steps; derivatives are differences over steps that are
large enough to change some episodes. They are taken over a few seeds and, as every evaluation
over all of them says something of the slopes, corrected by Broyden's rule (Broyden 1965) rather
than taken again. Nothing is random: the same file gives the same fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from retailsim.sim.calibration.targets import Targets

Floats = NDArray[np.float64]

ROUNDS = 12
"""Gauss-Newton steps at most."""
DAMPING = 0.05
"""Ridge, in units of parameters' steps, that keeps directions without information still; it falls
with every step that helps."""
ENOUGH = 0.02
"""A step that lowers the loss by less than this share ends the fit."""


class SimulatedMoments(Protocol):
    """Plays the targets with given parameters."""

    def of(self, values: Mapping[str, float]) -> list[float]:
        """Return each target's rate over all seeds."""
        ...

    def roughly(self, values: Mapping[str, float]) -> list[float]:
        """Return them over a few seeds: what differs between two points is known well enough."""
        ...


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

    def __init__(self, targets: Targets, moments: SimulatedMoments) -> None:
        self._targets = targets
        self._moments = moments
        self._known: dict[tuple[float, ...], Floats] = {}
        self.evaluations = 0
        fitted = np.array([target.fitted for target in targets.targets])
        errors = np.array([target.error for target in targets.targets])
        self.errors = np.where(fitted, errors, np.inf)  # what is only shown weighs nothing
        self.values = np.array([target.value for target in targets.targets])
        self.low = np.array([parameter.low for parameter in targets.parameters])
        self.high = np.array([parameter.high for parameter in targets.parameters])
        self.steps = np.array([parameter.step for parameter in targets.parameters])

    def _named(self, point: Floats) -> dict[str, float]:
        names = (parameter.key for parameter in self._targets.parameters)
        return {name: round(float(x), 9) for name, x in zip(names, point, strict=True)}

    def moments(self, point: Floats) -> Floats:
        values = self._named(point)
        key = tuple(values.values())
        if key not in self._known:
            self.evaluations += 1
            self._known[key] = np.array(self._moments.of(values))
        return self._known[key]

    def residuals(self, point: Floats) -> Floats:
        found: Floats = (self.moments(point) - self.values) / self.errors
        return found

    def loss(self, point: Floats) -> float:
        return float((self.residuals(point) ** 2).sum())

    def slopes(self, point: Floats) -> Floats:
        """Central differences within the bounds."""
        columns = []
        for place, parameter in enumerate(self._targets.parameters):
            up, down = point.copy(), point.copy()
            up[place] = min(parameter.high, point[place] + parameter.step)
            down[place] = max(parameter.low, point[place] - parameter.step)
            width = max(1e-12, up[place] - down[place])
            columns.append((self._roughly(up) - self._roughly(down)) / width / self.errors)
        return np.column_stack(columns)

    def _roughly(self, point: Floats) -> Floats:
        self.evaluations += 1
        return np.array(self._moments.roughly(self._named(point)))


def fit(
    targets: Targets,
    moments: SimulatedMoments,
    say: Callable[[str], None],
    rounds: int = ROUNDS,
) -> Fit:
    """Fit the parameters; `say` is told after every step.

    The best point so far is kept, so a step that helps nothing ends the fit and spoils nothing.
    Where a step helps nothing by corrected slopes, they are taken again before it ends.
    """
    problem = _Problem(targets, moments)
    start = np.array([parameter.start for parameter in targets.parameters])
    point, loss = start, problem.loss(start)
    say(f"start: weighted loss {loss:.1f}")
    slopes, fresh, damping = _slopes_if(rounds, problem, point), True, DAMPING
    for number in range(1, rounds + 1):
        better = _search(problem, point, slopes, damping)
        if better is None:
            if fresh:
                say(f"round {number}: nothing better found")
                break
            slopes, fresh, damping = problem.slopes(point), True, DAMPING
            continue
        slopes, fresh = _corrected(slopes, problem, point, better), False
        before, point, loss = loss, better, problem.loss(better)
        damping /= 4.0
        say(f"round {number}: weighted loss {loss:.1f}, {problem.evaluations} evaluations")
        if before - loss <= ENOUGH * before:
            break
    return _told(targets, problem, point, start, slopes)


def _slopes_if(rounds: int, problem: _Problem, point: Floats) -> Floats:
    """Slopes where they are needed: with no round to come nothing is known of the parameters."""
    if rounds:
        return problem.slopes(point)
    return np.zeros((len(problem.values), len(point)))


def _corrected(slopes: Floats, problem: _Problem, old: Floats, new: Floats) -> Floats:
    """Broyden's correction: the nearest slopes that explain the last step."""
    steps = problem.steps
    moved = (new - old) / steps
    missed = problem.residuals(new) - problem.residuals(old) - slopes @ (new - old)
    found: Floats = slopes + np.outer(missed, moved) / (moved @ moved) / steps
    return found


def _step(slopes: Floats, residuals: Floats, steps: Floats, damping: float) -> Floats:
    scaled = slopes * steps
    ridge = damping * np.trace(scaled.T @ scaled) / len(steps) + 1e-9
    normal = scaled.T @ scaled + ridge * np.eye(len(steps))
    found: Floats = -steps * np.linalg.solve(normal, scaled.T @ residuals)
    return found


def _search(problem: _Problem, point: Floats, slopes: Floats, damping: float) -> Floats | None:
    """Try the whole step, then parts of it; return the first that lowers the loss."""
    move = _step(slopes, problem.residuals(point), problem.steps, damping)
    loss = problem.loss(point)
    for part in (1.0, 0.5, 0.2):
        trial = np.clip(point + part * move, problem.low, problem.high)
        if problem.loss(trial) < loss - 1e-9:
            return trial
    return None


def _told(targets: Targets, problem: _Problem, point: Floats, start: Floats, slopes: Floats) -> Fit:
    errors = _errors(slopes)
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
                within=abs(float(moment) - target.value) <= target.near,
            )
            for target, moment in zip(targets.targets, found, strict=True)
        ),
        loss=problem.loss(point),
        start_loss=problem.loss(start),
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
