"""What is derived from a sheet is remembered by what it says, and by nothing else."""

from __future__ import annotations

import msgspec
import pytest

from retailsim.agents.retail.behavioral.memo import Memo
from retailsim.agents.retail.behavioral.sheet import sheet_of
from retailsim.market.core.money import in_currency
from tests.agents.behavioral_drive import make_product


def test_the_copy_of_another_market_has_the_sheet_that_was_made() -> None:
    product = make_product(3)
    copy = msgspec.structs.replace(product, details=dict(product.details))
    assert sheet_of(copy) is sheet_of(product)


def test_a_sheet_follows_what_an_agent_did_to_its_copy() -> None:
    product = msgspec.structs.replace(make_product(3), details={"Material": "Steel"})
    before = sheet_of(product)
    product.details["Material"] = "Gold"
    after = sheet_of(product)
    assert before.facts != after.facts
    assert any("Gold" in fact for fact in after.facts)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another Thing Altogether"},
        {"brand": "Another Maker"},
        {"category": "Food"},
        {"description": "It is another one. It is not the same."},
        {"features": ("Another feature of it",)},
        {"details": {"Another": "detail"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_part_that_a_sheet_is_made_from_tells_products_apart(
    change: dict[str, object],
) -> None:
    product = make_product(3)
    assert sheet_of(product) != sheet_of(msgspec.structs.replace(product, **change))


def test_by_default_a_memo_tells_equal_values_apart_and_computes_once_for_each() -> None:
    calls = list[tuple[str, int]]()

    def noted(first: str, second: int) -> int:
        calls.append((first, second))
        return second

    memo = Memo(noted)
    one, other = "".join(["a", "b"]), "".join(["a", "b"])
    assert [memo(one, 1), memo(one, 1), memo(other, 1), memo(one, 2)] == [1, 1, 1, 2]
    assert calls == [("ab", 1), ("ab", 1), ("ab", 2)]


def test_a_key_makes_equal_values_one_until_the_currency_changes() -> None:
    calls = list[str]()

    def noted(first: str) -> str:
        calls.append(first)
        return first

    memo = Memo(noted, size=2, key=str.lower)
    memo("ab")
    memo("AB")
    assert calls == ["ab"]
    with in_currency("EUR"):
        memo("ab")
    assert calls == ["ab", "ab"]
    for forgotten in ("c", "d", "ab"):
        memo(forgotten)
    assert calls == ["ab", "ab", "c", "d", "ab"]
