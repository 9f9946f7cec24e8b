"""Catalogues: CSV, JSON Lines and Parquet, with every price checked by a second reading."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from campaign.mutation import MOST_BYTES, change, mutated
from campaign.planting import planted
from campaign.surface import Surface, WrongInSilence, as_file, same, within
from retailsim.market.catalogue import amazon
from retailsim.market.catalogue.catalogue_file import CatalogueFile, open_catalogue
from retailsim.market.catalogue.category_map import CategoryMap, builtin_categories
from retailsim.market.catalogue.formats import parquet
from retailsim.market.catalogue.problems import Problems
from retailsim.market.catalogue.product import Product
from retailsim.market.catalogue.product_files import builtin_catalogue, products_of, sample

CODE = ("market/catalogue",)
_PLAIN = re.compile(r"\$?(\d{1,6}(?:([.,])(?:\d{1,2}|\d{4}))?)")

TABLE = (
    b"id,title,price,category,audience,brand,description,features,unit_cost\n"
    b'A1,"Kettle, steel",24.99,Home & Kitchen > Kettles,,Marlpit,Boils.,Fast|Quiet,9.5\n'
    b"A2,Desk lamp,$2999.00,Home & Kitchen,women,,,,\n"
    b'A3,"Said ""so""",12.99 - 19.99,Electronics,men,,"two\nlines",|,0\n'
)
PLAIN = TABLE.replace(b'"', b"")
GERMAN = (
    "Artikelnummer;Bezeichnung;Preis;Warengruppe;EK\n"
    "1;Lampe;1.299,00 €;Möbel;640,00\n2;Tisch;39,90 €;Möbel;12\n3;Stuhl;49,00 €;Möbel;\n"
).encode("cp1252")
SHOPIFY = (
    b"Handle,Title,Body (HTML),Type,Option1 Name,Option1 Value,Variant Price,Cost per item\n"
    b"tee,Tee,<p>Soft &amp; light</p>,Shirts,Size,S,24.00,8.50\ntee,,,,,M,25.00,8.50\n"
    b"mug,Mug,,Mugs,Title,Default Title,9.00,\n"
)
WOOCOMMERCE = (
    b"ID,Type,SKU,Name,Published,Sale price,Regular price,Categories,Parent\n"
    b'1,simple,MUG,Mug,1,,14.5,"Home, Home > Kitchen",\n2,variable,HOOD,Hoodie,1,,,Clothing,\n'
    b"3,variation,HOOD-M,Hoodie M,1,39,49,,HOOD\n"
)


@cache
def rows() -> tuple[bytes, ...]:
    """A few lines of the built-in catalogue, and one of tables."""
    with builtin_catalogue().open("rb") as lines:
        own = list(islice(lines, 12))
    short = json.dumps(
        {"id": "A1", "title": "Kettle", "price": "12.99", "categories": ["Home & Kitchen"]}
    ).encode()
    return (short, *own, b"".join(own[:3]))


@cache
def _categories() -> CategoryMap:
    return builtin_categories()


class Reading(NamedTuple):
    """What was read: products, counts, and the file as it was understood."""

    products: list[Product]
    problems: Problems
    file: CatalogueFile


def read(name: str, data: bytes) -> Reading:
    """Read a catalogue and sample it; what is counted adds up, whatever was in it."""
    problems = Problems()
    path, categories = as_file(name, data), _categories()
    file = open_catalogue(path)
    found = list(products_of(file, categories=categories, problems=problems))
    same("rows", problems.rows, problems.kept + problems.skipped)
    same("products", len(found), problems.kept)
    for product in found:
        within("price_cents", product.price_cents, 1, 99_999_999)
        within("unit_cost_cents", product.unit_cost_cents, 0, 99_999_999)
        within("average_rating", product.average_rating, 0, 5)
    sample(found, per_category=2, ids=None, key=str.encode, problems=problems)
    problems.summary()
    return Reading(found, problems, file)


