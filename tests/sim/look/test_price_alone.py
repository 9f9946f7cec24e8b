"""What a change of price takes to pay is told beside what was seen; of the price alone, or not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from retailsim.sim.look.side_by_side import side_by_side
from tests.sim.runs import launched

pytestmark = pytest.mark.slow
MORE = "but more than the price differs"
SHEETS = "id,title,category,price,unit_cost\n" + "".join(
    f"{group}{n},Thing {group} {n},{group},{20 + n}.00,9.00\n"
    for group in ("Home", "Food", "Fashion", "Electronics")
    for n in range(4)
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    shop, dearer = folder / "shop.csv", folder / "dearer.csv"
    shop.write_text(SHEETS)
    dearer.write_text(SHEETS.replace(".00,9.00", ".90,9.00"))
    discount = ("--set", "design.discount=0.1")
    usual = ("--sellers", "plain-dealer", "--catalog", shop)
    launched(folder / "first", *usual)
    launched(folder / "price", *usual, *discount)
    launched(folder / "fewer", *usual, *discount, "--set", "products.per_category=2")
    launched(folder / "issues", *usual, *discount, "--set", "products.issue_rate=0.5")
    launched(folder / "seat", "--sellers", "bold-showman", "--catalog", shop, *discount)
    launched(folder / "dearer", "--sellers", "plain-dealer", "--catalog", dearer)
    return folder


@pytest.mark.parametrize(
    ("second", "alone"),
    [("price", True), ("fewer", True), ("dearer", False), ("issues", False), ("seat", False)],
)
def test_what_was_seen_is_said_not_to_be_of_the_price_alone(
    runs: Path, second: str, alone: bool
) -> None:
    found = side_by_side(runs / "first", runs / second)
    assert found.comparison.break_even is not None
    assert found.comparison.break_even.alone is alone
    assert (MORE in " ".join(found.verdict)) is not alone


def test_another_list_price_is_no_discount_and_wallets_go_with_it(runs: Path) -> None:
    found = side_by_side(runs / "first", runs / "dearer")
    assert any(text.startswith("A price 4.2% higher pays ") for text in found.verdict)
    assert "behavioral.wallet.Home" in {one.key for one in found.differences}


def test_sheets_that_cannot_be_read_are_not_taken_for_alike(runs: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn"
    shutil.copytree(runs / "price", torn)
    (torn / "inputs" / "products.jsonl").write_text("{")
    found = side_by_side(runs / "first", torn)
    assert found.comparison.break_even is not None
    assert not found.comparison.break_even.alone
