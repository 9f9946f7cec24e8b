"""Exports as shops' programs write them, made of products that are known: the truth to read back.

Nothing here uses the code under test. A maker takes a `Random` and returns bytes, the products in
them, and the name that such a file has.
"""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from xml.sax.saxutils import escape
from zipfile import ZipFile

import polars as pl

GROUPS = {
    "Home": ("Home & Garden > Lighting > Lamps", "Furniture > Tables", "Möbel", "Kitchenware"),
    "Fashion": ("Apparel & Accessories > Clothing > Dresses", "Shoes", "T-Shirts", "Scarves"),
    "Food": ("Food, Beverages & Tobacco > Beverages > Coffee", "Grocery > Tea", "Snacks"),
    "Electronics": ("Electronics > Audio > Speakers", "Laptops", "Cameras & Optics > Cameras"),
}
WORDS = (
    "Oak", "Lamp", "Größe", "Café", "Mug", "Wool", "Linen", "Señora", "Tisch", "Fløyte", '12"',
    "5'", "Set", "Mini", "&", "Co,", "Pro;", "No.1", "(new)", "100%", "Crème", "A/B",
)  # fmt: skip
CURRENCIES = {"EUR": "€", "USD": "$", "GBP": "£", "CHF": "CHF", "PLN": "zł", "SEK": "kr"}


@dataclass
class Thing:
    """One product as it is."""

    id: str
    title: str
    group: str
    category: str
    price: int
    cost: int | None
    brand: str
    description: str
    options: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Export:
    """A file, and what is in it."""

    name: str
    data: bytes
    things: list[Thing]
    currency: str = "USD"
    fields: frozenset[str] = frozenset({"cost", "brand", "description"})


def phrase(random: Random, least: int, most: int) -> str:
    return " ".join(random.choice(WORDS) for _ in range(random.randint(least, most)))


def things(random: Random, most: int = 12) -> list[Thing]:
    made = []
    for number in range(random.randint(3, most)):
        group = random.choice(list(GROUPS))
        price = random.choice((random.randint(100, 9_999), random.randint(10_000, 999_999)))
        made.append(
            Thing(
                id=random.choice(
                    (f"A-{number:03}", f"{number:05}", f"SKU{number}x", str(9 + number))
                ),
                title=f"{phrase(random, 1, 4)} {number}",
                group=group,
                category=random.choice(GROUPS[group]),
                price=price,
                cost=None if random.random() < 0.2 else random.randint(0, price),
                brand=random.choice(("", "Nordwind", "Mühlwerk", "A & B")),
                description=phrase(random, 0, 12),
            )
        )
    return made


def grouped(whole: int, mark: str) -> str:
    return f"{whole:,}".replace(",", mark)


def amounts(random: Random, currency: str | None) -> Callable[[int | None], str]:
    """Return a way of writing amounts that shows its decimal mark whatever it writes."""
    point, thousands = random.choice(
        ((".", ","), (".", ""), (",", "."), (",", ""), (",", " "), (",", "\u00a0"), (".", "'"))
    )
    sign = CURRENCIES.get(currency or "", "")
    space = " " if sign.isalpha() else ""
    ways = (f"{{}} {sign}", f"{{}}{space}{sign}", f"{sign}{space}{{}}", f"{sign} {{}}")
    around = random.choice(ways) if sign else "{}"

    def write(cents: int | None) -> str:
        if cents is None:
            return ""
        return around.format(f"{grouped(cents // 100, thousands)}{point}{cents % 100:02}")

    return write


def currency_of(random: Random) -> str | None:
    return random.choice((None, *CURRENCIES))


def encoded(random: Random, text: str) -> bytes:
    """Encode a text in a usual encoding that has all of its characters."""
    ways = ["utf-8", "utf-8-sig", "utf-16"]
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        pass
    else:
        ways.append("cp1252")
    return text.encode(random.choice(ways))


