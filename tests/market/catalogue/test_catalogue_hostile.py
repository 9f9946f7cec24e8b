"""Files that are made to do harm, or look like something else: read in bounds, or refused."""

import io
import re
import struct
from pathlib import Path
from zipfile import ZipFile

import pytest

from campaign.surfaces.workbooks import packed, sheet_of
from retailsim.market.catalogue.catalogue_file import look_at, open_catalogue
from retailsim.market.catalogue.formats import workbook
from retailsim.market.catalogue.formats.table import Row
from retailsim.market.catalogue.formats.xml_feed import xml_rows
from retailsim.market.catalogue.options import CatalogueOptions
from retailsim.market.catalogue.problems import Problems
from retailsim.market.catalogue.product import Product
from retailsim.market.catalogue.product_files import read_products
from retailsim.market.errors import (
    MissingColumns,
    MixedCurrencies,
    TornAmounts,
    UnknownColumn,
    UnreadableCatalogue,
)

HEADER = ("id", "title", "price", "category")
FEED = "<rss><channel><item><id>1</id><title>{}</title><price>3</price>{}</item></channel></rss>"


def read(path: Path, data: bytes | str, options: CatalogueOptions | None = None) -> list[Product]:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(read_products(path, problems=Problems(), options=options))


@pytest.mark.parametrize(
    "entity", ['"ha"', 'SYSTEM "file:///etc/hostname"', 'SYSTEM "http://127.0.0.1:9/x"']
)
def test_a_feed_that_declares_entities_is_refused(tmp_path: Path, entity: str) -> None:
    """Neither a billion laughs nor another file comes in by one."""
    head = f"<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY a {entity}>]>"
    with pytest.raises(UnreadableCatalogue, match="it is XML that declares entities"):
        read(tmp_path / "a.xml", head + FEED.format("&a;", ""))


def test_a_feed_is_mended_where_programs_slip(tmp_path: Path) -> None:
    category = "<product_type>Caf&eacute; > Tea</product_type>"
    found = read(tmp_path / "a.xml", FEED.format("Salt & Pepper &amp; <![CDATA[A & B]]>", category))
    assert [(one.title, one.path) for one in found] == [("Salt & Pepper & A & B", ("Café", "Tea"))]
    with pytest.raises(UnreadableCatalogue, match="its elements are nested too deeply"):
        read(tmp_path / "a.xml", "<rss><item>" + "<a>" * 200)


@pytest.mark.parametrize("before", range(0, 20, 3))
def test_what_is_mended_is_so_wherever_the_file_is_cut_into_pieces(
    tmp_path: Path, before: int
) -> None:
    """Long texts, so that pieces end inside entities, loose signs and plain text."""
    path, times = tmp_path / "a.xml", 5_000
    written = "-" * before + "Salt & Pepper &amp; &eacute;<![CDATA[ &amp; ]]>" * times
    path.write_text(FEED.format("Tea", f"<note>{written}</note>"))
    [row] = xml_rows(path).read()
    assert isinstance(row, Row)
    assert row.cells["note"] == ("-" * before + "Salt & Pepper & é &amp; " * times).strip()


