"""The built-in catalogue: balanced groups, real spreads, and sheets a seller can answer from."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from importlib import resources
from itertools import pairwise
from typing import Any

import pytest

Row = dict[str, Any]

LINES = (
    resources.files("retailsim.market.data")
    .joinpath("catalogue.jsonl")
    .read_text("ascii")
    .splitlines()
)
ROWS: list[Row] = [json.loads(line) for line in LINES]

KEYS = {
    "main_category",
    "title",
    "average_rating",
    "rating_number",
    "features",
    "description",
    "price",
    "images",
    "videos",
    "store",
    "categories",
    "details",
    "parent_asin",
    "bought_together",
    "unit_cost",
}
GROUPS = ("Food", "Fashion", "Home", "Electronics")
GROUP_OF_SOURCE = {
    "Grocery": "Food",
    "AMAZON FASHION": "Fashion",
    "Amazon Home": "Home",
    "Tools & Home Improvement": "Home",
    "All Electronics": "Electronics",
    "Camera & Photo": "Electronics",
    "Cell Phones & Accessories": "Electronics",
    "Computers": "Electronics",
    "Home Audio & Theater": "Electronics",
}
PATH_OF_DEPARTMENT = {"Mens": "Men", "Womens": "Women", "Unisex Adult": "Unisex"}
PLACEHOLDER = re.compile(
    r"lorem|ipsum|\b(tbd|todo|fixme|n/a|xxx+|foo|bar baz|asdf|placeholder|insert|dummy text"
    r"|product name|acme|example)\b|[{}<>\[\]]",
    re.IGNORECASE,
)

each_row = pytest.mark.parametrize("row", ROWS, ids=[row["parent_asin"] for row in ROWS])


def group(row: Row) -> str:
    return GROUP_OF_SOURCE[row["main_category"]]


def leaves() -> dict[tuple[str, ...], list[Row]]:
    found: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in ROWS:
        found[tuple(row["categories"])].append(row)
    return found


def words(row: Row) -> list[str]:
    return " ".join(row["description"]).split()


def texts(row: Row) -> list[str]:
    facts = [text for fact in row["details"].items() for text in fact]
    return [row["title"], row["store"], *row["features"], *row["description"], *facts]


def six_word_runs(row: Row) -> set[str]:
    found = words(row)
    return {" ".join(found[i : i + 6]) for i in range(len(found) - 5)}


def repeated(phrases: list[set[str]]) -> list[str]:
    counted = Counter(phrase for found in phrases for phrase in found)
    return [phrase for phrase, times in counted.items() if times > 1]


def test_every_line_holds_one_object_in_the_source_format() -> None:
    assert all(line.startswith("{") and line.endswith("}") for line in LINES)
    assert all(set(row) == KEYS for row in ROWS)


def test_each_group_has_thirty_products_in_six_leaves_of_five() -> None:
    assert Counter(group(row) for row in ROWS) == dict.fromkeys(GROUPS, 30)
    assert all(len(rows) == 5 for rows in leaves().values())
    assert Counter(group(rows[0]) for rows in leaves().values()) == dict.fromkeys(GROUPS, 6)


def test_the_last_name_of_a_path_tells_the_leaf() -> None:
    """``Product.leaf`` is the last name alone, so two paths must not share it."""
    assert len({path[-1] for path in leaves()}) == len(leaves())


@pytest.mark.parametrize("field", ["parent_asin", "title"])
def test_products_are_told_apart(field: str) -> None:
    assert len({row[field].casefold() for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("rows", leaves().values(), ids=[path[-1] for path in leaves()])
def test_prices_in_a_leaf_differ_and_spread(rows: list[Row]) -> None:
    prices = sorted(row["price"] for row in rows)
    assert all(low < high for low, high in pairwise(prices))
    assert prices[-1] >= 2.5 * prices[0]


def test_prices_run_from_a_snack_to_a_laptop() -> None:
    prices = [row["price"] for row in ROWS]
    assert 4 <= min(prices) < 5
    assert 800 < max(prices) <= 900


def test_fashion_is_a_third_each_for_men_women_and_both() -> None:
    departments = [row["details"]["Department"] for row in ROWS if group(row) == "Fashion"]
    assert Counter(departments) == {"Mens": 10, "Womens": 10, "Unisex Adult": 10}
    assert all("Department" not in row["details"] for row in ROWS if group(row) != "Fashion")


def test_fashion_paths_agree_with_departments() -> None:
    named: Counter[str] = Counter()
    for row in (row for row in ROWS if group(row) == "Fashion"):
        expected = PATH_OF_DEPARTMENT[row["details"]["Department"]]
        in_path = set(row["categories"]) & set(PATH_OF_DEPARTMENT.values())
        assert in_path <= {expected}
        named.update(in_path)
    assert all(named[name] >= 5 for name in PATH_OF_DEPARTMENT.values())


@each_row
def test_identity_is_well_formed(row: Row) -> None:
    assert re.fullmatch(r"RS(FD|FA|HO|EL)\d{6}", row["parent_asin"])
    assert 3 <= len(row["categories"]) <= 5
    assert row["images"] == []
    assert row["videos"] == []
    assert row["bought_together"] is None
    assert row["title"].startswith(row["store"].split()[0])


@each_row
def test_numbers_stay_in_their_ranges(row: Row) -> None:
    """Prices are whole cents; a unit costs the seller 35 to 65 % of its price."""
    assert isinstance(row["price"], float)
    assert row["price"] == round(row["price"], 2)
    assert 0.35 <= row["unit_cost"] / row["price"] <= 0.65
    assert 3.4 <= row["average_rating"] <= 4.8
    assert isinstance(row["rating_number"], int)
    assert 12 <= row["rating_number"] <= 24_000


@each_row
def test_a_sheet_is_concrete(row: Row) -> None:
    assert 4 <= len(row["features"]) <= 6
    assert 6 <= len(row["details"]) <= 10
    assert 1 <= len(row["description"]) <= 2
    assert 40 <= len(words(row)) <= 90
    assert sum(bool(re.search(r"\d", fact)) for fact in row["details"].values()) >= 2
    assert row["details"].keys() & {"Warranty", "Shelf Life"}


@each_row
def test_text_is_real_text(row: Row) -> None:
    assert all(text != "" and text == text.strip() for text in texts(row))
    assert not [text for text in texts(row) if PLACEHOLDER.search(text)]
    assert len(set(row["features"])) == len(row["features"])


@each_row
def test_hours_promised_stand_in_the_facts(row: Row) -> None:
    """A feature that promises a running time repeats the sheet's own figure."""
    promised = [
        match
        for text in row["features"]
        for match in re.findall(r"^Up to (\d+) (?:hours|minutes)", text)
    ]
    facts = row["details"].get("Battery Life", "")
    assert all(re.search(rf"\b{number}\b", facts) for number in promised)


def test_no_two_descriptions_or_features_are_filled_from_a_template() -> None:
    """Six words in a row never occur in two descriptions, and no long feature twice."""
    features = [{text for text in row["features"] if len(text.split()) > 6} for row in ROWS]
    assert repeated([six_word_runs(row) for row in ROWS]) == []
    assert repeated(features) == []


def test_some_products_are_weaker_than_others() -> None:
    """Buyers can only differ over a catalogue that holds both good and doubtful things."""
    for name in GROUPS:
        ratings = [row["average_rating"] for row in ROWS if group(row) == name]
        assert sum(rating < 4.0 for rating in ratings) >= 3
        assert sum(rating >= 4.5 for rating in ratings) >= 3
    warranties = [row["details"].get("Warranty", "") for row in ROWS]
    assert sum("days" in text or "6 months" in text for text in warranties) >= 10
