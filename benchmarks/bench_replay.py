"""Replay of a large log beside a plain DuckDB query on the same JSON lines.

The log is written first (not timed). Every measurement is a process of its own: what it
imports, its peak memory and nothing else's. DuckDB runs right before and right after, and the
ratios are to its median, because absolute seconds say more about the machine than about us.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from retailsim.events.log.writer import LogWriter
from retailsim.events.messages import ASPECTS, SCHEMA_VERSION

EVENTS_PER_EPISODE = 28
BUYERS = 5
_KINDS = 60
_NAME = b"MARKET-NAME"
_TEXT = "I would like to know how long it holds the heat, and whether the lid comes off to clean "
_TEXT = (_TEXT * 3)[:210]

_REPLAY = """
import sys, time
from pathlib import Path
start = time.perf_counter()
from retailsim.analysis.replay.replay import replay
imported = time.perf_counter()
found = replay(Path(sys.argv[1]))
assert found.episodes.closed == int(sys.argv[2]), found.episodes
print(time.perf_counter() - imported, imported - start)
from benchmarks.memory import peak_bytes
print(peak_bytes())
"""

_DUCKDB = """
import sys, time
start = time.perf_counter()
import duckdb
imported = time.perf_counter()
rows = duckdb.sql('''
    with log as (
        select * from read_json(
            '%s/events/*.jsonl', format = 'newline_delimited', columns = {
                type: 'VARCHAR', episode: 'VARCHAR', seller: 'VARCHAR', quantity: 'BIGINT',
                unit_price_cents: 'BIGINT', amount_cents: 'BIGINT'})
    ), folded as (
        select episode, max(seller) filter (type = 'EpisodeOpened') as seller,
               count(*) filter (type = 'EpisodeClosed') as closed,
               count(*) filter (type = 'OrderPlaced') as orders,
               sum(quantity * unit_price_cents) filter (type = 'OrderPlaced') as gross,
               sum(amount_cents) filter (type = 'RefundIssued') as refunded
        from log where episode is not null group by episode
    )
    select seller, count(*), avg((orders > 0)::int), sum(gross) - coalesce(sum(refunded), 0)
    from folded where closed > 0 group by seller order by seller
''' % sys.argv[1]).fetchall()
assert sum(row[1] for row in rows) == int(sys.argv[2]), rows
print(time.perf_counter() - imported, imported - start)
from benchmarks.memory import peak_bytes
print(peak_bytes())
"""


def run(events: int = 3_000_000) -> list[dict[str, Any]]:
    """Measure the first and the cached replay of a log of about `events` events.

    Returns
    -------
    list of dict
        One row per measurement: ``name``, ``seconds`` (without imports), ``import_seconds``,
        ``peak_mb``, ``ratio_to_duckdb``, and ``events``, ``log_mb`` of the log.
    """
    folder = Path(tempfile.mkdtemp(prefix="bench-replay-"))
    try:
        episodes = write_log(folder, events)
        return _measure(folder, episodes)
    finally:
        shutil.rmtree(folder)


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


def _measure(folder: Path, episodes: int) -> list[dict[str, Any]]:
    log_mb = sum(file.stat().st_size for file in folder.glob("events/*.jsonl")) / 1e6
    before = _child("duckdb", _DUCKDB, folder, episodes)
    first = _child("replay, first", _REPLAY, folder, episodes)
    cached = _child("replay, cached", _REPLAY, folder, episodes)
    after = _child("duckdb", _DUCKDB, folder, episodes)
    rows = [before, first, cached, after]
    duckdb = statistics.median((before["seconds"], after["seconds"]))
    for row in rows:
        row["ratio_to_duckdb"] = row["seconds"] / duckdb
        row["log_mb"] = log_mb
        row["episodes"] = episodes
    return rows


def _child(name: str, code: str, folder: Path, episodes: int) -> dict[str, Any]:
    """Run `code` in a process of its own."""
    command = [sys.executable, "-c", code, str(folder), str(episodes)]
    root = Path(__file__).resolve().parent.parent
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    if ended.returncode:
        raise RuntimeError(f"{name}: {ended.stderr.strip()}")
    seconds, imports, peak = map(float, ended.stdout.split())
    return {"name": name, "seconds": seconds, "import_seconds": imports, "peak_mb": peak / 1e6}


def main() -> None:
    """Print the rows; ``--json`` prints them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=3_000_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = run(options.events)
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        print(
            f"{row['name']:<15} {row['seconds']:7.3f} s  ({row['ratio_to_duckdb']:.2f} x DuckDB)"
            f"  imports {row['import_seconds']:.3f} s  peak {row['peak_mb']:.0f} MB"
        )


if __name__ == "__main__":
    main()
