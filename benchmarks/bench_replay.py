"""Replay of a large log beside DuckDB, which reads the same columns from the same JSON lines.

The log is written first (not timed). Every measurement is a process of its own: what it imports,
its peak memory and nothing else's. A round is DuckDB, a bare SHA-256 of all bytes and the replays,
one after the other. A first replay hashes every byte, which DuckDB does not: so what the hash alone
takes is subtracted, and the rest set beside DuckDB's time. Ratios are of processor time, because
others use the cores too; beside them stand those of elapsed time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from retailsim.analysis.projection.protocol_tables import table_set
from retailsim.analysis.projection.registered import registered
from retailsim.events.log.writer import LogWriter
from retailsim.events.messages import ASPECTS, SCHEMA_VERSION

EVENTS_PER_EPISODE = 28
BUYERS = 5
_KINDS = 60
_NAME = b"MARKET-NAME"
_TEXT = "I would like to know how long it holds the heat, and whether the lid comes off to clean "
_TEXT = (_TEXT * 3)[:210]

_TIMED = """
import sys, time
from pathlib import Path
run, episodes = Path(sys.argv[1]), int(sys.argv[2])
def timed(imported, work):
    begun = time.perf_counter(), time.process_time()
    found = work()
    took = time.perf_counter() - begun[0], time.process_time() - begun[1]
    from benchmarks.common.memory import peak_bytes
    print(*took, imported, peak_bytes())
    return found
start = time.perf_counter()
"""
"""What the programs below have in common: it prints elapsed, processor and import seconds."""

_REPLAY = """
from retailsim.analysis.replay.replay import replay
found = timed(time.perf_counter() - start, lambda: replay(run))
assert found.episodes.closed == episodes, found.episodes
"""

_SHA256 = """
from hashlib import sha256
def hashed():
    for file in sorted(run.glob("events/*.jsonl")):
        digest = sha256()
        with file.open("rb", buffering=0) as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
timed(time.perf_counter() - start, hashed)
"""

_DUCKDB = """
from benchmarks.bench_replay import lines_as_table, named_columns
columns = named_columns(run)
counts = ", ".join(f'count("{name}")' for name in columns)
start = time.perf_counter()
import duckdb
duckdb.sql("set enable_progress_bar = false")
rows = timed(time.perf_counter() - start, lambda: duckdb.sql(
    f"select type, count(*), {counts} from {lines_as_table(run, columns)} group by type"
).fetchall())
assert sum(row[1] for row in rows if row[0] == "EpisodeClosed") == episodes, rows
"""

_MEASURES = """
from benchmarks.bench_replay import lines_as_table
few = {"type": "VARCHAR", "episode": "VARCHAR", "seller": "VARCHAR", "quantity": "BIGINT",
       "unit_price_cents": "BIGINT", "amount_cents": "BIGINT"}
