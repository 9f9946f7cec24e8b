"""What a verdict follows from, and what was put in and by whom."""

from __future__ import annotations

import msgspec
import polars as pl
import pytest

from retailsim.analysis.experiments.outcomes import (
    ExperimentOutcome,
    JudgedClaim,
    OutcomeRow,
    Spread,
    Value,
    missed,
    one_table,
    with_holm,
)
from retailsim.analysis.experiments.put_in import fitted_tables, put_in, still_put_in
from retailsim.analysis.experiments.verdicts import (
    NOT_REPRODUCED,
    POINTS,
    PUT_IN,
    REPRODUCED,
    UNDECIDED,
    by_points,
    judged,
    verdict,
)
from retailsim.analysis.statistics.equality import no_difference
from retailsim.analysis.statistics.values import Estimate, Interval, Test


def found(low: float, high: float, p: float | None = 0.01, *, sign: int = 1) -> JudgedClaim:
    test = Test(method="x", estimate=(low + high) / 2, p=p, interval=Interval(low, high, "x"))
    return JudgedClaim(claim="c", test=test, adjusted_p=p, expected=by_points(sign))


def claim(test: Test) -> JudgedClaim:
    return JudgedClaim(claim="c", test=test, expected=by_points(1))


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (found(0.01, 0.2), REPRODUCED),
        (found(-0.2, -0.01, sign=-1), REPRODUCED),
        (found(0.01, 0.2, sign=-1), NOT_REPRODUCED),
        (found(0.01, 0.2, p=0.2), UNDECIDED),
        (found(-0.1, 0.2), UNDECIDED),
        (found(-0.2, -0.1), NOT_REPRODUCED),
        (found(-0.02, 0.02), NOT_REPRODUCED),
        (found(-0.02, POINTS + 0.001), UNDECIDED),
        (found(0.001, 0.05), UNDECIDED),  # sure to be above 0, and 2.6 points: too small to count
        (found(0.001, 0.02), NOT_REPRODUCED),
        (claim(no_difference("m", 100, 0.01)), NOT_REPRODUCED),
        (claim(no_difference("m", 100, 0.5)), UNDECIDED),
        (claim(no_difference("m", 100)), UNDECIDED),
        (claim(Test(method="x", note="no episodes")), UNDECIDED),
        (JudgedClaim(claim="c", test=found(0.1, 0.2).test), ""),
    ],
)
def test_a_verdict_follows_from_interval_p_and_size(finding: JudgedClaim, said: str) -> None:
    assert verdict(finding) == said


def test_a_one_tailed_p_does_not_enter_holm() -> None:
    two = [claim(Test(method="two", estimate=1.0, p=p)) for p in (0.02, 0.04)]
    one = JudgedClaim(claim="c", test=Test(method="one", estimate=1.0, p=0.001), one_tailed=True)
    both, alone = with_holm([*two, one]), with_holm(two)
    assert [finding.adjusted_p for finding in both] == [0.04, 0.04, None]
    assert [finding.adjusted_p for finding in alone] == [0.04, 0.04]


def kinds(*pairs: tuple[str | None, str | None]) -> pl.DataFrame:
    schema = {"seller_kind": pl.String, "buyer_kind": pl.String}
    return pl.DataFrame(pairs, schema=schema, orient="row")


MODELS, OURS = kinds(("model", "model")), kinds(("behavioral", "behavioral"))


@pytest.mark.parametrize(
    ("some", "by_buyers", "by_both"),
    [
        (OURS, True, True),
        (MODELS, False, False),
        (kinds(("model", "behavioral")), True, False),
        (kinds(("behavioral", "model")), False, False),
        (kinds(("model", "model"), ("behavioral", "behavioral")), True, True),
        (kinds(("model", "behavioral"), ("behavioral", "model")), True, False),
        (kinds((None, None)), False, False),
        (kinds(), False, False),
    ],
)
def test_a_figure_is_put_in_where_behavioral_agents_took_part(
    some: pl.DataFrame, by_buyers: bool, by_both: bool
) -> None:
    cell, other = "Table 2: men, male", "Table 8: seller friendly"
    assert put_in(some, cell) == cell * by_buyers
    assert put_in(some, other) == other * by_both
    assert put_in(some, "Table 2: nobody") == ""


@pytest.mark.parametrize(
    ("name", "changed", "still"),
    [
        ("Table 2: gender", "buyer.choice.price", True),
        ("Table 2: gender", "buyer.gender_fit.men.male", False),
        ("Table 2: men, male", "buyer.choice.price", False),
        ("Table 2: men, male", "seller.answers", True),
        ("Table 4: seller GPT-5.4, bought", "seller.options.answers", False),
        ("Table 3: price", "buyer.choice.price", False),
        ("Table 3: price", "buyer.choice.price_of_tea", True),
        ("Elasticity: gap", "buyer.poles.sensitive.price", False),
        ("Elasticity: gap", "buyer.poles.sensitive.shift", True),
        ("Table 2: men, male and Table 2: women, female", "buyer.poles.picky.shift", False),
    ],
)
def test_what_hangs_on_a_changed_parameter_is_not_put_in(
    name: str, changed: str, still: bool
) -> None:
    assert still_put_in(name, {changed}) == name * still
    assert still_put_in(name, ()) == name


