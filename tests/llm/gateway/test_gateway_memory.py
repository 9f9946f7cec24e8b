"""The gateway's memory depends on the calls in flight, not on the calls made."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest

from benchmarks.bench_gateway import CALL, CROWD, gateway, server, together

CALLS = 4 * CROWD


async def peaks(base: str) -> tuple[float, float, int]:
    """Peak bytes of N calls and of the next 2N, `CROWD` in flight, and most in flight."""
    async with gateway(base, CROWD) as door:
        most = 0

        async def ask() -> None:
            nonlocal most
            await door.ask("bench", CALL)
            most = max(most, door.statistics()["bench"].in_flight)

        tracemalloc.start()
        try:
            await together(ask, 3 * CROWD, CROWD)  # connections, and concurrency grown
            found = []
            for calls in (CALLS, 2 * CALLS):
                tracemalloc.reset_peak()
                before = tracemalloc.get_traced_memory()[0]
                await together(ask, calls, CROWD)
                found.append(tracemalloc.get_traced_memory()[1] - before)
        finally:
            tracemalloc.stop()
    return found[0], found[1], most


@pytest.mark.slow
def test_a_thousand_in_flight_take_no_more_for_twice_the_calls() -> None:
    """The ratio of the peaks is near 1, and a call in flight takes some ten kilobytes."""
    with server(0.2) as base:
        once, twice, most = asyncio.run(peaks(base))
    assert most >= 0.9 * CROWD
    assert 0.8 < twice / once < 1.2
    assert once / CROWD < 64 * 1024