start = time.perf_counter()
import duckdb
duckdb.sql("set enable_progress_bar = false")
rows = timed(time.perf_counter() - start, lambda: duckdb.sql(f'''
    with folded as (
        select episode, max(seller) filter (type = 'EpisodeOpened') as seller,
               count(*) filter (type = 'EpisodeClosed') as closed,
               count(*) filter (type = 'OrderPlaced') as orders,
               sum(quantity * unit_price_cents) filter (type = 'OrderPlaced') as gross,
               sum(amount_cents) filter (type = 'RefundIssued') as refunded
        from {lines_as_table(run, few)} where episode is not null group by episode
    )
    select seller, count(*), avg((orders > 0)::int), sum(gross) - coalesce(sum(refunded), 0)
    from folded where closed > 0 group by seller order by seller
''').fetchall())
assert sum(row[1] for row in rows) == episodes, rows
"""

PROGRAMS = {
    "duckdb": _DUCKDB,
    "duckdb, four measures": _MEASURES,
    "sha256": _SHA256,
    "replay, first": _REPLAY,
    "replay, cached": _REPLAY,
}
"""What is measured in a round, in this order."""

LESS_SHA256 = "replay, first, less SHA-256"


def run(events: int = 3_000_000, rounds: int = 3) -> list[dict[str, Any]]:
    """Measure the first and the cached replay of a log of about `events` events.

    Returns
    -------
    list of dict
        One row per program of each round: ``name``, ``round``, ``seconds`` and ``cpu_seconds``
        (without imports), ``import_seconds``, ``peak_mb``, and ``episodes``, ``log_mb`` of the log.
    """
    folder = Path(tempfile.mkdtemp(prefix="bench-replay-"))
    try:
        episodes = write_log(folder, events)
        return [row for number in range(rounds) for row in _round(folder, episodes, number)]
    finally:
        shutil.rmtree(folder)


def by_round(rows: Iterable[Mapping[str, Any]], seconds: str) -> list[dict[str, float]]:
    """Return the times of each round by the names of what was measured, and `LESS_SHA256`.

    Parameters
    ----------
    rows : iterable of dict
        As `run` returns them.
    seconds : str
        Which time: ``seconds`` or ``cpu_seconds``.
    """
    rounds: dict[int, dict[str, float]] = {}
    for row in rows:
        rounds.setdefault(row["round"], {})[row["name"]] = row[seconds]
    for times in rounds.values():
        times[LESS_SHA256] = times["replay, first"] - times["sha256"]
    return list(rounds.values())


def named_columns(run: Path) -> dict[str, str]:
    """Return the fields that a replay of a run reads of any event, with their types in SQL."""
    protocol = registered(run)
    events = table_set(protocol.name, protocol.tables).decoded.values()
    fields = {field.name: field.dtype for event in events for field in event.fields}
    return {"type": "VARCHAR", **{name: _sql_type(found) for name, found in fields.items()}}


def _sql_type(found: Any) -> str:
    if isinstance(found, pl.List):
        return f"{_sql_type(found.inner)}[]"
    if isinstance(found, pl.Struct):
        parts = ", ".join(f'"{field.name}" {_sql_type(field.dtype)}' for field in found.fields)
        return f"STRUCT({parts})"
    return {pl.String: "VARCHAR", pl.Int64: "BIGINT", pl.Float64: "DOUBLE", pl.Boolean: "BOOLEAN"}[
        found.base_type()
    ]


def lines_as_table(run: Path, columns: Mapping[str, str]) -> str:
    """Return what DuckDB takes for a table of these columns of a run's lines."""
    types = ", ".join(f"\"{name}\": '{type_}'" for name, type_ in columns.items())
    lines = f"{run}/events/*.jsonl"
    return f"read_json('{lines}', format = 'newline_delimited', columns = {{{types}}})"


def write_log(folder: Path, events: int) -> int:
    """Write a run folder of about `events` events of 300 bytes; returns its episodes."""
    markets = max(1, round(events / (BUYERS * EVENTS_PER_EPISODE)))
    kinds = [_market(kind) for kind in range(_KINDS)]
    with LogWriter(folder / "events", run="bench", shard=0, schema=SCHEMA_VERSION) as writer:
        for number in range(markets):
            lines, count = kinds[number % _KINDS]
            writer.append(lines.replace(_NAME, b"m%07d" % number), count)
            if number % 1000 == 0:
                asyncio.run(writer.room())
        writer.close(seal=True)
    return markets * BUYERS


def _market(kind: int) -> tuple[bytes, int]:
    """The log lines of a seller's product and its buyers, with `_NAME` for the market's."""
    seller = f"seller-{kind % 5}"
    lines = []
    for seq, (episode, fields) in enumerate(_events(_NAME.decode(), kind, seller)):
        head = {"type": fields.pop("type"), "market": _NAME.decode(), "episode": episode}
        stamp = {"seq": seq, "t": seq * 1_000_000, "source": f"seller:{seller}"}
        lines.append(msgspec.json.encode(head | stamp | fields) + b"\n")
    return b"".join(lines), len(lines)


def _events(name: str, kind: int, seller: str) -> Iterator[tuple[str | None, dict[str, Any]]]:
    product = f"B{kind // 5:08d}"
    yield None, {"type": "MarketOpened"}
    yield (
        None,
        {"type": "PitchPresented", "seller": seller, "product": product, "sections": {"a": _TEXT}},
    )
    for buyer in range(BUYERS):
        draw = kind * BUYERS + buyer
        for fields in _episode(product, seller, f"buyer-{buyer}", draw):
            yield f"{name}/{buyer}", fields
    yield None, {"type": "MarketClosed"}