def outcome(name: str) -> ExperimentOutcome:
    value = Value(
        name="bought", unit="share", measured=Estimate(value=0.5, n=9), published=0.5, put_in=name
    )
    finding = JudgedClaim(claim="c", test=found(0.1, 0.2).test, expected=by_points(1), put_in=name)
    return ExperimentOutcome(
        title="T", tables=one_table([OutcomeRow(label="r", values=(value,))]), findings=(finding,)
    )


def test_what_was_put_in_is_marked_named_and_never_reproduced() -> None:
    said = judged(outcome("Table 2: gender"))
    assert said.findings[0].verdict == PUT_IN
    assert said.rows[0].values[0].put_in == "Table 2: gender"
    [note] = said.notes
    assert "Table 2" in note
    assert "targets" in note
    [note] = judged(outcome("Elasticity: gap")).notes
    assert note.startswith("put in by hand")


def test_what_was_not_put_in_is_judged_with_the_smallest_effect_named() -> None:
    said = judged(outcome(""))
    assert said.findings[0].verdict == REPRODUCED
    assert said.rows[0].values[0].put_in == ""
    [note] = said.notes
    assert note.startswith("Smallest effects that count: 3 points: ")


OWN = {"buyer.gender_fit.men.male": "the parameter set field", "buyer.choice.price": "[anchor]"}


def test_what_shows_by_parameters_that_somebody_set_is_put_in_by_them() -> None:
    said = judged(outcome("Table 2: gender"), OWN)
    assert (said.findings[0].verdict, said.findings[0].put_in) == (PUT_IN, "Table 2: gender")
    assert said.rows[0].values[0].put_in == "", "it is no fitted figure any more"
    [note] = said.notes
    assert note.startswith("put in: set by these parameters, not found (Table 2: gender). ")
    assert note.endswith("set by the parameter set field.")


@pytest.mark.parametrize(
    ("low", "high", "says"), [(-0.02, 0.02, NOT_REPRODUCED), (-0.1, 0.2, UNDECIDED)]
)
def test_what_does_not_show_by_parameters_that_somebody_set_is_judged(
    low: float, high: float, says: str
) -> None:
    [finding] = outcome("Table 2: gender").findings
    some = msgspec.structs.replace(finding, test=found(low, high).test)
    one = msgspec.structs.replace(outcome("Table 2: gender"), findings=(some,))
    said = judged(one, OWN)
    assert (said.findings[0].verdict, said.findings[0].put_in) == (says, "")
    assert not any(note.startswith("put in") for note in said.notes)
    assert judged(one).findings[0].verdict == PUT_IN


def test_what_other_seeds_show_stands_at_the_cell_that_was_put_in() -> None:
    cell, spread = "Table 2: men, male", Spread(low=0.4, high=0.7, seeds=40)
    said = judged(outcome(cell), {}, {cell: spread, "Table 2: men, female": spread})
    assert said.rows[0].values[0].spread == spread
    changed = judged(outcome(cell), OWN, {cell: spread})
    assert changed.rows[0].values[0].spread is None


@pytest.mark.parametrize(
    ("changed", "mark"), [("buyer.choice.price", True), ("buyer.gender_fit.men.male", False)]
)
def test_the_cells_of_what_is_put_in_are_marked_with_it(changed: str, mark: bool) -> None:
    """A price moves the levels, not what makes the gap; what does was set by a file, no target."""
    cell, spread = "Table 2: men, male", Spread(low=0.4, high=0.7, seeds=40)
    both = outcome("Table 2: gender")
    both = msgspec.structs.replace(both, tables=outcome(cell).tables)
    said = judged(both, {changed: "a file"}, {cell: spread})
    assert said.findings[0].verdict == PUT_IN
    assert said.rows[0].values[0].put_in == cell * mark
    assert said.rows[0].values[0].spread is None


def test_cells_of_a_table_that_is_put_in_only_in_part_go_by_themselves() -> None:
    cell = "Table 8: buyer picky"
    some = outcome("Table 8: buyer pickiness"), outcome("Table 8: buyer rationality")
    both = msgspec.structs.replace(outcome(cell), findings=tuple(one.findings[0] for one in some))
    said = judged(both, {"buyer.poles.picky.shift": "a file"})
    marks = [one.put_in for one in said.findings]
    assert marks == ["Table 8: buyer pickiness", "Table 8: buyer rationality"]
    assert said.rows[0].values[0].put_in == ""


def test_no_figure_is_listed_twice() -> None:
    cells = [f"{table.name}: {cell}" for table in fitted_tables() for cell in table.cells]
    effects = [f"{table.name}: {one}" for table in fitted_tables() for one in table.effects]
    assert len({*cells, *effects}) == len(cells) + len(effects)


@pytest.mark.parametrize(
    ("unit", "interval", "off"),
    [
        ("cents", (100.0, 200.0), True),
        ("cents", (100.0, 400.0), False),
        ("dollars", (100.0, 200.0), True),
        ("tokens", (100.0, 200.0), True),
        ("number", (100.0, 200.0), True),
        ("cents", None, False),
    ],
)
def test_money_is_off_like_the_rest(
    unit: str, interval: tuple[float, float] | None, off: bool
) -> None:
    between = Interval(*interval, "x") if interval else None
    value = Value(
        name="net revenue",
        unit=unit,
        measured=Estimate(value=150.0, n=9, interval=between),
        published=300.0,
    )
    assert missed(value) is off
