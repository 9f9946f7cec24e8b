"""An experiment's outcome on a terminal: nothing cut off, every number with what it is worth."""

from __future__ import annotations

import pytest
from rich.console import Console

from retailsim.analysis.experiments.outcomes import (
    ExperimentOutcome,
    JudgedClaim,
    OutcomeRow,
    Spread,
    Value,
    one_table,
)
from retailsim.analysis.statistics.values import Estimate, Interval, Test
from retailsim.sim.experiments.experiment_tables import tables

RATE = Estimate(
    value=0.648, n=1384, interval=Interval(0.447, 0.808, "t, 7 df"), effective_n=36.4, clusters=8
)


def shown(outcome: ExperimentOutcome, width: int = 120) -> str:
    console = Console(width=width, highlight=False)
    with console.capture() as page:
        for part in tables(outcome):
            console.print(part)
    return page.get()


def outcome(
    *values: Value, label: str = "a row", findings: tuple[JudgedClaim, ...] = ()
) -> ExperimentOutcome:
    return ExperimentOutcome(
        title="T", tables=one_table([OutcomeRow(label=label, values=values)]), findings=findings
    )


def value(name: str = "bought", unit: str = "share", **more: object) -> Value:
    fields: dict[str, object] = {"measured": RATE, **more}
    return Value(name=name, unit=unit, **fields)  # type: ignore[arg-type]


def test_a_rate_stands_with_its_interval_n_effective_n_and_the_published_one() -> None:
    page = shown(outcome(value(published=0.55)))
    for said in ("64.8%", "44.7% to 80.8%", "n 1,384, eff. 36", "paper 55.0%, off"):
        assert said in page


def test_a_cell_that_was_put_in_says_so_and_what_other_seeds_show() -> None:
    spread = Spread(low=0.41, high=0.7, seeds=40)
    page = shown(outcome(value(published=0.55, put_in="Table 2: men, male", spread=spread)))
    for said in ("paper 55.0%, off", "put in", "40 seeds 41.0% to 70.0%", "seeds: the lowest"):
        assert said in page
    page = shown(outcome(value(published=0.55)))
    assert "put in" not in page
    assert "seeds" not in page


def test_a_one_tailed_p_is_named() -> None:
    test = Test(method="m", estimate=1.0, p=0.02)
    one, two = (
        shown(outcome(value(), findings=(JudgedClaim(claim="c", test=test, one_tailed=tailed),)))
        for tailed in (True, False)
    )
    assert "one-tailed" in one
    assert "one-tailed" not in two


@pytest.mark.parametrize("tailed", [True, False])
def test_a_one_tailed_p_does_not_stand_beside_the_method_of_its_interval_alone(
    tailed: bool,
) -> None:
    between = Interval(0.1, 0.9, "paired t, two-sided")
    test = Test(method="paired t, one-tailed", estimate=0.5, p=0.02, interval=between)
    page = shown(outcome(value(), findings=(JudgedClaim(claim="c", test=test, one_tailed=tailed),)))
    said = " ".join(page.split())
    assert ("p: paired t" in said) == ("interval: paired t" in said) == tailed


def test_what_stands_below_the_numbers_is_said_once() -> None:
    page = shown(outcome(value(published=0.55), value("refunded", published=0.65)))
    assert page.count("Below a number: its 95% interval") == 1
    assert page.count("off: more than 5 points from the paper's rate") == 1
    assert "off:" not in shown(outcome(value(published=0.65)))
    assert "Below" not in shown(outcome(value(measured=Estimate(value=None, n=0))))


def test_what_a_reader_has_to_know_stands_below_the_table_once() -> None:
    few = Estimate(value=0.5, n=10, note="8 clusters: Student's t")
    page = shown(outcome(value(measured=few), value("refunded", measured=few), value("plain")))
    assert page.count("[1] 8 clusters: Student's t") == 1
    assert page.count("50.0% [1]") == 2
    assert "64.8% [" not in page


