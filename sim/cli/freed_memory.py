"""Memory that Polars has freed goes back to the system soon, in the processes of the program.

Its allocator, jemalloc, keeps freed pages for half a second, in an arena for each of many threads,
so that a launch seemed to need 30 MB and a report of a million episodes 130 MB that nobody used.
Returning them after 20 ms costs a tenth of a report's processor time; at once, it costs as much as
the work itself. A program that imports `retailsim` decides for itself.
"""

from __future__ import annotations

import os

_VARIABLE = "_RJEM_MALLOC_CONF"
_SOON = "dirty_decay_ms:20,muzzy_decay_ms:0"


def return_freed_memory() -> None:
    """Say so to Polars in this process, where it is not imported yet, and in those it starts.

    Who has set the variable to something else keeps it; other allocators never read it.
    """
    os.environ.setdefault(_VARIABLE, _SOON)
