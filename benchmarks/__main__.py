"""All benchmarks in one table: ``python -m benchmarks [--quick] [NAME ...]``.

Every figure stands beside a reference taken in the same run on the same machine, because the
ratio travels between machines and the figure does not. ``--quick`` uses small sizes: good for
seeing that everything runs, too noisy to judge by.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from benchmarks.bench_replay import LESS_SHA256, by_round

Found = Sequence[Mapping[str, Any]]
"""What a benchmark's ``run`` returns, each in its own words."""

QUICK: dict[str, dict[str, Any]] = {
    "log": {"markets": 400, "rounds": 1},
    "replay": {"events": 100_000, "rounds": 1},
    "gateway": {"calls": 200, "repeats": 1},
}
"""Arguments of ``run`` for small sizes."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table.

    Parameters
    ----------
    reference : str
        What was measured beside it, with its figure.
    ratio : float or None
        The figure over the reference's.
    target : str
        The limit with its direction; empty if there is none at this size.
    met : bool or None
        Whether the target was met.
    """

    figure: str
    value: float
    unit: str
    reference: str = ""
    ratio: float | None = None
    target: str = ""
    met: bool | None = None


def kernel(found: Found) -> Iterator[Row]:
    """Rows of `bench_kernel`; the reference is a thousand tasks with an asyncio.Queue each."""
    values = {row["name"]: row["value"] for row in found}
    queue = values["asyncio.Queue between tasks"]
    for row in found:
        if "target" in row:
            rate = "to_queue" in row
            yield Row(
                figure=row["name"],
                value=row["value"],
                unit=row["unit"],
                reference=f"asyncio.Queue {queue:,.0f}" if rate else "",
                ratio=row.get("to_queue"),
                target=f"{'>=' if rate else '<='} {row['target']:,}",
                met=row["met"],
            )


def log(found: Found) -> Iterator[Row]:
    """Rows of `bench_log`; the references are bare ``os.write`` and bare SHA-256."""
    values = {row["figure"]: float(row["median"]) for row in found}
    written = values["raw write, events/s"]
    for name in ("append", "encode and append"):
        rate = values[f"{name}, events/s"]
        append = name == "append"
        yield Row(
            figure=f"log: {name}",
            value=rate,
            unit="events/s",
            reference=f"bare write {written:,.0f}",
            ratio=rate / written,
            target=">= 1,000,000" if append else "",
            met=rate >= 1_000_000 if append else None,
        )
    yield Row(
        figure="log: check on one core",
        value=values["check on one core, GB/s"],
        unit="GB/s",
        reference=f"bare SHA-256 {values['sha256 alone, GB/s']:.2f}",
        ratio=values["check / sha256"],
    )


def replay(found: Found) -> Iterator[Row]:
    """Rows of `bench_replay`; the reference is DuckDB reading the same columns, unchecked."""
    whole = found[0]["log_mb"] > 700
    peaks = {row["name"]: row["peak_mb"] for row in found}
    size = f"{found[0]['log_mb']:,.0f} MB, peak {peaks['replay, first']:,.0f} MB"
    cached = f"replay, cached (peak {peaks['replay, cached']:,.0f} MB)"
    for figure, name, reference, time, limit in (
        (f"{LESS_SHA256}: CPU ({size})", LESS_SHA256, "duckdb", "cpu_seconds", 3.0),
        (f"{LESS_SHA256}: elapsed", LESS_SHA256, "duckdb", "seconds", 3.0),
        (f"{LESS_SHA256}: CPU", LESS_SHA256, "duckdb, four measures", "cpu_seconds", None),
        (cached, "replay, cached", "duckdb", "seconds", None),
    ):
        rounds = by_round(found, time)
        ratio = median(one[name] / one[reference] for one in rounds)
        yield Row(
            figure=figure,
            value=median(one[name] for one in rounds),
            unit="s",
            reference=f"{reference} {median(one[reference] for one in rounds):.2f}",
            ratio=ratio,
            target=f"ratio <= {limit:g}" if whole and limit else "",
            met=ratio <= limit if whole and limit else None,
        )


def gateway(found: Found) -> Iterator[Row]:
    """Rows of `bench_gateway`; the reference is a bare aiohttp loop of the same minutes."""
    values = {row["name"]: row["value"] for row in found}
    ratios = {row["name"]: row for row in found if "target" in row}
    for what, unit, direction in (("calls", "calls/s", ">="), ("CPU", "s/1,000 calls", "<=")):
        ratio = ratios[f"{what}, gateway to bare"]
        yield Row(
            figure=f"gateway: {what}",
            value=values[f"gateway, {what}"],
            unit=unit,
            reference=f"bare aiohttp {values[f'bare aiohttp, {what}']:,.2f}",
            ratio=ratio["value"],
            target=f"ratio {direction} {ratio['target']:g}",
            met=ratio["met"],
        )


def others(found: Found) -> Iterator[Row]:
    """Rows of a benchmark that speaks in the words of `Row` already."""
    for row in found:
        yield msgspec.convert(dict(row), Row)


WORDS: dict[str, Callable[[Found], Iterator[Row]]] = {
    "gateway": gateway,
    "kernel": kernel,
    "log": log,
    "replay": replay,
}


def names() -> list[str]:
    """Return the benchmarks there are: ``bench_NAME.py`` beside this file, with a ``run``."""
    files = sorted(Path(__file__).parent.glob("bench_*.py"))
    stems = [file.stem.removeprefix("bench_") for file in files]
    return [one for one in stems if hasattr(_module(one), "run")]


def measure(name: str, *, quick: bool) -> list[Row]:
    """Run one benchmark."""
    run = _module(name).run
    arguments = QUICK.get(name, {}) if quick else {}
    if quick and "quick" in inspect.signature(run).parameters:
        arguments = {"quick": True}
    return list(WORDS.get(name, others)(run(**arguments)))


def _module(name: str) -> Any:
    return import_module(f"benchmarks.bench_{name}")


HEADINGS = ("figure", "measured", "beside it", "ratio", "target", "")


def table(rows: Sequence[Row]) -> str:
    """Lay the rows out as text."""
    cells = [HEADINGS, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for line in cells:
        pairs = zip(line, widths, strict=True)
        lines.append("  ".join(cell.ljust(width) for cell, width in pairs).rstrip())
    return "\n".join(lines)


def _cells(row: Row) -> tuple[str, ...]:
    digits = 0 if row.value >= 100 else 3
    verdict = {None: "", True: "met", False: "MISSED"}[row.met]
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    value = f"{row.value:,.{digits}f} {row.unit}"
    return (row.figure, value, row.reference, ratio, row.target, verdict)


def main() -> None:
    """Run them, one after the other, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, for a look")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names()))
    options = parser.parse_args()
    unknown = set(options.names) - set(names())
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    rows = []
    for name in options.names or names():
        print(f"{name} ...", file=sys.stderr, flush=True)
        rows += measure(name, quick=options.quick)
    print(table(rows))


if __name__ == "__main__":
    main()
