"""Polars takes less memory in the processes of the program.

Its allocator, jemalloc, keeps freed pages for half a second, in an arena for each of many threads,
so that a launch seemed to need 30 MB and a report of a million episodes 130 MB that nobody used.
Returning them after 20 ms costs a tenth of a report's processor time; at once, it costs as much as
the work itself. And it prepares many rows to be written ahead of those that are: one lot of them
is enough, and takes 10 MB less at the end of a launch. A program that imports `retailsim` decides
for itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

SPARING: Mapping[str, str] = {
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:20,muzzy_decay_ms:0",
    "POLARS_INFLIGHT_SINK_MORSEL_LIMIT": "1",
}
"""Variables of the environment that Polars reads."""


def spare_memory() -> None:
    """Say so to Polars in this process, where it is not imported yet, and in those it starts.

    Who has set a variable to something else keeps it; who does not know one never reads it.
    """
    for name, value in SPARING.items():
        os.environ.setdefault(name, value)
