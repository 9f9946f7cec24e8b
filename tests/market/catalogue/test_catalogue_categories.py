"""The mapping of source categories to the market's groups."""

import json
from pathlib import Path

import pytest

from retailsim.market.catalogue.category_map import (
    CategoryMap,
    builtin_categories,
    candidates,
    read_categories,
)
from retailsim.market.catalogue.product_files import Problems, read_products
from retailsim.market.errors import BadCategories

SOURCES = [
    "All_Beauty",
    "Amazon_Fashion",
    "Appliances",
    "Arts_Crafts_and_Sewing",
    "Automotive",
    "Baby_Products",
    "Beauty_and_Personal_Care",
    "Books",
    "CDs_and_Vinyl",
    "Cell_Phones_and_Accessories",
    "Clothing_Shoes_and_Jewelry",
    "Digital_Music",
    "Electronics",
    "Gift_Cards",
    "Grocery_and_Gourmet_Food",
    "Handmade_Products",
    "Health_and_Household",
    "Health_and_Personal_Care",
    "Home_and_Kitchen",
    "Industrial_and_Scientific",
    "Kindle_Store",
    "Magazine_Subscriptions",
    "Movies_and_TV",
    "Musical_Instruments",
    "Office_Products",
    "Patio_Lawn_and_Garden",
    "Pet_Supplies",
    "Software",
    "Sports_and_Outdoors",
    "Subscription_Boxes",
    "Tools_and_Home_Improvement",
    "Toys_and_Games",
    "Unknown",
    "Video_Games",
]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_all_34_source_categories_are_mapped_and_every_group_is_used() -> None:
    groups = {builtin_categories().group([name]) for name in SOURCES}
    assert len(SOURCES) == 34
    assert groups == {"Food", "Fashion", "Home", "Electronics", None}


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("AMAZON FASHION", "Fashion"),
        ("Clothing Shoes & Jewelry", "Fashion"),
        ("Clothing, Shoes & Jewelry", "Fashion"),
        ("Grocery", "Food"),
        ("All Electronics", "Electronics"),
        ("Computers", "Electronics"),
        ("Cell Phones & Accessories", "Electronics"),
        ("Amazon Home", "Home"),
        ("home &  kitchen", "Home"),
        ("Gift Cards", None),
        ("Prime Video", None),
        ("food", "Food"),
    ],
)
def test_names_as_rows_spell_them_are_known(name: str, group: str | None) -> None:
    assert builtin_categories().group([name]) == group


def test_a_longer_branch_beats_the_department_which_beats_the_root() -> None:
    names = candidates(("A", "B", "C"), "Dept", "file")
    assert names == ("A > B > C", "A > B", "Dept", "A", "file")
    known = CategoryMap({"A>b": "Food", "dept": "Home", "A": "Fashion"})
    assert known.group(names) == "Food"
    assert known.group(candidates(("A", "X"), "Dept")) == "Home"
    assert known.group(candidates(("A", "X"), "")) == "Fashion"
    with pytest.raises(KeyError):
        known.group(candidates((), "", "file"))


def test_a_users_file_goes_over_the_packages_entries(tmp_path: Path) -> None:
    text = '[categories]\n"gift_cards" = "Home"\n"Garden Gnomes" = "Home"\n"Grocery" = ""\n'
    mapping = read_categories(write(tmp_path / "my.toml", text))
    assert mapping.group(["Gift Cards"]) == "Home"
    assert mapping.group(["GARDEN  GNOMES"]) == "Home"
    assert mapping.group(["Grocery"]) is None
    assert mapping.group(["Electronics"]) == "Electronics"


def test_reading_products_follows_the_users_mapping(tmp_path: Path) -> None:
    row = {"parent_asin": "1", "title": "Gnome", "price": 2, "main_category": "Garden Gnomes"}
    catalogue = write(tmp_path / "a.jsonl", json.dumps(row))
    problems = Problems()
    assert list(read_products(catalogue, problems=problems)) == []
    assert problems.unmapped == {"Garden Gnomes": 1}
    mine = read_categories(write(tmp_path / "m.toml", '[categories]\n"Garden Gnomes" = "Home"'))
    products = list(read_products(catalogue, categories=mine, problems=Problems()))
    assert [p.category for p in products] == ["Home"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[categories]\n"Toys" = "Fun"', "\"Toys\" = 'Fun': the group must be one of Food, Fash"),
        ('[categories]\n"Toys" = 3', '"Toys" = 3: the group must be one of'),
        ('"Toys" = "Home"', r"it needs a \[categories\] table"),
        ("[categories", "Expected"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = write(tmp_path / "my.toml", text)
    with pytest.raises(BadCategories, match=why) as caught:
        read_categories(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_mapping_and_one_that_is_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCategories, match="No such file"):
        read_categories(tmp_path / "missing.toml")
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadCategories, match="utf-8"):
        read_categories(path)