def test_a_cell_that_is_repeated_without_end_is_kept_two_thousand_times(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text(FEED.format("Tea", "<image_link>x</image_link>" * 2_003))
    [row] = xml_rows(path).read()
    assert isinstance(row, Row)
    assert row.cells["image_link"] == ["x"] * 2_000
    assert row.cells["title"] == "Tea"


def test_a_sheet_that_claims_more_cells_than_memory_has_ends_its_reader_alone(
    tmp_path: Path,
) -> None:
    rows = sheet_of([HEADER, ("A1", "Kettle", 24.99, "Home")])
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    with pytest.raises(UnreadableCatalogue, match="claims a sheet larger than memory"):
        read(tmp_path / "a.xlsx", packed(rows.replace(b"</sheetData>", far)))


def test_a_spoilt_letter_that_claims_two_million_columns_is_damage(tmp_path: Path) -> None:
    """Input 677 of seed 2 of the campaign: its cells were filled in for minutes."""
    rows = sheet_of([HEADER, ("A1", "Kettle", 24.99, "Home")])
    far = rows.replace(b'r="D2"', b'r="DINES2"')
    with pytest.raises(UnreadableCatalogue, match="sheet 'Products' claims 1,995,701 columns"):
        read(tmp_path / "a.xlsx", packed(far))
    widest = rows.replace(b'r="D', b'r="XFD')
    with pytest.raises(UnreadableCatalogue, match="has 16,384 columns"):
        read(tmp_path / "a.xlsx", packed(widest))


@pytest.mark.slow
def test_a_sheet_of_two_million_columns_spoils_no_other(tmp_path: Path) -> None:
    rows = sheet_of([HEADER, ("A1", "Kettle", 24.99, "Home")])
    wide = rows.replace(b'r="D2"', b'r="DINES2"')
    assert [one.id for one in read(tmp_path / "a.xlsx", _of_two(wide, rows))] == ["A1"]
    with pytest.raises(UnreadableCatalogue, match="sheet 'Products' claims 1,995,701 columns"):
        read(tmp_path / "b.xlsx", _of_two(wide, wide))


def _of_two(first: bytes, second: bytes) -> bytes:
    """Return a workbook of two sheets."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(packed(first))) as before, ZipFile(out, "w") as archive:
        for name in before.namelist():
            text = before.read(name).decode()
            sheet = re.search(r"<sheet [^>]*/>|<Relationship [^>]*sheet1[^>]*/>", text)
            if sheet is not None:
                another = sheet[0].replace("Products", "More").replace("sheet1", "sheet2")
                another = another.replace('sheetId="1"', 'sheetId="2"').replace('"r1"', '"r2"')
                text = text.replace(sheet[0], sheet[0] + another)
            archive.writestr(name, text)
        archive.writestr("xl/worksheets/sheet2.xml", second)
    return out.getvalue()


def test_an_archive_that_would_be_huge_is_not_unpacked(tmp_path: Path) -> None:
    data = packed(sheet_of([HEADER]))
    at = data.rindex(b"PK\x01\x02") + 24
    huge = data[:at] + struct.pack("<I", 3 * 1024**3) + data[at + 4 :]
    with pytest.raises(UnreadableCatalogue, match=r"unpacked it would be 3\.0 GB"):
        read(tmp_path / "a.xlsx", huge)


@pytest.mark.slow
def test_a_workbook_is_read_by_another_process_as_by_this_one(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    grid = [
        ("Our products",),
        HEADER,
        ("0012", "Kettle", 24.99, "Home"),
        (13.0, "Tea", 3.5, "Food"),
    ]
    assert [one.id for one in read(path, packed(sheet_of(grid)))] == ["0012", "13"]
    assert list(workbook._served(path, "", 0)) == list(workbook.cells(path))
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", "<none/>")
    with pytest.raises(UnreadableCatalogue, match="it is damaged, or not a workbook"):
        read(path, out.getvalue())


def test_odd_tables_are_read_as_they_are_meant(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for text in (
        "Our products 2026,,,\n,,,\nid,title,price,category\n7,Tea,3.50,Food\n",
        "sep=;\r\nid;title;price;category\r\n7;Tea;3,50;Food\r\n",
        "id,title,price,category\r7,Tea,3.50,Food\r",
        "id,title,price,category\n7.0,Tea,3.50,Food\n",
        "id\ttitle\tprice\tcategory\n7\tTea\t3.50\tFood\n",
        "id|title|price|category|\n7|Tea|3.50|Food|\n",
    ):
        found = read(path, text)
        assert [(one.id, one.title, one.price_cents) for one in found] == [("7", "Tea", 350)], text


def test_json_may_have_each_product_under_its_id(tmp_path: Path) -> None:
    text = '{"p1": {"title": "Tea", "price": "3,50", "category": "Food"}}'
    assert [(one.id, one.price_cents) for one in read(tmp_path / "a.json", text)] == [("p1", 350)]


def test_a_column_written_in_two_ways_or_two_currencies_is_refused(tmp_path: Path) -> None:
    path, head = tmp_path / "a.csv", "id;title;price;category\n"
    torn = head + "1;Tea;3,50;Food\n2;Mug;4.50;Home\n"
    with pytest.raises(TornAmounts, match=r"amounts like 4\.50 and as many like 3,50"):
        read(path, torn)
    assert [one.id for one in read(path, torn, CatalogueOptions(decimal=","))] == ["1"]
    mixed = head + "1;Tea;3,50 €;Food\n2;Mug;4,50 $;Home\n3;Jar;5,50 €;Home\n"
    with pytest.raises(MixedCurrencies, match=r"EUR \(2\), USD \(1\), which cannot be added up"):
        read(path, mixed)
    assert [one.id for one in read(path, mixed, CatalogueOptions(currency="EUR"))] == ["1", "3"]


def test_columns_can_be_told_and_must_be_there(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    text = "Nummer X,Wie es heißt,Wert,Ort\n7,Tea,3.50,Regal\n"
    told = {"id": "Nummer X", "title": "wie es heißt", "price": "Wert"}
    with pytest.raises(MissingColumns, match=r'or products\.other = "Home"'):
        read(path, text, CatalogueOptions(columns=told))
    found = read(path, text, CatalogueOptions(columns=told, other="Food"))
    assert [(one.id, one.title, one.category) for one in found] == [("7", "Tea", "Food")]
    assert look_at(path).missing == ("id", "title", "price", "category")
    assert look_at(path, CatalogueOptions(columns=told)).missing == ("category",)
    with pytest.raises(UnknownColumn, match=r"there are Nummer X.*did you mean Wert\?"):
        open_catalogue(path, CatalogueOptions(columns={"price": "Wertt"}))
    with pytest.raises(UnknownColumn, match=r"there are id, title.*did you mean price\?"):
        open_catalogue(path, CatalogueOptions(columns={"prize": "Wert"}))


@pytest.mark.parametrize(
    ("names", "group"),
    [
        (("Coffee Tables",), "Home"),
        (("Dog Food",), "Home"),
        (("Running Shoes",), "Fashion"),
        (("Accessories",), None),
        (("Apparel & Accessories > Jewelry",), "Fashion"),
        (("Luggage & Bags",), "Fashion"),
        (("Möbel",), "Home"),
    ],
)
def test_words_of_shops_lead_to_a_group(names: tuple[str, ...], group: str | None) -> None:
    from retailsim.market.catalogue.category_map import builtin_categories

    if group is None:
        with pytest.raises(KeyError):
            builtin_categories().group(names)
    else:
        assert builtin_categories().group(names) == group
