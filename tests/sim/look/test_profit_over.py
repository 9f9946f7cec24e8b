"""A comparison of runs of which some costs are not known says over which episodes its profit is."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.sim.look.compare_page import content
from retailsim.sim.look.side_by_side import SideBySide, own_of, side_by_side
from tests.sim.runs import launched

GROUPS = ("Home", "Fashion", "Food", "Electronics")
SEATS = ("--sellers", "bold-showman", "--buyers", "careful-saver,easy-shopper")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen products, four of which have no cost, at two prices."""
    folder = tmp_path_factory.mktemp("costs")
    rows = [
        f"{i},Lamp No {i},{GROUPS[i % 4]},{20 + i}.00,{'' if i < 4 else 5}\n" for i in range(16)
    ]
    (folder / "shop.csv").write_text("id,title,category,price,unit_cost\n" + "".join(rows))
    words = ("pairwise", "--catalog", folder / "shop.csv", *SEATS)
    launched(folder / "full", *words)
    launched(folder / "off", *words, "--set", "design.discount=0.2")
    launched(folder / "policy", *words, "--set", "shipping.rate=0.0")
    return folder


def said(found: SideBySide) -> list[str]:
    """All sentences on the page."""
    page = content(found, own_of(found.first, found.second))
    return [page.title, page.lead, *page.warnings, *(part.lead for part in page.sections)]


@pytest.mark.slow
def test_a_change_of_price_and_the_profit_are_over_the_same_episodes(runs: Path) -> None:
    found = side_by_side(runs / "full", runs / "off")
    over = "of the 48 of 64 episodes whose costs are known"
    [line] = [one for one in found.verdict if over in one]
    assert line == f"This and profit are {over}; conversion elsewhere is of all."
    assert sum(over in one for one in (*found.verdict, *found.comparison.cautions)) == 1
    assert any(line in one for one in said(found))


@pytest.mark.slow
def test_profit_alone_is_said_to_be_of_some_episodes(runs: Path) -> None:
    found = side_by_side(runs / "full", runs / "policy")
    line = "Profit is of the 48 of 64 episodes whose costs are known."
    assert found.comparison.cautions.count(line) == 1
    assert any(line in one for one in said(found))