def table(
    random: Random, rows: Sequence[dict[str, str]], needed: Sequence[str], delimiters: str = ",;\t|"
) -> tuple[bytes, frozenset[str]]:
    """Write rows as a table in text: columns in any order, some of those not needed left out."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    kept = [name for name in columns if name in needed or random.random() < 0.8]
    random.shuffle(kept)
    extra = [f"Extra {i}" for i in range(random.randint(0, 3))]
    out = io.StringIO()
    writer = csv.DictWriter(
        out,
        [*kept, *extra],
        restval="",
        extrasaction="ignore",
        delimiter=random.choice(delimiters),
        lineterminator=random.choice(("\n", "\r\n")),
        quoting=random.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
    )
    writer.writeheader()
    writer.writerows({**row, **{name: phrase(random, 0, 2) for name in extra}} for row in rows)
    return encoded(random, out.getvalue()), frozenset(kept)


NAMES = (
    {"id": "id", "title": "title", "price": "price", "category": "category", "cost": "unit_cost",
     "brand": "brand", "description": "description"},
    {"id": "Artikelnummer", "title": "Bezeichnung", "price": "Verkaufspreis",
     "category": "Warengruppe", "cost": "EK", "brand": "Hersteller", "description": "Beschreibung"},
    {"id": "SKU", "title": "Product Name", "price": "Price (EUR)", "category": "Department",
     "cost": "Cost", "brand": "Vendor", "description": "Long Description"},
    {"id": "Référence", "title": "Nom", "price": "Prix TTC", "category": "Catégorie",
     "cost": "Prix d'achat", "brand": "Marque", "description": "Description"},
)  # fmt: skip


def own(random: Random) -> Export:
    """A table with names in some language."""
    found, names = things(random), random.choice(NAMES)
    currency = currency_of(random)
    if names["price"].endswith("(EUR)"):
        currency = random.choice((None, "EUR"))
    price, cost = amounts(random, currency), amounts(random, None)
    rows = [
        {
            names["id"]: one.id,
            names["title"]: one.title,
            names["price"]: price(one.price),
            names["category"]: one.category,
            names["cost"]: cost(one.cost),
            names["brand"]: one.brand,
            names["description"]: one.description,
        }
        for one in found
    ]
    data, kept = table(random, rows, [names[n] for n in ("id", "title", "price", "category")])
    fields = {name for name in ("cost", "brand", "description") if names[name] in kept}
    stated = "EUR" if names["price"].endswith("(EUR)") else currency or "USD"
    return Export("shop.csv", data, found, stated, frozenset(fields))


def marked_up(random: Random, text: str) -> str:
    """Write a text as HTML that shows it on one line."""
    tag = random.choice(("p", "div", "span", "strong"))
    return f"<{tag}>{html.escape(text, quote=random.random() < 0.5)}</{tag}>" if text else ""


def shopify(random: Random) -> Export:
    """Shopify's product export: rows of variants and of pictures below the product's own."""
    found, rows = things(random), list[dict[str, str]]()
    for number, one in enumerate(found):
        one.id = f"handle-{number}"
        sizes = random.sample(("S", "M", "L", "XL", "42"), random.randint(0, 4))
        colors = random.sample(("Black", "Rot", "Grün"), random.randint(1, 2)) if sizes else []
        both = [(s, c) for s in sizes for c in colors[: 1 + (random.random() < 0.5)]]
        used = list(dict.fromkeys(c for _, c in both))
        one.options = {"Size": sizes, "Color": used} if sizes else {}
        first = {
            "Handle": one.id,
            "Title": one.title,
            "Body (HTML)": marked_up(random, one.description),
            "Vendor": one.brand,
            "Product Category": one.category,
            "Option1 Name": "Size" if sizes else "Title",
            "Option1 Value": sizes[0] if sizes else "Default Title",
            "Option2 Name": "Color" if sizes else "",
            "Option2 Value": both[0][1] if sizes else "",
            "Variant Price": f"{one.price / 100:.2f}",
            "Variant Compare At Price": f"{one.price / 100 + 10:.2f}",
            "Cost per item": "" if one.cost is None else f"{one.cost / 100:.2f}",
            "Status": "active",
            "Tags": "summer, new",
        }
        rows.append(first)
        for size, color in both[1:]:
            rows.append(
                {
                    "Handle": one.id,
                    "Option1 Value": size,
                    "Option2 Value": color,
                    "Variant Price": f"{random.randint(100, 99_999) / 100:.2f}",
                    "Cost per item": f"{random.randint(0, 100) / 100:.2f}",
                }
            )
        rows += [{"Handle": one.id, "Image Src": "https://x.example/1.jpg"}] * random.randint(0, 2)
    needed = [name for name in rows[0] if name.split(" ")[0] in ("Handle", "Title", "Product")]
    needed += [name for name in rows[0] if name.startswith("Option")] + ["Variant Price"]
    data, kept = table(random, rows, needed, ",")
    columns = {"cost": "Cost per item", "brand": "Vendor", "description": "Body (HTML)"}
    fields = {name for name, column in columns.items() if column in kept} | {"options"}
    return Export("products_export.csv", data, found, "USD", frozenset(fields))


WOO = ("Type", "SKU", "Name", "Published", "Description", "Brands", "Categories", "Regular price",
       "Sale price", "Parent", "Attribute 1 name", "Attribute 1 value(s)")  # fmt: skip
WOO_ABROAD = (
    ("Typ", "Artikelnummer", "Name", "Veröffentlicht", "Beschreibung", "Marken", "Kategorien",
     "Regulärer Preis", "Angebotspreis", "Übergeordnetes Produkt", "Attribut 1 Name",
     "Attribut 1 Wert(e)"),
    ("Type", "UGS", "Nom", "Publié", "Description", "Marques", "Catégories", "Tarif régulier",
     "Tarif promo", "Parent", "Nom de l’attribut 1", "Valeur(s) de l’attribut 1 "),
    ("Tipo", "SKU", "Nombre", "Publicado", "Descripción", "Marcas", "Categorías", "Precio normal",
     "Precio rebajado", "Superior", "Nombre del atributo 1", "Valor(es) del atributo 1"),
)  # fmt: skip


def woocommerce_abroad(random: Random) -> Export:
    """The same export from a shop in another language, which translates all but the types."""
    return woocommerce(random, dict(zip(WOO, random.choice(WOO_ABROAD), strict=True)))


def woocommerce(random: Random, called: Mapping[str, str] | None = None) -> Export:
    """WooCommerce's product export: variations below, or far from, their parent."""
    called = called or {}
    found, rows = things(random), list[dict[str, str]]()
    apart: list[dict[str, str]] = []
    write = amounts(random, None)
    for number, one in enumerate(found):
        one.id, sale = str(100 + 10 * number), random.random() < 0.3
        base = {
            "ID": one.id,
            "Type": "simple",
            "SKU": f"S-{number}",
            "Name": one.title,
            "Published": "1",
            "Description": marked_up(random, one.description),
            "Brands": one.brand,
            "Categories": one.category.replace(",", "\\,"),
        }
        prices = {
            "Regular price": write(one.price + 500 if sale else one.price),
            "Sale price": write(one.price) if sale else "",
            "Meta: _wc_cog_cost": write(one.cost),
        }
        if random.random() < 0.5:
            rows.append({**base, **prices, "Parent": ""})
            continue
        sizes = random.sample(("S", "M", "L"), random.randint(1, 3))
        one.options = {"Size": sizes}
        size = {"Attribute 1 name": "Size", "Attribute 1 value(s)": ", ".join(sizes)}
        rows.append({**base, "Type": "variable", **size})
        parent = random.choice((base["SKU"], f"id:{one.id}"))
        for place, value in enumerate(sizes):
            other = {"Regular price": write(random.randint(100, 99_999)), "Sale price": ""}
            variation = {
                "ID": str(int(one.id) + 1 + place),
                "Type": "variation",
                "SKU": f"S-{number}-{value}",
                "Name": f"{one.title} - {value}",
                "Published": "1",
                "Parent": parent,
                **(prices if place == 0 else other),
                "Attribute 1 name": "Size",
                "Attribute 1 value(s)": value,
            }
            (rows if random.random() < 0.7 else apart).append(variation)
    # Of variations of one parent the order stays, wherever they stand.
    firsts = [row for row in apart if row.get("Regular price")]
    together = {row["Parent"] for row in firsts}
    moved = [row for row in rows if row.get("Parent") in together]
    rows = [row for row in rows if row not in moved]
    rows += sorted(moved + apart, key=lambda row: int(row["ID"]))
    needed = [called.get(n, n) for n in dict.fromkeys(k for row in rows for k in row)
              if n not in ("Description", "Brands", "Meta: _wc_cog_cost")]  # fmt: skip
    rows = [{called.get(name, name): cell for name, cell in row.items()} for row in rows]
    data, kept = table(random, rows, needed, ",")
    columns = {"cost": "Meta: _wc_cog_cost", "brand": "Brands", "description": "Description"}
    fields = {n for n, column in columns.items() if called.get(column, column) in kept}
    fields |= {"options"}
    return Export("wc-product-export.csv", data, found, "USD", frozenset(fields))