def cents(said: object, mark: str = ".") -> int | None:
    """The second reading of a price: of plain ones only, with a column's decimal mark."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    text = repr(said) if isinstance(said, float) else str(said)
    plain = _PLAIN.fullmatch(text.strip(" "))
    if plain is None or not text.isascii():
        return None
    if isinstance(said, str) and plain[2] and plain[2] != mark:
        return None
    number = Decimal(plain[1].replace(",", "."))
    return int((number * 100).to_integral_value(ROUND_HALF_UP))


def check(of: Reading, said: Sequence[tuple[object, object]]) -> None:
    """Hold products against (id, price) as a second reader sees them; each id once."""
    mark = of.file.money.marks.get(of.file.fields.get("price", ""), ".")
    prices: dict[str, list[int | None]] = {}
    for name, price in said:
        if isinstance(name, str):
            prices.setdefault(name, []).append(cents(price, mark))
    for product in of.products:
        wanted = prices.get(product.id)
        if wanted is not None and None not in wanted and product.price_cents not in wanted:
            raise WrongInSilence(f"price_cents: {product.price_cents} of {wanted}")


def outcome(of: Reading) -> str:
    """Say in a word what became of an input."""
    return "products" if of.products else "empty"


def feed_jsonl(data: bytes) -> str:
    """Read JSON Lines."""
    of = read("fuzz.jsonl", data)
    said = []
    if of.file.format == "JSON Lines" and of.file.shape in ("a table", "Amazon Reviews '23"):
        at = of.file.fields
        for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
            try:
                row = json.loads(line, parse_float=str)
            except (ValueError, RecursionError):
                continue
            if isinstance(row, dict):
                amazon = of.file.shape != "a table" and (row.get("parent_asin") or row.get("id"))
                said.append((amazon or row.get(at["id"]), row.get(at["price"])))
    check(of, said)
    return outcome(of)


def feed_csv(data: bytes) -> str:
    """Read a CSV; plain ones, without a quote, are read a second time by splitting."""
    of = read("fuzz.csv", data)
    delimiter = {"CSV, commas, UTF-8": ",", "CSV, semicolons, UTF-8": ";"}.get(of.file.format)
    if delimiter and of.file.shape == "a table" and not set(data) & set(b'"\r\0'):
        lines = data.decode(errors="replace").removeprefix("\ufeff").split("\n")
        names = [" ".join(name.split()) for name in lines[0].split(delimiter)]
        at = of.file.fields
        if at["id"] in names and at["price"] in names and "sale_price" not in at:
            said = [line.split(delimiter) for line in lines[1:]]
            whole = [dict(zip(names, row, strict=True)) for row in said if len(row) == len(names)]
            check(of, [(row[at["id"]], row[at["price"]]) for row in whole])
    return outcome(of)


def feed_parquet(data: bytes) -> str:
    """Read a Parquet file that a reader in another process survives, as `proofread` asks."""
    path = as_file("fuzz.parquet", data)
    try:
        reader().submit(survived, str(path)).result()
    except BrokenProcessPool:
        reader.cache_clear()
        return "ends its reader"
    with planted(parquet, "proofread", lambda before: lambda path: None):
        return outcome(read("fuzz.parquet", data))


@cache
def reader() -> ProcessPoolExecutor:
    """A process that proofreads one file after the other; a new one where one has ended."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def survived(path: str) -> None:
    """Read a file, whatever that raises: only the end of the process is of interest."""
    with (
        suppress(BaseException),
        planted(parquet, "proofread", lambda before: lambda path: None),
    ):
        list(parquet.parquet_rows(Path(path)).read())


@cache
def tables() -> tuple[bytes, ...]:
    """Parquet files of the same rows, in several encodings."""
    import polars as pl

    table = pl.read_csv(io.BytesIO(TABLE), infer_schema=False)
    nested = pl.DataFrame(
        {
            "parent_asin": ["A1", "A2"],
            "title": ["Kettle", None],
            "price": [24.99, 1e300],
            "categories": [["Home & Kitchen", "Kettles"], []],
            "details": [{"Colour": "red"}, {"Colour": None}],
        }
    )
    found = []
    for frame in (table, nested):
        for compression in ("uncompressed", "zstd", "snappy"):
            out = io.BytesIO()
            frame.write_parquet(out, compression=compression)
            found.append(out.getvalue())
    return tuple(found)


def mutate_parquet(random: Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    """Spoil the bytes, or write other values of any type into a sound file."""
    import polars as pl

    if random.random() < 0.9:
        return mutated(random, data, pool, tree=False)
    columns: dict[str, Any] = {
        "id": ["A1", "A2"],
        "title": ["Kettle", "Lamp"],
        "price": [24.99, 3.0],
        "category": ["Home & Kitchen", "Electronics"],
    }
    spoilt = change(random, columns)
    try:
        frame = pl.DataFrame(spoilt, strict=False)
        out = io.BytesIO()
        frame.write_parquet(out)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return data
    return out.getvalue()[:MOST_BYTES]


def _wrong(price: Callable[[object], int]) -> Callable[[object], int]:
    """A cent is missing of dear things."""

    def read_price(value: object) -> int:
        found = price(value)
        return found - 1 if found > 200_000 else found

    return read_price


def _wrong_id(read_id: Callable[[Any], str]) -> Callable[[Any], str]:
    def wrong(row: Any) -> str:
        if isinstance(row.title, int | float):
            raise KeyError(row.title)
        return read_id(row)

    return wrong


CSV = Surface(
    name="catalogue-csv",
    seeds=lambda: (TABLE, PLAIN, TABLE.replace(b"\n", b"\r\n"), GERMAN, SHOPIFY, WOOCOMMERCE),
    feed=feed_csv,
    code=CODE,
    bug=lambda: planted(amazon, "_price", _wrong),
    tree=False,
)
JSONL = Surface(
    name="catalogue-json",
    seeds=rows,
    feed=feed_jsonl,
    code=CODE,
    bug=lambda: planted(amazon, "_price", _wrong),
)
PARQUET = Surface(
    name="catalogue-parquet",
    seeds=tables,
    feed=feed_parquet,
    code=CODE,
    bug=lambda: planted(amazon, "_id", _wrong_id),
    mutate=mutate_parquet,
)
