"""Catalogue files: lines, compression, damage, memory."""

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from retailsim.market.catalogue import lines
from retailsim.market.catalogue.catalogue_file import open_catalogue
from retailsim.market.catalogue.formats.table import Row
from retailsim.market.catalogue.product import Product
from retailsim.market.catalogue.product_files import (
    Problems,
    builtin_catalogue,
    builtin_products,
    read_products,
)
from retailsim.market.catalogue.shapes.plain_rows import Meaning, with_float_ids
from retailsim.market.errors import (
    CatalogueError,
    EmptyCatalogue,
    MarketError,
    UnreadableCatalogue,
)
from tests.published import published


def row(number: int = 1, **changes: Any) -> bytes:
    fields = {"parent_asin": f"B{number}", "title": "A", "price": 1.5, "main_category": "Grocery"}
    return json.dumps(fields | changes).encode()


def read(path: Path, problems: Problems | None = None) -> list[Product]:
    return list(read_products(path, problems=problems or Problems()))


def test_what_is_taken_from_a_file_of_amazons_is_named_as_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(row(categories=["Grocery", "Tea"]))
    found = open_catalogue(path)
    assert (found.format, found.shape) == ("JSON Lines", "Amazon Reviews '23")
    assert set(found.fields) == {"id", "title", "price", "path"}
    assert set(found.fields.values()) <= json.loads(path.read_bytes()).keys()
    assert (found.money.currency, found.money.named) == ("USD", True)


def test_plain_and_compressed_lines_give_the_same_products(tmp_path: Path) -> None:
    data = b"\n".join(row(i) for i in range(5))
    plain, packed = tmp_path / "a.jsonl", tmp_path / "a.JSONL.GZ"
    plain.write_bytes(data)
    packed.write_bytes(gzip.compress(data))
    assert [p.id for p in read(plain)] == ["B0", "B1", "B2", "B3", "B4"]
    assert read(packed) == read(plain)


def test_products_come_while_the_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(row() + b"\n")[:-1])
    products = read_products(path, problems=Problems())
    assert next(products).id == "B1"


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        (b"{oops", "not JSON (Expecting property name"),
        (row()[:20], "not JSON ("),
        (b"[1, 2]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b'{"title": "caf\xe9"}', "not UTF-8 (byte 15)"),
        (b'{"details": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"price": ' + b"9" * 5000 + b"}", "not JSON (Exceeds the limit"),
        (row() + b" " + row(), "not JSON (Extra data"),
    ],
)
def test_a_broken_line_is_reported_with_its_number(tmp_path: Path, line: bytes, cause: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join([row(1), b"", line, row(2)]))
    problems = Problems()
    assert [p.id for p in read(path, problems)] == ["B1", "B2"]
    assert [example.line for example in problems.broken] == [3]
    assert problems.broken[0].cause.startswith(cause)
    assert (problems.rows, problems.kept, problems.reasons) == (3, 2, {"broken_line": 1})
    assert "line 3: " in problems.summary()


