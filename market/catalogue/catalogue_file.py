"""A catalogue's file, opened: what it is, what its columns mean, and its rows as source rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from retailsim.market.catalogue.amazon import SourceRow
from retailsim.market.catalogue.formats.delimited import delimited
from retailsim.market.catalogue.formats.json_documents import cause, decoded, json_rows
from retailsim.market.catalogue.formats.kind import find_kind
from retailsim.market.catalogue.formats.parquet import parquet_rows
from retailsim.market.catalogue.formats.table import Broken, Row, Table
from retailsim.market.catalogue.formats.text_encoding import find_encoding
from retailsim.market.catalogue.formats.workbook import workbook
from retailsim.market.catalogue.formats.xml_feed import xml_rows
from retailsim.market.catalogue.lines import read_lines
from retailsim.market.catalogue.options import CatalogueOptions
from retailsim.market.catalogue.problems import Example, Problems
from retailsim.market.catalogue.shapes import shopify, woocommerce
from retailsim.market.catalogue.shapes.columns import (
    guess_columns,
    missing_fields,
    plain,
    recognised,
    with_told,
)
from retailsim.market.catalogue.shapes.money import DEFAULT_CURRENCY, Money, decide
from retailsim.market.catalogue.shapes.plain_rows import (
    Meaning,
    meaning_of,
    source_row,
    with_float_ids,
)
from retailsim.market.catalogue.shapes.variants import OPTIONS
from retailsim.market.errors import MissingColumns

_AMAZON = frozenset({"parent_asin", "asin"})
_MERCHANT = frozenset(
    [
        "google product category",
        "item group id",
        "cost of goods sold",
        "availability",
        "image link",
        "age group",
        "condition",
        "gtin",
        "google produktkategorie",
        "verfügbarkeit",
        "bildlink",
        "altersgruppe",
    ]
)
_AMOUNTS = ("price", "sale_price", "unit_cost")
_DECODE = msgspec.json.Decoder(SourceRow).decode


class NumberedRow(NamedTuple):
    """A source row with its place in the file."""

    number: int
    row: SourceRow


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """An opened catalogue.

    Parameters
    ----------
    path : Path
    format : str
        The format in words: ``CSV, semicolons, cp1252``.
    shape : str
        The shape in words: ``Shopify's product export``.
    columns : tuple of str
        The columns as they are written.
    fields : mapping of str to str
        Columns by what they were taken to mean.
    used : frozenset of str
        Columns that are read for whatever.
    money : Money
        How amounts are written, and in which currency.
    numbered : str
        What the numbers of rows count.
    rows : callable
        Reads the file from its beginning; counts what is no row in the `Problems` it is given.
    """

    path: Path
    format: str
    shape: str
    columns: tuple[str, ...]
    fields: Mapping[str, str]
    used: frozenset[str]
    money: Money
    numbered: str
    rows: Callable[[Problems], Iterator[NumberedRow]]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A catalogue's file as far as its header tells.

    Parameters
    ----------
    format, columns
        As in `CatalogueFile`.
    fields : mapping of str to str
        Columns by what they seem to mean.
    missing : tuple of str
        What a product needs and no column is known to mean: id, title, price, category.
    first : tuple of mapping
        The cells of the first rows, to be shown.
    """

    format: str
    columns: tuple[str, ...]
    fields: Mapping[str, str]
    missing: tuple[str, ...]
    first: tuple[Mapping[str, object], ...]


def look_at(path: Path, options: CatalogueOptions | None = None) -> Sighting:
    """Read a file's header and first rows, and guess what its columns mean.

    Parameters
    ----------
    options : CatalogueOptions or None
        What the user says already.

    Raises
    ------
    CatalogueError
        If it is no table of any known format.
    """
    options = options or CatalogueOptions()
    table, fold = _shaped(open_table(path, options))
    telling = fold.telling(table.columns) if fold else table.columns
    fields = with_told(path, guess_columns(telling), options.columns, table.columns)
    first = tuple(row.cells for row in islice(table.read(), 20) if isinstance(row, Row))
    return Sighting(table.format, table.columns, fields, missing_fields(fields), first[:5])


def open_catalogue(path: Path, options: CatalogueOptions | None = None) -> CatalogueFile:
    """Open a catalogue of any format and shape.

    The file is read once from its beginning to its end to see how its amounts are written, unless
    it is one of Amazon Reviews '23.

    Raises
    ------
    CatalogueError
        If it is no catalogue, or lacks a column that every product needs.
    """
    options = options or CatalogueOptions()
    if options == CatalogueOptions(other=options.other, variant=options.variant):
        amazon = _amazon(path)
        if amazon is not None:
            return amazon
    table, fold = _shaped(open_table(path, options))
    columns = table.columns
    telling = fold.telling(columns) if fold else columns
    fields = with_told(path, guess_columns(telling), options.columns, columns)
    missing = [one for one in missing_fields(fields) if one != "category" or not options.other]
    if missing:
        raise MissingColumns(path, table.format, missing, columns)
    money = decide(
        path,
        table.read(),
        list(dict.fromkeys(fields[one] for one in _AMOUNTS if one in fields)),
        fields.get("currency"),
        options,
        "semicolons" in table.marks,
    )
    merchant = len({plain(column) for column in columns} & _MERCHANT) >= 1
    meaning = meaning_of(fields, options.columns, telling, facts=merchant)
    meaning = with_float_ids(meaning, table.read())
    name = fold.name if fold else "a Google Merchant feed" if merchant else "a table"
    return CatalogueFile(
        path=path,
        format=table.format,
        shape=name,
        columns=columns,
        fields=fields,
        used=meaning.used | frozenset(fold.used(columns) if fold else ()),
        money=money,
        numbered=table.numbered,
        rows=lambda problems: _source_rows(table, fold, meaning, money, options, problems),
    )


