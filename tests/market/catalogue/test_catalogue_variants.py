"""Of each shape of catalogue random variants: what loads is what its maker put in, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from retailsim.market.catalogue.catalogue_file import open_catalogue
from retailsim.market.catalogue.formats import parquet as parquet_format
from retailsim.market.catalogue.formats import workbook
from retailsim.market.catalogue.problems import Problems
from retailsim.market.catalogue.product_files import products_of
from tests.market.catalogue.shop_exports import MAKERS, Export, Thing, own, shopify

FEW, MANY = 6, 200
Maker = Any


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read here: a process of its own for each takes a fifth of a second."""

    def here(path: Path, sheet: str, most: int) -> Iterator[Any]:
        yield from workbook.cells(path, sheet, most)

    monkeypatch.setattr(parquet_format, "proofread", lambda path: None)
    monkeypatch.setattr(workbook, "_served", here)


def plain(text: str) -> str:
    return " ".join(text.split())


def wanted(thing: Thing, fields: frozenset[str]) -> dict[str, object]:
    """What a product must be, of the fields that its file has."""
    return {
        "title": plain(thing.title),
        "group": thing.group,
        "price": thing.price,
        "cost": thing.cost if "cost" in fields else None,
        "brand": thing.brand or None if "brand" in fields else None,
        "description": plain(thing.description) if "description" in fields else "",
        "options": {name: ", ".join(values) for name, values in thing.options.items() if values},
    }


def loaded(path: Path, export: Export) -> dict[str, dict[str, object]]:
    path.write_bytes(export.data)
    file = open_catalogue(path)
    assert file.money.currency == export.currency
    problems = Problems()
    found: dict[str, dict[str, object]] = {
        product.id: {
            "title": product.title,
            "group": product.category,
            "price": product.price_cents,
            "cost": product.unit_cost_cents,
            "brand": product.brand,
            "description": plain(product.description),
            "options": product.details if "options" in export.fields else {},
        }
        for product in products_of(file, problems=problems)
    }
    assert (problems.skipped, problems.notes) == (0, {}), problems.summary()
    return found


def check(maker: Maker, seed: int, folder: Path) -> None:
    export: Export = maker(Random(seed))
    by_id = {thing.id: thing for thing in export.things}
    assert loaded(folder / export.name, export) == {
        name: wanted(thing, export.fields) for name, thing in by_id.items()
    }, f"{maker.__name__}, seed {seed}"


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_a_few_variants_of_a_shape_load_as_they_were_made(maker: Maker, tmp_path: Path) -> None:
    for seed in range(FEW):
        check(maker, seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_many_variants_of_a_shape_load_as_they_were_made(maker: Maker, tmp_path: Path) -> None:
    for seed in range(1000, 1000 + MANY):
        check(maker, seed, tmp_path)


def test_a_cell_that_is_another_would_be_seen(tmp_path: Path) -> None:
    """The control: one digit of one price, or one variant before the first, is a difference."""
    export = own(Random(3))
    export.things[0].price += 1
    by_id = {thing.id: wanted(thing, export.fields) for thing in export.things}
    assert loaded(tmp_path / "own.csv", export) != by_id
    other = shopify(Random(3))
    other.things[0].options = {"Size": ["none"]}
    by_id = {thing.id: wanted(thing, other.fields) for thing in other.things}
    assert loaded(tmp_path / "shopify.csv", other) != by_id
