"""How fast the log is written and checked, beside the bare system calls in the same minute.

Events of about 300 bytes come in chunks of a market (150 events). ``append`` hands encoded
chunks to a `LogWriter`; ``encode and append`` encodes them first; ``raw write`` is the same
bytes in the same batch size through ``os.write`` alone, with the same fsyncs. ``check`` hashes
the log that was written, ``sha256`` the same bytes in memory, both on one core.

Run with ``python -m benchmarks.bench_log``.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from retailsim.events.log.reader import check
from retailsim.events.log.writer import LogWriter
from retailsim.events.messages import MessageSent

EVENTS_PER_MARKET = 150
MARKETS = 4_000
ROUNDS = 3
BATCH_BYTES = 256 * 1024
TEXT = "The strap is padded, and the seams are double, so it carries a laptop for years. "

_encode_lines = msgspec.json.Encoder().encode_lines


def market_events(market: int) -> list[MessageSent]:
    """Return one market's events, about 300 bytes each when encoded."""
    return [
        MessageSent(
            market=f"m{market:06d}",
            episode=f"m{market:06d}/b{seq % 5}",
            seq=seq,
            t=seq * 1_500_000,
            source="seller:s1",
            stage="pre_inquiry",
            role="seller",
            turn=seq % 5,
            text=TEXT + TEXT[: seq % 60 + 20],
        )
        for seq in range(EVENTS_PER_MARKET)
    ]


def timed(work: Callable[[], None]) -> float:
    """Return the seconds `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


async def _append(folder: Path, chunks: list[bytes]) -> None:
    writer = LogWriter(folder, run="bench", shard=0, schema=1)
    for chunk in chunks:
        writer.append(chunk, EVENTS_PER_MARKET)
        await writer.room()
    await writer.drain()
    writer.close()


async def _encode_and_append(folder: Path, events: list[list[MessageSent]], markets: int) -> None:
    writer = LogWriter(folder, run="bench", shard=0, schema=1)
    for market in range(markets):
        writer.append(_encode_lines(events[market % len(events)]), EVENTS_PER_MARKET)
        await writer.room()
    await writer.drain()
    writer.close()


def _raw_write(path: Path, batches: list[bytes]) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sync_at = time.monotonic() + 0.1
    for batch in batches:
        os.write(fd, batch)
        if time.monotonic() >= sync_at:
            os.fsync(fd)
            sync_at = time.monotonic() + 0.1
    os.fsync(fd)
    os.close(fd)


def _round(folder: Path, markets: int) -> dict[str, float]:
    events = [market_events(market) for market in range(100)]
    chunks = [_encode_lines(events[market % 100]) for market in range(markets)]
    data = b"".join(chunks)
    batches = [data[at : at + BATCH_BYTES] for at in range(0, len(data), BATCH_BYTES)]
    count, gigabytes = markets * EVENTS_PER_MARKET, len(data) / 1e9
    raw_s = timed(lambda: _raw_write(folder / "raw", batches))
    append_s = timed(lambda: asyncio.run(_append(folder / "a", chunks)))
    encode_s = timed(lambda: asyncio.run(_encode_and_append(folder / "b", events, markets)))
    check_s = timed(lambda: _check(folder / "a", count, threads=1))
    threads_s = timed(lambda: _check(folder / "a", count, threads=None))
    sha_s = timed(lambda: _sha256(data))
    return {
        "bytes per event": len(data) / count,
        "append, events/s": count / append_s,
        "encode and append, events/s": count / encode_s,
        "raw write, events/s": count / raw_s,
        "append / raw write": raw_s / append_s,
        "check on one core, GB/s": gigabytes / check_s,
        "check on all cores, GB/s": gigabytes / threads_s,
        "sha256 alone, GB/s": gigabytes / sha_s,
        "check / sha256": sha_s / check_s,
    }


def _check(folder: Path, count: int, threads: int | None) -> None:
    found = check(folder, threads=threads).events
    if found != count:
        raise AssertionError(f"{count} events written, {found} found")


def _sha256(data: bytes) -> None:
    for at in range(0, len(data), BATCH_BYTES):
        hashlib.sha256(memoryview(data)[at : at + BATCH_BYTES]).digest()


def run(markets: int = MARKETS, rounds: int = ROUNDS) -> list[dict[str, float | str]]:
    """Return one row per figure: its name, median, least and most over the rounds."""
    found = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            found.append(_round(Path(folder), markets))
    rows: list[dict[str, float | str]] = []
    for name in found[0]:
        values = [figures[name] for figures in found]
        rows.append(
            {
                "figure": name,
                "median": statistics.median(values),
                "least": min(values),
                "most": max(values),
            }
        )
    return rows


if __name__ == "__main__":
    for row in run():
        print(f"{row['figure']:32}{row['median']:14,.2f}   {row['least']:,.2f}-{row['most']:,.2f}")