def test_only_so_many_broken_lines_are_kept_as_examples(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(row() + b"\n" + b"oops\n" * 100)
    problems = Problems(examples=3)
    assert len(read(path, problems)) == 1
    assert [example.line for example in problems.broken] == [2, 3, 4]
    assert problems.reasons == {"broken_line": 100}


@pytest.mark.parametrize("price", [b"NaN", b"Infinity", b"1e400"])
def test_numbers_that_only_some_writers_produce_break_no_line(tmp_path: Path, price: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(row(price=7).replace(b"7", price))
    problems = Problems()
    assert read(path, problems) == []
    assert problems.reasons == {"no_price": 1}


def test_half_a_surrogate_pair_is_dropped_from_the_text(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(row(title="Shoe\ud83d"))
    assert read(path)[0].title == "Shoe"


def test_marks_of_utf8_and_foreign_line_ends_are_no_content(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + row(1) + b"\r\n" + row(2) + b"\r\n\r\n")
    problems = Problems()
    assert len(read(path, problems)) == 2
    assert problems.rows == 2


def test_a_line_beyond_the_limit_is_broken_and_never_held_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LINE_LIMIT", 1000)
    path = tmp_path / "a.jsonl"
    edge = row(2, pad="")
    edge = row(2, pad="x" * (999 - len(edge)))
    path.write_bytes(b"\n".join([row(1, pad="x" * 50_000), edge, row(3, pad="y" * 3_000)]))
    problems = Problems()
    assert [p.id for p in read(path, problems)] == ["B2"]
    assert [(b.line, b.cause) for b in problems.broken] == [
        (1, "longer than 4 MB"),
        (3, "longer than 4 MB"),
    ]
    with path.open("rb") as file:
        assert [piece and len(piece) for piece in lines._bounded_lines(file)] == [None, 999, None]


def test_the_data_set_in_the_file_name_helps_rows_without_a_category(tmp_path: Path) -> None:
    path = tmp_path / "meta_Grocery_and_Gourmet_Food.jsonl"
    path.write_bytes(row(main_category=None))
    assert read(path)[0].category == "Food"
    other = path.rename(tmp_path / "Grocery_and_Gourmet_Food.jsonl")
    assert read(other) == []


def test_files_that_cannot_be_read_are_named_in_one_line(tmp_path: Path) -> None:
    missing = tmp_path / "missing.jsonl"
    with pytest.raises(UnreadableCatalogue, match=r"missing\.jsonl: there is no such file$"):
        read(missing)
    folder = tmp_path / "folder.jsonl"
    folder.mkdir()
    with pytest.raises(UnreadableCatalogue, match="it is a folder; name a file in it"):
        read(folder)
    (tmp_path / "empty.csv").touch()
    with pytest.raises(UnreadableCatalogue, match=r"empty\.csv: it is empty$"):
        read(tmp_path / "empty.csv")


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (b"%PDF-1.7 ...", "is a PDF document, not a catalogue: export the products as CSV"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is a picture, not a catalogue: export the products"),
        (b"PK\x03\x04" + b"\0" * 40, "it is damaged, or not a workbook"),
        (b"<!DOCTYPE html><html><p>Log in", "is an HTML page, not a catalogue: export"),
        (b"\x28\xb5\x2f\xfd" + b"\0" * 40, "is compressed by zstd, not a catalogue: unpack it"),
        (b"\x01\x02\x03\x04\0\x05" * 40, "is no text, table or workbook, not a catalogue"),
        (b"Dear customers,\nwe sell things.\n", "is text \\(UTF-8\\) without columns, not a cat"),
        (b"{}", "it looks like JSON, and holds no product"),
        (b'{"a": [1', "it looks like JSON, and holds no product \\(not JSON"),
        (b'{"a":\n [1', "it looks like JSON, and is damaged"),
        (b'{"products": []}', "it is JSON, and its list of products is empty"),
        (b'{\n"data": {"products": {"edges": []}}}', "its list of products is empty"),
        (b'{"products": {}}', "its list of products is empty"),
        (b"[]", "its list of products is empty"),
        (b"[1, 2]", "it is JSON with an array without an object: no list of products"),
        (
            b"<a><b/></a>",
            "it is XML without an <item>, <entry> or <product>: its elements are a",
        ),
    ],
)
def test_what_is_no_catalogue_is_called_what_it_is(tmp_path: Path, data: bytes, seen: str) -> None:
    path = tmp_path / "catalogue"
    path.write_bytes(data)
    with pytest.raises(CatalogueError, match=seen) as caught:
        read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet", ""])
def test_a_missing_file_is_the_same_error_in_every_format(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(UnreadableCatalogue, match="there is no such file"):
        read(tmp_path / f"missing{suffix}")


def test_damaged_compression_says_how_far_it_could_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(row())
    assert len(read(path)) == 1  # not compressed, whatever its name says
    path.write_bytes(gzip.compress(row())[:12])
    with pytest.raises(UnreadableCatalogue, match="gzip data is damaged at its start"):
        read(path)
    packed = gzip.compress(b"\n".join([row(), row()]))
    path.write_bytes(packed[:-4])
    with pytest.raises(UnreadableCatalogue, match=r"damaged after line 1 .*fetch the file again"):
        read(path)
    path.write_bytes(packed[:-8] + b"\0" * 8)
    with pytest.raises(UnreadableCatalogue, match="damaged"):
        read(path)
    path.write_bytes(packed[:12] + b"\xff" * 30 + packed[42:])
    with pytest.raises(UnreadableCatalogue, match="damaged"):
        read(path)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_every_error_is_one_line_of_the_packages_own_kind(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"folder{suffix}"
    path.mkdir()
    with pytest.raises(MarketError) as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_an_empty_catalogue_is_for_the_caller_to_refuse_with_the_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(row(price=None))
    problems = Problems()
    assert read(path, problems) == []
    why = "skipped 1 of 1: 1 without a usable price"
    error = EmptyCatalogue(path, problems.summary())
    assert str(error) == f"the catalogue {path} holds no usable product: {why}"
    assert (error.path, error.summary) == (path, why)


def _peak_of_reading(path: Path) -> int:
    tracemalloc.start()
    for _ in read_products(path, problems=Problems()):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def rows(count: int) -> Iterator[bytes]:
        return (row(i, description="d" * 900, images=["u" * 900]) + b"\n" for i in range(count))

    small, large, hostile = (tmp_path / f"{name}.jsonl.gz" for name in "abc")
    small.write_bytes(gzip.compress(b"".join(rows(200))))
    with gzip.open(large, "wb", compresslevel=1) as file:
        file.writelines(rows(10_000))  # 20 MB
    hostile.write_bytes(gzip.compress(row() + b"\n" + b"x" * 40_000_000, compresslevel=1))
    _peak_of_reading(large)  # fills bounded caches once, which is not growth
    assert _peak_of_reading(large) < _peak_of_reading(small) + 100_000
    # A piece, the same piece as it is put together, and the next one.
    assert _peak_of_reading(hostile) < 3.5 * lines.LINE_LIMIT


def test_every_row_of_the_real_file_is_accounted_for() -> None:
    problems = Problems()
    products = read(published("products_amazon23.jsonl"), problems)
    assert (problems.rows, problems.kept, problems.skipped) == (731, 731, 0)
    groups = [p.category for p in products]
    assert [groups.count(g) for g in ("Food", "Fashion", "Home", "Electronics")] == [0, 595, 83, 53]
    assert sum(p.audience is not None for p in products) > 500


def test_the_builtin_catalogue_lies_with_the_packages_data() -> None:
    path = builtin_catalogue()
    assert (path.parent.name, path.name) == ("data", "catalogue.jsonl")
    assert (path.parent / "categories.toml").is_file()


def test_the_builtin_products_are_those_of_the_file_and_the_callers_own() -> None:
    read, counted = Problems(), Problems()
    products = list(read_products(builtin_catalogue(), problems=read))
    first = list(builtin_products(counted))
    assert first == products
    assert (counted.rows, counted.kept) == (read.rows, read.kept) == (len(products), len(products))
    first[0].details["Material"] = "changed by somebody"
    assert list(builtin_products(Problems())) == products


@pytest.mark.parametrize(
    ("ids", "read_as", "looked_at"),
    [
        (["101.0", "", "102.0"], True, 3),
        (["101.0", "A2", "103.0"], False, 2),
        (["A1", "102.0", "103.0"], False, 1),
        (["", ""], False, 2),
    ],
)
def test_ids_lose_their_point_only_where_all_have_one(
    ids: list[str], read_as: bool, looked_at: int
) -> None:
    seen: list[int] = []

    def rows() -> Iterator[Row]:
        for number, one in enumerate(ids, start=1):
            seen.append(number)
            yield Row(number, {"id": one})

    assert with_float_ids(Meaning(fields={"id": "id"}), rows()).float_ids is read_as
    assert len(seen) == looked_at
