"""Sampling a catalogue: the same products whatever the order of the file."""

import hashlib
import random
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.market.catalogue.product import CATEGORIES, Product
from retailsim.market.catalogue.product_files import Problems, sample
from retailsim.market.errors import MissingProducts, RepeatedProducts


def key(product_id: str) -> bytes:
    return hashlib.sha256(product_id.encode()).digest()


def product(number: int, category: int = 0, title: str = "A") -> Product:
    return Product(id=f"P{number}", title=title, price_cents=1, category=CATEGORIES[category % 4])


PRODUCTS = st.lists(
    st.builds(product, st.integers(0, 30), st.integers(0, 3), st.sampled_from("ABC")), max_size=60
)
UNIQUE = st.lists(
    st.builds(product, st.integers(0, 500), st.integers(0, 3)),
    max_size=60,
    unique_by=lambda p: p.id,
)


@given(PRODUCTS, st.none() | st.integers(1, 6), st.randoms(use_true_random=False))
def test_the_order_of_the_file_does_not_matter_even_with_repeated_ids(
    products: list[Product], size: int | None, shuffler: random.Random
) -> None:
    chosen = sample(products, per_category=size, ids=None, key=key)
    shuffler.shuffle(products)
    assert sample(products, per_category=size, ids=None, key=key) == chosen
    assert len({p.id for p in chosen}) == len(chosen)


@given(UNIQUE, st.integers(1, 6))
def test_a_smaller_sample_is_contained_in_a_larger_one(products: list[Product], size: int) -> None:
    small = sample(products, per_category=size, ids=None, key=key)
    large = sample(products, per_category=size + 1, ids=None, key=key)
    assert all(p in large for p in small)


@given(UNIQUE, st.integers(1, 6))
def test_the_sample_is_the_smallest_keys_of_each_category(
    products: list[Product], size: int
) -> None:
    chosen = sample(products, per_category=size, ids=None, key=key)
    expected: list[Product] = []
    for category in CATEGORIES:
        of_it = sorted((p for p in products if p.category == category), key=lambda p: key(p.id))
        expected += sorted(of_it[:size], key=lambda p: p.id)
    assert chosen == expected


def test_without_a_size_all_products_come_by_category_and_id() -> None:
    chosen = sample([product(3), product(1, 1), product(2)], per_category=None, ids=None, key=key)
    assert [p.id for p in chosen] == ["P2", "P3", "P1"]


def test_a_category_with_fewer_than_asked_is_warned_of() -> None:
    problems = Problems()
    products = [product(i, category) for i, category in enumerate([0, 0, 1, 2, 2, 3, 3])]
    assert len(sample(products, per_category=2, ids=None, key=key, problems=problems)) == 7
    assert problems.warnings == ["fewer than per_category = 2 products: Fashion 1"]


def test_all_categories_with_fewer_are_in_one_warning() -> None:
    problems = Problems()
    sample([product(1, 0)], per_category=2, ids=None, key=key, problems=problems)
    few = ", ".join(f"{category} {int(place == 0)}" for place, category in enumerate(CATEGORIES))
    assert problems.warnings == [f"fewer than per_category = 2 products: {few}"]


def test_repeated_ids_are_counted_and_one_of_them_stays() -> None:
    problems = Problems()
    problems.kept = 3
    rows = [product(1, title="B"), product(1, title="A"), product(1, title="C")]
    chosen = sample(rows, per_category=5, ids=None, key=key, problems=problems)
    assert [p.title for p in chosen] == ["A"]
    assert problems.reasons == {"duplicate_id": 2}
    assert problems.kept == 1


def test_an_id_in_two_categories_is_one_product() -> None:
    rows = [product(1, 0), product(1, 1)]
    assert len(sample(rows, per_category=5, ids=None, key=key)) == 1
    assert sample(rows, per_category=5, ids=None, key=key) == sample(
        rows[::-1], per_category=5, ids=None, key=key
    )


def test_ids_are_given_in_the_order_asked() -> None:
    rows = [product(i) for i in range(9)] + [product(4, title="0")]
    chosen = sample(rows, per_category=1, ids=["P7", "P4"], key=key)
    assert [(p.id, p.title) for p in chosen] == [("P7", "A"), ("P4", "0")]
    assert sample(rows, per_category=None, ids=[], key=key) == []


def test_ids_that_are_missing_are_all_named() -> None:
    with pytest.raises(MissingProducts, match="no usable product has the id X, Y: ") as caught:
        sample([product(1)], per_category=None, ids=["X", "P1", "Y"], key=key)
    assert caught.value.ids == ("X", "Y")
    many = [f"X{i}" for i in range(100)]
    with pytest.raises(MissingProducts, match="X11 and 88 more"):
        sample([], per_category=None, ids=many, key=key)


def test_an_id_asked_for_twice_is_refused() -> None:
    with pytest.raises(RepeatedProducts, match="names P1 more than once"):
        sample([product(1)], per_category=None, ids=["P1", "P1"], key=key)


def test_memory_is_bounded_by_the_sample_not_by_the_catalogue() -> None:
    def peak(count: int) -> int:
        stream: Iterator[Product] = (product(i, i, title="t" * 500) for i in range(count))
        tracemalloc.start()
        sample(stream, per_category=5, ids=None, key=key)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(4_000) < 2 * peak(200)
