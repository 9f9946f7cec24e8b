"""An interval that few products stand behind says so wherever it is read."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from retailsim.analysis.measures.arms import best_arm
from retailsim.analysis.measures.interval_text import (
    MARKED_ROUGH,
    ROUGH_MARK,
    between,
    mark_told,
    marked,
)
from retailsim.analysis.measures.table import measure
from retailsim.analysis.report.findings import side_told
from retailsim.analysis.statistics.clusters import mean
from retailsim.analysis.statistics.skewed import ROUGH
from retailsim.analysis.statistics.values import Estimate, Interval
from tests.analysis.measures.test_best_arm import drawn
from tests.sim.runs import launched, sim

FEW = ("--set", "products.per_category=2")
SELLERS = ("plain-dealer", "quiet-clerk")


def money(products: int) -> Estimate:
    return mean(pl.Series(range(1, products + 1)), pl.Series(range(products)), within=(0.0, None))


@pytest.mark.parametrize(("products", "rough"), [(ROUGH - 1, True), (ROUGH, False)])
def test_the_mark_the_word_and_the_note_go_together(products: int, rough: bool) -> None:
    found = money(products)
    assert found.interval is not None
    assert found.interval.rough is ("rough" in found.note) is rough
    assert marked(found.interval, str).startswith(ROUGH_MARK) is rough
    assert between(found.interval, str).endswith(", rough") is rough
    assert mark_told([found]) == [MARKED_ROUGH] * rough


def test_the_ends_stand_as_they_are_written() -> None:
    ends = Interval(1.0, 2.0, "log scale, 7 df, rough"), Interval(1.0, 2.0, "t, 7 df")
    assert [marked(one, "{:.1f}".format) for one in ends] == ["~1.0 to 2.0", "1.0 to 2.0"]
    assert [between(one, "{:.0f}".format) for one in ends] == ["1 to 2, rough", "1 to 2"]
    assert mark_told([Estimate(value=None, n=0), Estimate(value=1.0, n=2)]) == []


def test_the_line_that_explains_it_fits_a_terminal() -> None:
    assert len(MARKED_ROUGH) <= 80
    assert str(ROUGH) in MARKED_ROUGH


def test_a_finding_of_a_report_has_the_word() -> None:
    net = measure("net_revenue_cents")
    few, many = (
        best_arm(drawn(5, [1000.0, 800.0], products=products), net) for products in (12, ROUGH)
    )
    assert few is not None and many is not None
    assert ", rough)" in side_told(few, net, "seller")
    assert "rough" not in side_told(many, net, "seller")


@pytest.mark.slow
@pytest.mark.parametrize("command", ["compare", "sweep"])
def test_a_table_of_a_terminal_has_the_mark_and_one_line_that_explains_it(
    command: str, tmp_path: Path
) -> None:
    words = ["pairwise", "design.discount=0,0.1", *FEW, "--out", str(tmp_path / "out")]
    if command == "compare":
        words = [str(tmp_path / seller) for seller in SELLERS]
        for seller in SELLERS:
            launched(tmp_path / seller, *FEW, "--sellers", seller)
    result = sim(command, *words)
    assert result.exit_code == 0, result.stderr
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert lines.count(MARKED_ROUGH) == 1
    marked_at = [at for at, line in enumerate(lines) if " ~$" in line]
    assert marked_at and max(marked_at) < lines.index(MARKED_ROUGH)
    assert all(len(line) <= 80 for line in lines if str(tmp_path) not in line)