def merchant(random: Random) -> tuple[list[Thing], list[dict[str, str]], str]:
    """Return the rows of a Google Merchant feed."""
    found, currency = things(random), random.choice(list(CURRENCIES))
    rows = []
    for number, one in enumerate(found):
        one.id, one.cost = f"SKU{number}", one.cost or None
        sale = random.random() < 0.3
        full = one.price + random.randint(1, 5_000) if sale else one.price
        taxonomy = one.category if ">" in one.category else ""
        rows.append(
            {
                "id": one.id,
                "title": one.title,
                "description": one.description,
                "price": f"{full / 100:,.2f} {currency}",
                "sale_price": f"{one.price / 100:.2f} {currency}" if sale else "",
                "google_product_category": taxonomy,
                "product_type": one.category if not taxonomy else "Whatever > Else",
                "brand": one.brand,
                "availability": random.choice(("in stock", "in_stock")),
                "cost_of_goods_sold": ""
                if one.cost is None
                else f"{one.cost / 100:.2f} {currency}",
            }
        )
    return found, rows, currency


GMC = {"cost": "cost_of_goods_sold", "brand": "brand", "description": "description"}
GMC_NEEDED = ("id", "title", "price", "sale_price", "google_product_category", "product_type")


def feed_tsv(random: Random) -> Export:
    """A Google Merchant feed as text."""
    found, rows, currency = merchant(random)
    data, kept = table(random, rows, [*GMC_NEEDED, "availability"], "\t")
    fields = frozenset(name for name, column in GMC.items() if column in kept)
    return Export("feed.txt", data, found, currency, fields)


