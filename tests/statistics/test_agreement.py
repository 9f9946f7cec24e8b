"""Agreement of raters: Krippendorff's published example, and the cases without an answer."""

from __future__ import annotations

import pytest

from retailsim.analysis.statistics.agreement import alpha, majority

_: None = None
# Krippendorff, Computing Krippendorff's Alpha-Reliability, example C: four observers, 12 units.
TABLE = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
    [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
]


@pytest.mark.parametrize(
    ("scale", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_the_published_example(scale: str, value: float) -> None:
    found = alpha(TABLE, scale, seed=1)  # type: ignore[arg-type]
    assert found.estimate == pytest.approx(value, abs=0.0006)
    assert found.interval is not None
    assert found.interval.low < value < found.interval.high
    assert found.note == ""


def test_agreement_below_the_bar_is_said() -> None:
    found = alpha([[1, 2, 1, 2, 1, 2], [2, 1, 1, 2, 2, 1]], "nominal", seed=1)
    assert found.note == "below 0.67"


@pytest.mark.parametrize(
    ("table", "note"),
    [
        ([], "fewer than two items that two rated"),
        ([[1, 2, 3]], "fewer than two items that two rated"),
        ([[1, _], [_, 2]], "fewer than two items that two rated"),
        ([[3, 3], [3, 3]], "all ratings are the same"),
    ],
)
def test_where_agreement_cannot_be_told_there_is_a_reason(
    table: list[list[float | None]], note: str
) -> None:
    found = alpha(table, "ordinal", seed=1)
    assert found.estimate is None
    assert note in found.note


def test_the_majority_is_more_than_half() -> None:
    assert majority(["a", "b", "a"]) == "a"
    assert majority(["a", "b"]) is None
    assert majority([]) is None
