"""From reviews to a buyer: which rows count, and what a profile is made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.values import Profile
from retailsim.sim.errors import BadScenario
from retailsim.sim.protocols.csales.buyer_profiles.by_rules import extract, told
from retailsim.sim.protocols.csales.buyer_profiles.reviews import (
    MOST,
    Buyer,
    SourceReview,
    read_buyers,
)

PRODUCTS = {
    f"p{number}": Product(
        id=f"p{number}",
        title=f"Pan {number}",
        price_cents=1_000 * (number + 1),
        category="Home",
        path=("Kitchen", "Pans"),
    )
    for number in range(3)
}


def row(user: str = "u", product: str = "p0", **fields: Any) -> dict[str, Any]:
    return {"user_id": user, "parent_asin": product, "rating": 5.0, "timestamp": 1, **fields}


def read(folder: Path, *rows: dict[str, Any] | str, least: int = 1) -> tuple[list[Buyer], int]:
    path = folder / "reviews.jsonl"
    path.write_text("".join(f"{r if isinstance(r, str) else json.dumps(r)}\n" for r in rows))
    return read_buyers(path, PRODUCTS, least)


def test_buyers_come_by_name_with_their_reviews_by_time(tmp_path: Path) -> None:
    rows = [row("v"), row("u", "p1", timestamp=9), row("u", "p2", timestamp=3)]
    buyers, dropped = read(tmp_path, *rows)
    assert [buyer.id for buyer in buyers] == ["u", "v"]
    assert [product.id for _, product in buyers[0].reviews] == ["p2", "p1"]
    assert dropped == 0


def test_rows_that_are_no_reviews_or_of_unknown_products_are_counted(tmp_path: Path) -> None:
    _, dropped = read(tmp_path, row(), row(product="x"), "{", '{"user_id": "u"}', "", "  ")
    assert dropped == 3, "empty lines are no rows"


@pytest.mark.parametrize(("count", "there"), [(1, False), (2, True), (3, True)])
def test_a_buyer_needs_so_many_reviews(count: int, there: bool, tmp_path: Path) -> None:
    rows = [*(row("u") for _ in range(count)), row("v"), row("v")]
    buyers, _ = read(tmp_path, *rows, least=2)
    assert ("u" in [buyer.id for buyer in buyers]) is there


def test_where_nobody_has_enough_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadScenario) as caught:
        read(tmp_path, row(), row(product="x"), least=2)
    said = "nobody has 2 reviews of known products (1 rows left out)"
    assert str(caught.value) == f"{tmp_path / 'reviews.jsonl'}: {said}"


def test_of_many_reviews_the_newest_are_used(tmp_path: Path) -> None:
    rows = [row(timestamp=number, text=str(number)) for number in range(MOST + 5)]
    [buyer], _ = read(tmp_path, *reversed(rows))
    assert [review.text for review, _ in buyer.reviews] == [str(n) for n in range(5, MOST + 5)]


def profile(*reviews: tuple[float, str, str]) -> Profile:
    """The profile of a buyer that wrote these: stars, product, text; the last one is the newest."""
    made = tuple(
        (SourceReview(user_id="u", parent_asin=id_, rating=stars, text=text), PRODUCTS[id_])
        for stars, id_, text in reviews
    )
    return extract(Buyer(id="u", reviews=made))


def test_a_budget_is_the_range_of_prices_paid() -> None:
    found = profile((5, "p1", "a"), (5, "p0", "b"), (5, "p2", "c"))
    assert found.budget_cents == (1_000, 3_000)
    assert found.target_category == ("Kitchen", "Pans")


def test_what_was_liked_and_disliked_is_told_in_the_buyers_words_once() -> None:
    found = profile(
        (4.0, "p0", "Heats well. And more."),
        (3.0, "p1", "So so."),
        (2.0, "p2", "Too heavy! Broke."),
        (5.0, "p0", "Heats well."),
    )
    assert found.general_preference == "Heats well. I dislike: Too heavy!"
    assert found.purchase_reason == ("Heats well.",)


def test_the_newest_need_counts_and_without_one_the_kind_of_the_last_purchase() -> None:
    found = profile((5, "p0", "I needed a pan."), (5, "p1", "Nice. I was looking for two."))
    assert found.target_needs == "I was looking for two."
    assert profile((3, "p0", "Fine.")).target_needs == "I am looking for Pans."
    assert profile((3, "p0", "")).general_preference == "I buy Pans."


@pytest.mark.parametrize(
    ("words", "openness"),
    [(19, "Passive"), (20, "Less Active"), (59, "Less Active"), (60, "Active")],
)
def test_who_writes_more_is_more_open(words: int, openness: str) -> None:
    assert profile((5, "p0", "word " * words)).dialogue_openness == openness


def test_a_model_reads_what_was_bought_for_how_much_and_what_was_said() -> None:
    review = SourceReview(
        user_id="u", parent_asin="p2", rating=4.0, title="Good", text="Heats well."
    )
    [line] = told(Buyer(id="u", reviews=((review, PRODUCTS["p2"]),)))
    assert line == "Pan 2 ($30.00, Kitchen > Pans), 4 stars: Good Heats well."
