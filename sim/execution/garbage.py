"""Memory while a run is played, and behind it.

Fewer passes of the cyclic collector: thousands of agents wait at any time, each with its prompts
and what was said; by default the collector goes through the youngest of them after every 700 new
objects, and finds nothing, since nearly all of ours is freed by its reference count.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import _lru_cache_wrapper

YOUNG = 50_000
"""New objects before a pass: some ten MB."""
MANY = 50_000
"""Episodes: of so many the tables take memory, and caches of what was said are full."""
_OURS = __name__.partition(".")[0] + "."


@contextmanager
def few_collections() -> Iterator[None]:
    """Collect seldom within the block, and never go through what was there before it."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(max(YOUNG, before[0]) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def give_back() -> None:
    """Let go of what only playing needs: what our caches remember, and what C's allocator keeps.

    That was 40 MB of 190 behind 60,000 offline episodes. Caches without a limit stay: they are
    tables that are made once.
    """
    for cached in _our_caches():
        if cached.cache_parameters()["maxsize"] is not None:
            cached.cache_clear()
    gc.collect()
    with suppress(OSError, TypeError, AttributeError):  # another C than GNU's
        ctypes.CDLL(None).malloc_trim(0)


def _our_caches() -> Iterator[_lru_cache_wrapper[object]]:
    """Yield the cached functions of this package, not those of a plug-in or a library."""
    for one in gc.get_objects():
        if isinstance(one, _lru_cache_wrapper) and (one.__module__ or "").startswith(_OURS):
            yield one