def _episode(product: str, seller: str, buyer: str, draw: int) -> Iterator[dict[str, Any]]:
    """About `EVENTS_PER_EPISODE` events; `draw` varies what is bought and how it is rated."""
    traits = {"assertiveness": "assertive", "friendliness": "friendly", "rationality": "rational"}
    yield {
        "type": "EpisodeOpened", "seller": seller, "buyer": buyer, "product": product,
        "category": ("Food", "Home")[draw % 2], "title": _TEXT[:60], "audience": None,
        "list_price_cents": 1999, "price_cents": 1999, "price_multiplier": 1.0, "discount": 0.0,
        "replication": 0, "condition": "", "seller_persona": traits, "buyer_persona": None,
        "seller_gender": None, "buyer_gender": None, "unit_cost_cents": None, "retries": None,
    }  # fmt: skip
    yield {"type": "TopicsChosen", "topics": ["material", "size"], "reason": _TEXT}
    yield from _dialogue("pre_inquiry", 5)
    yield {"type": "DecisionMade", "will_purchase": draw % 3 > 0, "quantity": 1 + draw % 4,
           "quantity_reason": _TEXT[:60], "sentiment": "Neutral", "reason": _TEXT}  # fmt: skip
    if draw % 3:
        yield from _purchase(product, 1 + draw % 4)
    else:
        yield from _dialogue("pre_inquiry", 4)
    for aspect in ASPECTS:
        yield {"type": "ReviewPosted", "aspect": aspect, "rating": 1 + draw % 5, "text": _TEXT,
               "would_recommend": None}  # fmt: skip
    yield {"type": "EpisodeClosed"}


def _purchase(product: str, quantity: int) -> Iterator[dict[str, Any]]:
    yield {"type": "OrderPlaced", "order": "o1", "product": product, "quantity": quantity,
           "unit_price_cents": 1999, "shipping_cents": 499}  # fmt: skip
    yield {"type": "OrderDelivered", "order": "o1"}
    yield {"type": "IssueRaised", "order": "o1", "issue": "arrived broken"}
    yield from _dialogue("post_inquiry", 2)
    yield {"type": "IssueResolved", "order": "o1", "outcome": "refunded",
           "resolution": "one unit refunded", "reason": _TEXT}  # fmt: skip
    yield {"type": "RefundIssued", "order": "o1", "quantity": 1, "amount_cents": 1999,
           "shipping_refund_cents": 0, "return_shipping_cents": 0,
           "return_shipping_payer": "buyer"}  # fmt: skip


def _dialogue(stage: str, exchanges: int) -> Iterator[dict[str, Any]]:
    for turn in range(1, exchanges + 1):
        for role in ("buyer", "seller"):
            yield {"type": "MessageSent", "stage": stage, "role": role, "turn": turn,
                   "text": _TEXT}  # fmt: skip


def _round(folder: Path, episodes: int, number: int) -> Iterator[dict[str, Any]]:
    """Measure everything once; nothing is kept of the log when the first replay begins."""
    log_mb = sum(file.stat().st_size for file in folder.glob("events/*.jsonl")) / 1e6
    shutil.rmtree(folder / "derived", ignore_errors=True)
    for name, program in PROGRAMS.items():
        row = _child(name, program, folder, episodes)
        yield {**row, "round": number, "log_mb": log_mb, "episodes": episodes}


def _child(name: str, code: str, folder: Path, episodes: int) -> dict[str, Any]:
    """Run `code` in a process of its own."""
    command = [sys.executable, "-c", _TIMED + code, str(folder), str(episodes)]
    root = Path(__file__).resolve().parent.parent
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    if ended.returncode:
        raise RuntimeError(f"{name}: {ended.stderr.strip()}")
    seconds, cpu, imports, peak = map(float, ended.stdout.split())
    return {
        "name": name,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "import_seconds": imports,
        "peak_mb": peak / 1e6,
    }


def main() -> None:
    """Print the rows; ``--json`` prints them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=3_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = run(options.events, options.rounds)
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        print(
            f"{row['round']}  {row['name']:<21} {row['seconds']:7.3f} s"
            f"  processor {row['cpu_seconds']:7.3f} s"
            f"  imports {row['import_seconds']:.3f} s  peak {row['peak_mb']:.0f} MB"
        )


if __name__ == "__main__":
    main()
