"""How good people find the stages, and how well personas show: the paper's Table 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from retailsim.analysis.experiments.outcomes import (
    ExperimentOutcome,
    OutcomeRow,
    Value,
    estimate_of,
    one_table,
    published,
)
from retailsim.analysis.statistics.values import Estimate

if TYPE_CHECKING:
    from retailsim.analysis.annotation.scores import Scores

_NOBODY = Estimate(value=None, n=0, note="nobody has rated this yet")


def fidelity(scores: Scores | None) -> ExperimentOutcome:
    """Return Table 1, with empty places where nobody rated.

    Parameters
    ----------
    scores : Scores or None
        Of people and models apart, as `analysis.annotation.scores.score` gives them.
    """
    figures = published()["fidelity"]
    means: dict[tuple[str, str], Estimate] = {}
    agreed: dict[tuple[str, str], Estimate] = {}
    for one in () if scores is None else scores.tasks:
        means[one.kind, one.task] = one.mean
        agreed[one.kind, one.task] = estimate_of(one.alpha)
    for two in () if scores is None else scores.traits:
        means[two.kind, two.trait] = estimate_of(two.accuracy)
        agreed[two.kind, two.trait] = estimate_of(two.alpha)
    kinds = ("person", *(["model"] if any(kind == "model" for kind, _ in means) else []))
    rows = [
        _row(name, kind, unit, numbers, means, agreed)
        for group, unit in (("tasks", "number"), ("traits", "share"))
        for name, numbers in figures[group].items()
        for kind in kinds
    ]
    return ExperimentOutcome(
        title="Table 1: stage fidelity, and personas told apart",
        tables=one_table(rows),
        notes=(
            "The paper's criteria are not published and ours are our own: levels can be compared "
            "once both have rated the same texts.",
        ),
    )


def _row(
    name: str,
    kind: str,
    unit: str,
    numbers: list[float],
    means: Mapping[tuple[str, str], Estimate],
    agreed: Mapping[tuple[str, str], Estimate],
) -> OutcomeRow:
    *by_model, alpha = numbers
    scale = 0.01 if unit == "share" else 1.0
    here = (
        Value(name="rated", unit=unit, measured=means.get((kind, name), _NOBODY)),
        Value(
            name="alpha",
            unit="number",
            measured=agreed.get((kind, name), _NOBODY),
            published=alpha,
        ),
    )
    beside = tuple(
        Value(name=model, unit=unit, measured=_NOBODY, published=figure * scale)
        for model, figure in zip(published()["fidelity"]["models"], by_model, strict=True)
    )
    who = "people" if kind == "person" else "models as raters"
    return OutcomeRow(label=f"{name.replace('_', ' ')}, by {who}", values=(*here, *beside))
