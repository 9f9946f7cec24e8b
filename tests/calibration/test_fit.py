"""The fit on moments whose answer is known: it arrives, keeps within bounds, knows its errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from retailsim.sim.calibration.fit import Fit, fit
from retailsim.sim.calibration.targets import Parameter, Target, Targets

Equations = Callable[[Mapping[str, float]], list[float]]


class Known:
    """Moments by a formula, which counts how often they were played."""

    def __init__(self, equations: Equations) -> None:
        self.played = 0
        self._equations = equations

    def of(self, values: Mapping[str, float]) -> list[float]:
        self.played += 1
        return self._equations(values)

    roughly = of


def parameter(key: str, start: float = 0.0, low: float = -9.0, high: float = 9.0) -> Parameter:
    return Parameter(key=key, start=start, low=low, high=high, step=0.1)


def target(name: str, value: float, error: float = 0.1, within: float = 0.05) -> Target:
    return Target(
        name=name, scenario="s", measure="conversion_rate", value=value, error=error, within=within
    )


def fitted(
    parameters: tuple[Parameter, ...],
    targets: tuple[Target, ...],
    equations: Equations,
    **options: Any,
) -> tuple[Fit, Known, list[str]]:
    moments, said = Known(equations), list[str]()
    wanted = Targets(parameters=parameters, targets=targets)
    return fit(wanted, moments, said.append, **options), moments, said


def line(values: Mapping[str, float]) -> list[float]:
    """Two moments that two parameters move together."""
    return [2.0 * values["a"] + values["b"], values["a"] - values["b"]]


A, B = parameter("a"), parameter("b")


def test_what_can_be_met_is_met() -> None:
    found, moments, _ = fitted((A, B), (target("m", 1.0), target("n", 2.0)), line)
    values = {one.key: one.value for one in found.parameters}
    assert values == pytest.approx({"a": 1.0, "b": -1.0}, abs=0.02)
    assert found.loss < 0.01 < found.start_loss == pytest.approx(100.0 + 400.0)
    assert all(one.within for one in found.residuals)
    assert found.evaluations == moments.played, "no point is played twice"


def test_errors_of_parameters_follow_from_those_of_the_targets() -> None:
    """By the delta method: one parameter, one moment with slope 4, error 0.1 / 4."""
    found, _, _ = fitted((A,), (target("m", 1.0),), lambda values: [4.0 * values["a"]])
    assert [one.error for one in found.parameters] == [0.025]


def test_where_targets_cannot_all_be_met_the_surer_one_counts_more() -> None:
    """The weighted mean of 0 and 1, the first three times as sure: 0.1."""
    sure, vague = target("m", 0.0, error=0.1), target("n", 1.0, error=0.3)
    found, _, _ = fitted((A,), (sure, vague), lambda values: [values["a"]] * 2)
    [only] = found.parameters
    assert only.value == pytest.approx(0.1, abs=0.005)
    assert [one.residual for one in found.residuals] == pytest.approx([0.1, -0.9], abs=0.005)
    assert not any(one.within for one in found.residuals)


@pytest.mark.parametrize(("low", "high", "end"), [(-9.0, 0.25, 0.25), (0.0, 0.25, 0.25)])
def test_a_parameter_stays_within_its_bounds(low: float, high: float, end: float) -> None:
    at = parameter("a", start=0.0, low=low, high=high)
    seen: list[float] = []

    def watched(values: Mapping[str, float]) -> list[float]:
        seen.append(values["a"])
        return [values["a"]]

    found, _, _ = fitted((at,), (target("m", 5.0),), watched)
    assert [one.value for one in found.parameters] == [end]
    assert all(low <= value <= high for value in seen)


def test_a_parameter_that_moves_nothing_stays_and_has_no_error() -> None:
    found, _, _ = fitted((A, parameter("idle", 0.5)), (target("m", 1.0),), lambda v: [v["a"]])
    idle = found.parameters[1]
    assert (idle.start, idle.value, idle.error) == (0.5, 0.5, None)


def test_a_step_that_helps_nothing_ends_the_fit_and_spoils_nothing() -> None:
    found, _, said = fitted((A,), (target("m", 0.0),), lambda values: [values["a"] ** 2])
    assert (found.loss, [one.value for one in found.parameters]) == (0.0, [0.0])
    assert said == ["start: weighted loss 0.0", "round 1: nothing better found"]


class OffTheMark(Known):
    """Moments whose slopes are wrong by half where few seeds are played."""

    rough = 0

    def roughly(self, values: Mapping[str, float]) -> list[float]:
        """Return half of what all seeds would say."""
        self.rough += 1
        return [0.5 * one for one in self.of(values)]


def test_slopes_of_few_seeds_are_corrected_by_what_all_of_them_say() -> None:
    """By the wrong slope a step goes twice as far as it should, and comes no nearer."""
    moments, said = OffTheMark(lambda v: [v["a"] ** 3 + 4.0 * v["a"]]), list[str]()
    wanted = Targets(parameters=(A,), targets=(target("m", 1.0),))
    found = fit(wanted, moments, said.append)
    assert found.residuals[0].residual == pytest.approx(0.0, abs=0.005)
    assert moments.rough == 4, "up and down, at the start and before it ends"


def test_without_rounds_nothing_is_known_of_the_parameters() -> None:
    found, moments, said = fitted((A,), (target("m", 1.0),), lambda v: [v["a"]], rounds=0)
    assert [(one.value, one.error) for one in found.parameters] == [(0.0, None)]
    assert moments.played == len(said) == 1


def test_what_is_only_shown_moves_nothing() -> None:
    shown = msgspec.structs.replace(target("n", 9.0), fitted=False)
    found, _, _ = fitted((A,), (target("m", 1.0), shown), lambda v: [v["a"]] * 2)
    assert found.parameters[0].value == pytest.approx(1.0, abs=0.005)
    assert (found.residuals[1].name, found.residuals[1].within) == ("n", False)


def test_no_more_rounds_than_allowed() -> None:
    _, _, said = fitted((A,), (target("m", 1.0),), lambda v: [v["a"] ** 3 + v["a"]], rounds=2)
    assert len(said) == 3
