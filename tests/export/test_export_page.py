"""docs/export.md: its columns are those that come out, and its examples print what it says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retailsim import analysis
from retailsim.analysis.export import event_table, measure_table, transcripts
from retailsim.analysis.projection.projection import Projection
from tests.analysis.fakelog import closed, market, opened, write_run
from tests.sim.runs import ROOT, launched, sim

PAGE = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
_UNITS = {"_cents": "cents", "_nanousd": "1e-9 dollars", "_tokens": "tokens", "_t": "microseconds"}


def section(name: str) -> str:
    return PAGE.split(f"\n## {name}\n")[1].split("\n## ")[0]


def rows(name: str) -> list[tuple[str, str, str, str]]:
    """Name, type, unit and meaning of the columns that the page lists for a table."""
    listed = re.findall(
        r"^\| `(\w+)` \| (\w+) \|([^|]*)\| ([^|]+) \|$", section(name), re.MULTILINE
    )
    return [(column, kind, unit.strip(), meaning) for column, kind, unit, meaning in listed]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    return write_run(folder / "run", market("m", closed("m/1", opened())))


def schema(run: Path, name: str) -> dict[str, Any]:
    if name == "events":
        return event_table.SCHEMA
    if name == "measures":
        return measure_table.schema()
    frame: pl.DataFrame = getattr(analysis.load(run), name)
    return dict(frame.schema)


@pytest.mark.parametrize("name", ["episodes", "markets", "calls", "events", "measures"])
def test_every_column_is_listed_in_order_with_its_type(run: Path, name: str) -> None:
    there = [(column, str(kind)) for column, kind in schema(run, name).items()]
    assert [(column, kind) for column, kind, _, _ in rows(name)] == there


@pytest.mark.parametrize("name", ["episodes", "markets", "calls", "events", "measures"])
def test_every_number_has_a_unit(run: Path, name: str) -> None:
    for column, kind, unit, _ in rows(name):
        assert (unit == "") == (kind in ("String", "Boolean")), column
        for ending, expected in _UNITS.items():
            if column.endswith(ending):
                assert unit == expected, column


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Projection:
    folder = tmp_path_factory.mktemp("page") / "sales"
    return analysis.load(write_run(folder, [], protocol="csales"))


def described(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^\| `(\w+)` \| ([\w()]+) \|", text, re.MULTILINE)


def test_columns_of_a_protocol_are_listed(run: Path, sales: Projection) -> None:
    shared = set(analysis.load(run).episodes.columns)
    own = [(c, str(kind)) for c, kind in sales.episodes.schema.items() if c not in shared]
    assert described(section("csales").split("\n### ")[0]) == own


def test_tables_of_a_protocol_are_listed(sales: Projection) -> None:
    parts = {part.split("\n")[0]: part for part in section("csales").split("\n### ")[1:]}
    assert list(parts) == list(sales.tables)
    for name, part in parts.items():
        listed = [("market", "String"), ("episode", "String"), ("seq", "Int64"), ("t", "Int64")]
        listed += described(part)
        assert [(c, str(kind)) for c, kind in sales.tables[name].schema.items()] == listed


def test_calls_per_episode_have_the_columns_the_page_says(run: Path) -> None:
    found = analysis.load(run)
    shared = [name for name in found.calls.columns if name not in ("model", "role", "stage")]
    assert found.episode_calls.columns == ["market", "episode", "model", *shared]


def test_every_key_of_a_transcript_is_listed_in_order(run: Path) -> None:
    (chat,) = transcripts(run)
    table = section("transcripts").split("| meaning |")[1]
    first = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert [key for cell in first for key in re.findall(r"`(\w+)`", cell)] == list(chat)


def test_every_file_named_can_be_exported(run: Path, tmp_path: Path) -> None:
    lines = re.findall(r"^    python -m sim export runs/mine (.*)$", PAGE, re.MULTILINE)
    assert len(lines) == 4
    for line in lines:
        what, out, name, *more = line.split()
        result = sim("export", run, what, out, tmp_path / name, *more)
        assert result.exit_code == 0, result.stderr


@pytest.mark.slow
def test_the_examples_print_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (options,) = re.findall(r"prints, for `launch (.*) --out runs/mine`", PAGE)
    launched(tmp_path / "runs" / "mine", *options.split())
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```.*?```text\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, Any] = {}
    for code, text in blocks:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, names)
        assert printed.getvalue() == text
