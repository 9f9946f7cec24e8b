"""From a source row, clean or dirty, to a product."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.market.catalogue.amazon import DESCRIPTION_LIMIT, TITLE_LIMIT, SourceRow, read_row
from retailsim.market.catalogue.category_map import CategoryMap, builtin_categories
from retailsim.market.catalogue.problems import OTHERS, Problems
from retailsim.market.catalogue.product import CATEGORIES, Product

CATEGORY_MAP = builtin_categories()
GOOD: dict[str, Any] = {
    "main_category": "AMAZON FASHION",
    "title": "Canvas Shoe",
    "average_rating": 4.2,
    "rating_number": 17,
    "features": ["Light", "Washable"],
    "description": ["First.", "Second."],
    "price": 39.99,
    "images": [],
    "videos": [],
    "store": "Acme",
    "categories": ["Clothing Shoes & Jewelry", "Men", "Shoes"],
    "details": {"Material": "Canvas"},
    "parent_asin": "B000000001",
    "bought_together": None,
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=15,
)


def read(problems: Problems | None = None, **changes: Any) -> Product | None:
    row = msgspec.convert(GOOD | changes, SourceRow)
    return read_row(row, CATEGORY_MAP, problems or Problems())


def kept(**changes: Any) -> Product:
    product = read(**changes)
    assert product is not None
    return product


def test_a_clean_row_becomes_the_product_it_describes() -> None:
    problems = Problems()
    assert read(problems, unit_cost="21.5") == Product(
        id="B000000001",
        title="Canvas Shoe",
        price_cents=3999,
        category="Fashion",
        path=("Clothing Shoes & Jewelry", "Men", "Shoes"),
        audience="men",
        brand="Acme",
        features=("Light", "Washable"),
        description="First.\nSecond.",
        details={"Material": "Canvas"},
        average_rating=4.2,
        rating_number=17,
        unit_cost_cents=2150,
    )
    assert (problems.rows, problems.kept, problems.skipped) == (1, 1, 0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"price": None}, "no_price"),
        ({"price": "None"}, "no_price"),
        ({"price": "—"}, "no_price"),
        ({"price": {"value": 3}}, "no_price"),
        ({"price": -3}, "absurd_price"),
        ({"price": 0}, "absurd_price"),
        ({"price": 1e9}, "absurd_price"),
        ({"title": None}, "no_title"),
        ({"title": ""}, "no_title"),
        ({"title": " \x00 "}, "no_title"),
        ({"title": "None"}, "no_title"),
        ({"title": "—"}, "no_title"),
        ({"title": True}, "no_title"),
        ({"title": ["A"]}, "no_title"),
        ({"parent_asin": None}, "no_id"),
        ({"parent_asin": "x" * 101}, "no_id"),
        ({"categories": [], "main_category": None}, "unmapped_category"),
        ({"categories": ["Gnomes"], "main_category": "Garden Gnomes"}, "unmapped_category"),
        ({"categories": [], "main_category": "Gift Cards"}, "unsold_category"),
    ],
)
def test_a_row_without_what_a_product_needs_is_skipped_and_counted(
    change: dict[str, Any], reason: str
) -> None:
    problems = Problems()
    assert read(problems, **change) is None
    assert problems.reasons == {reason: 1}
    assert (problems.rows, problems.kept) == (1, 0)


def test_fields_of_other_types_than_described_leave_a_usable_product() -> None:
    product = kept(
        title=1984,
        features=None,
        description="One text",
        details=None,
        store=False,
        average_rating="4.5",
        rating_number="1,204",
        categories=[["Books", "Novels"], ["Gifts"]],
        main_category=None,
    )
    assert product == Product(
        id="B000000001",
        title="1984",
        price_cents=3999,
        category="Home",
        path=("Books", "Novels"),
        description="One text",
        average_rating=4.5,
        rating_number=1204,
    )


def test_texts_are_cut_so_that_a_product_stays_small() -> None:
    product = kept(
        title="t" * 10_000,
        description=["d" * 50_000] * 50,
        features=["f" * 9_000] * 900,
        details={f"name {i}": "v" * 9_000 for i in range(9_000)},
        categories=["Books"] + ["c" * 999] * 999,
    )
    assert len(product.title) == TITLE_LIMIT
    assert len(product.description) == DESCRIPTION_LIMIT
    assert len(msgspec.json.encode(product)) < 150_000


@pytest.mark.parametrize("details", ['{"Material": "Canvas"}', {"Material": "Canvas"}])
def test_details_may_be_a_mapping_or_its_json(details: object) -> None:
    assert kept(details=details).details == {"Material": "Canvas"}


@pytest.mark.parametrize("details", ["{'a': 'b'}", "[1]", "[" * 100_000, 7])
def test_unreadable_details_are_left_out_and_noted(details: object) -> None:
    problems = Problems()
    product = read(problems, details=details)
    assert product is not None
    assert product.details == {}
    assert problems.notes == {"unreadable_details": 1}


@pytest.mark.parametrize(
    ("unit_cost", "cents", "notes"),
    [(0, 0, 0), ("$3.10", 310, 0), (None, None, 0), ("", None, 0), (-1, None, 1), ("?", None, 1)],
)
def test_an_unusable_unit_cost_is_left_out_and_noted(
    unit_cost: object, cents: int | None, notes: int
) -> None:
    problems = Problems()
    product = read(problems, unit_cost=unit_cost)
    assert product is not None
    assert product.unit_cost_cents == cents
    assert problems.notes["unusable_unit_cost"] == notes


def test_another_name_of_the_id_stands_in_for_a_missing_one() -> None:
    assert kept(parent_asin=None, asin="A1").id == "A1"
    assert kept(parent_asin="", id=77, asin="A1").id == "77"


@pytest.mark.parametrize(
    ("given_audience", "department", "shelf", "title", "audience"),
    [
        (None, "Mens", "Women", "Women's Shoe", "men"),
        (None, "Womens", "", "Shoe", "women"),
        (None, "unisex-adult", "Men", "Shoe", "unisex"),
        (None, "Unisex Child", "Men", "Shoe", None),
        (None, "Boys", "Men", "Men's Shoe", None),
        (None, "", "Men", "Women's Shoe", "men"),
        (None, "", "Girls", "Women's Shoe", None),
        (None, "", "", "Men’s Shoe", "men"),
        (None, "", "", "Shoe for Women", "women"),
        (None, "", "", "Shoe for Men and Women", "unisex"),
        (None, "", "", "Unisex Shoe", "unisex"),
        (None, "", "", "X-Men Shoe", None),
        (None, "", "", "Womenswear Mended Shoe", None),
        (None, "", "", "Shoe", None),
        ("women", "Mens", "Men", "Men's Shoe", "women"),
        ("martians", "Mens", "", "Shoe", "men"),
    ],
)
def test_the_first_source_that_says_so_decides_the_audience(
    given_audience: str | None, department: str, shelf: str, title: str, audience: str | None
) -> None:
    product = kept(
        audience=given_audience,
        details={"Department": department},
        categories=["Clothing, Shoes & Jewelry", shelf],
        title=title,
    )
    assert product.audience == audience


def test_a_title_outside_fashion_names_its_subject_not_its_audience() -> None:
    assert kept(title="Little Women", main_category="Books", categories=[]).audience is None


def test_an_audience_that_says_nothing_is_noted() -> None:
    problems = Problems()
    read(problems, audience="martians")
    assert problems.notes == {"unknown_audience": 1}


def test_names_of_unmapped_categories_are_counted_up_to_a_bound() -> None:
    problems = Problems()
    for i in range(1000):
        read(problems, categories=[], main_category=f"Novelty {i}")
    read(problems, categories=[], main_category="Novelty 3")
    assert problems.unmapped["Novelty 3"] == 2
    assert problems.unmapped[OTHERS] == 900
    assert len(problems.unmapped) == 101


def test_the_summary_says_what_was_skipped_and_why_in_one_line() -> None:
    problems = Problems()
    read(problems)
    read(problems, price=None)
    read(problems, title=None)
    read(problems, categories=[], main_category="Gnomes")
    read(problems, unit_cost="?")
    problems.skip_line(17, "not JSON (oops)")
    assert problems.summary() == (
        "skipped 4 of 6: 1 without a usable price, 1 without a title, "
        "1 in a category the mapping does not name, 1 broken, unnamed categories: Gnomes 1; "
        "1 kept without their unusable unit cost; line 17: not JSON (oops)"
    )
    assert Problems().summary() == "read 0, skipped none"


def test_the_data_set_is_the_last_resort_for_the_category() -> None:
    row = msgspec.convert(GOOD | {"categories": [], "main_category": None}, SourceRow)
    product = read_row(row, CATEGORY_MAP, Problems(), "Grocery_and_Gourmet_Food")
    assert product is not None
    assert product.category == "Food"


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from([*GOOD, "unit_cost", "audience", "asin", "id"]), JSON))
def test_no_combination_of_values_crashes_the_reader(changes: dict[str, Any]) -> None:
    problems = Problems()
    product = read(problems, **changes)
    assert problems.rows == 1
    assert problems.kept + problems.skipped == 1
    if product is not None:
        assert msgspec.json.decode(msgspec.json.encode(product), type=Product) == product
        assert product.title
        assert product.price_cents > 0


@given(JSON)
def test_any_json_object_is_a_product_or_counted(value: object) -> None:
    row = msgspec.convert({"x": 1} | (value if isinstance(value, dict) else {}), SourceRow)
    problems = Problems()
    read_row(row, CategoryMap(dict(zip(CATEGORIES, CATEGORIES, strict=True))), problems)
    assert problems.kept + problems.skipped == 1
    json.dumps(problems.summary())
