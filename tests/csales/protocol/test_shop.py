"""The catalogue of a conversation: categories, and what is near to a text."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.market.catalogue.product import Product
from retailsim.market.catalogue.product_files import Problems, builtin_catalogue, read_products
from retailsim.market.core.embedding import EmbeddingUnavailable
from retailsim.market.protocols.csales.category_tree import CategoryTree
from retailsim.market.protocols.csales.sheets import apart, for_buyer
from retailsim.market.protocols.csales.shop import Shop, sheet_text
from retailsim.market.protocols.csales.similarity import (
    EmbeddingIndex,
    UnknownIndex,
    words,
)
from tests.published import published


def sheet(id_: str, title: str, cents: int, *path: str) -> Product:
    return Product(id=id_, title=title, price_cents=cents, category="Fashion", path=path)


JEANS = ("Clothes", "Men", "Jeans")
SHIRTS = ("Clothes", "Men", "Shirts")
STOCK = (
    sheet("j1", "Blue denim jeans, straight fit", 3_000, *JEANS),
    sheet("j2", "Black denim jeans, slim fit", 4_500, *JEANS),
    sheet("s1", "Soft cotton shirt", 2_000, *SHIRTS),
    sheet("s2", "Linen shirt for summer", 9_000, *SHIRTS),
    sheet("w1", "Watch with leather strap", 20_000, "Jewelry"),
)
PATHS = st.lists(st.sampled_from(["Clothes", "Men", "Jeans", "Boats"]), max_size=5).map(tuple)


def test_what_is_done_to_a_copy_of_a_sheet_stays_in_the_copy() -> None:
    shelf = msgspec.structs.replace(STOCK[0], details={"fit": "straight"}, unit_cost_cents=900)
    copied = apart(shelf)
    assert copied == shelf
    copied.details["fit"] = "whatever you like"
    assert shelf.details == {"fit": "straight"}
    assert for_buyer(shelf).unit_cost_cents is None
    assert shelf.unit_cost_cents == 900


def test_a_path_is_cut_to_its_longest_beginning() -> None:
    tree = CategoryTree(STOCK)
    assert tree.cut((*JEANS, "Ripped")) == JEANS
    assert tree.cut(("Clothes", "Dogs", "Jeans")) == ("Clothes",)
    assert tree.cut(("Boats",)) == ()


def test_options_reach_two_levels_below() -> None:
    tree = CategoryTree(STOCK)
    assert tree.below(()) == (("Clothes",), ("Clothes", "Men"), ("Jewelry",))
    assert tree.below(("Clothes",)) == (("Clothes", "Men"), JEANS, SHIRTS)
    assert tree.below(JEANS) == ()


@given(PATHS)
def test_a_cut_path_exists_and_stays_as_it_is(path: tuple[str, ...]) -> None:
    tree = CategoryTree(STOCK)
    cut = tree.cut(path)
    assert cut == path[: len(cut)]
    assert tree.cut(cut) == cut
    assert tree.items(cut)


def test_a_suggestion_stays_within_category_and_price() -> None:
    shop = Shop(STOCK)
    assert [p.id for p in shop.suggest("slim black jeans", JEANS, 5_000, 3)] == ["j2", "j1"]
    assert [p.id for p in shop.suggest("slim black jeans", JEANS, 4_500, 3)] == ["j2", "j1"]
    assert [p.id for p in shop.suggest("slim black jeans", JEANS, 4_499, 3)] == ["j1"]
    assert [p.id for p in shop.suggest("slim black jeans", SHIRTS, 5_000, 3)] == ["s1"]
    assert shop.suggest("anything", JEANS, 100, 3) == []


def test_text_that_nothing_shares_gives_items_in_the_order_of_their_ids() -> None:
    assert [p.id for p in Shop(STOCK).suggest("qwerty", (), 10**6, 5)] == [p.id for p in STOCK]


def test_the_answer_does_not_depend_on_the_order_of_the_catalogue() -> None:
    ways = [Shop(STOCK), Shop(STOCK[::-1])]
    first, second = ([p.id for p in shop.suggest("fit", (), 10**6, 5)] for shop in ways)
    assert first == second


def test_the_dearer_item_is_alike_and_above_the_price() -> None:
    shop = Shop(STOCK)
    dearer = shop.dearer(STOCK[0], 3_000)
    assert dearer is not None
    assert dearer.id == "j2"
    beside = shop.dearer(STOCK[0], 4_500)
    assert beside is not None
    assert beside.id == "s2", "nothing dearer in its own category: the one above it is searched"
    assert shop.dearer(STOCK[0], 9_000) is None, "a watch is no alternative to jeans"
    assert shop.dearer(STOCK[4], 20_000) is None


def test_the_dearer_item_is_looked_for_one_category_above_and_no_further() -> None:
    deep = ("Clothes", "Men", "Jeans", "Slim")
    near = sheet("near", "Blue jeans, loose fit", 5_000, "Clothes", "Men", "Jeans", "Loose")
    far = sheet("far", "Blue jeans, slim fit", 9_000, "Clothes", "Men")
    own = sheet("own", "Blue jeans, slim fit", 3_000, *deep)
    dearer = Shop([own, far, near]).dearer(own, 3_000)
    assert dearer is not None
    assert dearer.id == "near"
    assert Shop([own, far]).dearer(own, 3_000) is None


def test_everything_that_a_sheet_says_can_be_searched() -> None:
    whole = Product(
        id="w",
        title="Title",
        price_cents=1,
        category="Home",
        path=("Group", "Leaf"),
        brand="Brand",
        features=("One", "Two"),
        description="Described",
        details={"Colour": "Red"},
    )
    assert sheet_text(whole).split() == [
        *("Title", "Brand", "Group", "Leaf", "One", "Two", "Described", "Colour", "Red"),
    ]
    assert sheet_text(msgspec.structs.replace(whole, brand=None)).split()[1] == "Group"


def test_an_item_is_found_by_its_id_alone() -> None:
    assert Shop(STOCK).product("s1").title == "Soft cotton shirt"
    with pytest.raises(KeyError):
        Shop(STOCK).product("made up")


def test_an_index_that_is_none_is_named_with_the_ones_there_are() -> None:
    with pytest.raises(UnknownIndex, match="bm25, embedding, embedding-large"):
        Shop(STOCK, index="magic")


@pytest.mark.parametrize("name", ["embedding", "embedding-large"])
def test_an_index_without_its_package_says_so_before_anything_is_sold(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wordllama", None)
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(EmbeddingUnavailable, match=f"{name!r} needs the package"):
        Shop(STOCK, index=name)


def test_embeddings_rank_by_their_angle() -> None:
    import numpy as np

    def encode(texts: Any) -> Any:
        return np.array([[float("denim" in text), float("shirt" in text)] for text in texts])

    scores = EmbeddingIndex([sheet_text(product) for product in STOCK], encode).scores("a shirt")
    assert scores.tolist() == [0.0, 0.0, 1.0, 1.0, 0.0]


def test_words_that_every_text_has_do_not_count() -> None:
    assert words("The shirt IS for you, and it's soft") == ["shirt", "s", "soft"]


@pytest.mark.parametrize("kind", ["built-in", "real"])
def test_every_suggestion_from_a_whole_catalogue_fits(kind: str) -> None:
    path = published("products_amazon23.jsonl") if kind == "real" else builtin_catalogue()
    shop = Shop(list(read_products(path, problems=Problems())))
    for node in shop.below(()):
        for product in shop.suggest("comfortable and durable", node, 3_000, 10):
            assert product.price_cents <= 3_000
            assert product.path[: len(node)] == node
            dearer = shop.dearer(product, 3_000)
            assert dearer is None or dearer.price_cents > 3_000
