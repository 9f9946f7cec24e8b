"""What stands small below the numbers of a page is what its captions say, and is explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from retailsim.analysis.exhibits.parts import FEW_BEHIND, Cell, Report
from retailsim.sim.look.compare_page import content
from retailsim.sim.look.side_by_side import own_of, side_by_side
from retailsim.sim.sweep.kept_sweep import kept_sweep
from retailsim.sim.sweep.sweep import measured
from retailsim.sim.sweep.sweep_page import report
from tests.sim.runs import launched, sim

MARK = re.compile(r"\d clusters: (t|rough)$")
FEW = ("--set", "products.per_category=2", "--set", "design.discount=0.2")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("marks")
    launched(folder / "a", *FEW[:2])
    launched(folder / "b", *FEW)
    return folder / "a", folder / "b"


def cells(page: Report, title: str) -> list[tuple[Cell, ...]]:
    [found] = [one for part in page.sections for one in part.tables if one.title == title]
    return list(found.rows)


def captions(page: Report) -> str:
    return " ".join(
        [*(part.lead for part in page.sections)]
        + [one.note for part in page.sections for one in part.tables]
    )


@pytest.mark.slow
def test_below_each_number_of_a_comparison_is_what_its_caption_says(
    runs: tuple[Path, Path],
) -> None:
    found = side_by_side(*runs)
    page = content(found, own_of(*runs))
    assert "its 95% interval, n, and eff., how many independent ones that is worth" in captions(
        page
    )
    rows = cells(page, "All changes")
    marked = 0
    for change, shown in zip(found.comparison.planned, rows, strict=True):
        for of, cell in zip((change.first, change.second), shown[-2:], strict=True):
            assert of.interval is not None
            assert of.effective_n is not None
            assert f"; n {of.n:,}, eff. {of.effective_n:,.0f}" in cell.below
            marked += bool(MARK.search(cell.below))
    assert marked == 2 * len(rows), "eight products are few"
    assert captions(page).count(FEW_BEHIND) == 1


@pytest.mark.slow
def test_the_marks_of_a_sweep_are_explained(tmp_path: Path) -> None:
    words = ("sweep", "pairwise", "design.discount=0,0.2", *FEW[:2], "--out", tmp_path / "out")
    assert sim(*words).exit_code == 0
    found = kept_sweep(tmp_path / "out")
    page = report(found, *measured(found, None))
    rows = cells(page, "Every value")
    assert all(MARK.search(cell.below) for row in rows for cell in row[1:])
    assert captions(page).count(FEW_BEHIND) == 1