class _Fold(NamedTuple):
    """How rows of a shape with variants become products."""

    name: str
    products: Callable[..., Iterator[Row | Broken]]
    unpublished: Callable[[Mapping[str, object], Mapping[str, str]], bool]
    reads: tuple[str, ...]
    misleading: frozenset[str] = frozenset()

    def telling(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return the columns whose names mean here what they mean elsewhere."""
        return tuple(column for column in columns if plain(column) not in self.misleading)

    def used(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return the columns that say which rows are one product, and what it may be had in."""
        return tuple(column for column in columns if plain(column).startswith(self.reads))


def open_table(path: Path, options: CatalogueOptions) -> Table:
    """Open a file as the table that its content says it is.

    Raises
    ------
    CatalogueError
        If it is none.
    """

    def known(columns: Sequence[str]) -> int:
        told = {column.casefold() for column in options.columns.values()}
        return recognised(columns) + sum(column.casefold() in told for column in columns)

    match find_kind(path):
        case "parquet":
            return parquet_rows(path)
        case "workbook":
            return workbook(path, known)
        case "xml":
            return xml_rows(path, options.encoding)
        case "json":
            return json_rows(path, find_encoding(path, options.encoding))
        case "table":
            encoding = find_encoding(path, options.encoding)
            return delimited(path, encoding, options.delimiter, known)


def _shaped(table: Table) -> tuple[Table, _Fold | None]:
    """Tell a shape with variants, and give its lists of an API the columns of its export."""
    columns = table.columns
    if "variants" in columns and any(
        isinstance(row, Row) and shopify.is_api(row.cells) for row in islice(table.read(), 20)
    ):
        flat = Table(
            path=table.path,
            format=table.format,
            columns=shopify.API_COLUMNS,
            read=lambda: shopify.api_rows(table.read()),
            numbered=table.numbered,
        )
        return flat, _Fold("Shopify's API", shopify.products, shopify.unpublished, shopify.READS)
    if shopify.is_export(columns):
        return table, _Fold(
            "Shopify's product export", shopify.products, shopify.unpublished, shopify.READS
        )
    if woocommerce.is_export(columns):
        flat = Table(
            path=table.path,
            format=table.format,
            columns=columns,
            read=lambda: woocommerce.flat(table.read(), columns),
            numbered=table.numbered,
            marks=table.marks,
        )
        name = "WooCommerce's product export"
        return flat, _Fold(
            name,
            woocommerce.products,
            woocommerce.unpublished,
            woocommerce.reads(columns),
            woocommerce.MISLEADING,
        )
    return table, None


def _source_rows(
    table: Table,
    fold: _Fold | None,
    meaning: Meaning,
    money: Money,
    options: CatalogueOptions,
    problems: Problems,
) -> Iterator[NumberedRow]:
    rows = table.read()
    by_name = {plain(column): column for column in table.columns}
    if fold is not None:
        rows = fold.products(rows, table.columns, meaning.fields, options.variant, money)
        if "details" not in options.columns:
            fields = {**meaning.fields, "details": OPTIONS}
            meaning = msgspec.structs.replace(meaning, fields=fields)
    for row in rows:
        if isinstance(row, Broken):
            problems.skip_line(row.number, row.cause)
        elif fold is not None and fold.unpublished(row.cells, by_name):
            problems.rows += 1
            name = str(row.cells.get(meaning.fields.get("id", ""), ""))[:60]
            problems.skip("unpublished", Example(row.number, name, ""))
        else:
            yield NumberedRow(row.number, source_row(row, meaning, money))


def _amazon(path: Path) -> CatalogueFile | None:
    """Open JSON Lines of Amazon Reviews '23, which are read as fast as they can be; None: others.

    Their amounts are dollars as written in the United States.
    """
    if find_kind(path) != "json" or not _AMAZON & _first_keys(path):
        return None
    fields = {"id": "parent_asin", "title": "title", "price": "price", "path": "categories"}
    return CatalogueFile(
        path=path,
        format="JSON Lines",
        shape="Amazon Reviews '23",
        columns=tuple(SourceRow.__struct_fields__),
        fields=fields,
        used=frozenset(SourceRow.__struct_fields__),
        money=Money({}, DEFAULT_CURRENCY, named=True, said=()),
        numbered="line",
        rows=lambda problems: _amazon_rows(path, problems),
    )


def _first_keys(path: Path) -> set[str]:
    """Return the keys of the first line that is a whole object."""
    for _, data in islice(read_lines(path), 20):
        try:
            found = decoded(data) if data and data.strip() else None
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return set(found)
    return set()


def _amazon_rows(path: Path, problems: Problems) -> Iterator[NumberedRow]:
    for number, data in read_lines(path):
        if data is None:
            problems.skip_line(number, "longer than 4 MB")
        elif data.strip():
            try:
                row = _decode(data)
            except (ValueError, RecursionError) as error:
                problems.skip_line(number, cause(error))
            else:
                yield NumberedRow(number, row)


def _decode(data: bytes) -> SourceRow:
    """Decode a line; what only Python's own writer produces, such as NaN, is read as well."""
    try:
        return _DECODE(data)
    except (ValueError, RecursionError):
        return msgspec.convert(decoded(data), SourceRow)
