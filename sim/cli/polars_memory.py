"""Polars takes less memory in the processes of the program.

Its allocator, jemalloc, keeps freed pages for half a second, in an arena for each of many threads,
so that a launch seemed to need 30 MB and a report of a million episodes 130 MB that nobody used.
Returning them after 20 ms costs a tenth of a report's processor time; at once, it costs as much as
the work itself. Of arenas there are four for each core; one for every second core takes another
20 MB off a launch of 480,000 episodes and 90 off a report of a million, on two cores, in the same
time. And it prepares many rows to be written ahead of those that are: one lot of them is enough,
and takes 10 MB less at the end of a launch. A program that imports `retailsim` decides for itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

_ARENAS = max(1, (os.cpu_count() or 1) // 2)

SPARING: Mapping[str, str] = {
    "_RJEM_MALLOC_CONF": f"dirty_decay_ms:20,muzzy_decay_ms:0,narenas:{_ARENAS}",
    "POLARS_INFLIGHT_SINK_MORSEL_LIMIT": "1",
}
"""Variables of the environment that Polars reads."""


def spare_memory() -> None:
    """Say so to Polars in this process, where it is not imported yet, and in those it starts.

    Who has set a variable to something else keeps it; who does not know one never reads it.
    """
    for name, value in SPARING.items():
        os.environ.setdefault(name, value)
