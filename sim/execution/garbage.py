"""Fewer passes of the cyclic collector while a run is played.

Thousands of agents wait at any time, each with its prompts and what was said; by default the
collector goes through the youngest of them after every 700 new objects, and finds nothing, since
nearly all of ours is freed by its reference count.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 50_000
"""New objects before a pass: some ten MB."""


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