GERMAN_FEED = {
    "id": "id", "title": "titel", "description": "beschreibung", "price": "preis",
    "sale_price": "sonderangebotspreis", "google_product_category": "google_produktkategorie",
    "product_type": "produkttyp", "brand": "marke", "availability": "verfügbarkeit",
}  # fmt: skip


def feed_german(random: Random) -> Export:
    """A Google Merchant feed of a German account, with a comma before the cents."""
    found, rows, currency = merchant(random)
    german = [{GERMAN_FEED[n]: cell for n, cell in row.items() if n in GERMAN_FEED} for row in rows]
    for row, one in zip(german, found, strict=True):
        one.cost = None
        for name in ("preis", "sonderangebotspreis"):
            row[name] = row[name].translate(str.maketrans(",.", ".,"))
    needed = [GERMAN_FEED[name] for name in (*GMC_NEEDED, "availability")]
    data, kept = table(random, german, needed, "\t")
    fields = frozenset(n for n in ("brand", "description") if GERMAN_FEED[n] in kept)
    return Export("feed.tsv", data, found, currency, fields)


def feed_xml(random: Random) -> Export:
    """A Google Merchant feed as RSS or Atom, with prefixes, plain text marked as such or not."""
    found, rows, currency = merchant(random)
    item, root, close = random.choice(
        (
            ("item", '<rss xmlns:g="http://base.google.com/ns/1.0"><channel><title>S</title>',
             "</channel></rss>"),
            ("entry", '<feed xmlns="http://www.w3.org/2005/Atom" '
             'xmlns:g="http://base.google.com/ns/1.0">', "</feed>"),
        )
    )  # fmt: skip

    def cell(name: str, value: str) -> str:
        tag = name if name in ("title", "description") and random.random() < 0.5 else f"g:{name}"
        inner = f"<![CDATA[{value}]]>" if random.random() < 0.3 else escape(value)
        if random.random() < 0.3:
            inner = inner.replace("&amp; ", "& ")  # as many programs write it
        return f"<{tag}>{inner}</{tag}>"

    items = []
    for row in rows:
        cells = [cell(name, value) for name, value in row.items() if value]
        cells.append(
            "<g:shipping><g:country>DE</g:country><g:price>4.90 EUR</g:price></g:shipping>"
        )
        random.shuffle(cells)
        items.append(f"<{item}>{''.join(cells)}</{item}>")
    encoding = random.choice(("utf-8", "utf-16", "iso-8859-1"))
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    text = f"{head}{root}{random.choice(('', chr(10))).join(items)}{close}"
    return Export("feed.xml", text.encode(encoding), found, currency)