def test_a_row_that_is_only_published_has_no_note_and_no_n() -> None:
    nothing = Estimate(value=None, n=0, note="nobody")
    page = shown(outcome(value(measured=nothing, published=0.3)))
    assert "nobody" not in page
    assert "n 0" not in page
    assert "paper 30.0%" in page


@pytest.mark.parametrize("columns", [1, 4, 9])
def test_names_are_whole_and_lines_no_longer_than_the_page(columns: int) -> None:
    label = "seller anthropic/a-rather-long-name-of-a-model, v the mean pair"
    names = [f"to like-Gemini-3.1-Pro-{n}" for n in range(columns)]
    finding = JudgedClaim(
        claim="what is made for one's own gender is bought more " * 3, test=Test(method="m")
    )
    page = shown(outcome(*(value(name) for name in names), label=label, findings=(finding,)))
    assert "…" not in page
    assert max(len(line.rstrip()) for line in page.splitlines()) <= 120
    assert page.count("64.8%") == columns
    for word in ("v the mean pair", *(name.removeprefix("to ") for name in names)):
        assert word in page


@pytest.mark.parametrize("width", [60, 80, 100, 120, 140])
@pytest.mark.parametrize("columns", [5, 6, 7, 10])
def test_neither_names_nor_numbers_are_broken_on_a_narrower_page(width: int, columns: int) -> None:
    """Columns go on in another table before a label loses a letter."""
    some = [value(f"measure {n}") for n in range(columns)]
    page = shown(outcome(*some, label="random-action"), width)
    assert "…" not in page
    assert page.count("random-action") == page.count("random") >= 1
    assert page.count("44.7% to 80.8%") == columns
    assert page.count("n 1,384, eff. 36") == columns
    assert max(len(line.rstrip()) for line in page.splitlines()) <= min(width, 120)


@pytest.mark.parametrize(
    ("unit", "estimate", "said", "between"),
    [
        ("share", 0.0542, "+5.4 points", "+0.7 to +10.1"),
        ("cents", 209.0, "+$2.09", "+$0.01 to +$0.10"),
        ("number", -0.001, "0.00", "+0.01 to +0.10"),
    ],
)
def test_a_difference_is_in_its_own_unit(
    unit: str, estimate: float, said: str, between: str
) -> None:
    ends = {"share": (0.00718, 0.101), "cents": (1.0, 10.0), "number": (0.01, 0.1)}[unit]
    test = Test(method="m", estimate=estimate, p=0.0001, interval=Interval(*ends, "t, 4 df"), n=480)
    page = shown(outcome(value(), findings=(JudgedClaim(claim="c", test=test, unit=unit),)))
    for part in (said, between, "t, 4 df", "480", "<0.001"):
        assert part in page


def test_a_test_that_says_nothing_says_why() -> None:
    finding = JudgedClaim(claim="c", test=Test(method="m", note="fewer than two products count"))
    assert "fewer than two products count" in shown(outcome(value(), findings=(finding,)))


def test_hostile_names_are_no_commands_to_a_terminal() -> None:
    label = "\x1b[31mred[bold]"
    page = shown(
        outcome(value(), label=label, findings=(JudgedClaim(claim=label, test=Test(method="m")),))
    )
    assert "\x1b" not in page
    assert page.count("[31mred[bold]") == 2


def test_adjusted_p_beside_intervals_of_one_difference_are_said_to_be_apart() -> None:
    def claim(adjusted: float | None) -> JudgedClaim:
        test = Test(method="t", estimate=0.1, p=0.03, interval=Interval(0.01, 0.19, "t"), n=9)
        return JudgedClaim(claim="more", test=test, adjusted_p=adjusted)

    said = "p is adjusted for all that is tested"
    assert said in shown(outcome(value(), findings=(claim(0.06), claim(0.06))))
    for findings in ((claim(0.03),), (claim(None), claim(None))):
        assert said not in shown(outcome(value(), findings=findings))
