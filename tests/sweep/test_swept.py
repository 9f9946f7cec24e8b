"""What a sweep is told, and the arms that come of it."""

from __future__ import annotations

import pytest

from retailsim.sim.sweep.errors import BadSweep
from retailsim.sim.sweep.swept import arms, swept


@pytest.mark.parametrize(
    ("told", "values"),
    [
        ("design.discount=0,0.05,0.1", ("0", "0.05", "0.1")),
        ("design.discount = 0, 0.1", ("0", "0.1")),
        ("design.discount=0:0.3:0.1", ("0", "0.1", "0.2", "0.3")),
        ("x=0,0.1:0.2:0.05,0.5", ("0", "0.1", "0.15", "0.2", "0.5")),
        ("x=3:1:-1", ("3", "2", "1")),
        ('x="a, b",c', ('"a, b"', "c")),
        ('x=\'a, b\',"c\\",d"', ("'a, b'", '"c\\",d"')),
        ("x=[1, 2],[3]", ("[1, 2]", "[3]")),
        ("x={a = 1, b = 2},{a = 2}", ("{a = 1, b = 2}", "{a = 2}")),
        ("x=what's new,old", ("what's new", "old")),
        ("policy.free_shipping=true,false", ("true", "false")),
        ("x=a=1,b", ("a=1", "b")),
    ],
)
def test_values_are_read_as_a_person_writes_them(told: str, values: tuple[str, ...]) -> None:
    assert swept(told).values == values


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ("design.discount", "write it as KEY=V1,V2"),
        ("=1,2", "write it as KEY=V1,V2"),
        ("design.discount=", "two values or more"),
        ("design.discount=0.1", "for one, use --set"),
        ("design.discount=0,0.10,0.1", "0.10 is given twice"),
        ("design.discount=0,0.0", "0 is given twice"),
        ("x=0:1:0", "no step of 0 leads from 0 to 1"),
        ("x=0:1:-0.1", "no step of -0.1 leads from 0 to 1"),
        ("x=0:1:0.0001", "10,001 values; the most is 200"),
        ("run.seed=1,2", "runs share their seed"),
    ],
)
def test_what_makes_no_arms_is_refused_in_a_line(told: str, problem: str) -> None:
    with pytest.raises(BadSweep) as refused:
        swept(told)
    assert problem in str(refused.value)
    assert "\n" not in str(refused.value)


def test_several_keys_are_a_grid() -> None:
    found = arms((swept("a=1,2"), swept("b='x y',z")))
    assert [one.values for one in found] == [("1", "x y"), ("1", "z"), ("2", "x y"), ("2", "z")]
    assert found[0].settings == ("a=1", "b='x y'")
    assert [one.folder(n) for n, one in enumerate(found, 1)] == [
        "01-1-x-y",
        "02-1-z",
        "03-2-x-y",
        "04-2-z",
    ]
    with pytest.raises(BadSweep, match="given twice"):
        arms((swept("a=1,2"), swept("a=3,4")))
    with pytest.raises(BadSweep, match="400 combinations; the most is 200"):
        arms((swept("a=1:20:1"), swept("b=1:20:1")))
