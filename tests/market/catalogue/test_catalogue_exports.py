"""Files as shops' programs export them, beside the project: what each becomes."""

from pathlib import Path

import pytest

from retailsim.market.catalogue.catalogue_file import open_catalogue
from retailsim.market.catalogue.problems import Problems
from retailsim.market.catalogue.product import Product
from retailsim.market.catalogue.product_files import products_of
from tests.published import published

# Of each product its id, group, price and unit cost in cents.
Told = tuple[str, str, int, int | None]
EXPECTED: dict[str, tuple[str, str, list[Told]]] = {
    "comma_eur.csv": ("a table", "EUR", [("1", "Home", 129_900, None), ("2", "Home", 3990, None)]),
    "excel_semicolon_cp1252.csv": (
        "a table",
        "EUR",
        [
            ("1001", "Home", 8990, 4150),
            ("1002", "Home", 129_900, 64_000),
            ("1003", "Electronics", 5999, 2200),
        ],
    ),
    "gmc_feed.tsv": (
        "a Google Merchant feed",
        "USD",
        [
            ("SKU1", "Fashion", 7999, 3500),
            ("SKU2", "Home", 3900, 1400),
            ("SKU3", "Electronics", 129_900, None),
        ],
    ),
    "gmc_feed.xml": (
        "a Google Merchant feed",
        "USD",
        [
            ("SKU1", "Fashion", 8999, None),
            ("SKU2", "Home", 3900, None),
            ("SKU3", "Electronics", 129_900, None),
        ],
    ),
    "pandas_index.parquet": (
        "a table",
        "USD",
        [("1", "Home", 990, 300), ("4", "Fashion", 2500, 950)],
    ),
    "products.json": (
        "a table",
        "USD",
        [("p1", "Fashion", 3950, 1200), ("p2", "Home", 4900, 2000)],
    ),
    "products.xlsx": ("a table", "USD", [("1", "Home", 990, 300), ("4", "Fashion", 2500, 950)]),
    "shopify_api.json": ("Shopify's API", "USD", [("1", "Fashion", 3950, None)]),
    "shopify_products_export.csv": (
        "Shopify's product export",
        "USD",
        [
            ("classic-tee", "Fashion", 2400, 850),
            ("linen-dress", "Fashion", 8900, 3120),
            ("oak-side-table", "Home", 14_900, 6200),
            ("espresso-beans", "Food", 2190, 975),
            ("bt-speaker", "Electronics", 5900, 2400),
        ],
    ),
    "wc-product-export.csv": (
        "WooCommerce's product export",
        "USD",
        [("101", "Home", 1450, None), ("104", "Food", 890, None), ("102", "Fashion", 3900, None)],
    ),
}


def read(path: Path) -> tuple[list[Product], Problems]:
    problems = Problems()
    return list(products_of(open_catalogue(path), problems=problems)), problems


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_an_export_is_known_and_read(name: str) -> None:
    path = published(f"exports/{name}")
    shape, currency, told = EXPECTED[name]
    file = open_catalogue(path)
    assert (file.shape, file.money.currency) == (shape, currency)
    found, _ = read(path)
    assert [(p.id, p.category, p.price_cents, p.unit_cost_cents) for p in found] == told


def test_a_cell_that_is_not_written_like_its_column_is_no_amount() -> None:
    _, problems = read(published("exports/comma_eur.csv"))
    assert problems.examples_of["no_price"] == [(4, "3", "€49.00")]


def test_a_column_of_costs_is_read_in_its_own_way() -> None:
    file = open_catalogue(published("exports/shop_commacost.csv"))
    assert file.money.marks == {"price": ".", "unit_cost": ","}
    found, problems = read(file.path)
    assert [p.unit_cost_cents for p in found[:3]] == [None, 1110, 7666]
    assert (problems.costed, problems.without_cost) == (39, [(2, "A-001", "")])


def test_an_export_of_variants_becomes_products_with_options_and_text() -> None:
    tee = read(published("exports/shopify_products_export.csv"))[0][0]
    assert tee.details == {"Size": "S, M, L", "Color": "Black, White"}
    assert tee.description == "Our best-selling tee.\n100% organic cotton\nPre-shrunk"
    assert (tee.audience, tee.path[-1], tee.brand) == ("men", "T-Shirts", "Nordwind")