def typed_rows(random: Random) -> tuple[list[Thing], list[dict[str, Any]]]:
    """Return rows whose amounts are numbers."""
    found = things(random)
    return found, [
        {
            "id": one.id,
            "title": one.title,
            "price": one.price / 100,
            "category": one.category,
            "unit_cost": None if one.cost is None else one.cost / 100,
            "brand": one.brand or None,
            "description": one.description,
        }
        for one in found
    ]


def document(random: Random) -> Export:
    """JSON: an array, a list in a document, or an object a line."""
    found, rows = typed_rows(random)
    for row in rows:
        if random.random() < 0.3:
            del row["brand"]
    form = random.choice(("array", "products", "deep", "lines"))
    indent = random.choice((None, 1))
    if form == "lines":
        text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    else:
        whole = {"array": rows, "products": {"products": rows}}.get(form)
        whole = whole or {"meta": {"page": 1}, "data": {"items": rows}}
        text = json.dumps(whole, ensure_ascii=random.random() < 0.5, indent=indent)
    for thing, row in zip(found, rows, strict=True):
        thing.brand = row.get("brand") or ""
    encoding = random.choice(("utf-8", "utf-8-sig", "utf-16"))
    return Export("products.json", text.encode(encoding), found)


def shopify_api(random: Random) -> Export:
    """A page of Shopify's API."""
    found, items = things(random), []
    for number, one in enumerate(found):
        one.id = str(7_000_000_000 + number)
        sizes = random.sample(("S", "M", "L"), random.randint(0, 3))
        one.options, one.cost = ({"Size": sizes} if sizes else {}), None
        variants = [
            {"price": f"{one.price / 100 + place:.2f}", "option1": size, "sku": f"x{place}"}
            for place, size in enumerate(sizes or ["Default Title"])
        ]
        items.append(
            {
                "id": int(one.id),
                "title": one.title,
                "body_html": marked_up(random, one.description) or None,
                "vendor": one.brand,
                "product_type": one.category,
                "options": [{"name": "Size" if sizes else "Title", "values": sizes}],
                "variants": variants,
            }
        )
    text = json.dumps({"products": items}, indent=random.choice((None, 2)))
    fields = frozenset({"brand", "description", "options"})
    return Export("products.json", text.encode(), found, "USD", fields)


