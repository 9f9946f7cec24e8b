"""The studio's list of episodes at a hundred thousand and at a million: first rows, filter, order.

The run is a small real one whose projection is laid over the log many times. What is timed is what
a browser waits for: requests to `studio` in a process of its own, each asked once, for it remembers
what a filter lets through. Beside each stands the plain way in Polars, all columns of the kept
projection in memory: reading them, filtering whole rows, sorting whole rows.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import OpenerDirector

import msgspec
import polars as pl

from benchmarks.bench_report import lay_over
from benchmarks.common.memory import peak_bytes
from benchmarks.common.served import served

SIZES = (100_000, 1_000_000)
FIRST_S, FILTER_S, PEAK_MB = 1.0, 0.3, 400
"""What a hundred thousand episodes may take."""

TEXTS = ("headphones", "SHOWMAN", "food", "el00001", "coffee", "no such text")
ORDERS = ("-net_revenue_cents", "price_cents", "-profit_cents", "title", "-buyer", "episode")
"""As the projection calls them; the list calls amounts by their first word."""


def run(sizes: Sequence[int] = SIZES, *, quick: bool = False) -> list[dict[str, Any]]:
    """Return rows for the one table."""
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="retailsim-bench-") as place:
        path = Path(place) / "run"
        command = ("launch", "--out", str(path), "--json")
        subprocess.run((sys.executable, "-m", "sim", *command), check=True, capture_output=True)
        for wanted in (6_000, 12_000) if quick else sizes:
            laid = lay_over(path, wanted)
            found += _rows(path, laid, limits=wanted == SIZES[0])
    return found


def _rows(run: Path, episodes: int, *, limits: bool) -> Iterator[dict[str, Any]]:
    with served(run) as (browser, home, process):
        address = f"{home}runs/{run.name}/episodes"
        first = _took(partial(_get, browser, f"{address}?offset=200", 100))
        texts = [_took(partial(_get, browser, f"{address}/rows?text={q}")) for q in _texts()]
        orders = [_took(partial(_get, browser, f"{address}/rows?sort={q}")) for q in _orders()]
        peak = peak_bytes(process.pid) / 1e6
    kept = run / "derived" / "episodes.parquet"
    plain_first = _took(partial(pl.read_parquet, kept))
    frame = pl.read_parquet(kept)
    plain_texts = [_took(partial(_filtered, frame, t)) for t in TEXTS]
    plain_orders = [_took(partial(_sorted, frame, o)) for o in ORDERS]
    size = f"list of {episodes:,} episodes"
    yield _row(f"{size}: first rows", first, plain_first, "read", FIRST_S if limits else None)
    filters = statistics.median(texts), statistics.median(plain_texts)
    yield _row(f"{size}: text", *filters, "filter", FILTER_S if limits else None)
    sorts = statistics.median(orders), statistics.median(plain_orders)
    yield _row(f"{size}: order", *sorts, "sort", FILTER_S if limits else None)
    yield {
        "figure": f"{size}: server's peak memory",
        "value": peak,
        "unit": "MB",
        "reference": f"whole frame {frame.estimated_size() / 1e6:,.0f}",
        "ratio": peak * 1e6 / frame.estimated_size(),
        "target": f"<= {PEAK_MB}" if limits else "",
        "met": peak <= PEAK_MB if limits else None,
    }


def _row(figure: str, took: float, plain: float, what: str, limit: float | None) -> dict[str, Any]:
    return {
        "figure": figure,
        "value": took,
        "unit": "s",
        "reference": f"plain {what} {plain:.3f}",
        "ratio": took / plain,
        "target": f"<= {limit:g}" if limit else "",
        "met": took <= limit if limit else None,
    }


def _get(browser: OpenerDirector, address: str, rows: int | None = None) -> None:
    with browser.open(address) as answer:
        page = answer.read().decode()
    found = len(re.findall("<tr", page)) - 1
    assert rows is None or found == rows, f"{found} rows"


def _texts() -> list[str]:
    return [text.replace(" ", "+") for text in TEXTS]


def _orders() -> list[str]:
    return [re.sub("(_revenue)?_cents", "", order) for order in ORDERS]


def _filtered(frame: pl.DataFrame, text: str) -> pl.DataFrame:
    names = ("episode", "title", "product", "seller", "buyer", "category", "condition", "outcome")
    pattern = f"(?i){text}"
    return frame.filter(pl.any_horizontal(pl.col(n).str.contains(pattern) for n in names)).head(100)


def _sorted(frame: pl.DataFrame, order: str) -> pl.DataFrame:
    name, falling = order.removeprefix("-"), order.startswith("-")
    return frame.sort(name, descending=falling, nulls_last=True, maintain_order=True).head(100)


def _took(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


if __name__ == "__main__":
    print(msgspec.json.format(msgspec.json.encode(run())).decode())