def parquet(random: Random) -> Export:
    """Parquet, its amounts numbers or texts."""
    found, rows = typed_rows(random)
    if random.random() < 0.5:
        write = amounts(random, None)
        for row, one in zip(rows, found, strict=True):
            row["price"] = write(one.price)
    columns = list(rows[0])
    random.shuffle(columns)
    out = io.BytesIO()
    frame = pl.DataFrame(rows, infer_schema_length=None).select(columns)
    frame.write_parquet(out, compression=random.choice(("zstd", "snappy", "uncompressed")))
    return Export("products.parquet", out.getvalue(), found)


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def spreadsheet(random: Random) -> Export:
    """XLSX: texts in their cells or shared, a title above the header, a sheet before this one."""
    found, rows = typed_rows(random)
    columns = list(rows[0])
    random.shuffle(columns)
    above: list[list[Any]] = [["Products of our shop"], []] if random.random() < 0.4 else []
    for one, row in zip(found, rows, strict=True):
        if one.id.isdigit() and not one.id.startswith("0"):
            row["id"] = float(one.id)
    grid = [*above, columns, *([row[name] for name in columns] for row in rows)]
    shared: list[str] | None = [] if random.random() < 0.5 else None
    sheets = [_sheet(grid, shared)]
    names = ["Products"]
    if random.random() < 0.3:
        sheets.insert(0, _sheet([["Notes"], ["See the other sheet"]], shared))
        names.insert(0, "Read me")
    return Export("products.xlsx", _workbook(sheets, names, shared), found)


def _sheet(grid: Sequence[Sequence[Any]], shared: list[str] | None) -> str:
    lines = []
    for number, row in enumerate(grid, start=1):
        cells = []
        for place, value in enumerate(row):
            where = f'r="{chr(ord("A") + place)}{number}"'
            if isinstance(value, float):
                cells.append(f"<c {where}><v>{value!r}</v></c>")
            elif value and shared is not None:
                shared.append(value)
                cells.append(f'<c {where} t="s"><v>{len(shared) - 1}</v></c>')
            elif value:
                text = f'<t xml:space="preserve">{escape(value)}</t>'
                cells.append(f'<c {where} t="inlineStr"><is>{text}</is></c>')
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def _workbook(sheets: Sequence[str], names: Sequence[str], shared: list[str] | None) -> bytes:
    def relation(number: int, kind: str, target: str) -> str:
        return f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'

    entries = "".join(
        f'<sheet name="{name}" sheetId="{i}" r:id="r{i}"/>' for i, name in enumerate(names, start=1)
    )
    inner = "".join(
        relation(i, "worksheet", f"worksheets/sheet{i}.xml") for i in range(1, len(sheets) + 1)
    )
    if shared is not None:
        inner += relation(99, "sharedStrings", "sharedStrings.xml")
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="xml" ContentType="application/xml"/></Types>',
        )
        root = relation(1, "officeDocument", "xl/workbook.xml")
        archive.writestr("_rels/.rels", f'<Relationships xmlns="{_PACKAGE}">{root}</Relationships>')
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{entries}</sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}">{inner}</Relationships>',
        )
        for i, sheet in enumerate(sheets, start=1):
            archive.writestr(f"xl/worksheets/sheet{i}.xml", sheet)
        if shared is not None:
            strings = "".join(f"<si><t>{escape(one)}</t></si>" for one in shared)
            archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{_MAIN}">{strings}</sst>')
    return out.getvalue()


def amazon(random: Random) -> Export:
    """JSON Lines of Amazon Reviews '23."""
    found, lines = things(random), []
    for one in found:
        row: dict[str, Any] = {
            "parent_asin": one.id,
            "title": one.title,
            "price": one.price / 100 if random.random() < 0.5 else f"${one.price / 100:,.2f}",
            random.choice(("main_category", "category")): one.group.replace("Food", "Grocery"),
            "categories": one.category.split(" > ") if random.random() < 0.5 else [],
            "store": one.brand or None,
            "description": [one.description],
            "images": [{"large": "https://x.example/1.jpg"}],
        }
        if one.cost is not None:
            row["unit_cost"] = one.cost / 100
        pairs = list(row.items())
        random.shuffle(pairs)
        lines.append(json.dumps(dict(pairs), ensure_ascii=random.random() < 0.5))
    return Export("meta.jsonl", "\n".join(lines).encode(), found)


MAKERS = (
    own, shopify, woocommerce, woocommerce_abroad, feed_tsv, feed_german, feed_xml, document,
    shopify_api, parquet, spreadsheet, amazon,
)  # fmt: skip
